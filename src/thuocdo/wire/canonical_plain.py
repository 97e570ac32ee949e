"""The short way for the ordinary canonical record: what many records say alike is judged once.

A batch has thousands of records and few distinct words, days, times of day and services. Each is
judged by the rules of `canonical` and `rules` the first time and remembered after; a record is then
some look-ups and its dossier's hash. Whatever is not plainly in order (a missing field, another
type, a word that is refused) is not judged here: `canonical.validate` does that, and says why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.ids import dossier_key
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, Trust
from thuocdo.wire import rules
from thuocdo.wire.canonical import in_scope, word
from thuocdo.wire.events import DossierEvent, Unreadable

_REMEMBERED: Final = 1 << 17
_SAID: Final = ("status", "channel", "level", "payment", "applicant_kind")
_YES_NO: Final = (
    *("returned_by_post", "digitised", "from_national_portal"),
    *("result_electronic", "reused"),
)
_DAY_LETTERS: Final = len("2026-11-22")
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LONGEST: Final = 256
_LATEST_US: Final = rules.LATEST_DUE_US
_FEED: Final = Feed.CANONICAL.value
_TRUST: Final = Trust.VERIFIED.value


class _Said(NamedTuple):
    """The words of a record as its event has them."""

    status: Any
    channel: Any
    level: Any
    payment: Any
    returned_by_post: Any
    digitised: Any
    applicant_kind: Any
    from_national_portal: Any
    result_electronic: Any
    reused: Any


class Plain:
    """Judges the ordinary records of one sender against one registry."""

    def __init__(
        self,
        snapshot: Snapshot,
        secret: bytes,
        *,
        agency: str | None = None,
        systems: Collection[str] | None = None,
    ) -> None:
        """agency, systems: what the sender's key opens; None means everything."""
        self._snapshot = snapshot
        self._secret = secret
        self._scope = agency
        self._opened = systems
        self._words: dict[tuple[Any, ...], _Said | None] = {}
        self._systems: dict[str, str | None] = {}
        self._places: dict[tuple[str, str, int, str | None], rules.Place | None] = {}
        self._days: dict[str, int] = {}
        self._clocks: dict[str, int] = {}

    def event(self, record: Mapping[str, object], received: int) -> DossierEvent | None:
        """The event of an ordinary record; None: it is not one, or not sure to be.

        received: µs UTC
        """
        get = record.get
        said = self._said(record)
        system, number = get("system"), get("dossier")
        at = self._moment(get("event_time"))
        if said is None or at is None or type(system) is not str or type(number) is not str:
            return None
        receipt, due = get("received_at"), get("due_at")
        received_at = None if receipt is None else self._moment(receipt)
        due_at = None if due is None else self._moment(due)
        if (receipt is not None and received_at is None) or (due is not None and due_at is None):
            return None
        latest = received + rules.CLOCK_SKEW_US
        first = at if received_at is None else received_at
        if (
            not rules.EARLIEST_US <= at <= latest
            or not rules.EARLIEST_US <= first <= latest
            or not (due_at is None or rules.EARLIEST_US <= due_at < _LATEST_US)
        ):
            return None
        place = self._place(get("agency"), get("procedure"), first, said.level)
        known = self._systems.get(system, "") or self._system(system)
        clean = rules.number(number) if len(number) <= rules.MAX_NUMBER else None
        if place is None or known is None or type(clean) is not str:
            return None
        hi, lo = dossier_key(self._secret, known, clean)
        return DossierEvent(
            received, hi, lo, known, None, place.agency, place.procedure, said.status, at,
            received_at, due_at, said.channel, said.level, place.level_catalogue, said.payment,
            said.returned_by_post, said.digitised, said.applicant_kind, said.from_national_portal,
            place.flags, _FEED, _TRUST, said.result_electronic, said.reused,
        )  # fmt: skip

    def _said(self, record: Mapping[str, object]) -> _Said | None:
        """The words, by all of them together: there are few combinations."""
        get = record.get
        key = (
            get("status"), get("channel"), get("level"), get("payment"), get("returned_by_post"),
            get("digitised"), get("applicant_kind"), get("from_national_portal"),
            get("result_electronic"), get("reused"),
        )  # fmt: skip
        for value in key:
            if (
                value is not None
                and type(value) is not str
                and value is not True
                and value is not False
            ):
                return None
        try:
            return self._words[key]
        except KeyError:
            said = self._words[key] = _judged(record)
            _bound(self._words)
            return said

    def _system(self, text: str) -> str | None:
        found = word("system", text) if text.strip() else None
        known = found if isinstance(found, str) else None
        if self._opened is not None and known not in self._opened:
            known = None
        self._systems[text] = known
        _bound(self._systems)
        return known

    def _place(
        self, agency: object, procedure: object, at: int, level: str | None
    ) -> rules.Place | None:
        """Agency, procedure, catalogue level and all flags, as of the local day of `at`."""
        if type(agency) is not str or type(procedure) is not str:
            return None
        key = (agency, procedure, (at + OFFSET_US) // DAY_US, level)
        try:
            return self._places[key]
        except KeyError:
            place = self._places[key] = self._placed(agency.strip(), procedure.strip(), at, level)
            _bound(self._places)
            return place

    def _placed(
        self, agency: str, procedure: str, at: int, level: str | None
    ) -> rules.Place | None:
        if not (agency and procedure) or max(len(agency), len(procedure)) > _LONGEST:
            return None
        code = rules.agency(self._snapshot, agency)
        if isinstance(code, Unreadable) or not in_scope(code, self._scope):
            return None
        place = rules.place(self._snapshot, code, procedure, rules.local_date(at))
        if isinstance(place, Unreadable):
            return None
        return place._replace(flags=place.flags + rules.level_flags(level, place.level_catalogue))

    def _moment(self, text: object) -> int | None:
        """µs UTC of a time written `2026-11-22…`: its day and the rest of it, each remembered."""
        if type(text) is not str:
            return None
        try:
            return self._days[text[:_DAY_LETTERS]] + self._clocks[text[_DAY_LETTERS:]]
        except KeyError:
            return self._learned(text)

    def _learned(self, text: str) -> int | None:
        found = rules.moment("", text) if len(text) <= _LONGEST else None
        if not isinstance(found, int):
            return None
        try:
            day = (date.fromisoformat(text[:_DAY_LETTERS]).toordinal() - _EPOCH) * DAY_US
        except ValueError:  # packed, or with spaces before
            return found
        if text[4] == "-":
            self._days[text[:_DAY_LETTERS]] = day
            self._clocks[text[_DAY_LETTERS:]] = found - day
            _bound(self._days)
            _bound(self._clocks)
        return found


def _judged(record: Mapping[str, object]) -> _Said | None:
    """The words judged by `canonical`; None when one is refused, or the status is missing."""
    found = {}
    for name in (*_SAID, *_YES_NO):
        value = record.get(name)
        found[name] = word(name, value)
        if isinstance(found[name], Unreadable) or (name == "status" and not found[name]):
            return None
    return _Said(**found)


def _bound(memory: dict[Any, Any]) -> None:
    """A sender of ever new words does not fill the memory."""
    if len(memory) > _REMEMBERED:
        memory.clear()
