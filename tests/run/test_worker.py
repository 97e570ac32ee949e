"""What has to happen now and then happens when it is due, once."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from thuocdo.core import clock, settings
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.ledger.ledger import extended
from thuocdo.lake.store import Lake
from thuocdo.run import worker


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
    assert worker.week_due(at(moment)) == week


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
    due = worker.edition_due(made, at(moment))
    assert (due and due.isoformat()) == day


@pytest.fixture
def home(instance: Any, db: None) -> settings.Settings:
    return settings.load({"THUOCDO_HOME": str(instance.home), "THUOCDO_SECRET_KEY": "x" * 32})


def test_due_jobs_run_once(home: settings.Settings) -> None:
    friday = at("2026-11-20T16:00:00")
    assert worker.tick(home, friday) == ["compact", "report"]
    assert worker.tick(home, friday + 60_000_000) == []
    assert worker.tick(home, friday + worker.COMPACT_EVERY_US) == ["compact"]
    assert {path.suffix for path in (home.reports_dir / "2026-W47").iterdir()} == {
        *(".json", ".docx", ".pdf", ".html", ".xlsx")
    }


def test_a_report_somebody_made_before_is_left_alone(home: settings.Settings) -> None:
    folder: Path = home.reports_dir / "2026-W47"
    folder.mkdir(parents=True)
    worker.tick(home, at("2026-11-20T16:00:00"))
    assert list(folder.iterdir()) == []


def test_a_second_worker_is_refused(home: settings.Settings, instance: Any) -> None:
    with instance.role("worker"):
        limit = time.monotonic() + 20
        while not (home.state_dir / "worker.json").exists() and time.monotonic() < limit:
            time.sleep(0.05)
        with pytest.raises(ThuocdoError, match="Another worker"):
            worker.run(home, threading.Event())


def test_the_head_of_the_ledger_is_kept_once_a_day(home: settings.Settings) -> None:
    noon = at("2026-11-24T12:00:00")
    lake = Lake.open(home)
    assert "keep_head" not in worker.tick(home, noon)  # no ledger yet
    extended(home, lake)
    assert "keep_head" in worker.tick(home, noon)
    assert "keep_head" not in worker.tick(home, at("2026-11-24T23:59:59"))
    assert "keep_head" in worker.tick(home, at("2026-11-25T00:00:00"))
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
    noon, minute = at("2026-11-24T12:00:00"), worker.WATCH_EVERY_US
    assert "alerts" not in worker.tick(home, noon)
    assert "alerts" not in worker.tick(home, noon + minute - 1)
    assert "alerts" in worker.tick(home, noon + minute)
    assert asked == [noon, noon + minute]


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
    assert worker.sweep_due(kept_day, at(moment)) is is_due


def test_a_sweep_that_could_not_be_written_down_is_tried_again_in_an_hour(
    home: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thuocdo.keeping import sweeping

    night = at("2026-11-24T02:30:00")
    failed = sweeping.Gone(sweeping.Code.EVIDENCE, 0, None, "No space left on device")
    with monkeypatch.context() as full:
        full.setattr(sweeping, "sweep", lambda *_given: iter([failed]))
        assert "keeping" not in worker.tick(home, night)
    assert "keeping" not in worker.tick(home, night + 59 * 60 * 1_000_000)
    assert "keeping" in worker.tick(home, night + 60 * 60 * 1_000_000)
    assert "keeping" not in worker.tick(home, night + 70 * 60 * 1_000_000)
