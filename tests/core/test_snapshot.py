"""The registry's snapshot answers the gate's questions and is swapped whole."""

from __future__ import annotations

from pathlib import Path

from thuocdo.core import snapshot
from thuocdo.core.snapshot import ServiceEntry, SiteEntry, Snapshot

SNAPSHOT = Snapshot(
    made_at=1,
    sites=(SiteEntry(227, "H13-portal", "H13", "portal", ("cantho.gov.vn",)),),
    agencies=("H13", "G12"),
    services=(
        ServiceEntry("H13", "1.004194", "partial", "TT-01", None, "2024-06-30"),
        ServiceEntry("H13", "1.004194", "full", "TT-01", "2024-07-01", None),
    ),
)


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "state" / "snapshot.msgpack"
    snapshot.write(path, SNAPSHOT)
    assert snapshot.read(path) == SNAPSHOT
    assert list(path.parent.iterdir()) == [path]


def test_a_level_is_that_of_the_day() -> None:
    assert SNAPSHOT.level_on("H13", "1.004194", "2024-06-30") == "partial"
    assert SNAPSHOT.level_on("H13", "1.004194", "2024-07-01") == "full"
    assert SNAPSHOT.level_on("H13", "1.999999", "2024-07-01") is None


def test_a_new_level_takes_over_although_nobody_closed_the_old_row() -> None:
    relevelled = Snapshot(
        made_at=1,
        services=(
            ServiceEntry("H13", "1.004194", "full", None, "2025-01-01"),
            ServiceEntry("H13", "1.004194", "partial"),
        ),
    )
    assert relevelled.level_on("H13", "1.004194", "2024-12-31") == "partial"
    assert relevelled.level_on("H13", "1.004194", "2025-01-01") == "full"


def test_a_department_stands_under_its_province_s_catalogue() -> None:
    assert SNAPSHOT.level_on("H13.05", "1.004194", "2025-01-01") == "full"
    assert SNAPSHOT.knows_agency("H13.05")
    assert SNAPSHOT.has_catalogue("H13.05")
    assert not SNAPSHOT.has_catalogue("G12")
    assert not SNAPSHOT.knows_agency("H14")


def test_local_codes_lead_to_national_ones() -> None:
    assert SNAPSHOT.local_codes[("H13", "TT-01")] == "1.004194"
