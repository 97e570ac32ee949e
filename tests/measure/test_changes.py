"""What a new version makes compute again is read off the two definitions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from thuocdo.measure.definitions import (
    Composite,
    Dossiers,
    NotComputable,
    Source,
    Text,
    Version,
    definition,
    definitions,
)
from thuocdo.measure.definitions.changes import Change, change, changes, columns_of
from thuocdo.measure.definitions.model import Marks
from thuocdo.measure.definitions.running import linked
from thuocdo.measure.definitions.terms import Part
from thuocdo.measure.facts.schemas import FACTS

HAVE = {table: schema.names for table, schema in FACTS.items()}
OLDER = HAVE | {"dossiers_daily": [n for n in HAVE["dossiers_daily"] if n != "reused"]}
BEFORE = Version(
    version="2022-05",
    valid_from=date(2022, 5, 1),
    source=Source("a", "b"),
    description=Text("vi", "en"),
    numerator=Dossiers(event="received", channels=["online"]),
    denominator=Dossiers(event="received"),
    coverage_threshold=0.5,
    vectors=[],
)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"description": Text("khác", "other")}, Change.WORDS),
        ({"notes": [Text("thêm", "more")], "valid_to": date(2023, 1, 1)}, Change.WORDS),
        ({"rounding": 1}, Change.RULES),
        ({"coverage_threshold": 0.8}, Change.RULES),
        ({"zero_denominator": "full"}, Change.RULES),
        ({"marks": Marks(Decimal(2), Decimal(80))}, Change.RULES),
        ({"numerator": Dossiers(event="received", channels=["postal"])}, Change.CELLS),
        ({"denominator": Dossiers(event="resolved")}, Change.CELLS),
        ({"unknown_channel": "counter"}, Change.CELLS),
        ({"postal": "left_out"}, Change.CELLS),
        ({"missing_due": "overdue"}, Change.CELLS),
    ],
)
def test_a_change_is_as_small_as_what_it_touches(changed, kind):
    after = msgspec.structs.replace(BEFORE, version="2022-12", **changed)
    assert change(BEFORE, after, HAVE) == kind


def test_a_column_that_the_facts_lack_has_them_rebuilt():
    after = msgspec.structs.replace(BEFORE, numerator=Dossiers(event="received", reused=True))
    assert change(BEFORE, after, OLDER) == Change.FACTS
    assert change(BEFORE, after, HAVE) == Change.CELLS


def test_the_facts_have_every_column_that_a_definition_needs():
    for indicator in definitions():
        assert Change.FACTS not in changes(indicator, HAVE), indicator.code
        assert changes(indicator, HAVE)[0] == Change.FIRST
        for version in indicator.versions:
            for table, needed in columns_of(version).items():
                assert needed <= set(HAVE[table]), (indicator.code, table)


def made_of(parent_text, own):
    """`qd766_online_payment` made of a changed part, linked anew."""
    codes = {each.code: each for each in definitions()}
    part = codes["qd766_paid_online"]
    changed = msgspec.structs.replace(part.versions[0], description=parent_text)
    codes["qd766_paid_online"] = msgspec.structs.replace(part, versions=[changed])
    codes["qd766_online_payment"] = own
    return {each.code: each for each in linked(codes, {})}["qd766_online_payment"].versions[0]


def test_a_changed_part_changes_the_whole():
    own = definition("qd766_online_payment")
    part = definition("qd766_paid_online")
    same = made_of(part.versions[0].description, own)
    other = made_of(Text("khác", "other"), own)
    assert same.identity == own.versions[0].identity
    assert other.identity != own.versions[0].identity
    assert change(same, other, HAVE) == Change.PARTS


def test_other_weights_put_the_parts_together_again():
    before = definition("qd766_online_payment").versions[0]
    other = Composite(parts=[Part("qd766_paid_online", Decimal(10))], most=Decimal(10))
    assert change(before, msgspec.structs.replace(before, numerator=other), HAVE) == Change.PARTS


def test_what_becomes_computable_is_counted():
    text = Text("vi", "en")
    before = msgspec.structs.replace(BEFORE, numerator=NotComputable(text, text), denominator=None)
    assert change(before, BEFORE, HAVE) == Change.CELLS
