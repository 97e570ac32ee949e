"""Style sheets are written in parts and served whole, as one file each."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from thuocdo.web import sheets

_MOST_LINES = 400


@pytest.mark.parametrize("sheet", sheets.SHEETS)
def test_a_sheet_is_served_as_its_parts_in_order(client, db, sheet):
    parts = sorted(sheets.SHEETS[sheet].glob("*.css"))
    whole = "".join(path.read_text("utf-8") for path in parts)
    served = b"".join(client.get(f"/static/{sheet}").streaming_content).decode()
    assert served == whole
    assert [path.name[:2] for path in parts] == [f"{n:02d}" for n in range(1, len(parts) + 1)]
    assert all(path.read_text("utf-8").count("\n") <= _MOST_LINES for path in parts)
    assert all(
        path.read_text("utf-8").count("{") == path.read_text("utf-8").count("}") for path in parts
    )


def test_two_processes_may_join_the_sheets_at_once(client, db):
    first, second = sheets.SheetFinder(), sheets.SheetFinder()
    assert first.find("web/site.css") == second.find("web/site.css")
    assert Path(finders.find("web/site.css")).read_bytes() == sheets.joined("web/site.css")
    assert first.find("web/site.css", find_all=True)
    assert first.find("web/live.js") is None
    assert finders.find("web/live.js")
