"""What is past its time goes, what something stands on stays, and a line of the trail counts what went."""

from __future__ import annotations

import datetime as dt
import errno
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from django.contrib.auth import get_user_model
from tests.keeping.conftest import LONG_AGO, NOW, aged, row_aged
from tests.web import held_round

from thuocdo.assess.evidence import Kept
from thuocdo.assess.models import Appeal, Entry, Round, ShadowScan, SiteCheck
from thuocdo.core import clock, files
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.keeping import kinds, sweeping
from thuocdo.keeping.policy import FOR_GOOD, Code, policy_on
from thuocdo.keeping.rows import OfRows
from thuocdo.lake.schemas import AGREEMENTS
from thuocdo.lake.store import Lake
from thuocdo.registry import queues, uploads
from thuocdo.registry.models import Change, ReplayJob, Upload
from thuocdo.steer.models import Incident, Letter, Notice, Task

DAY_US = 24 * 60 * 60 * 1_000_000


def swept(home: Settings, now: int = NOW) -> dict[Code, int]:
    """How many pieces of each kind went; kinds of which none did left out."""
    done = list(sweeping.sweep(home, now, "worker"))
    assert not [gone for gone in done if gone.failure]
    return {gone.code: gone.pieces for gone in done if gone.pieces}


def due(home: Settings) -> dict[Code, int]:
    lines = sweeping.look(home, NOW)
    return {line.code: line.looked.due for line in lines if line.looked and line.looked.due}


def lines_of(code: Code) -> list[Change]:
    kept = Change.objects.filter(what=Change.What.KEPT)
    return [line for line in kept if line.after["kind"] == code.value]


def handed_over(home: Settings, name: str, state: str, content: bytes, **fields: Any) -> Upload:
    row = uploads.keep(home, "H26", name, [content], who="lan", **fields)
    aged(row.path(home))
    return row_aged(row, state=state, at=LONG_AGO, closed_at=LONG_AGO)


def incident(subject: str, *, closed: dt.datetime | None) -> Incident:
    return Incident.objects.create(
        **{"kind": "silent_source", "subject": subject, "agency": "H26", "severity": 20},
        **{"evidence": {}, "policy": "x", "opened_at": LONG_AGO, "last_seen": LONG_AGO},
        closed_at=closed,
    )


def letter(of: Incident, channel: str) -> Letter:
    made = Letter.objects.create(
        **{"key": f"{channel}-{of.subject}", "channel": channel, "state": Letter.State.SENT},
        **{"made_at": LONG_AGO, "next_at": LONG_AGO, "finished_at": LONG_AGO},
    )
    Notice.objects.create(
        incident=of, channel=channel, recipient="u1", made_at=LONG_AGO, due_at=LONG_AGO, letter=made
    )
    return made


def evidence(home: Settings, text: str) -> str:
    piece = Kept(home.home).keep("body", text.encode())
    aged(Kept(home.home).path(piece.sha256))
    return piece.sha256


def disputed(home: Settings, agency: str, *decisions: str) -> None:
    rows = [
        {"agency": agency, "indicator": "dossiers_received", "role": "agency", "decision": one}
        | {"period_first": dt.date(2026, 1, 1), "period_last": dt.date(2026, 1, 31)}
        | {"office": "Văn phòng", "as_known": LONG_AGO, "feed": "desk", "event_id": 0}
        | {
            "landed_at": LONG_AGO + dt.timedelta(days=n),
            "segment": f"desk:{n}",
            "trust": "verified",
        }
        for n, one in enumerate(decisions)
    ]
    Lake.open(home).append(
        "agreements", pa.Table.from_pylist(rows, schema=AGREEMENTS), app_id="desk", version=1
    )


def test_a_file_of_an_agency_goes_with_its_row_and_the_trail_counts_both(home: Settings) -> None:
    row = handed_over(home, "cu.csv", Upload.State.APPLIED, b"a,b\n")
    young = uploads.keep(home, "H26", "moi.csv", [b"c,d\n"], who="lan")
    assert due(home)[Code.UPLOADS_APPLIED] == 1
    assert swept(home) == {Code.UPLOADS_APPLIED: 1, Code.UPLOAD_FILES: 1}
    assert not row.path(home).exists()
    assert young.path(home).exists()
    (of_rows,), (of_files,) = lines_of(Code.UPLOADS_APPLIED), lines_of(Code.UPLOAD_FILES)
    assert (of_rows.before["pieces"], of_rows.who) == (1, "worker")
    assert of_files.before == {"pieces": 1, "bytes": 4}
    assert swept(home) == {}
    assert len(lines_of(Code.UPLOAD_FILES)) == 1


def test_a_file_that_another_row_names_stays(home: Settings) -> None:
    handed_over(home, "cu.csv", Upload.State.APPLIED, b"a,b\n")
    again = uploads.keep(home, "H29", "lai.csv", [b"a,b\n"], who="minh")
    aged(again.path(home))
    assert swept(home) == {Code.UPLOADS_APPLIED: 1}
    assert again.path(home).read_bytes() == b"a,b\n"


@pytest.mark.parametrize(
    ("decisions", "stays"),
    [(("disputed",), True), (("disputed", "agreed"), False), (("agreed", "disputed"), True)],
)
def test_stated_figures_stay_while_a_dispute_about_them_is_open(
    home: Settings, decisions: tuple[str, ...], stays: bool
) -> None:
    handed_over(home, "so.csv", Upload.State.APPLIED, b"x", kind=Upload.Kind.DECLARED)
    disputed(home, "H26.11", *decisions)  # an agency below the one that handed the file over
    assert swept(home).get(Code.UPLOADS_APPLIED, 0) == (not stays)
    assert Upload.objects.exists() is stays
    (line,) = [one for one in sweeping.look(home, NOW) if one.code is Code.UPLOADS_APPLIED]
    assert line.looked
    assert line.looked.bound == stays


def test_letters_and_incidents_go_when_they_are_over_and_no_task_names_them(home: Settings) -> None:
    closed, open_one = incident("a", closed=LONG_AGO), incident("b", closed=None)
    tasked = incident("c", closed=LONG_AGO)
    for one in (closed, open_one, tasked):
        letter(one, "mail")
        letter(one, "webhook")
    Task.objects.create(
        **{"title": "t", "text": "", "agency": "H26", "due": dt.date(2020, 1, 1)},
        **{"given_by": "nam", "state": Task.State.ACCEPTED, "incident": tasked},
    )
    assert swept(home) == {Code.MAILS: 2, Code.WEBHOOK_CALLS: 2, Code.INCIDENTS: 1}
    assert set(Incident.objects.values_list("subject", flat=True)) == {"b", "c"}
    assert set(Notice.objects.values_list("incident__subject", flat=True)) == {"b"}


def test_a_letter_that_waits_never_goes(home: Settings) -> None:
    waits = letter(incident("a", closed=LONG_AGO), "mail")
    row_aged(waits, state=Letter.State.WAITING)
    assert Code.MAILS not in swept(home)


def test_job_rows_go_when_they_ended_and_pictures_with_their_check(home: Settings) -> None:
    lan = get_user_model().objects.create(username="lan")
    folder = home.checks_dir / "abcd"
    folder.mkdir()
    (folder / "page-1.png").write_bytes(b"png")
    aged(folder)
    seen = {"pages": [{"observed": {"screenshot": str(folder / "page-1.png")}}]}
    check = SiteCheck.objects.create(url="https://a.vn", asked_by=lan, result=seen)
    replay = ReplayJob.objects.create(agency="H26", is_trial=False, asked_by=lan)
    assert swept(home) == {}  # both wait, and a check names its pictures
    for row in (check, replay):
        row_aged(row, state=queues.State.DONE, finished_at=LONG_AGO)
    assert swept(home) == {Code.SITE_CHECKS: 1, Code.CHECK_PICTURES: 1, Code.REPLAYS: 1}
    assert not folder.exists()


def test_evidence_of_a_round_never_goes_and_what_nothing_names_does(home: Settings) -> None:
    held_round.hold(home)
    named = list(Kept(home.home).folder.glob("??/*"))
    assert named
    for path in named:
        aged(path)
    orphan = evidence(home, "nothing names this")
    Entry.objects.update(results=None)  # what a publication alone names is needed all the same
    assert swept(home) == {Code.EVIDENCE: 1}
    assert not Kept(home.home).path(orphan).exists()
    assert all(path.exists() for path in named)


def test_evidence_goes_not_at_all_when_a_publication_is_not_what_was_signed(home: Settings) -> None:
    held_round.hold(home)
    orphan = evidence(home, "nothing names this")
    row = Round.objects.exclude(publication="").first()
    row_aged(row, publication=f"{row.publication[:-6]}AAAAAA")
    failed = [gone for gone in sweeping.sweep(home, NOW, "worker") if gone.failure]
    assert [gone.code for gone in failed] == [Code.EVIDENCE]
    (line,) = [one for one in sweeping.look(home, NOW) if one.failure]
    assert (line.code, line.looked) == (Code.EVIDENCE, None)
    assert Kept(home.home).path(orphan).exists()


def test_scans_that_appeals_ask_for_stay_and_those_of_a_system_under_appeal(home: Settings) -> None:
    held_round.hold(home)
    entry = Entry.objects.order_by("pk").first()
    common = {"name": "n", "url": "https://a.vn", "contact": "c", "lab_runs": 0, "who": "lan"}
    found = [("x", False), ("x", True), (entry.code, False)]
    for system, for_appeal in found:
        scan = ShadowScan.objects.create(
            agency="H26", system=system, for_appeal=for_appeal, **common
        )
        row_aged(scan, state=queues.State.DONE, finished_at=LONG_AGO, results=[])
    appeal = Appeal.objects.create(entry=entry, key="k", text="t", who="lan")
    assert swept(home) == {Code.SHADOW_SCANS: 1}
    assert set(ShadowScan.objects.values_list("system", "for_appeal")) == set(found[1:])
    row_aged(appeal, verdict=Appeal.Verdict.DISMISSED)
    assert swept(home) == {Code.SHADOW_SCANS: 1}
    assert ShadowScan.objects.get().for_appeal


def test_looking_changes_nothing_and_says_which_day_the_next_goes(home: Settings) -> None:
    handed_over(home, "cu.csv", Upload.State.APPLIED, b"a,b\n")
    today = clock.local_day(NOW)
    row_aged(Upload.objects.get(), closed_at=clock.to_datetime(NOW))
    (line,) = [one for one in sweeping.look(home, NOW) if one.code is Code.UPLOADS_APPLIED]
    days = line.keep.days
    assert days
    assert line.next_day == today + dt.timedelta(days=days + 1)
    day_before = NOW + days * DAY_US
    assert swept(home, day_before) == {}
    assert swept(home, day_before + DAY_US)[Code.UPLOADS_APPLIED] == 1


def test_what_is_kept_for_good_has_nothing_that_removes_it(home: Settings) -> None:
    assert {kind.code for kind in kinds.KINDS} == set(Code) - FOR_GOOD
    assert [kind.code for kind in kinds.KINDS] == [code for code in Code if code not in FOR_GOOD]
    policy = policy_on(home, clock.local_day(NOW))
    for_good = {code for code, keep in policy.kinds.items() if keep.days is None}
    assert for_good == FOR_GOOD
    with pytest.raises(TypeError):
        Change.objects.all().delete()


def test_an_own_policy_that_is_too_short_or_forgets_a_kind_is_refused(home: Settings) -> None:
    packaged = Path(sweeping.__file__).with_name("policy.yaml").read_text("utf-8")
    own = home.home / "keeping.yaml"
    own.write_text(packaged.replace("days: 1827", "days: 7"))
    with pytest.raises(ThuocdoError, match="30 days at least"):
        sweeping.look(home, NOW)
    own.write_text(packaged.replace("days: null", "days: 400", 1))
    with pytest.raises(ThuocdoError, match="kept for good"):
        sweeping.look(home, NOW)
    own.write_text(packaged.replace("days: 1827", "days: 365"))
    (line,) = [one for one in sweeping.look(home, NOW) if one.code is Code.UPLOADS_APPLIED]
    assert line.keep.days == 365


class Killed(BaseException):
    """The process is gone: nothing below catches it."""


@pytest.mark.parametrize("step", ["told", "half removed", "removed"])
def test_a_sweep_killed_anywhere_is_finished_by_the_next_and_counted_once(
    home: Settings, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    names = [evidence(home, f"orphan {n}") for n in range(5)]
    size = sum(Kept(home.home).path(name).stat().st_size for name in names)
    unlink, gone = Path.unlink, []

    def die(path: Path, missing_ok: bool = False) -> None:
        if path.name.endswith(".going"):
            gone.append(path)
            if step == "told" or (step == "half removed" and len(gone) == 3):
                raise Killed
        elif path.name.endswith(".plan") and step == "removed":
            raise Killed
        unlink(path, missing_ok)

    with monkeypatch.context() as dying:
        dying.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            list(sweeping.sweep(home, NOW, "worker"))
    swept(home)
    assert not [name for name in names if Kept(home.home).path(name).exists()]
    assert not list(Kept(home.home).folder.rglob(".*"))
    assert not list(home.state_dir.glob("keeping-*.plan"))
    (line,) = lines_of(Code.EVIDENCE)
    assert line.before == {"pieces": 5, "bytes": size}


def test_on_a_full_disk_nothing_goes_and_the_next_sweep_finds_it_all(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = evidence(home, "orphan")
    closed = incident("a", closed=LONG_AGO)

    def full(*_given: Any, **_named: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as filled:
        filled.setattr(files, "replace", full)
        filled.setattr(sweeping, "record", full)
        failed = {gone.code for gone in sweeping.sweep(home, NOW, "worker") if gone.failure}
    assert failed == {Code.EVIDENCE, Code.INCIDENTS}
    assert Kept(home.home).path(orphan).exists()
    assert Incident.objects.filter(pk=closed.pk).exists()  # its line was not written
    assert swept(home) == {Code.EVIDENCE: 1, Code.INCIDENTS: 1}


def test_a_piece_that_a_scan_finds_again_while_it_is_being_removed_stays(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = evidence(home, "seen again")
    tell = sweeping._tell

    def and_seen_again(plan: sweeping.Plan) -> None:
        tell(plan)
        Kept(home.home).keep("body", b"seen again")

    monkeypatch.setattr(sweeping, "_tell", and_seen_again)
    list(sweeping.sweep(home, NOW, "worker"))
    assert Kept(home.home).read(name) == b"seen again"


def test_two_sweeps_at_once_are_refused(home: Settings) -> None:
    first = sweeping.sweep(home, NOW, "worker")
    next(first)
    with pytest.raises(ThuocdoError, match="under way"):
        next(sweeping.sweep(home, NOW, "lan"))
    first.close()


def test_more_than_one_line_can_tell_goes_in_as_many_as_it_takes(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    for n in range(5):
        incident(str(n), closed=LONG_AGO)
        evidence(home, f"orphan {n}")
    assert swept(home) == {Code.INCIDENTS: 5, Code.EVIDENCE: 5}
    for code in (Code.INCIDENTS, Code.EVIDENCE):
        assert sorted(line.before["pieces"] for line in lines_of(code)) == [1, 2, 2]


def test_every_kind_of_rows_says_what_is_over_by_a_field_that_is_there() -> None:
    for kind in kinds.KINDS:
        if isinstance(kind, OfRows):
            kind.table._meta.get_field(kind.since)


def test_a_plan_reads_back_as_it_was_written() -> None:
    plan = sweeping.Plan(
        "evidence ab", Code.EVIDENCE, "2026-12", 1, "worker", ["evidence/ab/abc"], 3
    )
    assert msgspec.json.decode(msgspec.json.encode(plan), type=sweeping.Plan) == plan
