"""Quality of the data, the state of the system, and the last hour as it moves."""

from __future__ import annotations

import asyncio
import json

from django.test import AsyncClient

from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.store import Lake
from thuocdo.web.views import live


def text_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_quality_says_how_levels_are_given_and_that_there_is_no_round_yet(client, country):
    page = text_of(client, "/chat-luong/")
    assert "Chưa có đợt đánh giá nào được công bố ở đây." in page
    for level in "ABCDE":
        assert f">{level}</span>" in page


def test_the_status_names_the_head_of_the_log_and_the_age_of_the_figures(client, country):
    head = Ledger(country, Lake.open(country)).extend()
    page = text_of(client, "/tinh-trang/")
    assert head.root in page
    assert "Bảng số liệu" in page
    assert "Cổng thông tin điện tử" in page


def test_an_empty_instance_says_that_it_has_nothing(client, empty):
    page = text_of(client, "/tinh-trang/")
    assert "chưa tính lần nào" in page
    assert "bình thường" in page


def test_the_live_page_holds_sixty_minutes_without_script(client, country):
    page = text_of(client, "/truc-tiep/")
    assert page.count('<tr><th scope="row">') >= 60
    assert 'data-stream="/live/stream"' in page


def test_the_stream_sends_the_part_of_the_page_as_an_event(empty):
    live._fragment.cache_clear()

    async def first_event() -> tuple[dict[str, str], str]:
        response = await AsyncClient().get("/en/live/stream")
        assert response.status_code == 200
        async for part in response.streaming_content:
            text = part.decode()
            if text.startswith("data: "):
                return dict(response.headers), text.removeprefix("data: ")
        raise AssertionError("the stream ended without an event")

    headers, told = asyncio.run(first_event())
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store"
    assert "Page views in 60 minutes" in json.loads(told)["html"]
