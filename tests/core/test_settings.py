"""An instance is where its environment says, with a secret nobody else can guess."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from thuocdo.core import settings
from thuocdo.core.errors import ThuocdoError


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = settings.load({"THUOCDO_HOME": str(tmp_path)})
    again = settings.load({"THUOCDO_HOME": str(tmp_path)})
    assert first.secret == again.secret
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ThuocdoError, match="fewer than 16"):
        settings.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_SECRET_KEY": "short"})


def test_an_instance_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ThuocdoError, match="thuocdo init"):
        settings.load({"THUOCDO_HOME": str(tmp_path)}).require_initialised()


def test_the_collectors_address_is_taken_without_its_last_slash(tmp_path: Path) -> None:
    given = {"THUOCDO_HOME": str(tmp_path), "THUOCDO_COLLECTOR_URL": "https://emc.vi.du/do/"}
    assert settings.load(given).collector_url == "https://emc.vi.du/do"


@pytest.mark.parametrize("text", ["emc.vi.du", "https://a.vn/'+alert(1)+'", "https://u:p@a.vn", ""])
def test_an_address_that_could_not_stand_in_a_page_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ThuocdoError) as problem:
        settings.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_COLLECTOR_URL": text})
    assert problem.value.code == "bad_collector_url"


@pytest.mark.parametrize(
    "text", ["duckdb", "sc://spark:15002", "sc://10.0.0.7", "sc://a.vn:1/;use_ssl=true"]
)
def test_the_engine_is_duckdb_or_the_address_of_a_server(tmp_path: Path, text: str) -> None:
    given = {"THUOCDO_HOME": str(tmp_path), "THUOCDO_ENGINE": text}
    assert settings.load(given).engine == text


@pytest.mark.parametrize("text", ["", "spark://host:7077", "sc://", "sc://host:port", "DuckDB"])
def test_any_other_engine_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ThuocdoError) as problem:
        settings.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_ENGINE": text})
    assert problem.value.code == "bad_engine"
