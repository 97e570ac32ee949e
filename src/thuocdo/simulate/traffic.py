"""What today's country sends from one moment to the next, as an endless, seeded row of messages.

Readers open pages (GET, POST and bulk), look procedures up (trackDVC), and dossiers move from
state to state, each reported by its agency's own software. A dossier's steps keep their order.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from thuocdo.core.clock import VIETNAM, to_datetime
from thuocdo.core.vocabulary import Channel, Level, Payment, Status, SystemKind
from thuocdo.simulate import messages
from thuocdo.simulate.country_plan import Office, Site, plan
from thuocdo.simulate.messages import Step
from thuocdo.simulate.nation import old_form, rows_of
from thuocdo.simulate.quirks import Client, Quirk

What = Literal["page_view", "service_step", "mcdt", "canonical"]

_VIEW_SHARE: Final = 0.78
_STEP_SHARE: Final = 0.04
_OPEN_AT_MOST: Final = 400
_LIFE: Final = (
    Status.SUBMITTED,
    Status.RECEIVED,
    Status.PROCESSING,
    Status.COMPLETED,
    Status.RETURNED,
)
_BATCH_AT_MOST: Final = 5
_BULK_AT_MOST: Final = 6
_NONCES: Final = 1_000_000
_RETURNS: Final = 0.55
"""Share of page views by somebody already on the site: about 2.2 views a visit."""
_READERS_KEPT: Final = 40


@dataclass(frozen=True, slots=True)
class Message:
    """One request, and what of it must count: `sites` names the site of every page view in it."""

    what: What
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    events: int
    sites: tuple[int, ...] = ()
    dossiers: tuple[tuple[str, str], ...] = ()  # (system, number) of every dossier event


@dataclass(frozen=True, slots=True)
class _Reader:
    """Somebody on a site: the first-party id and the browser stay the same from page to page."""

    client: str
    agent: str


@dataclass(slots=True)
class _Dossier:
    step: Step
    office: Office
    left: deque[Status] = field(default_factory=deque)


class Traffic:
    """The senders of one seeded country. `key` opens /v1/dossiers; without it nothing is sent there."""

    def __init__(self, seed: int, key: str | None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a simulation has to be repeatable
        self._offices = plan(seed)
        self._key = key
        self._serial = 0
        self._open: list[_Dossier] = []
        self._readers: dict[int, deque[_Reader]] = {}
        agents = [row for row in rows_of("simulate", "agents.csv") if not row["bot"]]
        self._agents = [row["user_agent"] for row in agents]
        self._agent_shares = [int(row["share"]) for row in agents]
        self._portals = [
            (office, site)
            for office in self._offices
            for place, site in enumerate(office.sites)
            if site.kind != SystemKind.ONE_STOP
            and not (
                place == 0 and Quirk.SILENT_PORTAL in office.quirks
            )  # what fell silent stays so
        ]
        self._portal_weights = [
            office.portal_weight * (site.share or 1.0) for office, site in self._portals
        ]
        senders = [office for office in self._offices if office.services]
        if key is None:
            senders = [office for office in senders if office.client is not Client.CANONICAL]
        self._senders = senders
        self._sender_weights = [office.dossier_weight for office in senders]

    def next(self, at: int) -> Message:
        """The next message, sent at `at` (µs UTC)."""
        drawn = self._random.random()
        if drawn < _VIEW_SHARE:
            return self._views(at)
        if drawn < _VIEW_SHARE + _STEP_SHARE:
            return self._interest()
        return self._progress(at)

    def _views(self, at: int) -> Message:
        rnd = self._random
        local = to_datetime(at).astimezone(VIETNAM)
        form = rnd.choices(("GET", "POST", "bulk"), (80, 12, 8))[0]
        count = rnd.randint(2, _BULK_AT_MOST) if form == "bulk" else 1
        _, site = rnd.choices(self._portals, self._portal_weights)[0]
        reader = self._reader(site)
        queries = [self._view(site, reader, local) for _ in range(count)]
        headers = {"User-Agent": reader.agent}
        sites = (site.site_id,) * count
        if form == "GET":
            return Message("page_view", "GET", f"/tracking?{queries[0]}", headers, b"", 1, sites)
        if form == "POST":
            headers["Content-Type"] = messages.FORM
            return Message("page_view", "POST", "/tracking", headers, queries[0].encode(), 1, sites)
        headers["Content-Type"] = messages.JSON
        return Message(
            "page_view", "POST", "/tracking", headers, messages.bulk(queries), count, sites
        )

    def _reader(self, site: Site) -> _Reader:
        """Somebody who is on the site already, or comes now."""
        rnd = self._random
        there = self._readers.setdefault(site.site_id, deque(maxlen=_READERS_KEPT))
        if there and rnd.random() < _RETURNS:
            return rnd.choice(there)
        agent = rnd.choices(self._agents, self._agent_shares)[0]
        there.append(_Reader(f"{rnd.getrandbits(64):016x}", agent))
        return there[-1]

    def _view(self, site: Site, reader: _Reader, local: datetime) -> str:
        rnd = self._random
        path = rnd.choice(("/", "/tin-tuc", "/thong-bao", "/van-ban", "/thu-tuc-hanh-chinh"))
        return messages.view_query(
            site.site_id,
            f"https://{site.host}{path}",
            referrer=rnd.choice(("", "https://www.google.com/", f"https://{site.host}/")),
            client=reader.client,
            at=local,
            nonce=rnd.randrange(_NONCES),
        )

    def _interest(self) -> Message:
        rnd = self._random
        office = rnd.choices(self._senders, self._sender_weights)[0]
        site = office.site_of(SystemKind.ONE_STOP)
        procedure = rnd.choice(office.services).procedure
        query = messages.dvc_query(
            site.site_id,
            f"https://{site.host}/thu-tuc-hanh-chinh/{procedure.code}",
            f"{procedure.code}.{old_form(office.agency.code)}",
            "1" if office.client is not Client.OPENCPS_RAW else "-1",
            client=f"{rnd.getrandbits(64):016x}",
            nonce=rnd.randrange(_NONCES),
        )
        headers = {"User-Agent": rnd.choices(self._agents, self._agent_shares)[0]}
        return Message("service_step", "GET", f"/tracking?{query}", headers, b"", 1)

    def _progress(self, at: int) -> Message:
        """Move some dossier one step on, or open a new one."""
        rnd = self._random
        if not self._open or (len(self._open) < _OPEN_AT_MOST and rnd.random() < 1 / len(_LIFE)):
            self._open.append(self._new(at))
        place = rnd.randrange(len(self._open))
        first = self._open[place]
        steps = [self._advance(first, at)]
        if first.office.client is not Client.CANONICAL:
            return self._mcdt(first.office.client, steps[0])
        others = [d for d in self._open if d.office is first.office and d is not first and d.left]
        steps += [self._advance(dossier, at) for dossier in others[: _BATCH_AT_MOST - 1]]
        self._open = [dossier for dossier in self._open if dossier.left]
        headers = {"Content-Type": messages.NDJSON, "Authorization": f"Bearer {self._key}"}
        body = messages.canonical_batch(steps)
        return Message(
            "canonical",
            "POST",
            "/v1/dossiers",
            headers,
            body,
            len(steps),
            dossiers=tuple((step.system, step.dossier) for step in steps),
        )

    def _mcdt(self, client: Client, step: Step) -> Message:
        self._open = [dossier for dossier in self._open if dossier.left]
        bodies: dict[Client, tuple[str, Callable[[Step], bytes]]] = {
            Client.OPENCPS: (messages.FORM, messages.opencps_form),
            Client.OPENCPS_RAW: (messages.FORM, messages.opencps_raw_form),
            Client.TAN_DAN: (messages.JSON, messages.tan_dan_json),
        }
        content_type, body = bodies[client]
        return Message(
            "mcdt",
            "POST",
            "/TrackingMCDT",
            {"Content-Type": content_type, "Charset": "utf-8"},
            body(step),
            1,
            dossiers=((step.system, step.dossier),),
        )

    def _advance(self, dossier: _Dossier, at: int) -> Step:
        status = dossier.left.popleft()
        received = at if status is Status.RECEIVED else dossier.step.received
        dossier.step = replace(dossier.step, status=status, at=at, received=received)
        return dossier.step

    def _new(self, at: int) -> _Dossier:
        rnd = self._random
        office = rnd.choices(self._senders, self._sender_weights)[0]
        offered = rnd.choices(office.services, [o.procedure.share for o in office.services])[0]
        online = rnd.random() < office.maturity and offered.level != Level.INFORMATION
        self._serial += 1
        local = to_datetime(at).astimezone(VIETNAM)
        number = f"{old_form(office.agency.code)}-{local:%y%m%d}-L{at // 1_000_000 % 86_400:05d}{self._serial:04d}"
        step = Step(
            system=office.system,
            agency=office.agency.code,
            site_id=office.site_of(SystemKind.ONE_STOP).site_id,
            dossier=number,
            procedure=offered.procedure.code,
            procedure_name=offered.procedure.name.replace(" và ", " & "),
            level=offered.level,
            channel=(Channel.ONLINE if online else Channel.COUNTER).value,
            payment=(Payment.ONLINE if online else Payment.OFFLINE).value
            if offered.procedure.fee
            else Payment.NONE.value,
            by_post=rnd.random() < 0.1,
            status=Status.SUBMITTED,
            at=at,
            received=at,
        )
        return _Dossier(step, office, deque(_LIFE if online else _LIFE[1:]))
