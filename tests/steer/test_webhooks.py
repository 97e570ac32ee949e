"""What is found is told to other systems: signed, once, and to nobody inside."""

from __future__ import annotations

from dataclasses import replace

from tests.steer.conftest import Post, Receiver
from tests.steer.friday import (
    HOUR,
    MINUTE,
    NOW,
    find,
    hook,
    posted,
    reader,
    silent,
)

from thuocdo.core.clock import to_datetime
from thuocdo.core.settings import Settings
from thuocdo.registry.models import Change
from thuocdo.steer import subscribing
from thuocdo.steer.models import Letter


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
