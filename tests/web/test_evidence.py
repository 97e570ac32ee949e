"""What was kept is named by what it is, shown where that is safe, and handed out whole."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal

import msgspec
import pytest
from tests.web import held_round
from tests.web.held_round import CODE

from thuocdo.assess.evidence import Kept
from thuocdo.assess.models import Round
from thuocdo.assess.rounds.publication import CheckLine
from thuocdo.measure.definitions import Text
from thuocdo.web.evidence import form_of, pieces, text_of

SYSTEM = f"/chat-luong/{CODE}/H26-one_stop/"


@pytest.fixture
def held(country):
    return held_round.hold(country)


@pytest.fixture
def page(client, held):
    """The address of one piece that the publication names."""
    return re.search(
        rf"/chat-luong/{CODE}/bang-chung/[0-9a-f]{{64}}", client.get(SYSTEM).content.decode()
    )[0]


def test_a_piece_is_linked_by_what_it_is_and_its_page_says_what_stands_on_it(client, page):
    assert f'href="{page}">tiêu đề HTTP</a>' in client.get(SYSTEM).content.decode()
    shown = client.get(page).content.decode()
    assert "<h1>Bằng chứng: tiêu đề HTTP</h1>" in shown
    assert page[-64:] in shown
    assert f'href="{SYSTEM}"' in shown  # under "used for"
    assert "HTTP/1.1 200 OK" in shown
    assert "HTTP headers" in client.get(page.replace("/chat-luong/", "/en/quality/").replace("bang-chung", "evidence")).content.decode()  # fmt: skip


def test_the_file_is_handed_out_whole_and_run_by_no_browser(client, page):
    answer = client.get(f"{page}?file")
    assert hashlib.sha256(answer.content).hexdigest() == page[-64:]
    assert answer["Content-Disposition"] == f'attachment; filename="{page[-64:]}.txt"'
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_what_no_publication_names_is_not_found(client, page, country):
    other = Kept(country.home).keep("page", b"of nobody").sha256
    for name in (other, "0" * 64, "..", "x"):
        assert client.get(f"/chat-luong/{CODE}/bang-chung/{name}").status_code == 404


def test_a_piece_that_was_changed_on_disk_is_not_handed_out(client, page, country):
    path = Kept(country.home).path(page[-64:])
    path.write_bytes(path.read_bytes() + b"!")
    for address in (page, f"{page}?file"):
        answer = client.get(address)
        assert answer.status_code == 500
        assert "không khớp mã băm" in answer.content.decode()


def test_a_piece_that_is_gone_says_so(client, page, country):
    Kept(country.home).path(page[-64:]).unlink()
    answer = client.get(page)
    assert answer.status_code == 410
    assert "không còn được lưu" in answer.content.decode()


HOSTILE = b"<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"\xff\xd8\xff\xe0 made by our browser", "picture"),
        (b'{"pages": ["https://x.gov.vn"]}', "json"),
        (HOSTILE, "text"),
        (b"", "text"),
        (b"[" * 100_000, "text"),
        (b"1" * 10_000, "text"),
        (b"\x89PNG\r\n\x1a\n\0\0", "bytes"),
        ("Cổng dịch vụ công".encode("utf-16"), "bytes"),
    ],
    ids=["jpeg", "json", "markup", "empty", "deep", "long-number", "binary", "utf-16"],
)
def test_what_a_piece_is_shown_as_follows_from_what_it_is(content, form):
    assert form_of(content) == form
    assert (text_of(content, form) == "") == (form in ("picture", "bytes") or not content)


def test_markup_of_a_hostile_page_is_shown_as_text_and_cut(client, held, page, country):
    stored = Kept(country.home).path(page[-64:])
    content = HOSTILE + b"x" * 30_000
    name = Kept(country.home).keep("page", content).sha256
    rename(held, page[-64:], name)
    shown = client.get(page.replace(page[-64:], name)).content.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "Phần cuối chỉ có trong tệp." in shown
    assert stored.exists()


def rename(held: Round, old: str, new: str) -> None:
    """The same publication, as if it had named another piece: signed anew, which only a test may do."""
    from django.conf import settings

    from thuocdo.core.signing import Signer, payload_of

    signer = Signer.of(settings.THUOCDO.home)
    payload = payload_of(held.publication, signer.public)
    held.publication = signer.sign(payload.replace(old.encode(), new.encode()))
    Round.objects.filter(pk=held.pk).update(publication=held.publication)


def test_pieces_of_one_kind_are_told_apart_by_a_number():
    named = {"a" * 64: "page", "b" * 64: "headers", "c" * 64: "page", "d" * 64: ""}
    words = [each.words for each in pieces(named)]
    assert words == ["trang đã lưu 1", "tiêu đề HTTP", "trang đã lưu 2", "dddddddd"]


def test_what_was_published_before_kinds_were_told_is_still_read():
    line = CheckLine(
        "security.hsts", Text(vi="a", en="a"), "pass", Decimal(1), Decimal(1),
        "", "", "", [], [], ["a" * 64],
    )  # fmt: skip
    raw = msgspec.json.decode(msgspec.json.encode(line))
    del raw["kinds"]
    assert msgspec.convert(raw, CheckLine).kept == {"a" * 64: ""}
