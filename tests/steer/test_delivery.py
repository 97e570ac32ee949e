"""What is found is told: once to everybody, by mail and in the inbox as they chose."""

from __future__ import annotations

from datetime import timedelta

from tests.steer.conftest import Post
from tests.steer.friday import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    POLICY,
    find,
    posted,
    reader,
    silent,
)

from thuocdo.core import clock
from thuocdo.core.clock import parse_instant, to_datetime
from thuocdo.core.settings import Settings
from thuocdo.registry.models import Change
from thuocdo.registry.rights import Role
from thuocdo.steer import incidents, outbox, subscribing, watching
from thuocdo.steer.causes import Report, published
from thuocdo.steer.model import EVENTS, Kind, Severity
from thuocdo.steer.models import Incident, Letter, Notice


def test_an_incident_is_mailed_in_the_reader_s_language(home: Settings, post: Post) -> None:
    reader("lan", by_mail=True)
    reader("john", by_mail=True, language="en")
    assert find(home, [silent()]).opened == 1
    assert posted(home, NOW) == 2
    by_reader = {letter["To"]: letter for letter in post.letters}
    lan, john = by_reader["lan@example.gov.vn"], by_reader["john@example.gov.vn"]
    assert lan["Subject"].strip() == "[Thước Đo] NGHIÊM TRỌNG: Hà Nội: Cổng ngừng gửi dữ liệu"
    assert john["Subject"].strip() == "[Thước Đo] SERIOUS: Ha Noi: Cổng has fallen silent"
    text = lan.get_body(("plain",)).get_content()
    assert "không có sự kiện nào từ ngày 01/12/2026" in text
    assert "https://emc.example.gov.vn/lam-viec/su-viec/" in text
    assert "<!DOCTYPE html>" in lan.get_body(("html",)).get_content()
    key = Letter.objects.get(user__username="lan").key
    assert lan["Message-ID"] == f"<{key}@emc.example.gov.vn>"
    assert lan["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_who_has_no_right_over_the_agency_hears_nothing(home: Settings, post: Post) -> None:
    reader("lan", by_mail=True)
    reader("khach", Role.VIEWER, by_mail=True)
    find(home, [silent("H29")])
    assert posted(home, NOW) == 0
    assert not Notice.objects.exists()


def test_nobody_is_told_of_what_lies_below_their_floor_until_it_gets_graver(
    home: Settings, post: Post
) -> None:
    user = reader("lan", by_mail=True, floor=Severity.SERIOUS)
    find(home, [silent(severity=Severity.WARNING)])
    assert posted(home, NOW) == 0
    find(home, [silent(severity=Severity.SERIOUS)], NOW + DAY)
    assert posted(home, NOW + DAY) == 1
    assert subscribing.unread(user) == 1
    find(home, [silent(severity=Severity.WARNING)], NOW + 2 * DAY)
    find(home, [silent(severity=Severity.SERIOUS)], NOW + 3 * DAY)
    assert posted(home, NOW + 3 * DAY) == 0


def test_who_chose_nothing_finds_it_in_their_inbox_alone(home: Settings, post: Post) -> None:
    user = reader("lan")
    find(home, [silent()])
    assert posted(home, NOW) == 0
    assert [notice.incident.agency for notice in subscribing.inbox(user)] == ["H26"]
    assert subscribing.read(user, NOW) == 1
    assert subscribing.unread(user) == 0


def test_a_cause_that_flickers_is_told_once_and_a_later_one_again(
    home: Settings, post: Post
) -> None:
    reader("lan", by_mail=True)
    find(home, [silent()])
    posted(home, NOW)
    assert find(home, [], NOW + HOUR).closed == 1
    assert find(home, [silent()], NOW + 2 * HOUR).returned == 1
    assert posted(home, NOW + 2 * HOUR) == 0
    assert find(home, [], NOW + 3 * HOUR).closed == 1
    assert find(home, [silent()], NOW + 3 * HOUR + DAY).opened == 1
    assert posted(home, NOW + 3 * HOUR + DAY) == 1
    assert len(post.letters) == 2


def test_who_was_not_told_because_it_was_over_is_told_when_it_returns(
    home: Settings, post: Post
) -> None:
    reader("lan", by_mail=True)
    find(home, [silent()])
    find(home, [], NOW + HOUR)
    assert posted(home, NOW + HOUR) == 0
    find(home, [silent()], NOW + 2 * HOUR)
    assert posted(home, NOW + 2 * HOUR) == 1
    find(home, [], NOW + 3 * HOUR)
    find(home, [silent()], NOW + 4 * HOUR)
    assert posted(home, NOW + 4 * HOUR) == 0


def test_a_digest_holds_what_is_new_and_not_over(home: Settings, post: Post) -> None:
    reader("lan", Role.ANALYST, "", by_mail=True, mode="daily", hour=8)
    find(home, [silent("H26"), silent("H29"), silent("G01")])
    assert posted(home, NOW) == 0
    find(home, [silent("H26"), silent("G01")], NOW + HOUR)  # H29 is heard again
    assert posted(home, parse_instant("2026-12-05T07:59:00+07:00")) == 0
    assert posted(home, parse_instant("2026-12-05T08:00:00+07:00")) == 1
    (letter,) = post.letters
    assert letter["Subject"].strip() == "[Thước Đo] 2 sự việc mới"
    text = letter.get_body(("plain",)).get_content()
    assert "Hà Nội" in text
    assert "Hồ Chí Minh" not in text
    assert Notice.objects.filter(channel="mail", dropped=True).count() == 1


def test_what_is_urgent_passes_a_digest_and_quiet_hours_and_is_not_repeated(
    home: Settings, post: Post
) -> None:
    reader("lan", by_mail=True, mode="daily", hour=8, quiet_start=8, quiet_end=12)
    find(home, [silent(severity=Severity.URGENT)])
    assert posted(home, NOW) == 1
    assert posted(home, NOW + 2 * DAY) == 0
    assert len(post.letters) == 1


def test_a_new_wish_moves_what_waits(home: Settings, post: Post) -> None:
    user = reader("lan", by_mail=True, mode="weekly", weekday=0)
    find(home, [silent()])
    wishes = subscribing.wishes_of(user)
    wishes.mode = "now"
    subscribing.save(wishes, NOW)
    assert posted(home, NOW) == 1
    assert Change.objects.filter(what="subscription", key="lan").count() == 1
    assert "lan@" not in str(Change.objects.filter(what="subscription").values())


def test_without_a_mail_server_nothing_is_kept_for_mailing(quiet_home: Settings) -> None:
    user = reader("lan", by_mail=True)
    find(quiet_home, [silent()])
    assert posted(quiet_home, NOW) == 0
    assert not Notice.objects.filter(channel="mail").exists()
    assert subscribing.unread(user) == 1


def test_a_letter_that_is_refused_is_tried_again_under_its_key_and_given_up_at_last(
    home: Settings, post: Post
) -> None:
    reader("lan", by_mail=True)
    find(home, [silent()])
    post.refuse = 2
    assert posted(home, NOW) == 0
    letter = Letter.objects.get()
    assert (letter.attempts, letter.next_at) == (1, to_datetime(NOW) + timedelta(minutes=1))
    assert "451" in letter.failure
    assert posted(home, NOW + MINUTE) == 0
    assert posted(home, NOW + 2 * MINUTE) == 0  # the pause has grown: nobody is asked
    assert posted(home, NOW + 6 * MINUTE) == 1
    assert post.letters[0]["Message-ID"].startswith(f"<{letter.key}@")

    find(home, [silent(), silent("H26.01")], NOW + HOUR)
    post.refuse, now = 100, NOW + HOUR
    for _ in range(10):
        posted(home, now)
        now += 13 * HOUR
    letter = Letter.objects.exclude(pk=letter.pk).get()
    assert (letter.state, letter.attempts) == ("given_up", 1 + len(POLICY.posting.pauses_minutes))
    post.refuse = 0
    assert outbox.again(letter, now)
    assert posted(home, now) == 1


def test_an_address_counts_only_once_its_holder_has_confirmed_it(
    home: Settings, post: Post
) -> None:
    user = reader("lan")
    wishes = subscribing.wishes_of(user)
    wishes.by_mail, wishes.address = True, "lan@example.gov.vn"
    subscribing.save(wishes, NOW)
    find(home, [silent()])
    assert posted(home, NOW) == 1
    (asked,) = post.letters
    text = asked.get_body(("plain",)).get_content()
    token = text.split("/lam-viec/canh-bao/xac-nhan/")[1].split("/")[0]
    other = reader("minh")
    assert not subscribing.confirm(token, other, NOW)
    assert subscribing.confirm(token, user, NOW)
    find(home, [silent(), silent("H26.01")], NOW + HOUR)
    assert posted(home, NOW + HOUR) == 1
    wishes = subscribing.wishes_of(user)
    wishes.address = "khac@example.gov.vn"
    subscribing.save(wishes, NOW)
    assert not subscribing.confirm(token, user, NOW)
    assert subscribing.wishes_of(user).confirmed_at is None


def test_one_click_ends_the_mails(home: Settings, post: Post) -> None:
    user = reader("lan", by_mail=True)
    find(home, [silent()])
    posted(home, NOW)
    token = post.letters[0]["List-Unsubscribe"].rstrip(">/").rpartition("/")[2]
    find(home, [silent(), silent("H26.01")], NOW + HOUR)
    assert subscribing.unsubscribe(token)
    assert not subscribing.unsubscribe(token + "x")
    assert posted(home, NOW + HOUR) == 0
    assert subscribing.unread(user) == 2


def test_a_published_report_is_told_once_to_whoever_chose_all_kinds(home: Settings) -> None:
    lan = reader("lan")
    report = Report("2026-W49", "tuần 49", clock.local_day(NOW), clock.local_day(NOW))
    assert incidents.announce(home, published(report, POLICY), POLICY, NOW)
    assert not incidents.announce(home, published(report, POLICY), POLICY, NOW + 9 * DAY)
    assert subscribing.unread(lan) == 1
    assert not Incident.objects.get().is_open


WHATEVER_LANDS = (Kind.SYSTEM_DOWN, Kind.JOB_FAILING, Kind.TASK_OVERDUE)


def test_the_watch_looks_only_where_something_moved(home: Settings) -> None:
    """An empty instance: nothing landed, so nobody is called silent; tasks and outages are looked at all the same."""
    from thuocdo.lake.store import Lake
    from thuocdo.measure.refresh import refresh
    from thuocdo.measure.service import Measure
    from thuocdo.registry.publish import publish

    publish(home)
    lake = Lake.open(home)
    lake.create()
    refresh(home, lake)
    measure = Measure(home)
    first = watching.watch(home, measure, NOW)
    assert set(first.looked) == set(Kind) - EVENTS
    assert not first
    assert watching.watch(home, measure, NOW + MINUTE).looked == ()
    assert watching.watch(home, measure, NOW + HOUR).looked == WHATEVER_LANDS
    assert len(watching.watch(home, measure, NOW + DAY).looked) == len(first.looked)
