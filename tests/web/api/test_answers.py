"""What every answer has in common: pages to the end, tags, compression, who may read it; and figures' truth."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest
import zstandard

from thuocdo.measure.service import Measure
from thuocdo.web import choosing

LISTS = (
    "/api/v1/agencies",
    "/api/v1/agencies?on=2022-05-01&kind=province",
    "/api/v1/sites",
    "/api/v1/services",
    "/api/v1/figures?indicator=online_dossier_rate",
    "/api/v1/figures?indicator=online_dossier_rate&by=service&agency=H26",
)
RANKING = "/api/v1/rankings/online_dossier_rate?block=province"


def pages(client, address, limit):
    following = f"{address}{'&' if '?' in address else '?'}limit={limit}"
    while following:
        page = client.get(following).json()
        assert len(page["items"]) <= limit
        yield page["items"]
        following = page["next"]


@pytest.mark.parametrize("address", LISTS)
def test_pages_to_the_end_are_every_row_once_whatever_their_size(client, country, address):
    whole = [row for page in pages(client, address, 1000) for row in page]
    small = [row for page in pages(client, address, 7) for row in page]
    assert whole == small
    assert whole
    assert len({json.dumps(row) for row in whole}) == len(whole)


@pytest.mark.parametrize("address", LISTS)
def test_a_stream_has_every_row_of_the_pages(client, country, address):
    whole = [row for page in pages(client, address, 1000) for row in page]
    joint = "&" if "?" in address else "?"
    lines = client.get(f"{address}{joint}format=ndjson").getvalue().splitlines()
    assert [json.loads(line) for line in lines] == whole
    sheet = client.get(f"{address}{joint}format=csv")
    rows = list(csv.DictReader(io.StringIO(sheet.getvalue().decode("utf-8-sig"))))
    assert len(rows) == len(whole)
    assert "attachment" in sheet["Content-Disposition"]


def test_a_cursor_answers_its_own_question_alone(client, country):
    page = client.get("/api/v1/agencies?kind=province&limit=5").json()
    cursor = page["next"].partition("cursor=")[2]
    assert client.get(f"/api/v1/agencies?kind=province&limit=9&cursor={cursor}").status_code == 200
    response = client.get(f"/api/v1/agencies?kind=ministry&cursor={cursor}")
    assert response.json()["code"] == "bad_cursor"


def test_agencies_are_those_of_the_day_and_codes_have_both_forms(client, country):
    def provinces(day):
        found = client.get(f"/api/v1/agencies?kind=province&limit=1000&on={day}").json()["items"]
        return {row["code"]: row for row in found}

    before, now = provinces("2022-05-01"), provinces("2026-03-01")
    assert (len(before), len(now)) == (63, 34)
    assert "H22" in before
    assert "H22" not in now
    assert now["H26"]["old_code"] == "000.00.00.H26"
    merged = client.get("/api/v1/agencies/H22?on=2026-03-01").json()
    assert merged["agency"]["code"] == "H60"
    assert "H22" in merged["predecessors"]
    assert client.get("/api/v1/agencies?q=can tho").json()["items"][0]["name"] == "Cần Thơ"


def test_the_ranking_is_measures_own(client, country, today):
    told = client.get(RANKING).json()
    period = choosing.preset_period(choosing.DEFAULT_PRESET, today)
    figures = Measure(country).figures("online_dossier_rate", period, block="province")
    own = {figure.agency: figure for figure in figures}
    assert len(told["rows"]) == 34
    hanoi = next(row for row in told["rows"] if row["agency"] == "H26")
    assert (hanoi["numerator"], hanoi["denominator"]) == (80, 100)
    assert hanoi["value"] == own["H26"].value == 80.0
    assert hanoi["rank"] == 1
    assert told["national"]["agencies"] == sum(row["rank"] is not None for row in told["rows"])


@pytest.mark.parametrize(
    "address",
    [
        RANKING,
        "/api/v1/figures?indicator=online_dossier_rate&agency=H12",
        "/api/v1/figures?indicator=online_dossier_rate&agency=H12&by=children",
        "/api/v1/figures?indicator=online_dossier_rate&agency=H12&by=service",
        "/api/v1/kpi/qcvn-125?indicator=online_dossier_rate",
    ],
)
def test_a_count_that_is_too_small_is_nowhere(client, country, address):
    told = client.get(address).json()
    rows = told.get("rows") or told.get("items") or told["du_lieu_kpi"]
    small = [row for row in rows if row.get("agency", row.get("breakdown")) == "H12"]
    assert small
    assert all(row["numerator"] is row["value"] is None for row in small)
    assert all(row.get("figure") is None for row in small)


def test_a_line_of_a_hidden_figure_shows_no_point(client, country):
    points = client.get("/api/v1/series/online_dossier_rate?agency=H12").json()["points"]
    assert points
    assert all(point["numerator"] is point["value"] is None for point in points)
    shown = client.get("/api/v1/series/online_dossier_rate?agency=H26").json()["points"]
    assert sum(point["denominator"] or 0 for point in shown) == 100


def test_an_answer_that_was_given_is_not_made_again(client, country, monkeypatch):
    first = client.get(RANKING)
    monkeypatch.setattr("thuocdo.web.api.publishing.ranking", None)
    again = client.get(RANKING, headers={"if-none-match": f'"other", {first["ETag"]}'})
    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == first["ETag"]


def test_another_question_has_another_tag(client, country):
    tags = {client.get(address)["ETag"] for address in (RANKING, f"{RANKING}&period=7d")}
    assert len(tags) == 2


def test_answers_come_in_zstd_gzip_or_plain(client, country):
    plain = client.get(RANKING, headers={"accept-encoding": "identity"})
    zipped = client.get(RANKING, headers={"accept-encoding": "gzip"})
    packed = client.get(RANKING, headers={"accept-encoding": "gzip, zstd"})
    assert gzip.decompress(zipped.content) == plain.content
    assert packed["Content-Encoding"] == "zstd"
    assert zstandard.ZstdDecompressor().decompress(packed.content) == plain.content
    assert "Accept-Encoding" in packed["Vary"]
    stream = client.get("/api/v1/agencies?format=ndjson", headers={"accept-encoding": "zstd"})
    lines = zstandard.ZstdDecompressor().stream_reader(stream.getvalue()).read().splitlines()
    assert len(lines) > 34


def test_pages_of_any_site_may_read_what_is_public(client, country):
    assert client.get(RANKING)["Access-Control-Allow-Origin"] == "*"
    assert client.get("/api/v1/nowhere")["Access-Control-Allow-Origin"] == "*"
    asked = client.options(RANKING, headers={"access-control-request-method": "GET"})
    assert asked.status_code == 204
    assert "If-None-Match" in asked["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/rejects")
    assert "Access-Control-Allow-Origin" not in client.options("/api/v1/rejects")


def test_head_has_the_headers_of_the_answer_and_no_body(client, country):
    response = client.head(RANKING)
    assert response.status_code == 200
    assert response.content == b""
    assert response["ETag"] == client.get(RANKING)["ETag"]


def test_no_cookie_is_set(client, country):
    assert not client.get(RANKING).cookies


@pytest.mark.parametrize("address", ["/api/v1/agencies", RANKING, "/api/v1/indicators"])
def test_an_instance_in_which_nothing_was_measured_answers_too(client, empty, address):
    assert client.get(address).status_code == 200
