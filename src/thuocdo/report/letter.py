"""The letter that asks an agency to raise its services, with its appendix: every word in place.

Made from advice (measure/advice) and the wording in force on the letter's date
(templates/recommendation.yaml). Word and Excel only place these strings, so both say the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Final

import msgspec

from thuocdo.core.clock import VIETNAM, to_datetime
from thuocdo.core.issuers import Issuer, issuer_on
from thuocdo.core.vietnamese import (
    format_count,
    format_day,
    format_decimal,
    format_percent,
    letterhead_day,
    percent,
)
from thuocdo.measure.advice import words
from thuocdo.measure.advice.model import Advice, Recommendation
from thuocdo.measure.policy import edition_on, holds, load
from thuocdo.report.document import NATIONAL_MOTTO, NATIONAL_NAME, balanced
from thuocdo.report.editions import TEMPLATES

LISTS: Final = ("to_full", "to_partial", "apart", "not_listed")
_ROMAN: Final = ("I", "II", "III", "IV")
_MOST_OF: Final = 80  # percent of the gain that "the first few" are said to bring
_NO_NUMBER: Final = "\u00a0" * 8


class SectionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One list of the appendix: its heading, and the name of its sheet."""

    heading: str
    sheet: str


class City(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A province that is a city under the central government; days are included."""

    code: str
    title: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of templates/recommendation.yaml."""

    edition: str
    valid_from: dt.date
    source: str
    subject: str
    opening: str
    results_heading: str
    results: str
    no_results: str
    losses: str
    loss_words: dict[str, str]
    asks_heading: str
    ask_full: str
    most: str
    ask_full_without_gain: str
    ask_partial: str
    ask_review: str
    contradicted: str
    ask_list: str
    no_asks: str
    methods_heading: str
    methods: str
    closing: str
    recipients: list[str]
    appendix: str
    appendix_title: str
    appendix_of: str
    unit_note: str
    columns: list[str]
    sections: dict[str, SectionSpec]
    mixed: str
    stated: str
    contradiction: str
    block_names: dict[str, str]
    province_address: str
    cities: list[City]
    valid_to: dt.date | None = None


class Line(msgspec.Struct, frozen=True):
    """One service: the printed cells, and the same values for reckoning (None: nothing to say)."""

    cells: list[str]
    values: list[str | int | float | None]


class Part(msgspec.Struct, frozen=True):
    """One list of the appendix."""

    heading: str
    sheet: str
    lines: list[Line]


class Letter(msgspec.Struct, frozen=True):
    """Everything on the page, from top to bottom."""

    title: str
    date: dt.date
    parent_organisation: list[str]
    organisation: list[str]
    national_name: str
    national_motto: str
    number: str
    place_and_date: str
    subject: str
    addressee: str
    opening: str
    results_heading: str
    results: list[str]
    asks_heading: str
    asks: list[str]
    methods_heading: str
    methods: str
    remark: str
    closing: str
    signer: list[str]
    recipients: list[str]
    appendix: str
    appendix_title: str
    appendix_of: str
    unit_note: str
    columns: list[str]
    numbers: list[str]
    parts: list[Part]
    software: str


def letter(
    advice: Advice, *, date: dt.date, number: str | None, known: int, remark: str, software: str
) -> Letter:
    """The letter of some advice; pure.

    number  as the office registered it (`12/CĐSQG`); None leaves room for it
    known   what had landed by then counts, µs UTC
    Raises ThuocdoError `no_issuer`.
    """
    wording, issuer = edition_on(wordings(), date), issuer_on(date)
    values = _values(wording, issuer, advice, date, known)
    shown = number or f"{_NO_NUMBER}/{issuer.symbol}"
    parts, placed = _parts(wording, advice)
    return Letter(
        title=f"{wording.subject.removeprefix('V/v ').capitalize()} – {advice.name}",
        date=date,
        parent_organisation=balanced(issuer.parent_organisation.upper()),
        organisation=balanced(issuer.organisation.upper()),
        national_name=NATIONAL_NAME,
        national_motto=NATIONAL_MOTTO,
        number=f"Số: {shown}",
        place_and_date=f"{issuer.place}, {letterhead_day(date)}",
        subject=wording.subject,
        addressee=values["addressee"],
        opening=wording.opening.format_map(values),
        results_heading=wording.results_heading,
        results=_results(wording, advice, values),
        asks_heading=wording.asks_heading,
        asks=_asks(wording, advice, values, placed),
        methods_heading=wording.methods_heading,
        methods=wording.methods.format_map(values),
        remark=remark,
        closing=wording.closing.format_map(values),
        signer=[line.upper() for line in (issuer.signer_title_prefix, issuer.signer_title) if line],
        recipients=[*wording.recipients, issuer.recipients[-1]],
        appendix=wording.appendix,
        appendix_title=wording.appendix_title,
        appendix_of=wording.appendix_of.format_map(
            values | {"number": shown, "day": letterhead_day(date)}
        ),
        unit_note=wording.unit_note.format_map(values),
        columns=wording.columns,
        numbers=[f"({place})" for place in range(1, len(wording.columns) + 1)],
        parts=parts,
        software=software,
    )


@cache
def wordings() -> tuple[Wording, ...]:
    """Every edition, oldest first. Raises ThuocdoError `bad_policy`."""
    found = load(TEMPLATES / "recommendation.yaml", list[Wording])
    return tuple(sorted(found, key=lambda one: one.valid_from))


def addressee(wording: Wording, advice: Advice, day: dt.date) -> str:
    """Whom the letter goes to: a province's People's Committee, else the agency itself."""
    is_province = advice.block == "province" and "." not in advice.agency
    if not is_province:
        return advice.name
    city = next((c for c in wording.cities if c.code == advice.agency and holds(c, day)), None)
    if city is not None and city.title:
        return city.title
    return wording.province_address.format(
        designation="thành phố" if city else "tỉnh", name=advice.name
    )


def _values(
    wording: Wording, issuer: Issuer, advice: Advice, date: dt.date, known: int
) -> dict[str, str]:
    moment = to_datetime(known).astimezone(VIETNAM)
    source = words.edition_of(advice).source
    return {
        "basis": f"{source.document} ({source.place})",
        "organisation": _sentence_case(issuer.organisation),
        "addressee": addressee(wording, advice, date),
        "name": advice.name,
        "block": wording.block_names[advice.block],
        "first": format_day(advice.period_first),
        "last": format_day(advice.period_last),
        "dossiers": format_count(advice.dossiers),
        "full_online": format_count(advice.full_online),
        "rate": format_percent(advice.rate),
        "block_rate": format_percent(advice.block_rate),
        "block_full_online": format_count(advice.block_full_online),
        "block_dossiers": format_count(advice.block_dossiers),
        "version": advice.version,
        "known": f"{moment:%H} giờ {moment:%M} ngày {format_day(moment.date())}",
    }


def _sentence_case(capitals: str) -> str:
    """`CỤC CHUYỂN ĐỔI SỐ QUỐC GIA` as it stands inside a sentence."""
    return capitals.capitalize().replace("chuyển đổi số", "Chuyển đổi số")


def _results(wording: Wording, advice: Advice, values: Mapping[str, str]) -> list[str]:
    if not advice.dossiers:
        return [wording.no_results.format_map(values)]
    lost = {
        name: count
        for name in advice.losses.__struct_fields__
        if (count := getattr(advice.losses, name))
    }
    told = "; ".join(
        wording.loss_words[name].format(count=format_count(count)) for name, count in lost.items()
    )
    told_losses = [wording.losses.format(losses=told)] if told else []
    return [wording.results.format_map(values), *told_losses]


def _asks(
    wording: Wording, advice: Advice, values: Mapping[str, str], placed: Mapping[str, str]
) -> list[str]:
    """What is asked for, lettered; each ask names the part of the appendix that lists it."""
    asks = []
    for name, sentence in (
        ("to_full", _ask_full(wording, advice.to_full)),
        ("to_partial", wording.ask_partial),
        ("apart", wording.ask_review),
        ("not_listed", wording.ask_list),
    ):
        found: tuple[Recommendation, ...] = getattr(advice, name)
        if not found:
            continue
        ahead = sum(one.peers_at_full > 0 for one in found)
        own = {
            "count": format_count(len(found)),
            "section": placed[name],
            "contradicted": wording.contradicted.format(count=format_count(ahead)) if ahead else "",
        }
        asks.append(sentence.format_map({**values, **own, **_gains(wording, advice)}))
    if len(asks) < 2:
        return asks or [wording.no_asks]
    return [f"{letter}) {ask}" for letter, ask in zip("abcd", asks, strict=False)]


def _ask_full(wording: Wording, found: tuple[Recommendation, ...]) -> str:
    has_gain = any(one.gain.dossiers for one in found)
    return wording.ask_full if has_gain else wording.ask_full_without_gain


def _gains(wording: Wording, advice: Advice) -> dict[str, str]:
    """What all of `to_full` bring, and how few of them bring most of it."""
    reached = [one.reach for one in advice.to_full if one.reach]
    if not reached or not reached[-1][0]:
        return {}
    gain, rate = reached[-1]
    few = next(place for place, (n, _) in enumerate(reached) if 100 * n >= _MOST_OF * gain)
    points = percent(gain, advice.dossiers)
    most = wording.most.format(
        few=format_count(few + 1), share=format_percent(percent(reached[few][0], gain))
    )
    return {
        "gain": format_count(gain),
        "points": "–" if points is None else format_decimal(points),
        "reached": format_percent(rate),
        "most": most if few + 1 < len(reached) else "",
    }


def _parts(wording: Wording, advice: Advice) -> tuple[list[Part], dict[str, str]]:
    """The lists that are not empty, numbered, and the number of each by its name."""
    present = [name for name in LISTS if getattr(advice, name)]
    placed = dict(zip(present, _ROMAN, strict=False))
    parts = []
    for name in present:
        spec = wording.sections[name]
        lines = [
            _line(wording, advice, place, one)
            for place, one in enumerate(getattr(advice, name), start=1)
        ]
        parts.append(Part(f"{placed[name]}. {spec.heading}", spec.sheet, lines))
    return parts, placed


def _line(wording: Wording, advice: Advice, place: int, one: Recommendation) -> Line:
    values: list[str | int | float | None] = [
        place,
        one.procedure,
        one.name,
        words.level(one.level),
        one.dossiers,
        one.online,
        one.full_online,
        one.gain.dossiers,
        one.gain.agency_points,
        one.reach[1] if one.reach else None,
        one.uptake.gain.agency_points if one.uptake else None,
        _reason(wording, advice, one),
    ]
    return Line([_cell(value) for value in values], values)


def _cell(value: str | int | float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return format_decimal(value)
    return format_count(value) if isinstance(value, int) else value


def _reason(wording: Wording, advice: Advice, one: Recommendation) -> str:
    """Why it is on its list: the rules that ask for it, or what the catalogue says against it."""
    if one.reason_not_full:
        told = [wording.stated.format(reason=one.reason_not_full)]
        if one.peers_at_full:
            told.append(
                wording.contradiction.format(peers=one.peers_at_full, names=words.peers(one))
            )
    else:
        told = words.reasons(advice, one)[:1]
    if one.mixed:
        told.append(wording.mixed)
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}"
