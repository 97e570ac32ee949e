"""What has to happen now and then happens when it is due, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thuocdo.core import clock, duties, settings
from thuocdo.core.duties import SECOND_US, Duty, Why
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.ledger.ledger import extended
from thuocdo.lake.store import Lake
from thuocdo.registry.publish import publish
from thuocdo.run import jobs, worker
from thuocdo.run.worker import Worker


def at(text: str) -> int:
    return clock.parse_instant(text)


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        ("2026-11-20T14:59:59", None),
        ("2026-11-20T15:00:00", "2026-W47"),
        ("2026-11-22T23:59:59", "2026-W47"),
        ("2026-11-23T00:00:00", None),
        ("2027-01-01T16:00:00", "2026-W53"),
    ],
)
def test_the_weekly_report_is_due_from_friday_afternoon(moment: str, week: str | None) -> None:
    assert jobs.week_due(at(moment)) == week


@pytest.mark.parametrize(
    ("made", "moment", "day"),
    [
        ([], "2026-11-20T00:59:59", None),
        ([], "2026-11-20T01:00:00", "2026-11-20"),
        ([], "2026-11-20T05:00:00", None),
        (["2026-11-19"], "2026-11-20T14:00:00", "2026-11-20"),
        (["2026-11-20"], "2026-11-20T02:00:00", None),
    ],
)
def test_open_data_are_due_at_night_and_after_a_night_that_was_missed(
    made: list[str], moment: str, day: str | None
) -> None:
    due = jobs.edition_due(made, at(moment))
    assert (due and due.isoformat()) == day


FRIDAY = at("2026-11-20T16:00:00")
MINUTE = 60 * SECOND_US
SECONDS = 90


@pytest.fixture
def home(
    instance: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> settings.Settings:
    for name in ("THUOCDO_HOME", "THUOCDO_SECRET_KEY"):  # for what runs in a process of its own
        monkeypatch.setenv(name, instance.environment[name])
    return settings.load(instance.environment)


def until_idle(one: Worker, now: int) -> list[str]:
    """What a worker did at a moment, when nothing more is due; long jobs in the order in which they ended."""
    did, limit = [], time.monotonic() + SECONDS
    while True:
        did += one.tick(now)
        if one._beside is None:
            return did
        assert time.monotonic() < limit
        one._beside.wait(SECONDS)


def duty(home: settings.Settings, name: str) -> Duty:
    return duties.read(home).of(name)


def in_the_way(path: Path) -> Callable[[], None]:
    """A file where a folder must be: nothing below it can be read or written, by root neither. Gives what mends it."""
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    path.write_text("in the way")

    def mend() -> None:
        path.unlink()
        aside.rename(path)

    return mend


def test_due_jobs_run_once(home: settings.Settings) -> None:
    one = Worker(home, FRIDAY)
    assert until_idle(one, FRIDAY) == ["report", "compact"]
    assert until_idle(one, FRIDAY + MINUTE) == []
    assert until_idle(one, FRIDAY + 2 * jobs.COMPACT_EVERY_US) == ["compact"]
    assert {path.suffix for path in (home.reports_dir / "2026-W47").iterdir()} == {
        *(".json", ".docx", ".pdf", ".html", ".xlsx")
    }
    assert (
        Worker(home, FRIDAY + 21 * MINUTE).tick(FRIDAY + 21 * MINUTE) == []
    )  # it was written down


def test_a_report_somebody_made_before_is_left_alone(home: settings.Settings) -> None:
    folder: Path = home.reports_dir / "2026-W47"
    folder.mkdir(parents=True)
    assert "report" not in until_idle(Worker(home, FRIDAY), FRIDAY)
    assert list(folder.iterdir()) == []


def test_a_job_that_fails_is_told_and_holds_up_no_other(home: settings.Settings) -> None:
    in_the_way(home.reports_dir)
    done = until_idle(Worker(home, FRIDAY), FRIDAY)
    assert done == ["compact"]
    report = duty(home, "report")
    assert (report.failures, report.failing_since, report.done_at) == (1, FRIDAY, 0)
    assert report.failure
    assert report.failure.why is Why.FILES
    assert str(home.home) not in report.failure.detail
    assert report.of == "2026-W47"


def test_a_job_that_failed_is_tried_again_after_a_growing_pause(home: settings.Settings) -> None:
    mend = in_the_way(home.reports_dir)
    one, now = Worker(home, FRIDAY), FRIDAY
    for failures, pause in enumerate(duties.PAUSES_SECONDS[:3], 1):
        until_idle(one, now)
        assert duty(home, "report").failures == failures
        until_idle(one, now + pause * SECOND_US - 1)
        assert duty(home, "report").failures == failures  # not yet
        now += pause * SECOND_US
    assert duty(home, "report").failing_since == FRIDAY
    mend()
    assert "report" in until_idle(one, now)
    report = duty(home, "report")
    assert (report.failures, report.done_at) == (0, now)
    assert report.failure  # what it was is told still


def test_a_week_whose_report_failed_until_sunday_is_made_on_monday(home: settings.Settings) -> None:
    mend = in_the_way(home.reports_dir)
    one, monday = Worker(home, FRIDAY), at("2026-11-23T08:00:00")
    until_idle(one, FRIDAY)
    mend()
    (home.reports_dir / "2026-W47").mkdir()  # what a full disk leaves is no report
    assert "report" in until_idle(one, monday)
    assert (home.reports_dir / "2026-W47" / "2026-W47.json").exists()


def test_a_report_that_somebody_made_after_it_failed_is_no_failure_any_more(
    home: settings.Settings,
) -> None:
    from thuocdo.measure.service import Measure
    from thuocdo.report.making import make_weekly

    mend = in_the_way(home.reports_dir)
    one = Worker(home, FRIDAY)
    until_idle(one, FRIDAY)
    mend()
    make_weekly(home, Measure(home), "2026-W47")
    assert "report" not in until_idle(one, FRIDAY + MINUTE)
    assert duty(home, "report").failures == 0


def test_the_reports_failure_is_an_incident_that_is_over_when_it_was_made(
    home: settings.Settings,
) -> None:
    from thuocdo.steer.models import Incident

    publish(home)
    mend = in_the_way(home.reports_dir)
    one = Worker(home, FRIDAY)
    until_idle(one, FRIDAY)
    later = FRIDAY + 10 * MINUTE
    until_idle(one, later)
    found = Incident.objects.get(kind="job_failing")
    assert (found.subject, found.agency, found.is_open) == ("report", "", True)
    assert found.evidence["why"] == "files"
    mend()
    until_idle(one, later + 20 * MINUTE)
    until_idle(one, later + 40 * MINUTE)
    found.refresh_from_db()
    assert not found.is_open


def test_facts_that_cannot_be_read_fail_the_jobs_that_ask_them_and_no_other(
    home: settings.Settings,
) -> None:
    in_the_way(home.facts_dir)
    night = at("2026-11-21T02:30:00")
    done = until_idle(Worker(home, night), night)
    assert {"compact", "keeping"} <= set(done)
    failing = {name for name, one in duties.read(home).jobs.items() if one.failures}
    assert {"open_data", "report", "alerts"} <= failing


def test_a_database_that_is_away_ends_no_worker_and_what_waits_is_done_when_it_is_back(
    instance: Any,
) -> None:
    home = settings.load(instance.environment)
    book = home.home / "registry.sqlite3"
    mend = in_the_way(book)
    book.unlink()
    book.mkdir()
    with instance.role("worker") as process:
        until(lambda: duty(home, "alerts").failures > 0 and duty(home, "compact").done_at > 0)
        assert process.poll() is None, instance.logs()
        failure = duty(home, "alerts").failure
        assert failure
        assert failure.why is Why.DATABASE
        assert duty(home, "remake").failures
        assert home.remake_bell_path.exists()  # somebody may wait
        assert duties.is_there(home)
        book.rmdir()
        book.touch()
        mend()
        until(lambda: not any(one.failures for one in duties.read(home).jobs.values()))
        assert not home.remake_bell_path.exists()
    assert not duties.is_there(home)  # it said good-bye
    assert not any(one.began_at for one in duties.read(home).jobs.values())


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_a_job_at_which_the_worker_died_has_failed(home: settings.Settings) -> None:
    left = duties.Duties()
    left.of("alerts").begin("", FRIDAY)
    duties.write(home, left)
    Worker(home, FRIDAY + MINUTE)
    alerts = duty(home, "alerts")
    assert (alerts.failures, alerts.began_at) == (1, 0)
    assert alerts.failure == duties.Failure(Why.DIED)


def test_a_long_job_that_is_killed_has_failed_and_one_that_hangs_is_ended(
    home: settings.Settings,
) -> None:
    one = Worker(home, FRIDAY)
    one.tick(FRIDAY)
    assert one._beside
    one._beside.kill()  # as the kernel does when memory is short
    one.tick(FRIDAY)
    failure = duty(home, "report").failure
    assert failure
    assert failure.why is Why.DIED
    later = FRIDAY + MINUTE
    one.tick(later)  # whatever is at work now
    beside = one._beside
    assert beside
    one.tick(later + jobs.JOBS[beside.name].longest * SECOND_US + 1)
    failure = duty(home, beside.name).failure
    assert failure
    assert failure.why is Why.HUNG


def test_what_somebody_waits_for_is_done_while_a_long_job_runs(home: settings.Settings) -> None:
    """Before, a draft to be made again waited for the report, compaction, open data and the sweep."""
    home.remake_bell_path.touch()
    one = Worker(home, FRIDAY)
    one.tick(FRIDAY)
    assert one._beside
    assert one._beside.name == "report"
    assert duty(home, "report").began_at == FRIDAY  # at work still
    assert not home.remake_bell_path.exists()  # and whoever rang was looked after
    assert duty(home, "remake").done_at == FRIDAY
    assert duty(home, "alerts").done_at == FRIDAY
    one.end(FRIDAY)


def test_a_stopped_worker_leaves_no_process_and_no_failure(home: settings.Settings) -> None:
    one = Worker(home, FRIDAY)
    one.tick(FRIDAY)
    beside = one._beside
    assert beside
    one.end(FRIDAY)
    assert not Path(f"/proc/{beside.pid}").exists()
    assert duty(home, "report").failures == duty(home, "report").began_at == 0


def test_a_state_file_that_cannot_be_written_ends_no_worker(home: settings.Settings) -> None:
    one = Worker(home, FRIDAY)
    home.duties_path.mkdir()
    assert "compact" in until_idle(one, FRIDAY)
    home.duties_path.rmdir()
    until_idle(one, FRIDAY + MINUTE)
    assert duty(home, "compact").done_at == FRIDAY


def test_a_state_file_of_an_older_version_is_begun_anew(home: settings.Settings) -> None:
    home.duties_path.write_text('{"compacted_at":1,"reported_week":"2026-W46"}')
    assert "compact" in until_idle(Worker(home, FRIDAY), FRIDAY)
    home.duties_path.write_text("{")
    assert duties.read(home).jobs == {}


def test_every_job_has_a_name_that_people_understand() -> None:
    from thuocdo.steer.policy import editions, words

    assert set(words().jobs) == set(jobs.JOBS)
    for edition in editions():
        assert set(edition.job_failing.jobs) <= set(jobs.JOBS)


def test_a_second_worker_is_refused(home: settings.Settings, instance: Any) -> None:
    with instance.role("worker"):
        until(home.duties_path.exists)
        with pytest.raises(ThuocdoError, match="Another worker"):
            worker.run(home, threading.Event())


def test_the_head_of_the_ledger_is_kept_once_a_day(home: settings.Settings) -> None:
    noon = at("2026-11-24T12:00:00")
    lake, one = Lake.open(home), Worker(home, noon)
    assert "keep_head" not in until_idle(one, noon)  # no ledger yet
    extended(home, lake)
    assert "keep_head" in until_idle(one, noon)
    assert "keep_head" not in until_idle(one, at("2026-11-24T23:59:59"))
    assert "keep_head" in until_idle(one, at("2026-11-25T00:00:00"))
    kept = sorted(path.name for path in (home.ledger_dir / "heads").iterdir())
    assert kept == ["2026-11-24.jws", "2026-11-25.jws"]


def test_incidents_are_looked_for_every_minute_and_a_look_without_news_leaves_no_line(
    home: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thuocdo.run import alerting

    news, asked = [False, True], []

    def watch(_home: settings.Settings, now: int) -> bool:
        asked.append(now)
        return news[len(asked) - 1]

    monkeypatch.setattr(alerting, "watch", watch)
    noon, minute = at("2026-11-24T12:00:00"), jobs.WATCH_EVERY_US
    one = Worker(home, noon)
    assert "alerts" not in one.tick(noon)
    assert "alerts" not in one.tick(noon + minute - 1)
    assert "alerts" in one.tick(noon + minute)
    assert asked == [noon, noon + minute]
    one.end(noon)


@pytest.mark.parametrize(
    ("kept_day", "moment", "is_due"),
    [
        ("", "2026-11-24T01:59:59", False),
        ("", "2026-11-24T02:00:00", True),
        ("", "2026-11-24T12:00:00", False),  # an instance that never swept waits for night
        ("2026-11-23", "2026-11-24T01:59:59", False),
        ("2026-11-23", "2026-11-24T12:00:00", True),  # the night was missed
        ("2026-11-24", "2026-11-24T03:00:00", False),
    ],
)
def test_what_is_kept_no_longer_goes_once_a_night(kept_day: str, moment: str, is_due: bool) -> None:
    assert jobs.sweep_due(kept_day, at(moment)) is is_due


def test_a_sweep_that_failed_at_night_is_tried_again_by_day(home: settings.Settings) -> None:
    night, day = at("2026-11-24T02:30:00"), at("2026-11-24T09:00:00")
    own = home.home / "keeping.yaml"
    own.write_text("[]")
    one = Worker(home, night)
    assert "keeping" not in until_idle(one, night)
    assert duty(home, "keeping").failures == 1
    own.unlink()
    assert "keeping" in until_idle(one, day)
    assert "keeping" not in until_idle(one, day + 70 * MINUTE)
