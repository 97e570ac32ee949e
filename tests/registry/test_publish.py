"""What the registry says reaches the lake with its history and the collector as one file."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from thuocdo.core import snapshot
from thuocdo.core.clock import now_us
from thuocdo.lake import dimensions
from thuocdo.lake.schemas import DIMENSIONS
from thuocdo.lake.store import Lake
from thuocdo.registry.models import Agency, Change, Site, System
from thuocdo.registry.publish import publish
from thuocdo.registry.setup import initialise, setup_django


def versions(lake: Lake) -> dict[str, int]:
    return {name: lake.version(name) for name in DIMENSIONS}


def test_the_lake_holds_every_dated_row_and_publishing_again_adds_nothing(country) -> None:
    publish(country)
    lake = Lake.open(country)
    rows = dimensions.read(lake, "agencies").to_pylist()
    assert len(rows) == Agency.objects.count()
    row = next(r for r in rows if r["code"] == "H57" and r["valid_from"] is None)
    assert (row["name"], row["kind"], row["gso_code"]) == ("Thừa Thiên Huế", "province", "46")
    assert (row["parent"], row["successor"]) == (None, "H57")
    before = versions(lake)
    publish(country)
    assert versions(lake) == before


def test_a_deleted_row_is_withdrawn_but_stays_known_for_the_time_before(country) -> None:
    publish(country)
    then = now_us()
    Agency.objects.filter(code="H22").delete()
    publish(country)
    lake = Lake.open(country)
    assert "H22" not in dimensions.read(lake, "agencies")["code"].to_pylist()
    assert "H22" in dimensions.read(lake, "agencies", as_known=then)["code"].to_pylist()
    assert "H22" not in snapshot.read(country.snapshot_path).agencies


def test_a_site_is_published_with_the_agency_and_kind_of_its_system(country) -> None:
    Site.objects.create(
        site_id=5, system="NATIONAL-service_portal", name="DVCQG", hostnames="dichvucong.gov.vn"
    )
    publish(country)
    entry = snapshot.read(country.snapshot_path).site_by_id[5]
    assert (entry.agency, entry.kind) == ("G22", "service_portal")
    assert entry.hostnames == ("dichvucong.gov.vn",)


def test_two_rows_of_one_key_cannot_stand_side_by_side(country) -> None:
    for code, start in (("H57", None), ("H57", date(2025, 7, 1))):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agency.objects.create(code=code, name="x", valid_from=start)
    with pytest.raises(IntegrityError), transaction.atomic():
        System.objects.create(
            code="x", name="x", valid_from=date(2025, 1, 2), valid_to=date(2025, 1, 1)
        )


def test_the_audit_trail_can_be_neither_changed_nor_deleted(country) -> None:
    line = Change.objects.get()
    with pytest.raises(TypeError):
        line.save()
    with pytest.raises(TypeError):
        line.delete()
    with pytest.raises(TypeError):
        Change.objects.all().delete()
    with pytest.raises(TypeError):
        Change.objects.update(who="nobody")


@pytest.mark.django_db
def test_an_instance_can_be_made_twice(home) -> None:
    setup_django()
    initialise(home)
    lake = Lake.open(home)
    before = versions(lake)
    initialise(home)
    assert home.is_initialised
    assert versions(lake) == before
    assert Change.objects.count() == 1


@pytest.mark.django_db
def test_the_migrations_are_those_of_the_models() -> None:
    call_command("makemigrations", "registry", check=True, dry_run=True, verbosity=0)
