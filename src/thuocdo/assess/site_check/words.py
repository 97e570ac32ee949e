"""Says a finding in plain Vietnamese or English, and a whole result as text or as JSON."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import yaml

from thuocdo.assess.site_check.model import Code, Finding, PageResult, Severity, SiteResult
from thuocdo.core import clock
from thuocdo.core.vocabulary import REJECT_TEXTS, RejectReason

Language = Literal["vi", "en"]

_TEXTS: Final = Path(__file__).with_name("texts.yaml")
_OTHERWISE: Final = "network"
"""The reason whose words fit any failure that has none of its own."""
_VERDICTS: Final[dict[bool | None, tuple[str, str]]] = {
    True: ("ĐƯỢC TÍNH", "COUNTS"),
    False: ("KHÔNG ĐƯỢC TÍNH ĐÚNG", "DOES NOT COUNT RIGHTLY"),
    None: ("KHÔNG KIỂM TRA ĐƯỢC", "COULD NOT BE CHECKED"),
}
_MARKS: Final = {
    Severity.OK: "✓",
    Severity.WARNING: "!",
    Severity.ERROR: "✗",
    Severity.UNKNOWN: "?",
}
_LABELS: Final = {
    "vi": ("Thấy", "Vì sao quan trọng", "Cách sửa", "Dán dòng này", "Bằng chứng"),
    "en": ("Seen", "Why it matters", "What to do", "Paste this", "Evidence"),
}
_NOT_TOLD: Final = ("links",)
"""Parts of an observation that are for the crawl alone."""


class Wording(msgspec.Struct, frozen=True):
    """A diagnosis in one language. `saw` has one text, or one for each reason."""

    title: str
    saw: str | dict[str, str]
    why: str
    fix: str


class Texts(msgspec.Struct, frozen=True):
    vi: Wording
    en: Wording


class Told(msgspec.Struct, frozen=True):
    """A finding in words."""

    code: Code
    severity: Severity
    reason: str
    title: str
    saw: str
    why: str
    fix: str
    paste: str


@cache
def texts() -> dict[Code, Texts]:
    """Every diagnosis' words. Raises msgspec.ValidationError when one lacks a part."""
    return msgspec.convert(
        yaml.safe_load(_TEXTS.read_text(encoding="utf-8")), dict[Code, Texts], strict=False
    )


def tell(finding: Finding, language: Language) -> Told:
    """The words of one finding. Raises KeyError when the texts lack its reason or a fact."""
    wording: Wording = getattr(texts()[finding.code], language)
    facts = finding.facts | {"reason_text": _reason(finding.facts.get("reason", ""), language)}
    saw = wording.saw
    if isinstance(saw, dict):
        saw = saw[finding.reason if finding.reason in saw else _OTHERWISE]
    return Told(
        finding.code,
        finding.severity,
        finding.reason,
        wording.title,
        saw.format_map(facts),
        wording.why.format_map(facts),
        wording.fix.format_map(facts),
        finding.paste,
    )


def _reason(code: str, language: Language) -> str:
    try:
        vietnamese, english = REJECT_TEXTS[RejectReason(code)]
    except ValueError:  # another collector's word, or none
        return "–"
    return vietnamese if language == "vi" else english


def verdict(result: SiteResult, language: Language) -> str:
    return _VERDICTS[result.counts][language == "en"]


def as_json(result: SiteResult, language: Language) -> dict[str, Any]:
    """What `--format json` prints and a finished job keeps."""
    return {
        "url": result.url,
        "tracker": result.tracker,
        "site_id": result.site_id,
        "checked_at": clock.to_datetime(result.checked_at).isoformat(),
        "counts": result.counts,
        "verdict": verdict(result, language),
        "pages": [
            {
                "url": page.observed.url,
                "findings": [msgspec.to_builtins(tell(each, language)) for each in page.findings],
                "evidence": {
                    name: value
                    for name, value in msgspec.to_builtins(page.observed).items()
                    if name not in _NOT_TOLD
                },
            }
            for page in result.pages
        ],
    }


def as_text(result: SiteResult, language: Language) -> str:
    """What a person reads in a terminal."""
    lines = [f"{result.url}: {verdict(result, language)}"]
    for page in result.pages:
        lines += ["", page.observed.final_url]
        for finding in page.findings:
            lines += _finding(tell(finding, language), language)
        lines += _evidence(page, language)
    return "\n".join(lines)


def _finding(told: Told, language: Language) -> list[str]:
    seen, why, fix, paste, _ = _LABELS[language]
    lines = [f"  {_MARKS[told.severity]} {told.title} [{told.code}]", f"    {seen}: {told.saw}"]
    if told.severity is not Severity.OK:
        lines += [f"    {why}: {told.why}", f"    {fix}: {told.fix}"]
    if told.paste:
        lines += [f"    {paste}:", *(f"      {line}" for line in told.paste.splitlines())]
    return lines


def _evidence(page: PageResult, language: Language) -> list[str]:
    seen = page.observed
    rows = [f"GET {address} → …" for address in seen.redirects]
    rows.append(f"GET {seen.final_url} → {seen.status or '–'}")
    rows += [
        f"{load.url} → {load.status or '–'} {load.failure} {load.detail}".rstrip()
        for load in seen.loads
    ]
    rows += [
        f"{hit.url.partition('&url=')[0]} → {hit.failure or hit.status or '–'} {hit.reason}".rstrip()
        for hit in seen.hits
    ]
    rows += [f"{each.source}:{each.line} [{each.place}] {each.excerpt}" for each in seen.snippets]
    rows += [f"CSP: {seen.policy}"] if seen.policy else []
    rows += list(seen.console[:5])
    rows += [seen.screenshot] if seen.screenshot else []
    return [f"    {_LABELS[language][-1]}:", *(f"      {row}" for row in rows)]
