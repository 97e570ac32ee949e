"""Walks a few pages of a site, politely, and the same ones each time.

Which pages: the one that lists the others, then one for each topic that a link names, in the order the rules
give; between links that name the same topic the better word, the shorter address and the alphabet decide. Nothing
depends on how fast anybody answers: a host that wants longer pauses is asked for fewer pages, known beforehand.
Each page is asked for once, within the citizen's budget for the host, and kept as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from thuocdo.assess.citizen import Citizen
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Answer, Failure
from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.look import Control, Look
from thuocdo.assess.probes.reading import Page, read, whole
from thuocdo.assess.probes.words import Folded, Sign, opening
from thuocdo.assess.results import Evidence, Fault, Remark
from thuocdo.assess.site_check.check import is_page

_LOC: Final = re.compile(r"<loc>\s*([^<\s]{1,500})\s*</loc>", re.IGNORECASE)
_SLUG: Final = re.compile(r"[-_/+.]+")
_HOST_SIGNS: Final = frozenset(".:")
_HINDERS: Final = frozenset(
    (Fault.TIMEOUT, Fault.CONNECT, Fault.TLS, Fault.DNS, Fault.ROBOTS, Fault.BLOCKED, Fault.BUDGET)
)
_SLOW: Final = frozenset((Fault.TIMEOUT, Fault.CONNECT, Fault.DNS, Fault.TLS))


class Rules(RulesFile, frozen=True):
    version: int
    valid_from: date
    most_words: int
    most_besides: int
    longest_sitemap: int
    give_up_after: int
    sitemap: Sign
    topics: list[Sign]


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)


class Missed(msgspec.Struct, frozen=True):
    """A page that was to be looked at, and why it was not."""

    url: str
    fault: Fault
    detail: str


class Walk(msgspec.Struct, frozen=True):
    """What was walked. pages: the front page first, then as they were asked for.

    sitemap   what /sitemap.xml gave
    evidence  the list of what was asked for
    """

    pages: tuple[Page, ...]
    missed: tuple[Missed, ...]
    sitemap: Answer | Failure
    evidence: Evidence

    @property
    def hindrance(self) -> Missed | None:
        """Why no page behind the front page was seen, where somebody kept the walk from it; None otherwise."""
        if len(self.pages) > 1:
            return None
        missed = list(self.missed)
        if isinstance(self.sitemap, Failure) and self.sitemap.fault is Fault.TIMEOUT:
            missed.insert(0, Missed(self.pages[0].url, Fault.TIMEOUT, self.sitemap.detail))
        return next((each for each in missed if each.fault in _HINDERS), None)

    def below(self) -> list[Below]:
        """What names a section on the pages behind the front page, and stands nowhere before."""
        known = set(self.pages[0].controls)
        found: list[Below] = []
        for page in self.pages[1:]:
            fresh = [each for each in dict.fromkeys(page.controls) if each not in known]
            known.update(fresh)
            found += [Below(each, page) for each in fresh if names_a_section(each.text)]
        return found


class Below(msgspec.Struct, frozen=True):
    """A control one page deep, and that page."""

    control: Control
    page: Page


def places(most: int, seconds: float, pause: float) -> int:
    """How many pages there is time for, pauses alone counted twice: known before the first is asked for."""
    return most if pause <= 0 else min(most, int(seconds / (2 * pause)))


async def walk(
    citizen: Citizen,
    kept: Kept,
    front: Answer,
    looked: Look | None,
    also: Sequence[Sign],
    most: int,
) -> Walk:
    """The front page and the pages that were chosen; never raises for the site.

    looked  what the browser saw of the front page, where it did
    also    signs of further pages worth a look, where places are left
    most    pages besides the front page
    """
    first = front_page(front, looked, kept)
    pages, missed = [first], list[Missed]()
    patience = citizen.patience
    room = places(most, patience.bounds.steps["walk"], citizen.pause_of(first.url))
    sitemap: Answer | Failure = Failure(Fault.TIMEOUT, "")
    try:
        async with patience.step("walk"):
            parts = urlsplit(first.url)
            sitemap = await citizen.get(f"{parts.scheme}://{parts.netloc}/sitemap.xml")
            listing = chosen(first.controls, [RULES.sitemap], min(1, room), first.url)
            await _visit(citizen, kept, listing, pages, missed)
            pool = [*first.controls, *(each for page in pages[1:] for each in page.controls)]
            pool += listed(sitemap)
            rest = chosen(pool, [*RULES.topics, *also], room, first.url, listing)
            await _visit(citizen, kept, rest[len(listing) :], pages, missed)
    except TimeoutError:
        missed.append(Missed(first.url, Fault.TIMEOUT, f"{patience.bounds.steps['walk']:g} s"))
    told = {"rules": RULES.version, "pages": [page_told(each) for each in pages], "missed": missed}
    return Walk(tuple(pages), tuple(missed), sitemap, kept.keep("walk", msgspec.json.encode(told)))


def chosen(
    pool: Iterable[Control],
    topics: Iterable[Sign],
    places: int,
    front: str,
    taken: Sequence[str] = (),
) -> list[str]:
    """Addresses of one page a topic, `taken` first; at most `places`; pure."""
    host = urlsplit(front).netloc
    own = [_named(each) for each in dict.fromkeys(pool) if _may_be_walked(each.href, host, front)]
    found = dict.fromkeys(taken)
    for topic in topics:
        if len(found) >= places:
            break
        ranked = [(rank, each.href) for each in own if (rank := _rank(each, topic)) is not None]
        if not ranked:
            continue
        _, url = min(ranked, key=lambda one: (one[0], len(one[1]), one[1]))
        found.setdefault(url)
    return list(found)


def listed(sitemap: Answer | Failure) -> list[Control]:
    """The addresses of a /sitemap.xml, with what they say of themselves as their words."""
    if isinstance(sitemap, Failure) or sitemap.status != 200:
        return []
    urls = [each.group(1) for each in _LOC.finditer(sitemap.text)][: RULES.longest_sitemap]
    return [Control(_words_of(url), url.replace("&amp;", "&")) for url in urls]


def front_page(front: Answer, looked: Look | None, kept: Kept) -> Page:
    """The front page by its markup, with what the browser saw besides."""
    found = read(front.url, front.text)
    evidence = [kept.keep("page", front.body)]
    if looked is None:
        return msgspec.structs.replace(found, evidence=tuple(evidence))
    seen = [Control(each.text, whole(front.url, each.href)) for each in looked.facts.controls]
    shown = " ".join(looked.facts.text.split())
    return msgspec.structs.replace(
        found,
        title=looked.facts.title or found.title,
        text=f"{shown}\n{found.text}",
        controls=tuple(dict.fromkeys((*seen, *found.controls))),
        evidence=(*looked.evidence[:1], *evidence),
    )


def page_told(page: Page) -> dict[str, str]:
    """A page in the list of what was walked."""
    return {"url": page.url, "title": page.title, "sha256": page.evidence[-1].sha256}


async def _visit(
    citizen: Citizen, kept: Kept, urls: Sequence[str], pages: list[Page], missed: list[Missed]
) -> None:
    slow = 0
    host = urlsplit(pages[0].url).netloc
    for url in urls:
        found = await citizen.page(url)
        slow = slow + 1 if isinstance(found, Failure) and found.fault in _SLOW else 0
        if isinstance(found, Failure):
            missed.append(Missed(url, found.fault, found.detail[:200]))
        elif urlsplit(found.url).netloc != host:
            missed.append(Missed(url, Fault.REDIRECTS, found.url[:200]))
        elif found.url not in {each.url for each in pages}:
            page = read(found.url, found.text)
            evidence = kept.keep("page", found.body)
            pages.append(msgspec.structs.replace(page, evidence=(evidence,)))
        if slow >= RULES.give_up_after:
            return


def find_below(below: Iterable[Below], sign: Sign) -> Below | None:
    """The first control behind the front page that is called by a sign, or leads to a host of it.

    Stricter than on the front page: what is behind it speaks of functions as well ("share paid online").
    """
    hosts = [part for part in sign.hrefs if _HOST_SIGNS & set(part)]
    for each in below:
        leads = each.control.href.lower()
        is_called = Folded.of(each.control.text).names(sign.words, RULES.most_besides)
        if is_called or any(part in leads for part in hosts):
            return each
    return None


def told_below(found: Below) -> Remark:
    """Where it was seen, for a result that passes by it."""
    control = found.control
    facts = {"text": control.text[:80], "href": control.href[:120], "url": found.page.url}
    return Remark("seen_below", facts)


def names_a_section(text: str) -> bool:
    """Whether a link's words are few enough to name a section: what says more is a headline."""
    return 0 < len(text.split()) <= RULES.most_words


@dataclass(frozen=True, slots=True)
class _Named:
    """A link: what it says, folded, when that names a section; and the path it leads to."""

    said: str
    path: str
    href: str


def _named(control: Control) -> _Named:
    said = opening(control.text) if names_a_section(control.text) else ""
    return _Named(said, urlsplit(control.href).path.lower(), control.href)


def _rank(link: _Named, topic: Sign) -> tuple[int, int] | None:
    """How well a link names a topic; the less the better."""
    if link.said:
        for place, word in enumerate(topic.words):
            if link.said.startswith(word) and not link.said[len(word) :][:1].isalnum():
                return 0, place
    return next(((1, n) for n, part in enumerate(topic.hrefs) if part in link.path), None)


def _may_be_walked(url: str, host: str, front: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_own = parts.scheme in ("http", "https") and parts.netloc == host
    return is_own and is_page(url) and url.rstrip("/") != front.rstrip("/")


def _words_of(url: str) -> str:
    """`…/gioi-thieu/so-do-to-chuc.html` → "so do to chuc"."""
    try:
        last = unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2]
    except ValueError:
        return ""
    return " ".join(_SLUG.sub(" ", last.rpartition(".")[0] or last).split())
