"""An instance that is knocked about, and the question that follows: is everything there, once?"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.clients import Book, facts_of, send_all
from tests.chaos.messages import Fact, Message, Mix
from tests.run.conftest import Instance, Process, copy_of

from thuocdo.core import clock
from thuocdo.core import settings as settings_of
from thuocdo.core.settings import Settings
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.records import RowsLeaf
from thuocdo.lake.ledger.verify import verify
from thuocdo.lake.schemas import EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.service import Measure
from thuocdo.run.once import refresh_now

ROUNDS = int(os.environ.get("THUOCDO_CHAOS_ROUNDS", "0"))
"""How often each random scenario strikes; 0: the short run of `make test`."""
SEED = int(os.environ.get("THUOCDO_CHAOS_SEED", "20261122"))
_NAMES = {
    "page_views": "path",
    "service_steps": "state",
    "dossier_events": "dossier_hi || ':' || dossier_lo",
    "rejects": "reason",
}
_INDICATORS = ("portal_visits", "online_dossier_rate", "services_with_online_dossiers")
_EVER = clock.parse_period("2026-01-01..2028-12-31")
_SEALED_WITHIN = 10.0


def rounds(short: int) -> int:
    """How often to strike: `short` in the short run, more by THUOCDO_CHAOS_ROUNDS."""
    return max(short, ROUNDS)


class World:
    """One instance, its key, and what its lake must hold in the end."""

    def __init__(self, instance: Instance, key: str) -> None:
        self.instance = instance
        self.key = key

    @property
    def home(self) -> Path:
        return self.instance.home

    @property
    def settings(self) -> Settings:
        return settings_of.load(self.instance.environment)

    def copy(self, folder: Path) -> World:
        folder.mkdir(parents=True, exist_ok=True)
        return World(copy_of(self.instance, folder), self.key)

    def mix(self, seed: int = SEED, *, first: int = 0) -> Mix:
        return Mix(self.settings.secret, self.key, seed, first=first)

    def lake(self) -> Counter[Fact]:
        """Every fact of the lake, with how often it is there."""
        import duckdb

        lake = Lake.open(self.settings)
        found: Counter[Fact] = Counter()
        for table, name in _NAMES.items():
            files = lake.files(table)
            if files:
                query = f"select {name}, count(*) from read_parquet(?) group by 1"
                for value, count in duckdb.execute(query, [files]).fetchall():
                    found[Fact(table, value)] += count
        return found

    def refresh(self) -> None:
        """Land what is left and bring the facts up to date, as `thuocdo refresh`."""
        refresh_now(self.settings)

    def figures(self) -> dict[str, list[tuple[object, ...]]]:
        measure = Measure(self.settings)
        return {
            code: sorted(
                (row.agency, row.numerator, row.denominator, str(row.value))
                for row in measure.figures(code, _EVER)
            )
            for code in _INDICATORS
        }

    def segments(self, ending: str) -> list[Path]:
        return sorted((self.home / "wal").glob(f"*/*.{ending}"))

    def wait_sealed(self) -> None:
        """Until no segment of a living writer is open."""
        limit = time.monotonic() + _SEALED_WITHIN
        while self.segments("open"):
            assert time.monotonic() < limit, self.segments("open")
            time.sleep(0.05)


def assert_counted(world: World, book: Book) -> list[Message]:
    """Acknowledged is counted, exactly; an unanswered message wholly or not at all. What counted."""
    world.refresh()
    found = world.lake()
    assert book.acknowledged, world.instance.logs()
    assert not book.unexpected, book.unexpected[:3]
    assert not book.without_retry_after
    promised = facts_of(book.acknowledged)
    possible = promised + facts_of(book.uncertain)
    possible[Fact("rejects", "replayed")] += book.resent_hits
    lost = {fact: count for fact, count in promised.items() if found[fact] < count}
    extra = {fact: count for fact, count in found.items() if count > possible[fact]}
    assert not lost, f"{len(lost)} acknowledged facts are missing: {list(lost.items())[:5]}"
    assert not extra, f"{len(extra)} facts nobody was promised: {list(extra.items())[:5]}"
    counted = list(book.acknowledged)
    for message in book.uncertain:
        own = [fact for fact in message.facts if fact.table != "rejects"]
        there = [found[fact] == message.facts[fact] for fact in own]
        assert all(there) or not any(found[fact] for fact in own), f"cut in two: {message}"
        if own and all(there):
            counted.append(message)
    assert_clean(world)
    assert_provable(world)
    return counted


def assert_provable(world: World) -> None:
    """The log has every row of the lake, and each segment's rows of a table came in one commit."""
    settings = world.settings
    lake = Lake.open(settings)
    with contextlib.closing(Ledger(settings, lake)) as ledger:
        key, folder = ledger.signer.public, settings.ledger_dir
        found = verify(lake.root, folder, key, settings.state_dir / "spill", lambda *_: None)
        assert not found.findings, found.findings[:5]
        told = [leaf for leaf in ledger.leaves(0, found.size - 1) if isinstance(leaf, RowsLeaf)]
        events = [leaf for leaf in told if leaf.table in EVENT_TABLES]
        assert not [leaf for leaf in events if leaf.listed]
        wal = [
            (leaf.table, leaf.segment) for leaf in events if not leaf.segment.startswith("import:")
        ]
        assert len(set(wal)) == len(wal)


def assert_clean(world: World, *, damaged: int = 0) -> None:
    """Nothing is left over: no segment, no plan, no half-written file, no lock held."""
    assert not world.segments("open")
    assert not world.segments("sealed")
    assert len(world.segments("damaged")) == damaged
    state = world.home / "state"
    assert not (state / "landing.plan").exists()
    left = [path for path in world.home.rglob("*") if path.suffix.endswith("fresh")]
    assert not left, left


def assert_figures_as_undisturbed(
    world: World, counted: Iterable[Message], untouched: World, folder: Path
) -> None:
    """The figures are those of an instance to which the same came in peace, and of a rebuild."""
    peaceful = untouched.copy(folder)
    with peaceful.instance.role("collect"):
        book = send_all(peaceful.instance.collect_port, _signed_anew(peaceful, counted))
    assert not book.unexpected
    peaceful.refresh()
    figures = world.figures()
    assert figures == peaceful.figures()
    assert any(numerator for rows in figures.values() for _, numerator, *_ in rows)
    world.instance.run("rebuild")
    assert world.figures() == figures


def _signed_anew(world: World, messages: Iterable[Message]) -> list[Message]:
    """A signature is good once and for minutes; the key is not."""
    bearer = f"Bearer {world.key}"
    return [
        Message(m.method, m.target, m.body, m.headers | {"Authorization": bearer}, m.facts)
        if "Authorization" in m.headers
        else m
        for m in messages
    ]


ROLES = ("collect", "pipeline", "worker", "scanner", "web")
"""What a supervisor keeps alive."""


def below(parent: int) -> list[int]:
    """Living children of a process: of a supervisor, its roles and the template they are forked from."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(status[1]) == parent and status[0] != "Z":
                found.append(int(folder.name))
    return found


def children(parent: int) -> dict[str, int]:
    """Role → process id, for the processes a supervisor started."""
    found = {}
    for pid in below(parent):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            found[words[words.index(b"thuocdo") + 1].decode()] = pid
    return found


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_until(question: object, seconds: float = 60.0, why: str = "") -> None:
    """Ask until the answer is yes."""
    limit = time.monotonic() + seconds
    while not question():  # type: ignore[operator]
        assert time.monotonic() < limit, why
        time.sleep(0.05)


def end(process: Process) -> None:
    """End a process gracefully, or, when that takes too long, at once."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
