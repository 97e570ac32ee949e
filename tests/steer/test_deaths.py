"""Whatever dies between finding and telling, nobody is told twice and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.steer.conftest import Post
from tests.steer.friday import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    POLICY,
    find,
    find_and_post,
    posted,
    reader,
    silent,
)

from thuocdo.core.settings import Settings
from thuocdo.registry.rights import Role
from thuocdo.steer import incidents, letters, outbox, subscribing
from thuocdo.steer.model import Channel, Severity
from thuocdo.steer.models import Incident, Letter, Notice


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
