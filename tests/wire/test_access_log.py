"""One line of a web server's log in, what it says out; and which requests are page loads."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.core.clock import from_datetime, to_datetime
from thuocdo.wire import access_log, page_loads
from thuocdo.wire.access_log import LogFormat, LogLine
from thuocdo.wire.page_loads import LeftOut, Load

NOON = 1_651_294_800_000_000  # 2022-04-30T12:00:00+07:00
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/99.0"
COMBINED = (
    '10.0.0.7 - - [30/Apr/2022:12:00:00 +0700] "GET /tin?x=1 HTTP/1.1" 200 5120 '
    f'"https://google.com/" "{AGENT}"'
)
COMMON = '10.0.0.7 - an [30/Apr/2022:05:00:00 +0000] "GET /tin HTTP/1.0" 304 -'
IIS_FIELDS = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
    "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
)
IIS = (
    "2022-04-30 05:00:00 192.0.2.1 GET /tin x=1 443 - 10.0.0.7 Mozilla/5.0+(Windows) "
    "https://google.com/ 200 0 0 15"
)
EDGE_FIELDS = (
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    "cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-host-header"
)
EDGE = "\t".join(
    [
        "2022-04-30",
        "05:00:00",
        "SGN50",
        "5120",
        "10.0.0.7",
        "GET",
        "d1.cloudfront.net",
        "/tin",
        "200",
        "-",
        "Mozilla/5.0%2520(Windows)",
        "x=1",
        "-",
        "Hit",
        "h57.gov.vn",
    ]
)
JSON = json.dumps(
    {
        "time_iso8601": "2022-04-30T12:00:00+07:00", "remote_addr": "10.0.0.7",
        "request": "GET /tin?x=1 HTTP/2.0", "status": 200, "http_referer": "-",
        "http_user_agent": AGENT, "host": "h57.gov.vn",
    }
)  # fmt: skip


def read(form: LogFormat, *lines: str) -> LogLine:
    reader = access_log.reader(form).read
    said = [reader(line) for line in lines][-1]
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        ((COMBINED,), LogFormat.COMBINED),
        ((f"h57.gov.vn:443 {COMBINED}",), LogFormat.COMBINED),
        ((COMMON,), LogFormat.COMMON),
        (
            ("#Software: Microsoft Internet Information Services 10.0", IIS_FIELDS, IIS),
            LogFormat.IIS,
        ),
        (("#Version: 1.0", EDGE_FIELDS, EDGE), LogFormat.CLOUDFRONT),
        ((JSON,), LogFormat.NGINX_JSON),
    ],
)
def test_the_form_is_told_from_the_file_and_every_form_says_the_same(
    lines: tuple[str, ...], form: LogFormat
) -> None:
    assert access_log.detect(lines) is form
    said = read(form, *lines)
    assert (said.address, said.status[0] in "23") == ("10.0.0.7", True)
    assert access_log.moment(said.time) == NOON
    load = page_loads.policy().judge(said.request)
    assert isinstance(load, Load)
    assert load.target.startswith("/tin")


def test_a_virtual_host_in_front_is_told_from_an_address() -> None:
    said = read(LogFormat.COMBINED, f"so.h57.gov.vn:443 {COMBINED}")
    assert (said.host, said.address) == ("so.h57.gov.vn:443", "10.0.0.7")
    assert read(LogFormat.COMBINED, COMBINED).host == ""
    said = read(LogFormat.COMBINED, COMBINED.replace("10.0.0.7 - -", "2001:db8::1 - Nguyen Van A"))
    assert (said.host, said.address) == ("", "2001:db8::1")


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        ((COMBINED,), LogFormat.COMBINED),
        ((COMMON,), LogFormat.COMMON),
        ((IIS_FIELDS, IIS), LogFormat.IIS),
        ((IIS_FIELDS, IIS.replace(" x=1 ", " - ")), LogFormat.IIS),
        ((EDGE_FIELDS, EDGE), LogFormat.CLOUDFRONT),
        ((JSON.replace(": ", ":"),), LogFormat.NGINX_JSON),
    ],
)
def test_a_glance_sees_the_request_a_whole_reading_finds(
    lines: tuple[str, ...], form: LogFormat
) -> None:
    reader = access_log.reader(form)
    said = [reader.read(line) for line in lines][-1]
    assert said is not None
    assert reader.glance(lines[-1]) == said.request


@pytest.mark.parametrize("escape", ['\\"', "\\x22"])
def test_quotes_in_an_agent_are_read_in_both_servers_ways(escape: str) -> None:
    said = read(LogFormat.COMBINED, COMBINED.replace("X11", f"a {escape}quoted{escape} word"))
    assert said.agent == AGENT.replace("X11", 'a "quoted" word')
    assert said.status == "200"


def test_a_form_without_agents_says_so_and_does_not_say_empty() -> None:
    assert read(LogFormat.COMMON, COMMON).agent is None
    assert read(LogFormat.COMBINED, COMBINED.replace(AGENT, "-")).agent == ""


def test_columns_may_change_in_the_middle_of_a_w3c_file() -> None:
    reader = access_log.reader(LogFormat.IIS).read
    assert reader(IIS) is None  # nothing has named the columns yet
    reader(IIS_FIELDS)
    assert reader(IIS) is not None
    reader("#Fields: date time c-ip cs-method cs-uri-stem sc-status cs-host")
    said = reader("2022-04-30 05:00:00 10.0.0.8 GET / 200 so.h57.gov.vn")
    assert said is not None
    assert (said.host, said.address, said.agent) == ("so.h57.gov.vn", "10.0.0.8", None)
    assert reader(IIS) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30/Apr/2022:12:00:00 +0700", NOON),
        ("29/Apr/2022:23:00:00 -0600", NOON),
        ("1651294800.000", NOON),
        ("1651294800000", NOON),
        ("29/Feb/2024:00:00:00 +0700", 1_709_139_600_000_000),
        ("29/Feb/2023:00:00:00 +0700", None),
        ("31/Abc/2022:12:00:00 +0700", None),
        ("30/Apr/2022:25:00:00 +0700", None),
        ("yesterday", None),
    ],
)
def test_times_keep_their_zone(text: str, expected: int | None) -> None:
    assert access_log.moment(text) == expected


@given(
    st.datetimes(min_value=to_datetime(0).replace(tzinfo=None)).map(
        lambda m: m.replace(microsecond=0)
    )
)
@hypothesis_settings(max_examples=80, deadline=None)
def test_any_second_is_read_back(moment: object) -> None:
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        moment.month - 1
    ]  # type: ignore[attr-defined]
    text = f"{moment:%d}/{month}/{moment.year:04d}:{moment:%H:%M:%S} +0700"  # type: ignore[attr-defined]
    assert access_log.moment(text) == from_datetime(moment)  # type: ignore[arg-type]


@given(st.text(max_size=200))
@hypothesis_settings(max_examples=200, deadline=None)
def test_no_line_makes_a_reader_raise(line: str) -> None:
    access_log.detect([line])
    for form in LogFormat:
        reader = access_log.reader(form)
        reader.read(IIS_FIELDS)
        reader.glance(line)
        said = reader.read(line)
        if said is not None:
            access_log.moment(said.time)
            page_loads.policy().judge(said.request)


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET / HTTP/1.1", Load("view", "", "/")),
        ("GET /van-ban/qd-766.pdf?dl=1 HTTP/1.1", Load("download", "", "/van-ban/qd-766.pdf?dl=1")),
        ("GET /a/b.CSS?v=3 HTTP/1.1", LeftOut.STATIC),
        ("GET /tin/zip HTTP/1.1", Load("view", "", "/tin/zip")),
        ("GET /tin-1.054.html HTTP/1.1", Load("view", "", "/tin-1.054.html")),
        ("POST /nop-ho-so HTTP/1.1", LeftOut.METHOD),
        ("GET /api/dossiers HTTP/1.1", LeftOut.SCRIPT),
        ("GET /Noi-Bo/trang HTTP/1.1", LeftOut.TOLD),
        ("GET http://h57.gov.vn/tin HTTP/1.1", Load("view", "h57.gov.vn", "/tin")),
        ("-", None),
        ("\\x16\\x03\\x01", None),
    ],
)
def test_only_pages_and_files_count(request_line: str, expected: object) -> None:
    assert page_loads.policy(("/noi-bo/",)).judge(request_line) == expected


def test_answers_that_showed_nothing_do_not_count() -> None:
    rules = page_loads.policy()
    told = {
        status: rules.counts(status)
        for status in ["200", "204", "206", "301", "302", "304", "404", "500", "-", "2"]
    }
    assert [status for status, counts in told.items() if counts] == ["200", "204", "304"]
