"""From the pages that were walked to what each question is told: found, proposed, or not seen; pure.

A question is *found* only where everything one of its ways names is on one page. Anything less is a proposal,
unmeasured for the machine, with the places where people should look. Nothing seen is no "no": the walk is short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

MOST_SIGNS: Final = 3
"""Put before the assessors for one question."""
_CUT: Final = 120
_ADDRESS: Final = 200
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
    """A page, folded once for all questions. own: the controls no page before it had."""

    page: Page
    text: Folded
    titles: tuple[Folded, ...]
    labels: tuple[_Label, ...]
    own: tuple[_Label, ...]


def judge(pages: Sequence[Page], at: int, hindrance: Missed | None = None) -> list[Result]:
    """One result for each question that has signs.

    hindrance  what kept the walk from every page behind the first: then that is why nothing is known
    """
    reads = list(_folded(pages))
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
    page, found = read.page, list[Remark | None]()
    if len(page.text) < way.least_text:
        return []
    if way.host:
        found.append(_host(way.host, page.url))
    if way.title:
        found.append(_title(way.title, read, SIGNS.most_besides))
    if way.says:
        found.append(_says(way.says, way.least, read))
    if way.also:
        found.append(_says(way.also, 1, read))
    if way.pattern:
        found.append(_fits(way.pattern, read))
    if way.links:
        found.append(next(_links(way.links, [], read.labels, page), None))
    if way.files:
        found.append(next(_files(way.files, read.labels, page), None))
    if way.pictures:
        found.append(_picture(way.pictures, page))
    if way.fields:
        has = any(each in way.fields for each in page.fields)
        found.append(Remark("losi_fields", {"url": page.url}) if has else None)
    if way.headlines:
        found.append(_headlines(way.headlines, read))
    seen = [each for each in found if each is not None]
    return seen if len(seen) == len(found) else []


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
        for each in (title, *others[:1], fits, said):
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
    host = urlsplit(url).hostname or ""
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


def _links(
    words: Sequence[str], hrefs: Sequence[str], labels: Sequence[_Label], page: Page
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


def _folded(pages: Sequence[Page]) -> Iterator[_Read]:
    known: dict[Control, _Label] = {}
    for page in pages:
        fresh = [each for each in dict.fromkeys(page.controls) if each not in known]
        known |= {each: _label(each) for each in fresh}
        yield _Read(
            page,
            Folded.of(page.text),
            tuple(Folded.of(each) for each in (page.title, *page.headings) if each),
            tuple(known[each] for each in page.controls),
            tuple(known[each] for each in fresh),
        )


def _label(control: Control) -> _Label:
    said = Folded.of(control.text)
    return _Label(said, control, names_a_section(control.text))
