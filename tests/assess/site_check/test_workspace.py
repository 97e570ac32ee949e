"""An officer asks for a check, the worker does it, the page says what to do: whatever is killed."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.urls import translate_url
from tests.assess.site_check.conftest import SHORT

from thuocdo.assess.hosts.locks import Hosts
from thuocdo.assess.hosts.policy import policy
from thuocdo.assess.models import ShadowScan, SiteCheck
from thuocdo.assess.site_check import check, jobs
from thuocdo.assess.site_check.check import Wanted
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.accounts import create_account, grant
from thuocdo.registry.rights import Role

PAGE = "/lam-viec/kiem-tra/"
State = SiteCheck.State


@pytest.fixture
def instance(world, settings, db, monkeypatch):
    """Django on the instance of the fixture pages."""
    settings.THUOCDO = world.settings
    monkeypatch.setattr(
        jobs, "check_sites", lambda found, wanted: check.check_sites(found, wanted, SHORT)
    )
    yield world.settings
    world.settings.bell_path.unlink(missing_ok=True)


@pytest.fixture
def officer(db):
    create_account("canbo", "mật khẩu rất dài 2026", Role.OFFICER)
    return get_user_model().objects.get(username="canbo")


@pytest.fixture
def desk(client, officer, instance):
    """A signed-in officer's browser."""
    client.force_login(officer)
    return client


def test_nobody_checks_without_an_account(client, instance):
    for address in (PAGE, f"{PAGE}1/", f"{PAGE}1/1.png"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.url.startswith("/login?")


def test_an_officer_signs_in_on_the_sites_own_page(client, officer, instance):
    page = client.get(f"/login?next={PAGE}").content.decode()
    assert "Tên đăng nhập" in page
    answer = client.post(
        f"/login?next={PAGE}",
        {"login": "canbo", "password": "mật khẩu rất dài 2026", "next": PAGE},
    )
    assert (answer.status_code, answer.url) == (302, PAGE)
    assert client.post("/logout").status_code == 302
    assert client.get(PAGE).status_code == 302


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(client, officer, instance):
    page = client.post("/en/login", {"login": "canbo", "password": "no"}).content.decode()
    assert "The name or the password is not right." in page


def test_a_check_is_asked_for_done_and_told(desk, instance, world):
    answer = desk.post(
        PAGE, {"url": f"{world.pages.url}/empty-site-id", "site": "227", "pages": "1"}
    )
    assert answer.status_code == 302
    waiting = desk.get(answer.url).content.decode()
    assert '<meta http-equiv="refresh"' in waiting
    assert "đang chờ" in waiting
    assert jobs.take_one(instance)
    done = desk.get(answer.url).content.decode()
    assert "refresh" not in done
    assert "Mã giám sát để trống" in done
    assert "_govaq.push([&#x27;setSiteId&#x27;, &#x27;227&#x27;]);" in done
    english = desk.get(translate_url(answer.url, "en")).content.decode()
    assert "The site id is empty" in english
    picture = desk.get(f"{answer.url}1.png")
    assert b"".join(picture.streaming_content).startswith(b"\x89PNG")
    assert "Không được tính đúng" in desk.get(PAGE).content.decode()


def test_another_officer_does_not_see_it(desk, instance, client, world):
    job = jobs.ask(instance, SiteCheck.objects.model.asked_by.field.related_model.objects.get(), Wanted("https://a.vn/"))  # fmt: skip
    create_account("khac", "mật khẩu rất dài 2026", Role.OFFICER)
    client.force_login(get_user_model().objects.get(username="khac"))
    assert client.get(f"{PAGE}{job.pk}/").status_code == 404
    grant("khac", Role.ANALYST)
    assert client.get(f"{PAGE}{job.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "file:///etc/passwd"}, "không phải địa chỉ web"),
        ({"url": "https://a.vn/", "site": "4711"}, "chưa được đăng ký"),
        ({"url": "https://a.vn/", "site": "x"}, "phải là số"),
        ({"url": "https://a.vn/", "pages": "21"}, "1 đến 20"),
        ({"url": ""}, "không phải địa chỉ web"),
    ],
)
def test_what_cannot_be_checked_is_said_beside_the_form(desk, given, words):
    answer = desk.post(PAGE, given)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not SiteCheck.objects.exists()


def test_nobody_fills_the_queue_alone(desk, officer, instance):
    for number in range(jobs.MAX_OPEN):
        jobs.ask(instance, officer, Wanted(f"https://a.vn/{number}"))
    with pytest.raises(ThuocdoError, match="waiting already"):
        jobs.ask(instance, officer, Wanted("https://a.vn/more"))
    assert "quá nhiều" in desk.post(PAGE, {"url": "https://a.vn/more"}).content.decode()


def test_a_host_at_which_a_scan_of_ours_is_is_left_alone_and_the_others_checked(
    desk, officer, instance, world
):
    busy = jobs.ask(instance, officer, Wanted(f"{world.pages.url}/missing"))
    other = jobs.ask(instance, officer, Wanted("http://127.0.0.1:1/"))
    with Hosts.of(instance).held(world.pages.url):
        assert [jobs.take_one(instance) for _ in range(2)] == [True, False]
        assert instance.bell_path.exists()  # another time
        page = desk.get(f"{PAGE}{busy.pk}/").content.decode()
        assert "đang được một lượt đo khác" in page
    busy.refresh_from_db()
    other.refresh_from_db()
    assert (busy.state, busy.attempts, other.state) == (State.QUEUED, 0, State.DONE)
    assert jobs.take_one(instance)
    busy.refresh_from_db()
    assert busy.state == State.DONE


def test_a_host_is_held_while_it_is_checked(officer, instance, world, monkeypatch):
    held = []

    def look(settings, wanted):
        held.append(Hosts.of(settings).is_free(world.pages.url))
        return check.check_sites(settings, wanted, SHORT)

    monkeypatch.setattr(jobs, "check_sites", look)
    jobs.ask(instance, officer, Wanted(f"{world.pages.url}/missing"))
    assert jobs.take_one(instance)
    assert held == [False]
    assert Hosts.of(instance).is_free(world.pages.url)


def test_checks_and_scans_of_one_host_draw_on_one_budget(desk, officer, instance):
    scan = {"contact": "mailto:a@b.vn", "lab_runs": 5, "who": "lan", "for_appeal": True}
    scan |= {"agency": "H26", "system": "s", "name": "S", "url": "https://a.vn/", "state": "done"}
    ShadowScan.objects.create(**scan)
    left = policy().budgets.host[0].most - policy().scan_weight
    for _ in range(left // 20):
        SiteCheck.objects.create(url="http://a.vn/x", pages=20, asked_by=officer, state=State.DONE)
    with pytest.raises(ThuocdoError) as refused:
        jobs.ask(instance, officer, Wanted("https://a.vn/", pages=left % 20 + 1))
    assert refused.value.code == "host_budget"
    page = desk.post(PAGE, {"url": "https://a.vn/", "pages": "20"}).content.decode()
    assert "Có thể yêu cầu tiếp từ" in page
    jobs.ask(instance, officer, Wanted("https://b.vn/", pages=20))


def test_the_worker_is_called_by_a_bell_and_goes_until_the_queue_is_empty(officer, instance, world):
    assert not instance.bell_path.exists()
    urls = [f"{world.pages.url}/{name}" for name in ("missing", "a-file")]
    for url in urls:
        jobs.ask(instance, officer, Wanted(url))
    assert instance.bell_path.exists()
    assert [jobs.take_one(instance) for _ in range(3)] == [True, True, False]
    assert not instance.bell_path.exists()
    assert {job.url: job.state for job in SiteCheck.objects.all()} == dict.fromkeys(
        urls, State.DONE
    )
    assert [job.counts for job in SiteCheck.objects.all()] == [None, None]


def test_what_a_dead_worker_left_is_done_again_once(officer, instance, world):
    job = jobs.ask(instance, officer, Wanted(f"{world.pages.url}/missing"))
    SiteCheck.objects.filter(pk=job.pk).update(state=State.RUNNING, attempts=1)
    assert jobs.take_one(instance)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.DONE, 2)
    SiteCheck.objects.filter(pk=job.pk).update(state=State.RUNNING)
    assert not jobs.take_one(instance)
    job.refresh_from_db()
    assert (job.state, job.failure) == (State.FAILED, "interrupted")


def test_a_server_without_a_browser_says_so(desk, officer, instance, settings):
    from dataclasses import replace

    job = jobs.ask(instance, officer, Wanted("https://a.vn/"))
    jobs.take_one(replace(instance, chromium="/nowhere/chromium"))
    page = desk.get(f"{PAGE}{job.pk}/").content.decode()
    assert "chưa có trình duyệt" in page


def test_workspace_pages_keep_to_the_sites_policy(desk, instance, world, officer):
    job = jobs.ask(instance, officer, Wanted(f"{world.pages.url}/missing"))
    jobs.take_one(instance)
    for address in (PAGE, f"{PAGE}{job.pk}/", "/login"):
        answer = desk.get(address)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        page = answer.content.decode()
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
