"""A ledger that an earlier version wrote is read, and goes on, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from thuocdo.core import merkle
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.signing import Signer
from thuocdo.lake.ledger.book import NOTHING, Book, Entry, head_in
from thuocdo.lake.ledger.records import ErasedLeaf, FileLine, RowsLeaf, leaf_of

SIGNER: Final = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))

# Written by version 0.1.0 on 2026-11-28; never to be edited.
LEAVES: Final = (
    '{"leaf":"rows","table":"page_views","rows":5,"root":"1111111111111111111111111111111111111111111111111111111111111111","known":1790000000000000,"segment":"w/1","last":4}',
    '{"leaf":"rows","table":"agencies","rows":2,"root":"2222222222222222222222222222222222222222222222222222222222222222","known":1790000000000001,"listed":true}',
    '{"leaf":"erased","table":"page_views","segment":"w/1","event_id":3,"hash":"5555555555555555555555555555555555555555555555555555555555555555","at":1790000000000003,"reason":"NĐ 224/2026"}',
)
FILES: Final = (
    '{"path":"page_views/_delta_log/00000000000000000000.json","size":900,"sha256":"3333333333333333333333333333333333333333333333333333333333333333"}',
    '{"path":"page_views/day=2026-11-25/part-0.parquet","size":4000,"sha256":"4444444444444444444444444444444444444444444444444444444444444444"}',
    '{"path":"page_views/day=2026-11-25/part-0.parquet"}',
)
HEADS: Final = (
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjFJRzJ0TUg3SjJ3Ykpabk9mOExKelFpdEtmN0xNdm9BRWxzdURNVk01NFkiLCJ0eXAiOiJKT1NFIn0.eyJzaXplIjoyLCJyb290IjoiNGI2OWU0MmQzMGJkMzM2MTg3ZjNjNWI0MmQ1MmY1OTc3M2E4MTY0ODRhMGU2NzBiYTJhM2FhZDUxYjVjYzE4MiIsImF0IjoxNzkwMDAwMDAwMDAwMDAyLCJ2ZXJzaW9ucyI6eyJwYWdlX3ZpZXdzIjowLCJhZ2VuY2llcyI6MH0sImZpbGVzIjoiNzlhNzc0NDY1OWQwZjAxYWRkMjU2MTQyMjdiNTdhOTE4ZjViMDYxMzQ4ODJjMjkxNzZiODIzNWNhMzg3OWJkYSIsImludmVudG9yeSI6MCwicGVha3MiOlsiNGI2OWU0MmQzMGJkMzM2MTg3ZjNjNWI0MmQ1MmY1OTc3M2E4MTY0ODRhMGU2NzBiYTJhM2FhZDUxYjVjYzE4MiJdLCJsZWF2ZXNfYnl0ZXMiOjMyNywiZmlsZXNfYnl0ZXMiOjI4Niwic29mdHdhcmUiOiJ0aHVvY2RvIDAuMS4wIn0.a9GeZWRzxkFSFheoOs_YhB1po63jWPZ1IrmKc5GNfnpsV8q-UQdRGJ_FOFQrOy5EhfQGjx89wZkVbkOqC8cLDQ",
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjFJRzJ0TUg3SjJ3Ykpabk9mOExKelFpdEtmN0xNdm9BRWxzdURNVk01NFkiLCJ0eXAiOiJKT1NFIn0.eyJzaXplIjozLCJyb290IjoiYTYzZGNmZGY5ZjhhM2U4NTZkMDMwNmU5MTRiMTcwNjNjZTcwZTE2MzFlNjI5MWUwMDg4NTYxNTE3N2M0ZmYzYiIsImF0IjoxNzkwMDAwMDAwMDAwMDA0LCJ2ZXJzaW9ucyI6eyJwYWdlX3ZpZXdzIjoxLCJhZ2VuY2llcyI6MH0sImZpbGVzIjoiODY0N2M5NDFlMWU5MzAyMzZkMDU2ZDY3MzQ3NjY1MDc4NDQ2MTAzM2Y3NDQ3YWYwYWNkNjEyNjA1OTZhOTRlZSIsImludmVudG9yeSI6MCwicGVha3MiOlsiNGI2OWU0MmQzMGJkMzM2MTg3ZjNjNWI0MmQ1MmY1OTc3M2E4MTY0ODRhMGU2NzBiYTJhM2FhZDUxYjVjYzE4MiIsImIwNzJhMDRmNmNmYzJiZjAzYTI2NjU2YjE0ODUwMWM1ZWNjODQwY2YyZjljMjhkNzM5MzdjOTc3MjgxZTg0ZWUiXSwibGVhdmVzX2J5dGVzIjo1MTUsImZpbGVzX2J5dGVzIjozMzgsInNvZnR3YXJlIjoidGh1b2NkbyAwLjEuMCJ9.gk87Tgbhe2MtZQmboZ2MYkp4_a7-TnCNEOXshQYdrPPegqigDEw7uKtOO9Wl10yEdd6lsrTGd5vcafrj924rCQ",
)
KNOWN: Final = 1_790_000_000_000_000


def text(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def old(tmp_path: Path) -> Book:
    """The ledger after its first head: two leaves, two files."""
    (tmp_path / "listed").mkdir()
    (tmp_path / "leaves.ndjson").write_text(text(*LEAVES[:2]))
    (tmp_path / "files-0.ndjson").write_text(text(*FILES[:2]))
    (tmp_path / "head.jws").write_text(HEADS[0])
    return Book(tmp_path)


def go_on(book: Book) -> None:
    base = book.head(SIGNER.public) or NOTHING
    tombstone = ErasedLeaf("page_views", "w/1", 3, "55" * 32, KNOWN + 3, "NĐ 224/2026")
    gone = FileLine("page_views/day=2026-11-25/part-0.parquet")
    versions = {"page_views": 1, "agencies": 0}
    book.append(base, [Entry(tombstone)], [gone], versions, KNOWN + 4, SIGNER)


def test_it_is_read_as_it_was_written(old: Book) -> None:
    head = old.head(SIGNER.public)
    assert head is not None
    leaves = list(old.lines(old.leaves_path, 0, head.leaves_bytes))
    hashes = b"".join(map(merkle.leaf_hash, leaves))
    assert merkle.root_of(hashes).hex() == head.root
    assert leaf_of(leaves[0]) == RowsLeaf("page_views", 5, "11" * 32, KNOWN, "w/1", 0, 4)
    assert leaf_of(leaves[1]) == RowsLeaf("agencies", 2, "22" * 32, KNOWN + 1, listed=True)


def test_it_goes_on_with_the_very_lines_it_always_had(old: Book) -> None:
    go_on(old)
    assert old.leaves_path.read_text() == text(*LEAVES)
    assert old.files_path(0).read_text() == text(*FILES)
    head = old.head(SIGNER.public)
    assert head is not None
    told = head_in(HEADS[1], SIGNER.public, old.head_path)
    assert (head.size, head.root, head.files, head.peaks) == (3, told.root, told.files, told.peaks)
    assert (head.leaves_bytes, head.files_bytes) == (told.leaves_bytes, told.files_bytes)


def test_half_a_line_beyond_the_head_is_cut_off_by_whoever_goes_on(old: Book) -> None:
    for path in (old.leaves_path, old.files_path(0)):
        with path.open("a") as file:
            file.write('{"leaf":"rows","tab')
    go_on(old)
    assert old.leaves_path.read_text() == text(*LEAVES)
    assert old.files_path(0).read_text() == text(*FILES)


def test_a_list_shorter_than_its_head_is_refused(old: Book) -> None:
    old.leaves_path.write_text(text(LEAVES[0]))
    with pytest.raises(ThuocdoError) as refused:
        go_on(old)
    assert refused.value.code == "ledger_cut"
    assert old.head_path.read_text() == HEADS[0]
