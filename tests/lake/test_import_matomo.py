"""Exports of an office's Matomo: every form says the same, and no visit comes in twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.lake.importing.matomo import MatomoSites
from thuocdo.lake.imports import import_matomo
from thuocdo.lake.store import Lake

NOON = 1_651_294_800
SITE_47 = MatomoSites(47, {})
ACTIONS = [
    {"type": "action", "url": "https://h57.gov.vn/tin?x=1", "pageTitle": "Tin", "timestamp": NOON},
    {"type": "download", "url": "https://h57.gov.vn/mau.pdf", "timestamp": NOON + 5},
    {"type": "outlink", "url": "https://dichvucong.gov.vn/", "timestamp": NOON + 9},
    {
        "type": "search",
        "url": "https://h57.gov.vn/tim",
        "siteSearchKeyword": "0912345678",
        "timestamp": NOON + 12,
    },
    {"type": "event", "eventCategory": "x", "timestamp": NOON + 13},
]
VISIT: dict[str, Any] = {
    "idSite": "3", "idVisit": "12", "visitIp": "203.162.4.190", "visitorId": "0a1b2c3d4e5f6071",
    "userId": "nguyenvanan", "referrerUrl": "https://google.com/search", "browserName": "Chrome",
    "operatingSystemName": "Windows", "deviceType": "Smartphone", "actionDetails": ACTIONS,
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path / "home")})
    chosen.make_folders()
    sites = (SiteEntry(47, "H57-portal", "H57", "portal"), SiteEntry(48, "H57-so", "H57", "portal"))
    snapshot_file.write(chosen.snapshot_path, Snapshot(1, sites=sites, agencies=("H57",)))
    return chosen


def bring(
    settings: Settings, lake: Lake, *paths: Path, sites: MatomoSites = SITE_47
) -> ImportResult:
    return import_matomo(settings, lake, list(paths), lambda _done, _total: None, sites)


def in_json(folder: Path, *visits: object, name: str = "visits.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(list(visits)))
    return path


def in_xml(folder: Path) -> Path:
    def element(name: str, value: object) -> str:
        if isinstance(value, list):
            rows = "".join(
                f"<row>{''.join(element(k, v) for k, v in row.items())}</row>" for row in value
            )
            return f"<{name}>{rows}</{name}>"
        return f"<{name}>{value}</{name}>"

    row = "".join(element(name, value) for name, value in VISIT.items())
    path = folder / "visits.xml"
    path.write_text(f'<?xml version="1.0" encoding="utf-8" ?><result><row>{row}</row></result>')
    return path


def in_csv(folder: Path) -> Path:
    flat = {name: value for name, value in VISIT.items() if name != "actionDetails"}
    for place, action in enumerate(ACTIONS):
        flat |= {f"actionDetails_{place}_{name}": value for name, value in action.items()}
    path = folder / "Export _ Visits Log.csv"
    path.write_bytes(f"{','.join(flat)}\n{','.join(map(str, flat.values()))}\n".encode("utf-16"))
    return path


def in_tables(folder: Path) -> list[Path]:
    link = ["idlink_va,idsite,idvisitor,idvisit,idaction_url,server_time"]
    action = ["idaction,name,hash,type,url_prefix", "9,Tin,1,4,"]
    types = {"action": 1, "outlink": 2, "download": 3, "search": 8, "event": 10}
    for place, told in enumerate(ACTIONS):
        name = str(told.get("url", "x")).removeprefix("https://")
        action.append(f"{place + 20},{name},1,{types[str(told['type'])]},2")
        seconds = int(str(told["timestamp"])) - NOON
        link.append(f"{place},3,0A1B2C3D4E5F6071,12,{place + 20},2022-04-30 05:00:{seconds:02d}")
    visit = [
        "idvisit,idvisitor,location_ip,referer_url",
        "12,0A1B,203.162.4.190,https://google.com/x",
    ]
    paths = []
    for name, lines in (("link", link), ("action", action), ("visit", visit)):
        paths.append(folder / f"log_{name}.csv")
        paths[-1].write_text("\n".join(lines) + "\n")
    return paths


def test_looks_downloads_outlinks_and_searches_come_in_and_events_do_not(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    result = bring(settings, lake, in_json(tmp_path, VISIT))
    assert (result.accepted, result.rejected, result.left_out) == (4, {}, {"no_look_at_a_page": 1})
    rows = {row["kind"]: row for row in lake.read("page_views").to_pylist()}
    assert {kind: (row["host"], row["path"]) for kind, row in rows.items()} == {
        "view": ("h57.gov.vn", "/tin"), "download": ("h57.gov.vn", "/mau.pdf"),
        "outlink": ("dichvucong.gov.vn", "/"), "search": ("h57.gov.vn", "/tim"),
    }  # fmt: skip
    view = rows["view"]
    assert view["event_time"].timestamp() == NOON
    assert (view["device"], view["browser"], view["os"], view["bot"]) == (
        "mobile",
        "Chrome",
        "Windows",
        None,
    )
    assert {kind: row["referrer_host"] for kind, row in rows.items() if row["referrer_host"]} == {
        "view": "google.com"
    }
    assert len({row["visitor"] for row in rows.values()}) == 1


def test_every_form_of_export_says_the_same_and_comes_in_once(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    bring(settings, lake, in_json(tmp_path, VISIT))
    for paths in (
        [in_json(tmp_path, VISIT)],
        [in_xml(tmp_path)],
        [in_csv(tmp_path)],
        in_tables(tmp_path),
    ):
        again = bring(settings, lake, *paths)
        assert (again.accepted, again.duplicates, again.rejected) == (0, 4, {}), paths
    lines = tmp_path / "visits.ndjson"
    lines.write_text(f"{json.dumps(VISIT)}\n{json.dumps(VISIT | {'visitorId': 'b' * 16})}\n")
    assert (bring(settings, lake, lines).accepted, lake.read("page_views").num_rows) == (4, 8)


def test_each_matomo_site_goes_to_the_site_it_is_mapped_to(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = in_json(tmp_path, VISIT, VISIT | {"idSite": 4}, VISIT | {"idSite": 5})
    result = bring(settings, lake, path, sites=MatomoSites(None, {"3": 47, "4": 48}))
    assert (result.accepted, result.rejected) == (8, {"unknown_site": 1})
    assert {row["site_id"] for row in lake.read("page_views").to_pylist()} == {47, 48}
    with pytest.raises(ThuocdoError, match="Site 99 is not registered"):
        bring(settings, lake, path, sites=MatomoSites(99, {}))


def test_what_cannot_be_read_is_named_by_its_place(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    undated = VISIT | {"actionDetails": [{"type": "action", "url": "https://h57.gov.vn/"}]}
    result = bring(settings, lake, in_json(tmp_path, 17, undated, VISIT))
    assert (result.accepted, result.rejected) == (4, {"malformed": 1, "bad_date": 1})
    broken = tmp_path / "broken.json"
    for text, words in (
        ('[{"idSite": 3,', "no export of Matomo"),
        ("<result><row>", "no export of Matomo"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><result/>', "declares a document type"),
        ("a,b\n1,2\n", "no column idSite"),
    ):
        broken.write_text(text)
        with pytest.raises(ThuocdoError, match=words):
            bring(settings, lake, broken)
    with pytest.raises(ThuocdoError, match="not all there"):
        bring(settings, lake, in_tables(tmp_path)[0])
    broken.write_text("")
    assert bring(settings, lake, broken).rows == 0


def test_no_address_name_or_search_word_stays_in_the_home(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    bring(settings, lake, in_json(tmp_path, VISIT))
    bring(settings, lake, *in_tables(tmp_path))
    for path in settings.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for planted in (b"203.162.4.190", b"nguyenvanan", b"0912345678", b"0a1b2c3d4e5f6071"):
                assert planted not in data, path
