"""Incidents, alerts, webhooks and tasks on the workspaces: whose they are, and what one may do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.urls import reverse
from tests.web.people import enter, someone

from thuocdo.core import clock
from thuocdo.registry.rights import Role
from thuocdo.steer import incidents, subscribing, tasks
from thuocdo.steer.causes import Report, published
from thuocdo.steer.model import Cause, Kind, Severity
from thuocdo.steer.models import Incident, Letter, Notice, Subscription, Task, Webhook
from thuocdo.steer.policy import policy_on

NOW = clock.now_us()
POLICY = policy_on(clock.local_day(NOW))


def silent(agency: str, name: str) -> Cause:
    evidence = {"name": name, "since": "2026-11-01", "days": 9}
    return Cause(Kind.SILENT_SOURCE, "391", agency, Severity.SERIOUS, evidence)


@pytest.fixture
def people(country):
    return {
        "officer": someone(Role.OFFICER, "H26"),
        "admin": someone(Role.AGENCY_ADMIN, "H26"),
        "other": someone(Role.AGENCY_ADMIN, "H29"),
        "viewer": someone(Role.VIEWER, "H26"),
        "publisher": someone(Role.PUBLISHER),
        "operator": someone(Role.OPERATOR),
    }


@pytest.fixture
def found(country, people):
    """An incident of Hà Nội and one of Hồ Chí Minh."""
    causes = [silent("H26", "Cổng <b>Hà Nội</b>"), silent("H29", "Cổng Sài Gòn")]
    incidents.write(country, Kind.SILENT_SOURCE, causes, POLICY, NOW, 1)
    return {row.agency: row for row in Incident.objects.all()}


def text(answer) -> str:
    return answer.content.decode()


def test_everybody_sees_the_incidents_of_their_agencies(client, people, found) -> None:
    for who, mine, others in (
        ("officer", True, False),
        ("other", False, True),
        ("operator", True, True),
    ):
        enter(client, people[who])
        page = text(client.get("/lam-viec/su-viec/"))
        assert ("Cổng &lt;b&gt;Hà Nội" in page, "Cổng Sài Gòn" in page) == (mine, others), who
        for agency, seen in (("H26", mine), ("H29", others)):
            status = client.get(f"/lam-viec/su-viec/{found[agency].pk}/").status_code
            assert status == (200 if seen else 404), (who, agency)
            status = client.get(f"/lam-viec/co-quan/{agency}/su-viec/").status_code
            assert status == (200 if seen else 403), (who, agency)
    enter(client, people["viewer"])
    assert client.get("/lam-viec/su-viec/").status_code == 403


def test_an_incident_shows_its_evidence_and_what_to_do_in_both_languages(
    client, people, found
) -> None:
    enter(client, people["officer"])
    vi = text(client.get(f"/lam-viec/su-viec/{found['H26'].pk}/"))
    en = text(client.get(f"/en/work/incidents/{found['H26'].pk}/"))
    assert "01/11/2026" in vi
    assert "/sites/391" in vi
    assert "Xem kết nối theo giờ của nguồn" in vi
    assert "1 November 2026" in en
    assert "has fallen silent" in en


def test_the_inbox_counts_what_is_new_until_it_is_read(client, people, found) -> None:
    enter(client, people["officer"])
    assert "Cảnh báo mới: 1" in " ".join(text(client.get("/lam-viec/")).split())
    assert "Cổng &lt;b&gt;Hà Nội" in text(client.get("/lam-viec/hop-thu/"))
    client.get(f"/lam-viec/su-viec/{found['H26'].pk}/")
    assert subscribing.unread(people["officer"]) == 0
    enter(client, people["operator"])
    client.post("/lam-viec/hop-thu/")
    assert subscribing.unread(people["operator"]) == 0


@pytest.mark.parametrize("query", ["loai=nothing", "muc=9", "muc=", "loai=%F0%9F%92%A5"])
def test_a_filter_there_is_none_of_is_refused_in_words(client, people, found, query) -> None:
    enter(client, people["officer"])
    answer = client.get(f"/lam-viec/su-viec/?{query}")
    assert answer.status_code == 400
    assert "Bộ lọc này không có" in text(answer)


@pytest.mark.parametrize("page", ["0", "-1", "999999999999999999999999", "x", ""])
def test_a_page_out_of_range_is_the_nearest(client, people, found, page) -> None:
    enter(client, people["officer"])
    assert client.get(f"/lam-viec/su-viec/?trang={page}").status_code == 200


@pytest.mark.parametrize("number", [0, 9223372036854775807, 10**30])
def test_numbers_nobody_gave_are_not_found(client, people, found, number) -> None:
    enter(client, people["operator"])
    for address in (f"/lam-viec/su-viec/{number}/", f"/lam-viec/nhiem-vu/{number}/", f"/lam-viec/canh-bao/webhook/{number}/"):  # fmt: skip
        assert client.get(address).status_code == 404


def test_a_published_report_concerns_everybody(client, country, people) -> None:
    today = clock.local_day(NOW)
    event = published(Report("2026-W48", "48", today, today), POLICY)
    assert incidents.announce(country, event, POLICY, NOW)
    enter(client, people["other"])
    assert "Đã công bố báo cáo 48" in text(client.get("/lam-viec/hop-thu/"))
    assert client.get(f"/lam-viec/su-viec/{Incident.objects.get().pk}/").status_code == 200


WISHES = {
    **{"agency": "", "floor": "3", "language": "vi", "mode": "daily", "hour": "7"},
    **{"weekday": "0", "quiet_start": "22", "quiet_end": "6", "quiet_weekends": "on"},
    **{"by_mail": "on", "address": "lan@example.gov.vn", "kinds": ["silent_source"]},
}


def test_choices_are_kept_and_the_page_says_that_no_mail_goes_out(client, people) -> None:
    enter(client, people["officer"])
    assert "THUOCDO_SMTP_URL" in text(client.get("/lam-viec/canh-bao/"))
    assert client.post("/lam-viec/canh-bao/", WISHES).status_code == 302
    row = Subscription.objects.get(user=people["officer"])
    assert (row.mode, row.hour, row.quiet_start, row.floor) == ("daily", 7, 22, 3)
    assert row.kinds == ["silent_source"]
    assert row.confirmed_at is None
    assert Letter.objects.get().purpose == Letter.Purpose.CONFIRM
    assert "lan@example.gov.vn" in text(client.get("/lam-viec/canh-bao/"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"agency": "H29"}, "không nằm trong danh sách"),
        ({"floor": "9"}, "không nằm trong danh sách"),
        ({"hour": "24"}, "không nằm trong danh sách"),
        ({"hour": "x"}, "không nằm trong danh sách"),
        ({"mode": "hourly"}, "không nằm trong danh sách"),
        ({"language": "fr"}, "không nằm trong danh sách"),
        ({"address": "khong-phai-thu"}, "Địa chỉ thư điện tử không đúng"),
        ({"address": ""}, "phải có địa chỉ"),
        ({"address": "a@b.vn\r\nBcc: c@d.vn"}, "Địa chỉ thư điện tử không đúng"),
    ],
)
def test_choices_there_are_none_of_are_refused_in_words(client, people, changed, said) -> None:
    enter(client, people["officer"])
    answer = client.post("/lam-viec/canh-bao/", WISHES | changed)
    assert answer.status_code == 400
    assert said in text(answer)
    assert not Subscription.objects.exists()


def test_an_address_is_confirmed_by_its_own_account_alone(client, people) -> None:
    enter(client, people["officer"])
    client.post("/lam-viec/canh-bao/", WISHES)
    row = Subscription.objects.get()
    token = signing.dumps([row.pk, row.address], salt="thuocdo.steer.confirm")
    address = reverse("work-alerts-confirm", args=[token])
    enter(client, people["other"])
    assert client.post(address).status_code == 400
    enter(client, people["officer"])
    assert client.get(address).status_code == 200
    assert Subscription.objects.get().confirmed_at is None  # a look at the page is no yes
    assert client.post(address).status_code == 302
    assert Subscription.objects.get().confirmed_at is not None
    assert client.post(reverse("work-alerts-confirm", args=["x"])).status_code == 400


def test_a_mail_program_stops_the_mails_by_one_post_without_signing_in(client, people) -> None:
    row = Subscription(user=people["officer"], by_mail=True, address="a@b.vn")
    row.save()
    address = reverse("alerts-unsubscribe", args=[signing.dumps(row.pk, salt="thuocdo.steer.unsubscribe")])  # fmt: skip
    client.handler.enforce_csrf_checks = True
    assert client.get(address).status_code == 200
    assert Subscription.objects.get().by_mail
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscription.objects.get().by_mail
    assert client.post(address).status_code == 200  # again: nothing more happens
    assert client.post(reverse("alerts-unsubscribe", args=["x"])).status_code == 400


HOOK = {"name": "Trực ban", "url": "https://hook.example.gov.vn/emc", "agency": "H26", "floor": "2"}


def test_a_webhook_s_secret_is_shown_once(client, people) -> None:
    enter(client, people["admin"])
    page = client.post("/lam-viec/canh-bao/webhook/", HOOK)
    assert "whsec_" in text(page)
    assert page["Cache-Control"] == "no-store"
    hook = Webhook.objects.get()
    assert "whsec_" not in hook.secret
    assert "whsec_" not in text(client.get("/lam-viec/canh-bao/webhook/"))
    assert client.post(f"/lam-viec/canh-bao/webhook/{hook.pk}/", {"disable": ""}).status_code == 302
    assert Webhook.objects.get().disabled_at is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"agency": "H29"},
        {"agency": ""},
        {"url": "http://hook.example.gov.vn/"},
        {"url": "https://user:pw@hook.example.gov.vn/"},
        {"name": " "},
        {"name": "x\0"},
        {"floor": ""},
    ],
)
def test_a_webhook_that_is_not_theirs_or_no_webhook_is_refused(client, people, changed) -> None:
    enter(client, people["admin"])
    assert client.post("/lam-viec/canh-bao/webhook/", HOOK | changed).status_code == 400
    assert not Webhook.objects.exists()


def test_nobody_sees_or_ends_another_agency_s_webhook(client, people) -> None:
    enter(client, people["admin"])
    client.post("/lam-viec/canh-bao/webhook/", HOOK)
    hook = Webhook.objects.get()
    enter(client, people["operator"])
    client.post("/lam-viec/canh-bao/webhook/", HOOK | {"agency": "", "name": "Cả nước"})
    whole = Webhook.objects.get(agency="")
    enter(client, people["other"])
    page = text(client.get("/lam-viec/canh-bao/webhook/"))
    assert "hook.example" not in page
    for each in (hook, whole):
        assert client.post(f"/lam-viec/canh-bao/webhook/{each.pk}/", {"disable": ""}).status_code == 404  # fmt: skip
    enter(client, people["officer"])
    assert client.get("/lam-viec/canh-bao/webhook/").status_code == 403


TASK = {"title": "Gửi bù <b>dữ liệu</b>", "text": "x", "agency": "H26", "working_days": "5"}


def test_a_task_goes_from_the_ministry_to_the_agency_and_back(client, people, found) -> None:
    enter(client, people["publisher"])
    made = client.post("/lam-viec/nhiem-vu/giao/", TASK | {"incident": str(found["H26"].pk)})
    task = Task.objects.get()
    address = f"/lam-viec/nhiem-vu/{task.pk}/"
    assert made.url == address
    assert task.incident == found["H26"]
    assert client.post(address, {"step": "reported"}).status_code == 400  # the agency's step
    enter(client, people["officer"])
    assert "Gửi bù &lt;b&gt;" in text(client.get("/lam-viec/nhiem-vu/"))
    assert client.post(address, {"step": "progress", "text": "Đang làm", "percent": "50"}).url == address  # fmt: skip
    assert client.post(address, {"step": "accepted"}).status_code == 400  # the giver's step
    assert client.post(address, {"step": "reported"}).status_code == 302
    assert client.post(address, {"step": "reported"}).status_code == 400  # sent twice
    enter(client, people["publisher"])
    assert client.post(address, {"step": "accepted"}).status_code == 302
    task.refresh_from_db()
    assert task.state == Task.State.ACCEPTED
    assert client.get(f"/en/work/tasks/{task.pk}/").status_code == 200


def test_another_agency_does_not_see_the_task(client, country, people) -> None:
    task = tasks.give(country, tasks.Given("Gửi bù", "", "H26", working_days=5), "bo", NOW)
    enter(client, people["other"])
    assert client.get(f"/lam-viec/nhiem-vu/{task.pk}/").status_code == 404
    assert "Gửi bù" not in text(client.get("/lam-viec/nhiem-vu/"))
    assert client.get("/lam-viec/co-quan/H26/nhiem-vu/").status_code == 403
    assert client.get("/lam-viec/nhiem-vu/giao/").status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"agency": "H99"},
        {"agency": "\x00"},
        {"working_days": "x"},
        {"working_days": ""},
        {"due": "2020-01-01"},
        {"due": "32/13/2026"},
        {"title": ""},
        {"title": "x\0"},
        {"text": "x\0"},
    ],
)
def test_a_task_that_lacks_something_is_refused_in_words(client, people, changed) -> None:
    enter(client, people["operator"])
    answer = client.post("/lam-viec/nhiem-vu/giao/", TASK | changed)
    assert answer.status_code == 400
    assert "notice warn" in text(answer)
    assert not Task.objects.exists()


def test_what_is_over_says_so(client, people, country, found) -> None:
    incidents.write(country, Kind.SILENT_SOURCE, [], POLICY, NOW + 1, 2)
    enter(client, people["operator"])
    assert "Cổng Sài Gòn" not in text(client.get("/lam-viec/su-viec/"))
    assert "Cổng Sài Gòn" in text(client.get("/lam-viec/su-viec/?trang-thai=closed"))
    assert Notice.objects.filter(channel="inbox").exists()
    assert Incident.objects.filter(closed_at__gt=clock.to_datetime(NOW) - timedelta(1)).count() == 2


def test_an_operator_sees_that_letters_do_not_go_out(client, people, found) -> None:
    at = clock.to_datetime(NOW)
    Letter.objects.create(key="msg_1", channel="mail", made_at=at, next_at=at, failure="451 later")
    enter(client, people["operator"])
    assert "1 đang chờ gửi lại, 0 đã thôi gửi" in text(client.get("/lam-viec/su-viec/"))
    enter(client, people["officer"])
    assert "đang chờ gửi lại" not in text(client.get("/lam-viec/su-viec/"))


def test_the_form_of_a_task_names_the_agencies_to_choose_from(client, people) -> None:
    enter(client, people["publisher"])
    assert '<option value="H26">Hà Nội</option>' in text(client.get("/lam-viec/nhiem-vu/giao/"))
