"""Passports: every figure shown leads to how it was made, then and now."""

from __future__ import annotations

import csv
import io
import json
import re

import msgspec
import openpyxl
import pytest

from thuocdo.measure.passport.asking import verify
from thuocdo.measure.passport.naming import name_of, parse
from thuocdo.measure.service import Measure
from thuocdo.web import passports
from thuocdo.web.models import ShownFigure

RANKING = "/xep-hang/online_dossier_rate/?block=province"


def addresses(page: str) -> list[str]:
    return re.findall(r'href="((?:/en)?/(?:con-so|figures)/[^"]+)"', page)


@pytest.fixture
def address(client, country) -> str:
    """Of Hà Nội's rate, as the ranking links it."""
    page = client.get(RANKING).content.decode()
    return next(found for found in addresses(page) if ":H26:" in found)


@pytest.mark.parametrize("source", [RANKING, "/", "/co-quan/H26/", "/en/agencies/H26/"])
def test_the_numbers_of_a_page_lead_to_passports_that_answer(client, country, source):
    found = addresses(client.get(source).content.decode())
    assert found
    assert client.get(found[0]).status_code == 200


def test_a_passport_says_what_how_and_how_again(client, address):
    page = client.get(address).content.decode()
    name = address.removeprefix("/con-so/")
    assert "Tính lại bây giờ vẫn ra đúng con số đã công bố." in page
    for said in ("80,00%", "80/100", "Hà Nội", f"thuocdo verify {name}", "CC BY 4.0"):
        assert said in page, said
    assert "<svg" in page[page.index('class="print-only"') :]


def test_the_name_on_the_page_is_the_one_that_raw_events_prove(country, address):
    name = address.removeprefix("/con-so/")
    assert verify(Measure(country, only_raw=True), name).same


def test_an_english_passport_holds_no_vietnamese_sentence(client, address):
    page = client.get(address.replace("/con-so/", "/en/figures/")).content.decode()
    assert "Computed again now, it is the figure that was published." in page
    assert "Con số" not in page.replace("Con số – ", "")


def test_what_was_published_stands_beside_what_is_known_now(client, country, address):
    """Somebody saw 70 of 100 once, and cited it; now it is 80 of 100."""
    name = address.removeprefix("/con-so/")
    question = passports.named(Measure(country), name).question
    answer = msgspec.structs.replace(
        passports.answer_of(passports.find(Measure(country), name).now), numerator=70, value="70"
    )
    old = name_of(question, answer)
    ShownFigure.objects.create(name=old, answer=msgspec.to_builtins(answer))
    page = client.get(f"/con-so/{old}").content.decode()
    assert "Con số đã thay đổi từ khi công bố." in page
    assert "70,00%" in page
    assert "80,00%" in page


def test_a_name_nobody_published_shows_only_what_is_known_now(client, address):
    forged = address[:-16] + "0123456789abcdef"
    page = client.get(forged).content.decode()
    assert "Kết quả bây giờ khác con số mang tên này." in page
    assert not ShownFigure.objects.filter(name__endswith="0123456789abcdef").exists()


def test_a_kept_answer_that_its_name_does_not_vouch_for_is_not_shown(client, country, address):
    name = address.removeprefix("/con-so/")[:-16] + "0123456789abcdef"
    answer = passports.answer_of(passports.find(Measure(country), name).now)
    lie = msgspec.structs.replace(answer, value="99.99", numerator=99)
    ShownFigure.objects.create(name=name, answer=msgspec.to_builtins(lie))
    assert "99,99%" not in client.get(f"/con-so/{name}").content.decode()


def test_opening_a_passport_keeps_what_was_published(client, address):
    client.get(address)
    client.get(address)
    assert ShownFigure.objects.get().answer["numerator"] == 80


def test_a_small_count_has_no_passport_that_tells_it(client, address):
    """Cà Mau's one of three: neither its page nor its files say so."""
    small = re.sub(r":H26:", ":H12:", address)
    page = client.get(small).content.decode()
    assert "không công bố vì số hồ sơ quá nhỏ" in page
    for answer in (page, client.get(small + "?format=json").content.decode()):
        assert "33.33" not in answer
        assert "33,33" not in answer
        assert "1/3" not in answer


def test_the_files_hold_what_the_page_says(client, address):
    told = json.loads(client.get(address + "?format=json").content)
    assert (told["numerator"], told["denominator"], told["value"]) == (80, 100, 80.0)
    assert told["same_now"] is True
    rows = dict(
        row[:2]
        for row in csv.reader(
            io.StringIO(client.get(address + "?format=csv").content.decode("utf-8-sig"))
        )
    )
    assert rows["numerator"] == "80"
    assert rows["log_root"] == told["log_root"]
    book = openpyxl.load_workbook(io.BytesIO(client.get(address + "?format=xlsx").content))
    fields = {row[0].value: row[1].value for row in book.worksheets[0].iter_rows()}
    assert fields["numerator"] == 80


def test_the_line_is_a_picture_to_take_away(client, address):
    assert client.get(address + "?format=png").content.startswith(b"\x89PNG")
    drawn = client.get(address + "?format=svg").content.decode()
    assert drawn.startswith("<svg")
    assert 'xmlns="http://www.w3.org/2000/svg"' in drawn


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("nothing", 404),
        ("online_dossier_rate@2024-11:H26", 404),
        ("no_such@2024-11:H26:2026-01-01..2026-02-01:o2026-02-01:any:n1:0123456789abcdef", 404),
        (
            "online_dossier_rate@2024-11:H26:1026-01-01..2026-02-01:o2026-02-01:any:n1:0123456789abcdef",
            400,
        ),
    ],
)
def test_a_name_that_is_none_is_told_what_to_do(client, country, name, status):
    response = client.get(f"/con-so/{name}")
    assert response.status_code == status
    assert 'class="notice warn"' in response.content.decode()


def test_an_unknown_format_is_told_which_there_are(client, address):
    assert client.get(address + "?format=exe").status_code == 400


def test_names_say_the_whole_question(address):
    question = parse(address.removeprefix("/con-so/")).question
    assert (question.indicator, question.agency) == ("online_dossier_rate", "H26")
