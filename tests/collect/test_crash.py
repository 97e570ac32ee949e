"""Acknowledged means on disk: through kill -9, a graceful stop in mid-load, and a full disk."""

from __future__ import annotations

import http.client
import itertools
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from thuocdo.collect.run import run
from thuocdo.core.errors import ThuocdoError
from thuocdo.wal import reader
from thuocdo.wire.matomo import parse_hit

CLIENTS = 8
PAGE = {"idsite": "227", "rec": "1", "url": "https://example.gov.vn/"}


class Load:
    """Clients that send numbered page views until the collector is gone, noting what it promised."""

    def __init__(self, port: int) -> None:
        self.acknowledged: list[int] = []
        self.unanswered: list[int] = []
        self._numbers = itertools.count()
        self._port = port
        self._threads = [threading.Thread(target=self._send) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        for number in self._numbers:
            try:
                connection.request("GET", f"/tracking?idsite=227&url=https://x.vn/{number}")
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                self.unanswered.append(number)
                return
            assert answer.status == 200
            self.acknowledged.append(number)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join(30)


def numbers_on_disk(collector: Any) -> Counter[int]:
    views = (view for hit in collector.records() for view in parse_hit(hit))
    return Counter(int(view.url.rpartition("/")[2]) for view in views)


def test_after_kill_9_in_mid_load_every_acknowledged_hit_is_recovered_exactly_once(
    make_collector: Callable[..., Any],
) -> None:
    collector = make_collector()
    collector.start()
    load = Load(collector.port)
    time.sleep(1.5)
    collector.stop(signal.SIGKILL)
    load.wait()
    assert len(list(collector.wal.rglob("*.open"))) == 1
    reader.recover(collector.wal)
    assert not list(collector.wal.rglob("*.open"))
    assert not list(collector.wal.rglob("*.damaged"))
    found = numbers_on_disk(collector)
    assert len(load.acknowledged) > 100
    assert set(load.acknowledged) <= set(found)
    assert set(found.values()) == {1}


def test_a_restart_after_kill_9_goes_on_in_the_same_folder(
    make_collector: Callable[..., Any],
) -> None:
    collector = make_collector()
    for _ in range(2):
        collector.start()
        assert httpx.get(collector.url + "/tracking", params=PAGE).status_code == 200
        collector.stop(signal.SIGKILL)
    reader.recover(collector.wal)
    segments = reader.sealed(collector.wal)
    assert len({segment.writer for segment in segments}) == 1
    assert len({segment.number for segment in segments}) == len(segments) == 2


def test_a_graceful_stop_answers_what_it_wrote_and_seals_the_log(
    make_collector: Callable[..., Any],
) -> None:
    collector = make_collector()
    collector.start()
    load = Load(collector.port)
    time.sleep(1)
    assert collector.stop(signal.SIGTERM) == 0
    load.wait()
    assert not list(collector.wal.rglob("*.open"))
    assert set(numbers_on_disk(collector)) == set(load.acknowledged)


def test_a_full_disk_is_answered_503_and_service_returns_with_space(
    make_collector: Callable[..., Any],
) -> None:
    collector = make_collector()
    collector.start()

    def send(number: int) -> httpx.Response:
        page = {"idsite": "227", "url": f"https://x.vn/{number}"}
        return httpx.get(collector.url + "/tracking", params=page)

    assert send(1).status_code == 200
    pid = collector.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    for number in (2, 3):
        refused = send(number)
        assert (refused.status_code, refused.headers["x-thuocdo"]) == (503, "wal_write")
        assert int(refused.headers["retry-after"]) > 0
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    assert send(4).status_code == 200
    assert collector.stop() == 0
    assert numbers_on_disk(collector) == Counter([1, 4])


def test_a_second_collector_on_the_port_is_refused_in_one_sentence(
    make_collector: Callable[..., Any],
) -> None:

    collector = make_collector()
    collector.start()
    with pytest.raises(ThuocdoError) as refused:
        run(collector.settings, collector.port, host="127.0.0.1")
    assert refused.value.code == "port_in_use"
