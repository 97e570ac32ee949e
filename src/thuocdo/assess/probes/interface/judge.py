"""From what a page shows to shares; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from thuocdo.assess.fetch import Answer, Failure
from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.look import Facts, Look, Narrow
from thuocdo.assess.probes.reading import Page
from thuocdo.assess.probes.walk.walk import Below, Walk, find_below, told_below
from thuocdo.assess.probes.words import Sign, find, says
from thuocdo.assess.results import FULL, NONE, Evidence, Remark, Result, measured, unmeasured
from thuocdo.core.vietnamese import fold_accents

HALF: Final = Decimal("0.5")
QUARTER: Final = Decimal("0.25")
_LANGUAGE: Final = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")  # BCP 47, as far as pages go
_PHONE: Final = re.compile(r"(?<!\d)(?:\+84|0|1[89]00)[\d .()-]{6,14}\d(?!\d)")
_MAIL: Final = re.compile(r"[\w.+-]+(?:@|\s*\[?\(?at\)?\]?\s*)[\w-]+(?:\.[\w-]+)+")
_DEVICE_WIDTH: Final = re.compile(r"width\s*=\s*device-width", re.IGNORECASE)
_SITEMAP_SIGNS: Final = ("<urlset", "<sitemapindex")


class Rules(RulesFile, frozen=True):
    dull_titles: list[str]
    min_title: int
    search: list[str]
    links: dict[str, Sign]
    agencies: list[str]
    contacts: list[str]


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)
Judged = tuple[Decimal, tuple[Remark, ...]]


_LINKS: Final = ("help", "feedback", "privacy", "social", "languages", "apps")
_FRONT_ALONE: Final = "social"
"""Behind the front page a link to a network is there to share an article, as a rule."""


def judge(seen: Look, walked: Walk, at: int, host: str = "") -> list[Result]:
    """One result for each of the probe's checks. host: the page's own.

    What must be on every page is judged by the front page; what a visitor is led to, also by those behind it.
    """
    facts, below = seen.facts, walked.below()
    shares = {
        "responsive": _responsive(facts, seen.narrow),
        "language": _language(facts),
        "title": _title(facts),
        "structure": _structure(facts),
        "search": _search(facts),
        "contact": _contact(facts, walked),
        "agencies": _agencies(facts, host),
        **{name: _link(facts, below, name) for name in _LINKS},
    }
    found = [
        measured(f"interface.{name}", share, at, *remarks, evidence=_kept(seen, walked, remarks))
        for name, (share, remarks) in shares.items()
    ]
    return [*found, _sitemap(facts, walked.sitemap, at)]


def _responsive(facts: Facts, narrow: Narrow) -> Judged:
    remarks, share = [], FULL
    if not _DEVICE_WIDTH.search(facts.viewport):
        share -= HALF
        remarks.append(Remark("no_viewport", {"viewport": facts.viewport or "–"}))
    if narrow.scroll_width > narrow.width + 1:
        share -= HALF
        sizes = {"width": str(narrow.width), "scroll": str(narrow.scroll_width)}
        remarks.append(Remark("sideways", sizes, (narrow.out or [""])[0]))
    return share, tuple(remarks)


def _language(facts: Facts) -> Judged:
    if _LANGUAGE.fullmatch(facts.lang):
        return FULL, ()
    return NONE, (Remark("no_language", {"lang": facts.lang or "–"}),)


def _title(facts: Facts) -> Judged:
    title = " ".join(facts.title.split())
    if len(title) < RULES.min_title or fold_accents(title) in RULES.dull_titles:
        return NONE, (Remark("dull_title", {"title": title or "–"}),)
    return FULL, ()


def _structure(facts: Facts) -> Judged:
    """Four things of one quarter each: a first heading, no level left out, main, nav."""
    levels = facts.headings
    wrong = {
        "no_h1": 1 not in levels,
        "heading_skipped": not levels or any(b > a + 1 for a, b in pairwise([0, *levels])),
        "no_main": not facts.has_main,
        "no_nav": not facts.has_nav,
    }
    remarks = tuple(Remark(code) for code, is_wrong in wrong.items() if is_wrong)
    return FULL - QUARTER * len(remarks), remarks


def _search(facts: Facts) -> Judged:
    for each in facts.fields:
        is_search = each.type == "search" or each.role == "searchbox" or each.in_search
        if is_search or (each.type == "text" and says(each.text, RULES.search)):
            return FULL, ()
    return NONE, (Remark("no_search"),)


def _contact(facts: Facts, walked: Walk) -> Judged:
    """Half for a telephone number, half for a mail address: on the front page, or on one about contacts."""
    pages = [each for each in walked.pages[1:] if _is_about_contacts(each)]
    text = "\n".join((facts.text, *(each.text for each in pages)))
    controls = (*facts.controls, *(each for page in pages for each in page.controls))
    hrefs = [each.href.lower() for each in controls]
    has_phone = bool(_PHONE.search(text)) or any(h.startswith("tel:") for h in hrefs)
    has_mail = bool(_MAIL.search(text)) or any(h.startswith("mailto:") for h in hrefs)
    remarks = [] if has_phone else [Remark("no_phone")]
    remarks += [] if has_mail else [Remark("no_mail")]
    return FULL - HALF * len(remarks), tuple(remarks)


def _is_about_contacts(page: Page) -> bool:
    return any(says(title, RULES.contacts) for title in (page.title, *page.headings))


def _link(facts: Facts, below: Sequence[Below], name: str) -> Judged:
    if find(facts.controls, RULES.links[name]) is not None:
        return FULL, ()
    deeper = find_below(below, RULES.links[name]) if name != _FRONT_ALONE else None
    if deeper is not None:
        return FULL, (told_below(deeper),)
    return NONE, (Remark(f"no_{name}"),)


def _kept(seen: Look, walked: Walk, remarks: Sequence[Remark]) -> tuple[Evidence, ...]:
    """What the browser kept of the front page, or the page behind it that a remark is about."""
    urls = {remark.facts.get("url") for remark in remarks if remark.code == "seen_below"}
    behind = [each for page in walked.pages[1:] if page.url in urls for each in page.evidence]
    return tuple(behind) or seen.evidence


def _agencies(facts: Facts, host: str) -> Judged:
    """On the front page alone: behind it an agency's address is that of one service, as a rule."""
    for each in facts.controls:
        other = _host(each.href)
        if other != host and any(other.endswith(end) for end in RULES.agencies):
            return FULL, ()
    return NONE, (Remark("no_agencies"),)


def _host(href: str) -> str:
    """Of a whole address; "" for one within the site, and for what is none."""
    try:
        return urlsplit(href).hostname or "" if href.startswith("http") else ""
    except ValueError:
        return ""


def _sitemap(facts: Facts, sitemap: Answer | Failure, at: int) -> Result:
    """Half for the link people follow, half for the file that machines read."""
    check = "interface.sitemap"
    if isinstance(sitemap, Failure):
        return unmeasured(check, sitemap.fault, sitemap.detail, at)
    share, remarks = FULL, []
    if find(facts.controls, RULES.links["sitemap"]) is None:
        share -= HALF
        remarks.append(Remark("no_sitemap_link"))
    is_file = any(sign in sitemap.text[:5000] for sign in _SITEMAP_SIGNS)
    if sitemap.status != 200 or not is_file:
        share -= HALF
        remarks.append(Remark("no_sitemap_file", {"status": str(sitemap.status)}))
    return measured(check, share, at, *remarks)
