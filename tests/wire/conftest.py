"""A small registry that the protocols are judged against."""

from __future__ import annotations

import pytest

from thuocdo.core.snapshot import ServiceEntry, SiteEntry, Snapshot

SECRET = b"a secret for tests, long enough"


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    """H29 has a catalogue, H57 none yet."""
    return Snapshot(
        made_at=1,
        sites=(
            SiteEntry(101, "H29-one_stop", "H29", "one_stop"),
            SiteEntry(57, "H57-one_stop", "H57", "one_stop"),
        ),
        agencies=("H29", "H57", "G14"),
        services=(
            ServiceEntry("H29", "1.004194", "full", "LOCAL-7", valid_from="2022-01-01"),
            ServiceEntry("G14", "2.000635", "partial"),
        ),
    )
