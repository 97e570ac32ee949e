"""Officials work at the desk: every page opens, every change is on record and goes out."""

from __future__ import annotations

import re
from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation
from tests.web.people import enter

from thuocdo.core import snapshot
from thuocdo.core.ids import key_hash
from thuocdo.lake import dimensions
from thuocdo.lake.store import Lake
from thuocdo.registry.models import Agency, Change, Service, Site, SiteKey, System

MODELS = ("agency", "system", "site", "service", "sitekey", "change")


@pytest.fixture
def desk(country, client):
    """A signed-in official."""
    user = User.objects.create(username="lan", is_staff=True, is_superuser=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    enter(client, user)
    return client


@pytest.fixture
def save(desk, django_capture_on_commit_callbacks):
    """Send a form and let what waits for the commit happen."""

    def send(name: str, form: dict[str, object], *args: object):
        with django_capture_on_commit_callbacks(execute=True):
            return desk.post(reverse(f"admin:registry_{name}", args=args), form, follow=True)

    return send


AGENCY = {"code": "H26.11", "name": "Sở Y tế", "kind": "department", "parent": "H26"}


@pytest.mark.parametrize(
    ("model", "language", "word"),
    [(model, "vi", "Nhật ký thay đổi") for model in MODELS] + [("agency", "en", "Audit trail")],
)
def test_every_list_opens_in_its_language(desk, model, language, word) -> None:
    Site.objects.create(site_id=7, system="H26-portal", name="Cổng", hostnames="hanoi.gov.vn")
    Service.objects.create(agency="H26", procedure="1.000001", level="full", name="Khai sinh")
    SiteKey.objects.create(key_hash="x", name="khóa", expires=date(2020, 1, 1))
    with translation.override(language):
        page = desk.get(reverse(f"admin:registry_{model}_changelist"))
    assert page.status_code == 200
    assert word.casefold() in page.content.decode().casefold()


@pytest.mark.parametrize("model", ["agency", "system", "site", "service", "sitekey"])
def test_every_new_form_opens(desk, model) -> None:
    assert desk.get(reverse(f"admin:registry_{model}_add")).status_code == 200


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("q=thua thien", "Thừa Thiên Huế", "Hà Giang"),
        ("q=H22", "Hà Giang", "Thừa Thiên Huế"),
        ("validity=now", "Bộ Nông nghiệp và Môi trường", "Thừa Thiên Huế"),
        ("validity=past&kind__exact=ministry", "Ủy ban Dân tộc", "Bộ Công an"),
        ("valid_from_from=01/03/2025&valid_from_to=31/03/2025", "Bộ Dân tộc và Tôn giáo", "Huế"),
    ],
)
def test_agencies_are_found_by_name_code_and_dates(desk, query, there, not_there) -> None:
    page = desk.get(reverse("admin:registry_agency_changelist") + "?" + query)
    names = [agency.name for agency in page.context["cl"].result_list]
    assert there in names
    assert not_there not in names


def test_a_new_agency_is_on_record_and_published(save, country) -> None:
    page = save("agency_add", AGENCY | {"code": "000.00.11.H26"})
    assert page.status_code == 200
    assert Agency.objects.filter(code="H26.11").exists()
    line = Change.objects.get(what="agency")
    assert (line.who, line.action, line.before) == ("lan", "create", None)
    assert line.after["name"] == "Sở Y tế"
    assert "H26.11" in snapshot.read(country.snapshot_path).agencies
    assert "H26.11" in dimensions.read(Lake.open(country), "agencies")["code"].to_pylist()


def test_a_correction_keeps_what_was_there_before(save) -> None:
    row = Agency.objects.create(**AGENCY)
    save("agency_change", AGENCY | {"name": "Sở Y tế Hà Nội"}, row.pk)
    line = Change.objects.get(what="agency")
    assert (line.action, line.key) == ("update", "H26.11")
    assert (line.before["name"], line.after["name"]) == ("Sở Y tế", "Sở Y tế Hà Nội")


def test_saving_without_a_change_leaves_no_line(save) -> None:
    row = Agency.objects.create(**AGENCY)
    save("agency_change", AGENCY, row.pk)
    assert not Change.objects.filter(what="agency").exists()


def test_deleting_leaves_the_row_in_the_trail(save, country) -> None:
    row = Agency.objects.create(**AGENCY)
    save("agency_delete", {"post": "yes"}, row.pk)
    line = Change.objects.get(what="agency")
    assert (line.action, line.before["code"], line.after) == ("delete", "H26.11", None)
    assert "H26.11" not in snapshot.read(country.snapshot_path).agencies


@pytest.mark.parametrize(
    ("model", "form", "field"),
    [
        ("agency", AGENCY | {"code": "có dấu cách"}, "code"),
        ("agency", AGENCY | {"parent": "Z99"}, "parent"),
        ("agency", AGENCY | {"valid_from": "01/02/2025", "valid_to": "01/01/2025"}, "__all__"),
        ("agency", AGENCY | {"code": "H26"}, "__all__"),  # there is a row since always
        ("system", {"agency": "H26", "kind": "portal", "name": "x"}, "__all__"),
        ("site", {"site_id": "7", "system": "nowhere", "name": "x"}, "system"),
        ("site", {"site_id": "0", "system": "H26-portal", "name": "x"}, "site_id"),
        (
            "site",
            {"site_id": "7", "system": "H26-portal", "name": "x", "hostnames": "a b c/d"},
            "hostnames",
        ),
        ("sitekey", {"name": "x", "site_ids": "bảy"}, "site_ids"),
        ("sitekey", {"name": "x", "agency": "Z99"}, "agency"),
    ],
)
def test_a_wrong_entry_is_refused_at_its_field(save, model, form, field) -> None:
    page = save(f"{model}_add", form)
    assert field in page.context["adminform"].form.errors


def test_a_system_without_a_code_gets_the_usual_one(save) -> None:
    Agency.objects.create(**AGENCY)
    save("system_add", {"agency": "H26.11", "kind": "portal", "name": "Cổng Sở Y tế"})
    assert System.objects.get(agency="H26.11").code == "H26.11-portal"


def test_a_site_takes_host_names_one_a_line(save, country) -> None:
    save(
        "site_add",
        {
            "site_id": "7",
            "system": "H26-portal",
            "name": "Cổng Hà Nội",
            "hostnames": "hanoi.gov.vn\r\nhttps://www.HANOI.gov.vn/trang-chu",
        },
    )
    published = snapshot.read(country.snapshot_path).site_by_id[7]
    assert published.hostnames == ("hanoi.gov.vn", "www.hanoi.gov.vn")


def test_a_new_key_is_shown_once_and_works(save, desk, country) -> None:
    form = {"name": "Một cửa", "agency": "H26", "site_ids": "7, 8", "feeds": ["canonical"]}
    page = save("sitekey_add", form).content.decode()
    shown = re.findall(r"[A-Za-z0-9_-]{43}", page)
    hashes = snapshot.read(country.snapshot_path).key_by_hash
    key = next(text for text in shown if key_hash(country.secret, text) in hashes)
    assert hashes[key_hash(country.secret, key)].site_ids == (7, 8)
    again = desk.get(reverse("admin:registry_sitekey_changelist")).content.decode()
    assert key not in again
    row = SiteKey.objects.get()
    detail = desk.get(reverse("admin:registry_sitekey_change", args=[row.pk]))
    assert detail.status_code == 200
    assert key not in detail.content.decode()


def test_chosen_keys_are_revoked(save, country) -> None:
    save("sitekey_add", {"name": "Một cửa"})
    row = SiteKey.objects.get()
    save("sitekey_changelist", {"action": "revoke_selected", "_selected_action": [row.pk]})
    assert SiteKey.objects.get().revoked_at is not None
    assert snapshot.read(country.snapshot_path).keys == ()


def test_the_trail_can_only_be_read(desk) -> None:
    line = Change.objects.first()
    assert desk.get(reverse("admin:registry_change_change", args=[line.pk])).status_code == 200
    assert desk.get(reverse("admin:registry_change_add")).status_code == 403
    assert desk.post(reverse("admin:registry_change_delete", args=[line.pk])).status_code == 403
