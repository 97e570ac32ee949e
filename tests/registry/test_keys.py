"""Keys are shown once, kept as hashes, and reach the collector at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from thuocdo.core import snapshot
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import key_hash
from thuocdo.registry.keys import create_key, find, revoke, rotate
from thuocdo.registry.models import Change, Site, SiteKey
from thuocdo.registry.policy import ask


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


def test_a_key_is_replaced_and_the_old_one_works_until_systems_have_the_new(country) -> None:
    old = create_key(country, "Một cửa", agency="H26", feeds=("mcdt",))
    new = rotate(country, find("Một cửa"), keep_days=3)
    entries = snapshot.read(country.snapshot_path).key_by_hash
    first, second = (entries[key_hash(country.secret, key)] for key in (old, new))
    assert (second.agency, second.feeds) == ("H26", ("mcdt",))
    assert second.expires is None
    assert first.expires == (local_day(now_us()) + timedelta(days=3)).isoformat()
    assert first.key_id != second.key_id
    with pytest.raises(ThuocdoError) as error:
        find("Một cửa")
    assert error.value.code == "which_key"
    revoke(country, find(first.key_id))
    with pytest.raises(ThuocdoError) as error:
        rotate(country, SiteKey.objects.get(key_id=first.key_id))
    assert error.value.code == "key_is_revoked"


def test_what_a_site_asks_reaches_the_collector_and_the_trail(country) -> None:
    Site.objects.create(site_id=227, system="H26-portal", name="Cổng")
    site_id = 227
    asked = ask(country, site_id, {"needs_key": True, "networks": "203.0.113.0/24"})
    entry = snapshot.read(country.snapshot_path).site_by_id[site_id]
    assert (entry.needs_key, entry.networks, entry.is_guarded) == (True, ("203.0.113.0/24",), True)
    assert asked["needs_key"] is True
    change = Change.objects.filter(what="site", action="update").latest("id")
    assert (change.before["needs_key"], change.after["needs_key"]) == (False, True)
    with pytest.raises(ThuocdoError) as error:
        ask(country, 10**9, {"needs_key": True})
    assert error.value.code == "unknown_site"
