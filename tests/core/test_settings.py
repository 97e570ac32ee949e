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


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "security"),
    [
        ("smtp://mail.gov.vn", "mail.gov.vn", 587, "", "", "starttls"),
        ("smtps://emc:p%40ss@mail.gov.vn", "mail.gov.vn", 465, "emc", "p@ss", "tls"),
        ("smtp://127.0.0.1:25?security=none", "127.0.0.1", 25, "", "", "none"),
    ],
)
def test_a_mail_server_is_one_address(
    tmp_path: Path, url: str, host: str, port: int, user: str, password: str, security: str
) -> None:
    environ = {"THUOCDO_HOME": str(tmp_path), "THUOCDO_MAIL_FROM": "emc@example.gov.vn"}
    found = settings.load(environ | {"THUOCDO_SMTP_URL": url}).smtp
    assert found == settings.Smtp(host, port, user, password, security, "emc@example.gov.vn")
    assert settings.load(environ).smtp is None


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail.gov.vn", "emc@example.gov.vn"),
        ("smtp://", "emc@example.gov.vn"),
        ("smtp://mail.gov.vn:99999", "emc@example.gov.vn"),
        ("smtp://mail.gov.vn?security=maybe", "emc@example.gov.vn"),
        ("smtp://mail.gov.vn?tls=1", "emc@example.gov.vn"),
        ("smtp://mail.gov.vn", ""),
        ("smtp://mail.gov.vn", "Thước Đo <emc@example.gov.vn>"),
        ("smtp://mail.gov.vn", "emc@example.gov.vn\nBcc: x@y.vn"),
    ],
)
def test_what_is_no_mail_server_is_refused_without_its_password(
    tmp_path: Path, url: str, sender: str
) -> None:
    environ = {"THUOCDO_HOME": str(tmp_path), "THUOCDO_MAIL_FROM": sender}
    with pytest.raises(ThuocdoError) as refused:
        settings.load(environ | {"THUOCDO_SMTP_URL": url})
    assert refused.value.code == "bad_smtp"


def test_resolvers_are_addresses_with_the_port_of_dns_unless_another_is_said(
    tmp_path: Path,
) -> None:
    text = "10.0.0.53, 10.0.1.53:5353,2001:db8::53, [2001:db8::54]:5353"
    found = settings.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_RESOLVERS": text})
    assert found.resolvers == (
        ("10.0.0.53", 53),
        ("10.0.1.53", 5353),
        ("2001:db8::53", 53),
        ("2001:db8::54", 5353),
    )
    assert settings.load({"THUOCDO_HOME": str(tmp_path)}).resolvers == ()


@pytest.mark.parametrize("text", ["dns.example.vn", "10.0.0.53:x", "10.0.0", "10.0.0.53:99999"])
def test_what_is_no_resolvers_address_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ThuocdoError) as refusal:
        settings.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_RESOLVERS": text})
    assert refusal.value.code == "bad_resolvers"
