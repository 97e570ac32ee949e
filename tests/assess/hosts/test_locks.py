"""One host, one scan."""

from __future__ import annotations

import subprocess
import sys

import pytest

from thuocdo.assess.hosts.locks import Hosts, host_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://A.vn/x", "a.vn"),
        ("http://a.vn", "a.vn"),
        ("https://a.vn:443/", "a.vn"),
        ("https://a.vn:8443/", "a.vn:8443"),
        ("https://[::1]:8443/", "::1:8443"),
        ("https://a.vn:99999/", "a.vn"),
    ],
)
def test_http_and_https_of_one_name_are_one_host(url, host):
    assert host_of(url) == host


def test_a_host_that_is_held_is_nobody_elses_until_it_is_released(tmp_path):
    hosts = Hosts(tmp_path / "hosts")
    held = hosts.hold("https://a.vn/")
    assert held is not None
    assert hosts.hold("http://a.vn/other") is None
    other = hosts.hold("https://b.vn/")
    assert other is not None
    held.release()
    again = hosts.hold("https://a.vn/")
    assert again is not None
    again.release()
    other.release()


def test_a_process_that_is_killed_holds_nothing(tmp_path):
    code = f"""
import sys, time
from pathlib import Path
from thuocdo.assess.hosts.locks import Hosts
held = Hosts(Path({str(tmp_path)!r})).hold("https://a.vn/")
print("held", flush=True)
time.sleep(60)
"""
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    assert Hosts(tmp_path).hold("https://a.vn/") is None
    other.kill()
    other.wait()
    held = Hosts(tmp_path).hold("https://a.vn/")
    assert held is not None
    held.release()


def test_several_hosts_are_held_all_or_none(tmp_path):
    hosts = Hosts(tmp_path)
    one = hosts.hold("https://b.vn/")
    assert one is not None
    assert hosts.hold("https://a.vn/", "https://b.vn/") is None
    free = hosts.hold("https://a.vn/", "https://a.vn/again")  # nothing of the refused two was kept
    assert free is not None
    free.release()
    one.release()
