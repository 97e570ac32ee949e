"""A proof shows what it says to whoever has the key, and nothing once a letter of it is changed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.lake.ledger.conftest import Feeder

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import dossier_key
from thuocdo.core.settings import Settings
from thuocdo.core.signing import Signer
from thuocdo.lake.ledger import proofs
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.proofs import Proof
from thuocdo.lake.store import Lake

SYSTEM, NUMBER = "H29-one_stop", "H29.12-220430-0001"


@pytest.fixture
def told(ledger: Ledger, lake: Lake, feeder: Feeder, settings: Settings) -> Ledger:
    key = dossier_key(settings.secret, SYSTEM, NUMBER)
    for segment in ("w/1", "w/2", "w/3"):
        rows = feeder.rows("dossier_events", segment, 6).to_pylist()
        rows[4] |= {"dossier_hi": key[0], "dossier_lo": key[1], "system": SYSTEM}
        made = feeder.rows("dossier_events", segment, 1).schema
        lake.append(
            "dossier_events", type(lake.read("dossier_events")).from_pylist(rows, schema=made),
            app_id=segment, version=1,
        )  # fmt: skip
        feeder.put("page_views", segment, 3)
        ledger.extend()
    return ledger


def receipt(ledger: Ledger, segment: str) -> str:
    return ledger.signer.sign(json.dumps({"segment": segment, "accepted": 3}).encode())


def strings(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every text and number inside of some JSON, and where it is."""
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for name, item in inside:
            yield from strings(item, (*path, name))
    else:
        yield path, value


def changed(proof: Proof, path: tuple[Any, ...], chance: random.Random) -> Proof:
    """The proof with one letter or number of it changed."""
    data = json.loads(msgspec.json.encode(proof))
    inner = data
    for name in path[:-1]:
        inner = inner[name]
    value = inner[path[-1]]
    if isinstance(value, int):
        inner[path[-1]] = value + 1
    else:
        place = chance.randrange(len(value))
        letter = "1" if value[place] == "0" else "0"
        inner[path[-1]] = value[:place] + letter + value[place + 1 :]
    return msgspec.json.decode(json.dumps(data), type=Proof)


def all_of(told: Ledger, secret: bytes) -> dict[str, Proof]:
    return {
        "dossier": proofs.of_dossier(told, secret, SYSTEM, NUMBER),
        "receipt": proofs.of_receipt(told, receipt(told, "w/2")),
        "consistency": proofs.of_consistency(told, 2, 5),
    }


def test_proofs_show_what_they_say(told: Ledger, settings: Settings) -> None:
    told.keep(0)
    made = all_of(told, settings.secret)
    shown = {name: proofs.check(proof, told.signer.public) for name, proof in made.items()}
    head = told.head()
    assert head is not None
    assert {(each.size, each.root) for each in shown.values()} == {(head.size, head.root)}
    assert (shown["dossier"].leaves, shown["dossier"].rows) == (3, 3)
    assert (shown["receipt"].segment, shown["receipt"].leaves) == ("w/2", 2)
    assert shown["consistency"].beginnings == (2, 5)


@pytest.mark.parametrize("name", ["dossier", "receipt", "consistency"])
def test_a_proof_changed_anywhere_shows_nothing(
    name: str, told: Ledger, settings: Settings
) -> None:
    told.keep(0)
    proof = all_of(told, settings.secret)[name]
    chance = random.Random(1)
    data = json.loads(msgspec.json.encode(proof))
    places = [path for path, _ in strings(data) if path[0] not in ("about", "columns")]
    assert len(places) > 4
    for path in places:
        with pytest.raises((ThuocdoError, ValueError)):
            proofs.check(changed(proof, path, chance), told.signer.public)


def test_another_key_shows_nothing(told: Ledger, settings: Settings, tmp_path: Any) -> None:
    proof = proofs.of_dossier(told, settings.secret, SYSTEM, NUMBER)
    with pytest.raises(ThuocdoError, match="no head signed"):
        proofs.check(proof, Signer.of(tmp_path / "other").public)


def test_a_proof_of_nothing_is_none(told: Ledger) -> None:
    with pytest.raises(ThuocdoError, match="shows nothing"):
        proofs.check(Proof("dossier", told.book.token() or ""), told.signer.public)


def test_what_is_not_in_the_log_cannot_be_proved(told: Ledger, settings: Settings) -> None:
    with pytest.raises(ThuocdoError, match="no event of that dossier"):
        proofs.of_dossier(told, settings.secret, SYSTEM, "another")
    with pytest.raises(ThuocdoError, match="no rows of the segment"):
        proofs.of_receipt(told, receipt(told, "w/9"))
    with pytest.raises(ThuocdoError, match="not signed"):
        proofs.of_receipt(told, receipt(told, "w/1")[:-4] + "AAAA")
    with pytest.raises(ThuocdoError, match="no earlier sizes"):
        proofs.of_consistency(told, 5, 2)
