"""Why a page sent nothing to our collector: what stopped it, in the order in which it would have run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from thuocdo.assess.site_check import hits, lines
from thuocdo.assess.site_check.model import (
    Code,
    Expectation,
    Finding,
    Load,
    Observation,
    Severity,
    Violation,
)
from thuocdo.assess.site_check.snippet import Place, Snippet

_CONNECTS: Final = ("connect-src", "img-src")
_INLINE: Final = "inline"


def explain(seen: Observation, expected: Expectation) -> list[Finding]:
    """The reasons, the first one first; never empty."""
    active = [each for each in seen.snippets if each.place is Place.ACTIVE]
    found = [
        *_policy(seen, active, expected),
        *_wrong_host(seen, active, expected),
        *_mixed(seen, active, expected),
        *_not_loaded(seen),
        *_site_id(active, expected),
    ]
    if not found:
        found = [_not_in_force(seen, active, expected)]
    return list({(each.code, each.reason): each for each in reversed(found)}.values())[::-1]


def _policy(seen: Observation, active: list[Snippet], expected: Expectation) -> Iterable[Finding]:
    origin = lines.origin(expected.tracker)
    for violation in seen.violations:
        facts = {"directive": violation.directive, "url": violation.blocked}
        if violation.directive.startswith("script-src"):
            tag = _tag_of(violation, active)
            if violation.blocked == _INLINE and tag is not None:
                sources = (lines.hash_source(tag.script), origin)
                facts["line"] = str(tag.line)
                paste = lines.policy_lines(
                    violation.policy, violation.directive, expected.tracker, *sources
                )
                yield Finding(Code.CSP_BLOCKS_SCRIPT, Severity.ERROR, "inline", facts, paste)
            elif hits.is_tracker_file(violation.blocked):
                paste = lines.policy_lines(
                    violation.policy, violation.directive, expected.tracker, origin
                )
                yield Finding(Code.CSP_BLOCKS_SCRIPT, Severity.ERROR, "file", facts, paste)
        elif violation.directive in _CONNECTS and _is_door(violation.blocked, expected):
            facts["url"] = violation.blocked.partition("?")[0]
            paste = lines.policy_line(violation.policy, violation.directive, origin)
            yield Finding(Code.CSP_BLOCKS_CONNECT, Severity.ERROR, "", facts, paste)


def _tag_of(violation: Violation, active: list[Snippet]) -> Snippet | None:
    """The tag in the inline script that a violation is about: the browser tells its line."""
    inline = [each for each in active if each.script]
    if violation.line:
        for each in inline:
            first = each.last_line - each.script.count("\n")
            if first <= violation.line <= each.last_line:
                return each
        return None
    return inline[0] if inline else None


def _is_door(url: str, expected: Expectation) -> bool:
    return hits.is_hit(url) or hits.is_of(url, expected.tracker)


def _wrong_host(
    seen: Observation, active: list[Snippet], expected: Expectation
) -> Iterable[Finding]:
    addresses = [hit.url for hit in seen.hits if not hit.ours]
    written = [each.tracker_url for each in active if each.tracker_url]
    # A script may be served from anywhere; where it sends to is what matters, if that is written.
    addresses += written or [each.script_url for each in active if each.script_url]
    for url in addresses:
        host = urlsplit(url if "//" in url else f"//{url}").hostname
        if host and not hits.is_of(url, expected.tracker) and not _relative_scheme(url, expected):
            facts = {"host": host, "tracker": urlsplit(expected.tracker).hostname or ""}
            paste = lines.tracker_lines(expected.tracker)
            yield Finding(Code.WRONG_TRACKER_HOST, Severity.ERROR, "instead", facts, paste)
            return


def _relative_scheme(url: str, expected: Expectation) -> bool:
    return url.startswith("//") and urlsplit(url).netloc == urlsplit(expected.tracker).netloc


def _mixed(seen: Observation, active: list[Snippet], expected: Expectation) -> Iterable[Finding]:
    blocked = [load.url for load in seen.loads if load.failure == "mixed"]
    if seen.final_url.startswith("https:"):
        written = (each for tag in active for each in (tag.script_url, tag.tracker_url))
        blocked += [each for each in written if each and each.startswith("http:")]
    if blocked:
        secure = "https:" + expected.tracker.partition(":")[2]
        facts = {"url": blocked[0]}
        paste = lines.tracker_lines(secure)
        yield Finding(Code.HTTP_MIXED_CONTENT, Severity.ERROR, "", facts, paste)


def _not_loaded(seen: Observation) -> Iterable[Finding]:
    for load in seen.loads:
        if load.failure and load.failure not in ("mixed", "csp"):
            yield _of_load(load)


def _of_load(load: Load) -> Finding:
    facts = {
        "url": load.url,
        "status": str(load.status or ""),
        "type": load.content_type or "–",
        "detail": load.detail or "–",
        "host": urlsplit(load.url).hostname or "",
    }
    return Finding(Code.SCRIPT_NOT_LOADED, Severity.ERROR, load.failure, facts)


def _site_id(active: list[Snippet], expected: Expectation) -> Iterable[Finding]:
    paste = lines.site_line(expected.site_id)
    for tag in active:
        facts = {"line": str(tag.line), "source": tag.source, "site": tag.site_id or ""}
        facts["expected"] = str(expected.site_id or "")
        if tag.site_id is not None and not tag.site_id.strip():
            reason = "variable" if tag.from_variable else "empty"
            yield Finding(Code.EMPTY_SITE_ID, Severity.ERROR, reason, facts, paste)
        elif tag.site_id is None and tag.tracker_url and not tag.from_variable:
            yield Finding(Code.EMPTY_SITE_ID, Severity.ERROR, "missing", facts, paste)
        elif tag.site_id is not None and not _is_registered(tag.site_id, expected):
            yield Finding(Code.WRONG_SITE_ID, Severity.ERROR, "not_registered", facts, paste)


def _is_registered(site_id: str, expected: Expectation) -> bool:
    return site_id.isdigit() and int(site_id) in expected.hostnames


def _not_in_force(seen: Observation, active: list[Snippet], expected: Expectation) -> Finding:
    """No network trace and no fault: the tag is not there, not for browsers, or does not run."""
    whole = lines.whole_tag(expected.tracker, expected.site_id)
    by_place = {each.place: each for each in reversed(seen.snippets)}
    if active:
        first = active[0]
        errors = [line for line in seen.console if "Mixed Content" not in line]
        facts = _where(first) | {"error": errors[0] if errors else "–"}
        return Finding(Code.NOT_RUN, Severity.ERROR, "error" if errors else "silent", facts, whole)
    if Place.INERT in by_place:
        facts = _where(by_place[Place.INERT]) | {"framework": seen.consent}
        return Finding(Code.CONSENT_BANNER, Severity.ERROR, "held", facts)
    if Place.COMMENT in by_place:
        facts = _where(by_place[Place.COMMENT])
        return Finding(Code.COMMENTED_OUT, Severity.ERROR, "", facts, whole)
    if Place.DATA in by_place:
        facts = _where(by_place[Place.DATA]) | {"error": "–"}
        return Finding(Code.NOT_RUN, Severity.ERROR, "data", facts, whole)
    return Finding(Code.ABSENT, Severity.ERROR, "", {"scripts": str(seen.requests)}, whole)


def _where(tag: Snippet) -> dict[str, str]:
    return {"line": str(tag.line), "source": tag.source, "excerpt": tag.excerpt}
