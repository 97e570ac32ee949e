"""Access logs as page views: only page loads and downloads count, addresses are never stored.

The form of a file is told from its first lines. What a server answered to scripts, with errors or
with parts of pages is left out and counted by reason; a line that cannot be read is refused with
its number. An address and agent become the visitor of that day, as for a view the tracker sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import duckdb

from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.core.vocabulary import BotReason, Feed, RejectReason
from thuocdo.lake.enrich import Client, client_of, place_of
from thuocdo.lake.importing import packed
from thuocdo.lake.importing.rejects import RefusedRow, RejectBook
from thuocdo.lake.importing.source import Progress
from thuocdo.lake.importing.view_days import EPOCH, ViewDays
from thuocdo.lake.importing.view_stage import ViewStage
from thuocdo.lake.networks import Networks, Watched
from thuocdo.lake.store import Lake
from thuocdo.wire import access_log, page_loads, rules
from thuocdo.wire.access_log import LogFormat, LogLine
from thuocdo.wire.page_loads import LeftOut, Load

_SAMPLE_LINES: Final = 1000
_REMEMBERED: Final = 200_000

T = TypeVar("T")


class LogOptions(NamedTuple):
    """How the operator says a log is to be read.

    site     whose log it is; None: the host of each line tells, by the registry's host names
    form     None: told from the first lines
    exclude  beginnings of paths that are no pages
    """

    site: int | None
    form: LogFormat | None = None
    exclude: tuple[str, ...] = ()


def import_file(
    settings: Settings,
    lake: Lake,
    snapshot: Snapshot,
    engine: duckdb.DuckDBPyConnection,
    path: Path,
    scratch: Path,
    options: LogOptions,
    progress: Progress,
) -> ImportResult:
    """Import one log; nothing of it is taken when it is damaged or of no known form.

    Raises ThuocdoError `no_file`, `not_a_file`, `unreadable_file`, `unknown_format` or `no_hosts`.
    """
    form = _form(path, options)
    digest = packed.digest(path)
    stage = ViewStage(scratch / "staged", settings.secret)
    datacentres = Watched(settings).now()
    reading = _Reading(snapshot, stage, form, options, progress, datacentres)
    book = RejectBook(settings, lake, path.name, digest, Feed.ACCESS_LOG)
    book.write(reading.lines(path))
    valid = stage.finish(engine)
    refused = book.counts.total()
    days = ViewDays(lake, engine, scratch / "staged", stage.TEXTS, digest, Feed.ACCESS_LOG)
    days.land(stage.rows_by_day, progress, refused, valid + refused)
    notes = (f"{path.name}: read as {form}", *_counted_twice(lake, engine, reading.sites, stage))
    return book.result(valid, days.accepted, left_out=reading.left_out, notes=notes)


class Hosts:
    """Which site a host is, by the registry's host names."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._sites: dict[str, list[SiteEntry]] = {}
        for site in snapshot.sites:
            for host in site.hostnames:
                self._sites.setdefault(host.partition(":")[0], []).append(site)

    def site(self, host: str, day: str) -> int | None:
        """The site that has a host on an ISO day; None when nobody has it."""
        for site in self._sites.get(host.partition(":")[0].rstrip(".").lower(), ()):
            if (site.valid_from or "") <= day <= (site.valid_to or "9999"):
                return site.site_id
        return None


class _Reading:
    """The lines of one file: loads go to the stage, what is refused comes out."""

    def __init__(
        self,
        snapshot: Snapshot,
        stage: ViewStage,
        form: LogFormat,
        options: LogOptions,
        progress: Progress,
        datacentres: Networks,
    ) -> None:
        self._stage = stage
        self._datacentres = datacentres
        self._form = form
        self._options = options
        self._progress = progress
        self._read, self._glance = access_log.reader(form)
        self._policy = page_loads.policy(options.exclude)
        self._hosts = Hosts(snapshot)
        self._own_host = _own_host(snapshot, options.site)
        self._latest = now_us() + rules.CLOCK_SKEW_US
        self._loads: dict[str, Load] = {}
        self._reasons: dict[str, str] = {}
        self._moments: dict[str, int | None] = {}
        self.left_out: Counter[str] = Counter()
        self.sites: set[int] = set()

    def lines(self, path: Path) -> Iterator[RefusedRow]:
        for block in packed.blocks(path):
            text = b"\n".join(block.lines).decode("utf-8", "replace")
            lines = text.replace("\r", "").removeprefix("\ufeff").split("\n")
            for number, line in enumerate(lines, block.first):
                reason = self._reasons.get(self._glance(line))
                if reason is not None:
                    self.left_out[reason] += 1
                    continue
                why = self._line(line)
                if why is not None:
                    yield why._replace(row=number)
            for number in block.too_long:
                yield RefusedRow(number, RejectReason.TOO_LARGE, "line: longer than 1 MiB", {})
            done = block.first + len(block.lines) - 1
            self._progress(done, max(done, int(done / block.share)) if block.share else None)

    def _line(self, line: str) -> RefusedRow | None:
        said = self._read(line)
        if said is None:
            if access_log.is_comment(line):
                return None
            return RefusedRow(0, RejectReason.MALFORMED, f"line: not {self._form}", {})
        if not self._policy.counts(said.status):  # also what scanners send and no server answers
            self.left_out[LeftOut.STATUS.value] += 1
            return None
        load = self._loads.get(said.request)
        if load is None:
            judged = self._judge(said.request)
            if not isinstance(judged, Load):
                return judged
            load = judged
        if said.by_script:
            self.left_out[LeftOut.SCRIPT.value] += 1
            return None
        return self._load(said, load)

    def _judge(self, request: str) -> Load | RefusedRow | None:
        """A request as a load; None when it is left out."""
        reason = self._reasons.get(request)
        if reason is None:
            judged = self._policy.judge(request)
            if isinstance(judged, Load):
                _remember(self._loads, request, judged)
                return judged
            if judged is None:
                return RefusedRow(0, RejectReason.MALFORMED, "request: not a request line", {})
            reason = judged.value
            _remember(self._reasons, request, reason)
        self.left_out[reason] += 1
        return None

    def _load(self, said: LogLine, load: Load) -> RefusedRow | None:
        time = said.time
        try:
            instant = self._moments[time]
        except KeyError:
            instant = access_log.moment(time)
            _remember(self._moments, time, instant)
        if instant is None or not rules.EARLIEST_US <= instant <= self._latest:
            return RefusedRow(0, RejectReason.BAD_DATE, "time: not a time a log can have", {})
        host = load.host or said.host
        site = self._options.site
        if site is None:
            site = self._hosts.site(host, local_day(instant).isoformat()) if host else None
            if site is None:
                return _unknown(host, load)
        self.sites.add(site)
        self._stage.add(
            instant,
            site,
            f"{said.address} {said.agent or ''}",
            load.kind,
            f"http://{host or self._own_host}{load.target}",
            said.referrer,
            self._seen(said) if self._datacentres else said.agent,
        )
        return None

    def _seen(self, said: LogLine) -> str | Client | None:
        """The agent; of one in a datacentre that names no robot, what it is because of where it is."""
        if not self._datacentres.holds(said.address):
            return said.agent
        client = client_of(said.agent) if said.agent is not None else Client(None, None, None, None)
        return client if client.bot else client._replace(bot=BotReason.DATACENTRE.value)


def _remember(memory: dict[str, T], text: str, said: T) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[text] = said


def _unknown(host: str, load: Load) -> RefusedRow:
    if not host:
        return RefusedRow(0, RejectReason.MISSING_FIELD, "host: the line names none", {})
    place = place_of(f"http://{host}{load.target}")
    content = {"host": place.host or "", "path": place.path or ""}
    return RefusedRow(0, RejectReason.UNKNOWN_SITE, "host: of no registered site", content)


def _own_host(snapshot: Snapshot, site: int | None) -> str:
    """The host of a log that names none: the site's, when it has just one."""
    entry = snapshot.site_by_id.get(site) if site is not None else None
    if site is not None and entry is None:
        raise ThuocdoError(
            "unknown_site",
            f"Site {site} is not registered.",
            "Register it first: `thuocdo import sites FILE`, or /admin/.",
        )
    return entry.hostnames[0] if entry and len(entry.hostnames) == 1 else ""


def _form(path: Path, options: LogOptions) -> LogFormat:
    """The form of a file, told by the operator or by its first lines."""
    sample = _sample(path)
    form = options.form or access_log.detect(sample)
    if form is None and sample:
        raise ThuocdoError(
            "unknown_format",
            f"{path.name} is in no form of access log that is known.",
            f"Known are {', '.join(LogFormat)}; choose with --format.",
        )
    form = form or LogFormat.COMBINED  # an empty file is one of any form
    read = access_log.reader(form).read
    said = [found for line in sample if (found := read(line)) is not None]
    if not said and any(not access_log.is_comment(line) for line in sample):
        raise ThuocdoError(
            "unknown_format",
            f"None of the first lines of {path.name} can be read as {form}.",
            "Leave --format out to have it told from the file.",
        )
    if (
        options.site is None
        and said
        and not any(line.host or "://" in line.request for line in said)
    ):
        raise ThuocdoError(
            "no_hosts",
            f"{path.name} does not say for which host its lines are.",
            "Name the site with --site, or have the server log the host.",
        )
    return form


def _sample(path: Path) -> list[str]:
    first = next(iter(packed.blocks(path)), None)
    lines = islice(first.lines, _SAMPLE_LINES) if first else ()
    text = [line.decode("utf-8", "replace").rstrip("\r") for line in lines]
    return [text[0].removeprefix("\ufeff"), *text[1:]] if text else []


def _counted_twice(
    lake: Lake, engine: duckdb.DuckDBPyConnection, sites: set[int], stage: ViewStage
) -> Sequence[str]:
    """A warning when the tracker counted the same sites on the same days."""
    days = [(EPOCH + timedelta(days=day)).isoformat() for day in stage.rows_by_day]
    files = lake.files("page_views", partitions=days)
    if not files or not sites:
        return ()
    found = engine.execute(
        "SELECT site_id, count(DISTINCT day) FROM read_parquet($files, hive_partitioning = true) "
        "WHERE feed = $feed AND list_contains($sites, site_id) GROUP BY ALL ORDER BY ALL",
        {"files": files, "feed": str(Feed.TRACKING), "sites": sorted(sites)},
    ).fetchall()
    return [
        f"site {site} has views of the tracker on {count} of these days: both are counted"
        for site, count in found
    ]
