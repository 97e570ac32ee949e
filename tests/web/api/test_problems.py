"""Whatever is asked, the answer is a problem document that says what is wrong and what to do."""

from __future__ import annotations

import pytest

from thuocdo.web.api import problems
from thuocdo.web.api.v1 import api

FIGURES = "/api/v1/figures?indicator=online_dossier_rate"
RANKING = "/api/v1/rankings/online_dossier_rate"
WRONG = (
    (f"{RANKING}?period=2026-03-31..2026-01-01", 400, "bad_period"),
    (f"{RANKING}?period=2026-02-30", 400, "bad_period"),
    (f"{RANKING}?period=yesterday", 400, "bad_parameter"),
    (f"{RANKING}?period=0001", 400, "bad_parameter"),
    (f"{RANKING}?version=1999-01", 404, "unknown_version"),
    (f"{RANKING}?block=planet", 400, "bad_parameter"),
    (f"{RANKING}?perod=7d", 400, "bad_parameter"),
    (f"{RANKING}?as_organised=31/12/2025", 400, "bad_parameter"),
    (f"{RANKING}?period=" + "9" * 5000, 400, "bad_parameter"),
    ("/api/v1/rankings/no_such", 404, "unknown_indicator"),
    ("/api/v1/agencies/H999", 404, "unknown_agency"),
    ("/api/v1/agencies/%3Cscript%3E", 400, "bad_parameter"),
    ("/api/v1/agencies?limit=0", 400, "bad_parameter"),
    ("/api/v1/agencies?cursor=forged", 400, "bad_cursor"),
    ("/api/v1/agencies?q=%00", 400, None),
    ("/api/v1/agencies/H26?on=1900-01-01", 200, None),
    ("/api/v1/sites/4000000000", 404, "unknown_site"),
    ("/api/v1/sites/none", 400, "bad_parameter"),
    (f"{FIGURES}&by=children", 400, "agency_needed"),
    ("/api/v1/figures?indicator=portal_visits&by=service", 400, "not_by_service"),
    ("/api/v1/figures", 400, "bad_parameter"),
    ("/api/v1/figures/online_dossier_rate@2024-11:nonsense", 400, "bad_figure_name"),
    ("/api/v1/series/online_dossier_rate?agency=H999", 404, "unknown_agency"),
    ("/api/v1/reports/2022-W99", 404, "no_report"),
    ("/api/v1/assessments/1999", 404, "unknown_criteria"),
    ("/api/v1/nowhere", 404, "not_found"),
    ("/api/v1/rejects", 401, "token_needed"),
)


@pytest.mark.parametrize(("address", "status", "code"), WRONG)
def test_a_wrong_question_is_told_in_both_languages(client, country, address, status, code):
    for language in ("vi", "en"):
        response = client.get(address, headers={"accept-language": language})
        assert response.status_code == status, response.content[:300]
        if code is None:
            continue
        told = response.json()
        kind = problems.known()[code]
        assert response["Content-Type"] == "application/problem+json"
        assert response["Content-Language"] == language
        assert (told["code"], told["status"]) == (code, status)
        assert told["title"] == getattr(kind.title, language)
        assert told["action"] == getattr(kind.action, language)
        assert told["detail"]
        assert "Traceback" not in response.content.decode()


def test_the_wrong_parameter_is_named(client, country):
    told = client.get(f"{RANKING}?perod=7d&blok=x", headers={"accept-language": "en"}).json()
    assert told["parameters"] == ["blok", "perod"]
    assert "as_organised, block, period, trust, version" in told["detail"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "vi"),
        ("fr, en;q=0.5", "en"),
        ("en;q=0.1, vi;q=0.9", "vi"),
        ("fr", "vi"),
        ("en-GB", "en"),
    ],
)
def test_the_language_is_the_readers_else_vietnamese(client, country, header, language):
    response = client.get("/api/v1/nowhere", headers={"accept-language": header})
    assert response["Content-Language"] == language


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_is_for_reading_alone(client, country, method):
    response = getattr(client, method)("/api/v1/agencies")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert response.json()["code"] == "method_not_allowed"


def test_a_fault_of_our_own_shows_no_trace_and_is_written_down(client, country, monkeypatch):
    def broken(*_args, **_named):
        raise RuntimeError("secret inside")

    client.raise_request_exception = False
    monkeypatch.setattr("thuocdo.web.api.publishing.ranking", broken)
    response = client.get(RANKING, headers={"accept-language": "en"})
    assert response.status_code == 500
    assert response.json()["code"] == "internal"
    assert "secret" not in response.content.decode()


def test_the_type_of_a_problem_leads_to_its_words(client, country):
    told = client.get("/api/v1/nowhere").json()
    response = client.get(told["type"], headers={"accept-language": "en"})
    assert response["Location"] == "/en/api/#not_found"
    assert 'id="not_found"' in client.get("/en/api/").content.decode()


def test_every_resource_says_in_the_document_what_it_may_refuse():
    document = api.get_openapi_schema(path_prefix="/api/v1/")
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        told = methods["get"]
        assert told["summary"], path
        assert told["x-summary-vi"], path
        assert {200, 304, 400} <= set(told["responses"]), path


def test_every_problem_is_told_whole_in_both_languages():
    for code, kind in problems.known().items():
        for text in (kind.title, kind.action, *([kind.detail] if kind.detail else [])):
            assert text.vi, code
            assert text.en, code
            assert text.vi != text.en, code
