"""The library of definitions, and a file tried before it counts."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.measure.test_running import OWN
from tests.web.people import enter, someone

from thuocdo.measure.definitions import FOLDER
from thuocdo.registry.rights import Role

pytestmark = pytest.mark.django_db
PAGE = "/lam-viec/dinh-nghia/"
TRIAL = "/lam-viec/dinh-nghia/thu/"
NEWER = """
  - version: "2030-01"
    valid_from: 2030-01-01
    source: {document: "Thông tư mới", place: "Điều 2"}
    description: {vi: Hồ sơ nộp tại quầy., en: Dossiers at the counter.}
    numerator: {count: dossiers, event: received, channels: [counter]}
    denominator: {count: dossiers, event: received}
    coverage_threshold: 0.5
    vectors:
      - name: none
        period: 2030-01-01..2030-01-31
        dossiers:
          - {channel: counter, received: 2030-01-02}
        expect: {numerator: 1, denominator: 1, value: 100}
"""


@pytest.fixture
def analyst(client, country):
    enter(client, someone(Role.ANALYST))
    return client


def upload(client, text, address=TRIAL):
    file = SimpleUploadedFile("definition.yaml", text.encode(), "application/yaml")
    return client.post(address, {"file": file})


def test_every_version_stands_with_its_state(analyst):
    page = analyst.get(PAGE).content.decode()
    assert "online_dossier_rate" in page
    assert "đang có hiệu lực" in page
    assert "đã được thay" in page
    assert "in force" in analyst.get("/en/work/definitions/").content.decode()


def test_a_new_version_shows_what_last_weeks_figures_would_be(analyst, country):
    packaged = (FOLDER / "online_dossier_rate.yaml").read_text("utf-8")
    begins = "    valid_from: 2024-11-01\n"
    text = packaged.replace(begins, f"{begins}    valid_to: 2029-12-31\n") + NEWER
    response = upload(analyst, text)
    page = response.content.decode()
    assert response.status_code == 200
    assert "thêm phiên bản mới" in page
    assert "đếm lại từ bảng tổng hợp" in page
    assert "thuocdo indicators" in page
    assert not (country.home / "indicators").exists()
    assert "2030-01" not in analyst.get(PAGE).content.decode()


def test_a_new_indicator_is_tried_too(analyst):
    page = upload(analyst, OWN).content.decode()
    assert "thêm một chỉ số mới" in page
    assert "Tỷ lệ riêng" in page


def test_a_wrong_file_is_refused_with_its_line(analyst):
    response = upload(analyst, OWN.replace("unit: percent", "unit: persent"))
    assert response.status_code == 422
    assert "own_rate.yaml, line 3" in response.content.decode()


@pytest.mark.parametrize("content", [None, b"x" * 300_000])
def test_no_file_or_one_too_large_says_what_to_do(analyst, content):
    given = {} if content is None else {"file": SimpleUploadedFile("a.yaml", content)}
    response = analyst.post(TRIAL, given)
    assert response.status_code == 400
    assert "Chọn một tệp YAML" in response.content.decode()


def test_the_library_is_not_for_an_agencys_administrator(client, country):
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    assert client.get(PAGE).status_code == 403
    assert upload(client, OWN).status_code == 403
