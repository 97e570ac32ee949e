"""What is found is told: once to everybody by every way they chose, whatever dies in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.steer.conftest import Post, Receiver

from thuocdo.core import clock
from thuocdo.core.clock import parse_instant, to_datetime
from thuocdo.core.settings import Settings
from thuocdo.registry.accounts import create_account
from thuocdo.registry.models import Change
from thuocdo.registry.rights import Role
from thuocdo.steer import incidents, letters, outbox, subscribing, watching
from thuocdo.steer.causes import Report, published
from thuocdo.steer.model import EVENTS, Cause, Channel, Kind, Severity
from thuocdo.steer.models import Incident, Letter, Notice, Subscription, Webhook
from thuocdo.steer.policy import policy_on

NOW = parse_instant("2026-12-04T10:00:00+07:00")  # a Friday
MINUTE = 60 * 1_000_000
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
POLICY = policy_on(clock.local_day(NOW))


def silent(agency: str = "H26", severity: Severity = Severity.SERIOUS, name: str = "Cổng") -> Cause:
    evidence = {"name": name, "since": "2026-12-01", "days": 3}
    return Cause(Kind.SILENT_SOURCE, f"{agency}-portal", agency, severity, evidence)


def find(home: Settings, causes: list[Cause], now: int = NOW) -> incidents.Written:
    return incidents.write(home, Kind.SILENT_SOURCE, causes, POLICY, now, 1)


def find_and_post(home: Settings, now: int) -> None:
    find(home, [silent()], now)
    posted(home, now)


def reader(name: str, role: Role = Role.OFFICER, agency: str = "H26", **wishes: Any) -> Any:
    """Somebody with an address that is theirs."""
    create_account(name, None, role, agency)
    user = get_user_model().objects.get(username=name)
    if wishes:
        row = Subscription(user=user, address=f"{name}@example.gov.vn", **wishes)
        row.confirmed_at = to_datetime(NOW)
        row.save()
    return user


def posted(home: Settings, now: int) -> int:
    outbox.pack(home, now)
    return outbox.send(home, now, letters.WAYS, lambda: now)


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


def hook(home: Settings, receiver: Receiver, agency: str = "") -> Webhook:
    made, receiver.secret = subscribing.register(
        home, "trực ban", receiver.url, agency, [], Severity.WARNING, "van-hanh"
    )
    return made


def test_a_webhook_hears_the_beginning_and_the_end(home: Settings, receiver: Receiver) -> None:
    made = hook(home, receiver, "H26")
    assert receiver.secret not in made.secret
    assert "secret" not in Change.objects.get(what="webhook").after
    find(home, [silent("H26.01"), silent("H29")])
    assert posted(home, NOW) == 1
    find(home, [silent("H29")], NOW + HOUR)
    assert posted(home, NOW + HOUR) == 1
    (_, opened), (_, closed) = receiver.calls
    assert (opened["type"], closed["type"]) == ("incident.opened", "incident.closed")
    assert opened["data"]["evidence"] == {"name": "Cổng", "since": "2026-12-01", "days": 3}
    assert closed["data"]["closed_at"] == to_datetime(NOW + HOUR).isoformat()
    assert len({call for call, _body in receiver.calls}) == 2


def test_a_webhook_that_fails_gets_the_same_id_again(home: Settings, receiver: Receiver) -> None:
    hook(home, receiver)
    receiver.status = 503
    find(home, [silent()])
    assert posted(home, NOW) == 0
    receiver.status = 204
    assert posted(home, NOW + MINUTE) == 1
    assert len({call for call, _body in receiver.calls}) == 1
    assert len(receiver.calls) == 2


def test_a_dead_receiver_keeps_nobody_else_waiting(
    home: Settings, receiver: Receiver, post: Post
) -> None:
    reader("lan", by_mail=True)
    hook(home, receiver)
    receiver.status = 503
    find(home, [silent(f"H26.{n}") for n in range(10, 16)])
    assert posted(home, NOW) == 1  # the mail
    assert len(receiver.calls) == 2
    assert Letter.objects.filter(channel="webhook", attempts=0).count() == 4


def test_a_webhook_into_our_own_network_is_refused(home: Settings, receiver: Receiver) -> None:
    hook(home, receiver)
    find(home, [silent()])
    assert posted(replace(home, webhook_networks=()), NOW) == 0
    assert "not allowed" in Letter.objects.get().failure
    assert receiver.calls == []


def test_a_webhook_that_was_ended_hears_no_more(home: Settings, receiver: Receiver) -> None:
    made = hook(home, receiver)
    find(home, [silent()])
    assert subscribing.disable(made, "van-hanh", NOW)
    assert not subscribing.disable(made, "van-hanh", NOW)
    assert posted(home, NOW) == 0
    assert receiver.calls == []


def test_a_published_report_is_told_once_to_whoever_chose_all_kinds(home: Settings) -> None:
    lan = reader("lan")
    report = Report("2026-W49", "tuần 49", clock.local_day(NOW), clock.local_day(NOW))
    assert incidents.announce(home, published(report, POLICY), POLICY, NOW)
    assert not incidents.announce(home, published(report, POLICY), POLICY, NOW + 9 * DAY)
    assert subscribing.unread(lan) == 1
    assert not Incident.objects.get().is_open


class Killed(BaseException):
    """The process is gone: nothing below catches it."""


def test_death_between_opening_and_sending_loses_and_doubles_nothing(
    home: Settings, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dies at every step of the way in turn; a second worker takes up what the first left."""
    reader("lan", by_mail=True)
    reader("minh", by_mail=True)

    def die(*_given: Any, **_named: Any) -> Any:
        raise Killed

    steps = [
        (incidents, "notices"),  # with the incident opened, in its transaction
        (outbox, "pack"),
        (outbox, "_pack"),
        (outbox, "send"),
    ]
    now = NOW
    for place, name in steps:
        with monkeypatch.context() as dying:
            dying.setattr(place, name, die)
            with pytest.raises(Killed):
                find_and_post(home, now)
    # in the middle of sending: taken, and gone
    with monkeypatch.context() as dying:
        dying.setitem(letters.WAYS, Channel.MAIL.value, die)
        with pytest.raises(Killed):
            find_and_post(home, now)
    find(home, [silent()], now + MINUTE)
    assert posted(home, now + MINUTE) == 1  # the one nobody holds
    now += POLICY.posting.lease_minutes * MINUTE
    find(home, [silent()], now)
    assert posted(home, now) == 1  # and the dead one's
    assert posted(home, now + DAY) == 0
    assert sorted(letter["To"] for letter in post.letters) == [
        "lan@example.gov.vn",
        "minh@example.gov.vn",
    ]
    assert Incident.objects.count() == 1


def test_a_letter_that_went_before_the_sender_died_goes_again_under_the_same_id(
    home: Settings, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader("lan", by_mail=True)
    find(home, [silent()])

    def sent_and_died(*given: Any) -> str:
        letters.send_mail(*given)
        raise Killed

    with monkeypatch.context() as dying:
        dying.setitem(letters.WAYS, Channel.MAIL.value, sent_and_died)
        with pytest.raises(Killed):
            posted(home, NOW)
    posted(home, NOW + POLICY.posting.lease_minutes * MINUTE)
    assert len(post.letters) == 2  # at least once …
    assert len({letter["Message-ID"] for letter in post.letters}) == 1  # … and told apart


moves = st.lists(
    st.tuples(
        st.sampled_from(["look", "post", "post twice", "wish", "die"]),
        st.sets(st.sampled_from(["H26", "H29", "G01"])),
        st.sampled_from([Severity.WARNING, Severity.SERIOUS, Severity.URGENT]),
        st.sampled_from(["now", "daily", "weekly"]),
        st.integers(1, 40),  # hours that pass
    ),
    max_size=14,
)


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves)
def test_no_cause_is_delivered_twice_to_one_person_by_one_channel(
    home: Settings, done: list[tuple[str, set[str], Severity, str, int]]
) -> None:
    Notice.objects.all().delete()
    Incident.objects.all().delete()
    Letter.objects.all().delete()
    get_user_model().objects.all().delete()
    user = reader("lan", Role.ANALYST, "", by_mail=True)
    told: list[tuple[int, str]] = []

    def keep(_settings: Settings, letter: Letter, *_rest: Any) -> str:
        told.extend((notice.incident_id, letter.key) for notice in letter.notices.all())
        return ""

    def fail(_settings: Settings, letter: Letter, *_rest: Any) -> str:
        return "no way"

    now = NOW
    for what, agencies, severity, mode, hours in done:
        now += hours * HOUR
        if what == "look":
            find(home, [silent(agency, severity) for agency in sorted(agencies)], now)
        elif what == "wish":
            wishes = subscribing.wishes_of(user)
            wishes.mode = mode
            subscribing.save(wishes, now)
        else:
            ways = {Channel.MAIL.value: fail if what == "die" else keep}
            for _worker in range(2 if what == "post twice" else 1):
                outbox.pack(home, now)
                outbox.send(home, now, ways, lambda at=now: at)
    assert len({incident for incident, _key in told}) == len(told)
    for _ in range(4):  # and nothing that still stands is forgotten
        now += 8 * DAY
        posted_ways = {Channel.MAIL.value: keep}
        outbox.pack(home, now)
        outbox.send(home, now, posted_ways, lambda at=now: at)
    still = set(Incident.objects.filter(closed_at__isnull=True).values_list("pk", flat=True))
    given_up = set(
        Notice.objects.filter(letter__state="given_up").values_list("incident_id", flat=True)
    )
    assert still <= {incident for incident, _key in told} | given_up
    assert len({incident for incident, _key in told}) == len(told)


def test_the_watch_looks_only_where_something_moved(home: Settings) -> None:
    """An empty instance: nothing landed, so nobody is called silent; tasks are looked at all the same."""
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
    assert watching.watch(home, measure, NOW + HOUR).looked == (Kind.TASK_OVERDUE,)
    assert len(watching.watch(home, measure, NOW + DAY).looked) == len(first.looked)
