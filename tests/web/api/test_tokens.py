"""Refused records are for whoever sent them: a key opens what its scope holds, and not more often than is fair."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest
from django.utils import timezone
from tests.web.conftest import TODAY, quiet, write_lines

from thuocdo.core import settings as instance
from thuocdo.lake.imports import import_dossiers
from thuocdo.lake.store import Lake
from thuocdo.registry import keys
from thuocdo.registry.models import SiteKey
from thuocdo.web.api import tokens

REJECTS = "/api/v1/rejects"


@pytest.fixture(autouse=True)
def fresh_limits():
    for limit in (tokens.requests, tokens.guesses):
        limit.forget()


@pytest.fixture(scope="module")
def refusing_home(measured, tmp_path_factory):
    """A copy of the country that refused twelve dossiers of Hà Nội and three of Huế: they name no procedure there is."""
    home = tmp_path_factory.mktemp("refusing") / "home"
    shutil.copytree(measured.home, home)
    found = instance.load({"THUOCDO_HOME": str(home)})
    rows = [
        {
            "system": f"{agency}-one_stop",
            "agency": agency,
            "dossier": f"{agency}-refused-{n}",
            "procedure": "9.999999",
            "status": "received",
            "event_time": f"{TODAY - timedelta(days=1)}T09:00:00+07:00",
        }
        for agency, size in (("H26", 12), ("H29", 3))
        for n in range(size)
    ]
    path = write_lines(tmp_path_factory.mktemp("refused") / "dossiers.ndjson", rows)
    import_dossiers(found, Lake.open(found), [path], quiet)
    return found


@pytest.fixture
def refused(country, refusing_home, settings):
    settings.THUOCDO = refusing_home
    return refusing_home


def bearer(key):
    return {"authorization": f"Bearer {key}"}


def items(client, key, address=REJECTS):
    return client.get(address, headers=bearer(key)).json()["items"]


def test_without_a_key_there_is_nothing(client, country):
    response = client.get(REJECTS)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert client.get(REJECTS, headers=bearer("guessed")).status_code == 401


def test_a_key_opens_its_agencys_records_and_no_others(client, refused):
    hanoi = keys.create_key(refused, "Hà Nội", agency="H26")
    found = items(client, hanoi)
    assert len(found) == 12
    assert {row["agency"] for row in found} == {"H26"}
    assert found[0]["reason_text"]["vi"]
    assert found[0]["reason_text"]["en"]
    assert "H26-refused" not in json.dumps(found)  # a dossier's number is never kept
    response = client.get(f"{REJECTS}?agency=H29", headers=bearer(hanoi))
    assert response.status_code == 403
    assert response.json()["code"] == "out_of_scope"


def test_an_operators_key_opens_every_record_page_by_page(client, refused):
    operator = keys.create_key(refused, "vận hành")
    whole = items(client, operator, f"{REJECTS}?limit=1000")
    assert len(whole) == 15
    paged, following = [], f"{REJECTS}?limit=4"
    while following:
        page = client.get(following, headers=bearer(operator)).json()
        paged += page["items"]
        following = page["next"]
    assert paged == whole
    lines = client.get(f"{REJECTS}?format=ndjson", headers=bearer(operator)).getvalue()
    assert [json.loads(line) for line in lines.splitlines()] == whole


def test_a_key_for_some_sites_or_feeds_opens_only_those(client, refused):
    site = keys.create_key(refused, "một trang", agency="H26", site_ids=(391,))
    feed = keys.create_key(refused, "một giao thức", agency="H26", feeds=("mcdt",))
    assert items(client, site) == items(client, feed) == []
    response = client.get(f"{REJECTS}?site_id=392", headers=bearer(site))
    assert response.status_code == 403


def test_an_ended_key_opens_nothing(client, country):
    key = keys.create_key(country, "cũ", agency="H26")
    SiteKey.objects.update(expires=TODAY - timedelta(days=1))
    assert client.get(REJECTS, headers=bearer(key)).status_code == 401
    SiteKey.objects.update(expires=None, revoked_at=timezone.now())
    assert client.get(REJECTS, headers=bearer(key)).status_code == 401


def test_what_a_key_opened_is_kept_by_nobody(client, country):
    key = keys.create_key(country, "vận hành")
    assert client.get(REJECTS, headers=bearer(key))["Cache-Control"] == "no-store"


def test_guessing_is_slowed_down(client, country):
    answers = [
        client.get(REJECTS, headers=bearer(f"guess-{n}")).status_code
        for n in range(tokens.GUESSES_A_MINUTE + 1)
    ]
    assert answers[:-1] == [401] * tokens.GUESSES_A_MINUTE
    assert answers[-1] == 429
    told = client.get(REJECTS, headers=bearer("guess"))
    assert int(told["Retry-After"]) >= 1


def test_a_key_may_not_ask_without_end(client, country, monkeypatch):
    monkeypatch.setattr(tokens, "requests", tokens.Limit(3))
    key = keys.create_key(country, "vận hành")
    answers = [client.get(REJECTS, headers=bearer(key)).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_the_key_is_stored_as_a_hash_alone(client, country):
    key = keys.create_key(country, "vận hành")
    row = SiteKey.objects.get(name="vận hành")
    assert key not in json.dumps({field: str(getattr(row, field)) for field in vars(row)})
