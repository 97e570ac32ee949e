"""Keys are shown once, kept as hashes, and reach the collector at once."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core import snapshot
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import key_hash
from thuocdo.registry.keys import create_key, revoke
from thuocdo.registry.models import Change, SiteKey


def test_a_new_key_opens_its_scope_at_the_collector(country) -> None:
    key = create_key(
        country,
        "Một cửa Hà Nội",
        agency="H26",
        site_ids=(7, 8),
        feeds=("canonical",),
        expires=date(2027, 1, 1),
    )
    entry = snapshot.read(country.snapshot_path).key_by_hash[key_hash(country.secret, key)]
    assert entry.name == "Một cửa Hà Nội"
    assert (entry.agency, entry.site_ids, entry.feeds) == ("H26", (7, 8), ("canonical",))
    assert entry.expires == "2027-01-01"


def test_the_key_itself_is_written_nowhere(country) -> None:
    key = create_key(country, "thử")
    texts = [str(row) for model in (SiteKey, Change) for row in model.objects.values()]
    files = [path.read_bytes() for path in country.home.rglob("*") if path.is_file()]
    assert not any(key in text for text in texts)
    assert not any(key.encode() in content for content in files)


def test_a_revoked_key_is_gone_from_the_snapshot_and_both_steps_are_on_record(country) -> None:
    create_key(country, "thử")
    row = SiteKey.objects.get()
    revoke(country, row)
    revoke(country, row)
    assert snapshot.read(country.snapshot_path).keys == ()
    actions = Change.objects.filter(what="sitekey").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["create", "revoke"]


@pytest.mark.parametrize(
    ("scope", "code"),
    [({"agency": "Z99"}, "unknown_agency"), ({"feeds": ("telepathy",)}, "unknown_feed")],
)
def test_a_scope_that_does_not_exist_is_refused(country, scope, code) -> None:
    with pytest.raises(ThuocdoError) as error:
        create_key(country, "thử", **scope)
    assert error.value.code == code
    assert not SiteKey.objects.exists()
