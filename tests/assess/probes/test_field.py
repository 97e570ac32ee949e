"""Load times in the field: of people, of this site, of these days, and enough of them."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from thuocdo.assess.probes.field import probe
from thuocdo.assess.results import Fault
from thuocdo.core import clock
from thuocdo.core import settings as instance
from thuocdo.lake.schemas import PAGE_VIEWS
from thuocdo.lake.store import Lake

AT = clock.parse_instant("2026-11-28T10:00+07:00")
DAY = clock.DAY_US


@pytest.fixture
def settings(tmp_path):
    found = instance.load({"THUOCDO_HOME": str(tmp_path)})
    found.make_folders()
    Lake.open(found).create()
    return found


def view(ms, *, back=1, site=7, bot=None, kind="view"):
    """A view `back` days ago, loaded in so many ms."""
    moment = AT - back * DAY
    row = dict.fromkeys(PAGE_VIEWS.names) | {
        "day": clock.local_day(moment),
        "event_time": clock.to_datetime(moment),
        "landed_at": clock.to_datetime(moment),
        **{"site_id": site, "kind": kind, "bot": bot, "t_load_ms": ms, "host": "a.vn", "path": "/"},
        **{"segment": "w:1", "event_id": 1, "feed": "tracking", "trust": "unverified"},
    }
    return {name: row[name] for name in PAGE_VIEWS.names}


def test_only_timed_views_of_people_on_this_site_in_these_days_are_counted(settings):
    rows = [
        *(view(900), view(2500), view(2501), view(None)),
        *(view(100, site=8), view(100, bot="crawler"), view(100, kind="download")),
        *(view(100, back=0), view(100, back=29), view(100, back=28)),
    ]
    Lake.open(settings).append(
        "page_views", pa.Table.from_pylist(rows, schema=PAGE_VIEWS), app_id="t", version=1
    )
    assert probe.count(settings, 7, AT) == (4, 3)


def test_a_lake_without_views_counts_nothing(settings):
    assert probe.count(settings, 7, AT) == (0, 0)


@pytest.mark.parametrize(("fast", "share"), [(1000, "1"), (750, "1"), (375, "0.5"), (0, "0")])
def test_points_are_in_proportion_up_to_what_is_asked(fast, share):
    assert probe.judge(1000, fast, 1).share == Decimal(share)


def test_too_few_loads_say_nothing():
    assert probe.judge(199, 199, 1).fault is Fault.TOO_FEW
