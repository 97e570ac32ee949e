"""Keys: shown once, replaced with an overlap, revoked; of one's own agency alone, with a trace."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from tests.web.people import enter, someone

from thuocdo.core import clock, key_days
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.ids import key_hash
from thuocdo.registry.models import Change, SiteKey
from thuocdo.registry.rights import Role

PAGE = "/lam-viec/co-quan/H26/khoa/"
SECRET = re.compile(r'<pre class="paste"[^>]*><code>([A-Za-z0-9_-]{40,})</code>')


@pytest.fixture
def desk(writable, client):
    user = someone(Role.AGENCY_ADMIN, "H26")
    enter(client, user)
    return client


def make(client, **fields):
    form = {"name": "Một cửa", "once": f"a{SiteKey.objects.count()}", "site_ids": "500"}
    return client.post(f"{PAGE}tao/", form | fields)


def test_a_key_is_shown_once_and_kept_nowhere(desk, writable) -> None:
    answer = make(desk, feeds=["mcdt"], expires="2099-12-31")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    (key,) = SECRET.findall(answer.content.decode())
    row = SiteKey.objects.get()
    assert row.key_hash == key_hash(writable.secret, key)
    assert (row.agency, row.site_ids, row.feeds) == ("H26", [500], ["mcdt"])
    assert key not in desk.get(PAGE).content.decode()
    trace = Change.objects.get(what="sitekey", action="create")
    assert trace.who.startswith("agency_admin")
    assert key not in str(trace.after)
    published = snapshot_file.read(writable.snapshot_path)
    assert published.key_by_id[row.key_id].agency == "H26"


def test_a_key_says_when_it_was_last_used(desk, writable) -> None:
    make(desk)
    assert "chưa thấy dùng" in desk.get(PAGE).content.decode()
    key_days.note(writable.key_days_dir, SiteKey.objects.get().key_id, date(2026, 11, 5))
    assert "05/11/2026" in desk.get(PAGE).content.decode()


def test_a_form_that_is_sent_again_makes_no_second_key(desk) -> None:
    make(desk, once="one")
    answer = make(desk, once="one")
    assert answer.status_code == 409
    assert "chỉ hiện một lần" in answer.content.decode()
    assert make(desk, once="").status_code == 409
    assert SiteKey.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"site_ids": "501"}, "Nằm ngoài phạm vi"),  # another agency's site
        ({"site_ids": "một"}, "Chỉ ghi các số"),
        ({"feeds": "khong-co"}, "khong-co"),
        ({"name": ""}, ""),
        ({"expires": "mai"}, ""),
    ],
)
def test_what_a_key_may_not_be_is_said_beside_the_form(desk, fields, words) -> None:
    answer = make(desk, **fields)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not SiteKey.objects.exists()


def test_the_agency_is_that_of_the_page_whatever_is_sent(desk) -> None:
    make(desk, agency="H29")
    assert SiteKey.objects.get().agency == "H26"


def test_an_old_key_goes_on_beside_its_successor(desk) -> None:
    make(desk)
    old = SiteKey.objects.get()
    answer = desk.post(f"{PAGE}{old.pk}/thay/", {"keep": "7", "once": "r"})
    assert SECRET.search(answer.content.decode())
    old.refresh_from_db()
    assert old.expires == clock.local_day(clock.now_us()) + timedelta(days=7)
    assert SiteKey.objects.count() == 2
    assert desk.post(f"{PAGE}{old.pk}/thay/", {"keep": "7", "once": "r"}).status_code == 409
    assert desk.post(f"{PAGE}{old.pk}/thay/", {"keep": "9999", "once": "s"}).status_code == 400
    assert SiteKey.objects.count() == 2


def test_a_revoked_key_opens_nothing_and_is_not_replaced(desk, writable) -> None:
    make(desk)
    key = SiteKey.objects.get()
    for _ in range(2):
        assert desk.post(f"{PAGE}{key.pk}/thu-hoi/").status_code == 302
    assert "đã thu hồi" in desk.get(PAGE).content.decode()
    assert snapshot_file.read(writable.snapshot_path).keys == ()
    assert Change.objects.filter(action="revoke").count() == 1
    assert desk.post(f"{PAGE}{key.pk}/thay/", {"keep": "7", "once": "r"}).status_code == 400


def test_another_agency_s_key_is_not_found(desk) -> None:
    others = SiteKey.objects.create(key_hash="x", name="của H29", agency="H29")
    everybodys = SiteKey.objects.create(key_hash="y", name="cả nước", agency="")
    for key in (others, everybodys):
        assert desk.post(f"{PAGE}{key.pk}/thu-hoi/").status_code == 404
        assert desk.post(f"{PAGE}{key.pk}/thay/", {"keep": "7", "once": "r"}).status_code == 404
        assert key.name not in desk.get(PAGE).content.decode()
    assert desk.post("/lam-viec/co-quan/H29/khoa/tao/", {"name": "x"}).status_code == 403


def test_an_analyst_reads_and_an_officer_does_not(writable, client) -> None:
    enter(client, someone(Role.ANALYST, "H26"))
    assert "Tạo khóa" not in client.get(PAGE).content.decode()
    assert make(client).status_code == 403
    enter(client, someone(Role.OFFICER, "H26"))
    assert client.get(PAGE).status_code == 403


def test_a_key_that_ends_soon_is_work_until_it_is_replaced(desk) -> None:
    soon = clock.local_day(clock.now_us()) + timedelta(days=3)
    make(desk, expires=soon.isoformat())
    home = "/lam-viec/co-quan/H26/"
    assert "hết hạn sau 3 ngày" in desk.get(home).content.decode()
    make(desk)  # another of the same name, without an end
    assert "hết hạn sau 3 ngày" not in desk.get(home).content.decode()


def test_the_pages_speak_english(desk) -> None:
    assert "Make a key" in desk.get("/en/work/agencies/H26/keys/").content.decode()
    answer = desk.post("/en/work/agencies/H26/keys/make/", {"name": "x", "once": "e"})
    assert "is shown this once" in answer.content.decode()
