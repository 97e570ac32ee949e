"""From the pages that were walked to what each question is told: found, proposed, or not seen; pure.

A question is *found* only where everything one of its ways names is on one page. Anything less is a proposal,
unmeasured for the machine, with the places where people should look. Nothing seen is no "no": the walk is short.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from thuocdo.assess.fetch import Failure
from thuocdo.assess.probes.look import Control
from thuocdo.assess.probes.losi.signs import (
    SIGNS,
    Decides,
    Proposes,
    Question,
    check_of,
    compiled,
)
from thuocdo.assess.probes.reading import Page
from thuocdo.assess.probes.walk.walk import Missed, names_a_section
from thuocdo.assess.probes.words import Folded
from thuocdo.assess.results import (
    FULL,
    Evidence,
    Fault,
    Outcome,
    Remark,
    Result,
    measured,
    unmeasured,
)
from thuocdo.core import clock

MOST_SIGNS: Final = 3
"""Put before the assessors for one question."""
_CUT: Final = 120
_ADDRESS: Final = 200
_DAY: Final = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](20\d\d)\b")
"""As days are written in Vietnam; those of the United States are not told from them and not looked for."""
Sighting = tuple[Remark, Page]


@dataclass(frozen=True, slots=True)
class _Label:
    """A control by what it says, folded. is_section: short enough to name one."""

    said: Folded
    control: Control
    is_section: bool

    @property
    def path(self) -> str:
        return urlsplit(self.control.href).path.lower()


@dataclass(frozen=True, slots=True)
class _Read:
    """A page, folded once for all questions. own: the controls no page before it had. day: of the look, in Vietnam."""

    page: Page
    text: Folded
    titles: tuple[Folded, ...]
    labels: tuple[_Label, ...]
    own: tuple[_Label, ...]
    is_front: bool
    day: date


def judge(pages: Sequence[Page], at: int, hindrance: Missed | None = None) -> list[Result]:
    """One result for each question that has signs.

    hindrance  what kept the walk from every page behind the first: then that is why nothing is known
    """
    reads = list(_folded(pages, clock.local_day(at)))
    why = Failure(Fault.NOT_SEEN, str(len(reads)))
    if hindrance is not None:
        why = Failure(hindrance.fault, hindrance.detail)
    return [_judged(code, each, reads, why, at) for code, each in SIGNS.questions.items()]


def _judged(code: str, question: Question, reads: Sequence[_Read], why: Failure, at: int) -> Result:
    check = check_of(code)
    for way in question.decides:
        for read in reads:
            if found := _met(way, read):
                return measured(check, FULL, at, *found, evidence=read.page.evidence)
    seen = list(_one_quote(_signs(question.proposes, reads)))[:MOST_SIGNS]
    if not seen:
        return unmeasured(check, why.fault, why.detail, at)
    pages = {page.url: page for _, page in seen}
    kept: dict[Evidence, None] = {each: None for page in pages.values() for each in page.evidence}
    remarks = tuple(remark for remark, _ in seen)
    return Result(
        check, Outcome.UNMEASURED, None, at, Fault.PROPOSED, str(len(reads)), remarks,
        evidence=tuple(kept),
    )  # fmt: skip


def _met(way: Decides, read: _Read) -> list[Remark]:
    """What was seen of a way, when all of it is on the page; nothing otherwise."""
    if len(read.page.text) < way.least_text or (way.is_front and not read.is_front):
        return []
    found = [*_in_words(way, read), *_in_links(way, read), *_on_the_page(way, read)]
    seen = [each for each in found if each is not None]
    return seen if len(seen) == len(found) else []


def _in_words(way: Decides, read: _Read) -> Iterator[Remark | None]:
    """Of each that the way names, what was seen; None where it is not there."""
    if way.title:
        besides = SIGNS.most_besides if way.besides is None else way.besides
        yield _title(way.title, read, besides)
    if way.says:
        yield _says(way.says, way.least, read)
    if way.also:
        yield _says(way.also, 1, read)
    if way.pattern:
        yield _fits(way.pattern, read)
    if way.is_ahead:
        yield _ahead(read)


def _in_links(way: Decides, read: _Read) -> Iterator[Remark | None]:
    if way.links or way.hrefs:
        labels = _called(way.links, way.hrefs, way.besides, read.labels)
        yield next(_links(way.links, way.hrefs, labels, read.page), None)
    if way.hosts:
        yield _hosts(way.hosts, read)
    if way.files:
        yield next(_files(way.files, read.labels, read.page), None)
    if way.headlines:
        yield _headlines(way.headlines, read)


def _on_the_page(way: Decides, read: _Read) -> Iterator[Remark | None]:
    if way.host:
        yield _host(way.host, read.page.url)
    if way.pictures:
        yield _picture(way.pictures, read.page)
    if way.fields:
        yield _fields(way.fields, read.page)


def _signs(signs: Proposes, reads: Sequence[_Read]) -> Iterator[Sighting]:
    """Sections first, then headings, files and programs, then what a text says: the surest first."""
    for read in reads:
        page = read.page
        for remark in _links(signs.links, signs.hrefs, read.own, page):
            yield remark, page
    for read in reads:
        page = read.page
        title = _title(signs.title, read) if signs.title else None
        said = _says(signs.says, 1, read) if signs.says else None
        fits = _fits(signs.pattern, read) if signs.pattern else None
        others = (*_files(signs.files, read.own, page), *_scripts(signs.scripts, page))
        field = _fields(signs.fields, page)
        for each in (title, *others[:1], fits, said, field):
            if each is not None:
                yield each, page


def _one_quote(signs: Iterator[Sighting]) -> Iterator[Sighting]:
    """What one page says the others repeat, as a rule: in their foot."""
    has_quote = False
    for remark, page in signs:
        is_quote = remark.code == "losi_text"
        if not (is_quote and has_quote):
            yield remark, page
        has_quote = has_quote or is_quote


def _host(ends: Sequence[str], url: str) -> Remark | None:
    host = _host_of(url)
    return Remark("losi_host", {"text": host}) if host.endswith(tuple(ends)) else None


def _title(words: Sequence[str], read: _Read, besides: int | None = None) -> Remark | None:
    for title in read.titles:
        is_it = title.find(words) if besides is None else title.names(words, besides) or None
        if is_it is not None:
            return Remark("losi_title", {"url": read.page.url, "quote": title.text[:_CUT]})
    return None


def _says(words: Sequence[str], least: int, read: _Read) -> Remark | None:
    places = [place for word in words if (place := read.text.find([word])) is not None]
    if len(places) < least:
        return None
    return Remark("losi_text", {"url": read.page.url, "quote": read.text.quote(min(places))})


def _fits(pattern: str, read: _Read) -> Remark | None:
    place = read.text.fits(compiled(pattern))
    if place is None:
        return None
    return Remark("losi_text", {"url": read.page.url, "quote": read.text.quote(place)})


def _ahead(read: _Read) -> Remark | None:
    """The first day its text names that is still to come."""
    for found in _DAY.finditer(read.text.folded):
        day, month, year = map(int, found.groups())
        try:
            is_ahead = date(year, month, day) > read.day
        except ValueError:
            continue
        if is_ahead:
            quote = read.text.quote(found.span())
            return Remark("losi_text", {"url": read.page.url, "quote": quote})
    return None


def _called(
    words: Sequence[str], hrefs: Sequence[str], besides: int | None, labels: Sequence[_Label]
) -> Iterator[_Label]:
    """Those that have few enough words besides; all of them where that is no condition."""
    for each in labels:
        is_short = besides is None or (each.is_section and each.said.names(words, besides))
        if is_short or any(part in each.control.href.lower() for part in hrefs):
            yield each


def _hosts(least: int, read: _Read) -> Remark | None:
    """Other sites of the state that the page leads to, where they are so many."""
    own, ends = _host_of(read.page.url), tuple(SIGNS.state)
    others = dict.fromkeys(
        host
        for each in read.labels
        if (host := _host_of(each.control.href)) != own and host.endswith(ends)
    )
    if len(others) < least:
        return None
    facts = {"url": read.page.url, "count": str(len(others)), "text": ", ".join(list(others)[:3])}
    return Remark("losi_hosts", facts)


def _host_of(url: str) -> str:
    """ "" for what is no whole address."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _fields(types: Sequence[str], page: Page) -> Remark | None:
    has = any(each in types for each in page.fields)
    return Remark("losi_fields", {"url": page.url}) if has else None


def _links(
    words: Sequence[str], hrefs: Sequence[str], labels: Iterable[_Label], page: Page
) -> Iterator[Remark]:
    for each in labels:
        leads = each.control.href.lower()
        is_named = each.is_section and words and each.said.find(words) is not None
        if is_named or any(part in leads for part in hrefs):
            yield _of_control("losi_link", each.control, page)


def _files(ends: Sequence[str], labels: Sequence[_Label], page: Page) -> Iterator[Remark]:
    for each in labels if ends else ():
        if each.path.endswith(tuple(ends)) and not each.path.endswith(tuple(SIGNS.no_data)):
            yield _of_control("losi_file", each.control, page)


def _scripts(parts: Sequence[str], page: Page) -> Iterator[Remark]:
    for source in page.scripts:
        if any(part in source.lower() for part in parts):
            yield Remark("losi_script", {"url": page.url, "href": source[:_ADDRESS]})


def _picture(words: Sequence[str], page: Page) -> Remark | None:
    for each in page.pictures:
        if each.source and Folded.of(each.alt).find(words) is not None:
            facts = {"text": each.alt[:_CUT], "href": each.source[:_ADDRESS], "url": page.url}
            return Remark("losi_picture", facts)
    return None


def _headlines(least: int, read: _Read) -> Remark | None:
    long = list(dict.fromkeys(each.control.text for each in read.labels if not each.is_section))
    if len(long) < least:
        return None
    facts = {"url": read.page.url, "count": str(len(long)), "text": long[0][:_CUT]}
    return Remark("losi_headlines", facts)


def _of_control(code: str, control: Control, page: Page) -> Remark:
    facts = {"text": control.text[:_CUT], "href": control.href[:_ADDRESS], "url": page.url}
    return Remark(code, facts)


def _folded(pages: Sequence[Page], day: date) -> Iterator[_Read]:
    known: dict[Control, _Label] = {}
    for nth, page in enumerate(pages):
        fresh = [each for each in dict.fromkeys(page.controls) if each not in known]
        known |= {each: _label(each) for each in fresh}
        yield _Read(
            page,
            Folded.of(page.text),
            tuple(Folded.of(each) for each in (page.title, *page.headings) if each),
            tuple(known[each] for each in page.controls),
            tuple(known[each] for each in fresh),
            nth == 0,
            day,
        )


def _label(control: Control) -> _Label:
    said = Folded.of(control.text)
    return _Label(said, control, names_a_section(control.text))
