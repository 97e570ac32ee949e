"""An endless body fills nothing and gets a page; lists of dossier numbers never leave memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.core.exceptions import RequestAborted
from django.urls import reverse
from django.utils import translation

from thuocdo.registry.uploads import limits
from thuocdo.web import bodies
from thuocdo.web.bodies import Handler

BLOCK = b"x" * (1 << 20)


def sent(blocks: int, *, end: bool = True) -> Any:
    """What a server hands on of a body of so many MiB."""
    waiting = [{"type": "http.request", "body": BLOCK, "more_body": True}] * blocks
    last = {"type": "http.request", "body": b"", "more_body": False}
    waiting.append(last if end else {"type": "http.disconnect"})

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    return receive


def body_of(path: str, blocks: int, *, end: bool = True) -> Any:
    async def read() -> Any:
        bodies._path.set(path)
        return await Handler().read_body(sent(blocks, end=end))

    return asyncio.run(read())


def numbers() -> list[str]:
    found = []
    for language in ("vi", "en"):
        with translation.override(language):
            found.append(reverse("work-matched", args=["H26"]))
    return found


def test_a_body_within_bounds_is_read_whole() -> None:
    body = body_of("/lam-viec/", 8)
    assert body.read() == BLOCK * 8


def test_more_than_the_bound_is_let_past_and_kept_nowhere() -> None:
    body = body_of("/lam-viec/", (limits().most_bytes >> 20) + 5)
    assert body.read() == b""
    assert getattr(body, bodies._DROPPED)


def test_a_sender_who_goes_leaves_nothing() -> None:
    with pytest.raises(RequestAborted):
        body_of("/lam-viec/", 3, end=False)


@pytest.mark.parametrize("path", numbers())
def test_lists_of_numbers_stay_in_memory_while_they_arrive(path) -> None:
    assert not body_of(path, 20)._rolled
    assert body_of("/lam-viec/", 20)._rolled


def test_a_body_that_was_dropped_is_answered_with_a_page(client, rf) -> None:
    request = rf.post("/lam-viec/")
    request.user, request.session = None, {}
    setattr(request, bodies._DROPPED, True)
    answer = bodies.TooLarge(lambda _request: pytest.fail("not asked"))(request)
    assert answer.status_code == 413
    assert "32 MiB" in answer.content.decode()
