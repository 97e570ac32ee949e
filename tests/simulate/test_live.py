"""The stream against a real collector: what it counts as acknowledged is what is on disk."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter

import msgspec
import pytest

from thuocdo.core import settings as settings_of
from thuocdo.core import snapshot as snapshots
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import key_hash
from thuocdo.core.snapshot import KeyEntry, ServiceEntry, SiteEntry, Snapshot
from thuocdo.simulate.country_plan import plan
from thuocdo.simulate.live import stream
from thuocdo.wal import reader
from thuocdo.wire.events import DossierEvent, Hit, PageView, Refused, ServiceStep
from thuocdo.wire.matomo import parse_hit

SECRET = "a secret for tests, long enough"
KEY = "key-of-the-stream"
SEED = 2
SERVE = (
    "import sys; from thuocdo.collect.run import run; from thuocdo.core.settings import load;"
    " run(load(), int(sys.argv[1]), 1, '127.0.0.1')"
)


def registry(secret):
    offices = plan(SEED)
    return Snapshot(
        made_at=1,
        sites=tuple(
            SiteEntry(site.site_id, f"{site.agency[:3]}-{site.kind}", site.agency, site.kind)
            for office in offices
            for site in office.sites
        ),
        keys=(KeyEntry(key_hash(secret, KEY), "stream"),),
        agencies=tuple(office.agency.code for office in offices),
        services=tuple(
            ServiceEntry(office.agency.code, offered.procedure.code, offered.level)
            for office in offices
            for offered in office.services
        ),
    )


@pytest.fixture
def home(tmp_path):
    settings = settings_of.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_SECRET_KEY": SECRET})
    settings.make_folders()
    snapshots.write(settings.snapshot_path, registry(settings.secret))
    return settings


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def serve(home, port):
    """Starts the collector; it is ended with the test, if it still runs."""
    running = []

    def start():
        environment = os.environ | {"THUOCDO_HOME": str(home.home), "THUOCDO_SECRET_KEY": SECRET}
        running.append(subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env=environment))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until_up(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the collector did not come up")


class Streaming:
    """The stream in a thread of its own."""

    def __init__(self, port, key=KEY, rate=300.0):
        self.stop = threading.Event()
        self.sent = None

        def send():
            self.sent = stream(
                f"http://127.0.0.1:{port}", key=key, rate=rate, seed=SEED, stop=self.stop
            )

        self.thread = threading.Thread(target=send)
        self.thread.start()

    def end(self):
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.sent


def on_disk(home):
    reader.recover(home.wal_dir)
    return [
        msgspec.msgpack.decode(record, type=Hit | DossierEvent | Refused)
        for segment in reader.sealed(home.wal_dir)
        for frame in reader.frames(segment.path)
        for record in frame.records
    ]


def test_every_acknowledged_message_is_on_disk_once_and_nothing_is_refused(home, port, serve):
    collector = serve()
    wait_until_up(port)
    streaming = Streaming(port)
    time.sleep(2.5)
    sent = streaming.end()
    collector.send_signal(signal.SIGTERM)
    assert collector.wait(30) == 0
    records = on_disk(home)
    parsed = [event for hit in records if isinstance(hit, Hit) for event in parse_hit(hit)]
    views = Counter(view.site_id for view in parsed if isinstance(view, PageView))
    dossiers = [record for record in records if isinstance(record, DossierEvent)]
    assert sent.messages > 100
    assert (sent.refused, sent.uncertain, sent.unsent) == (0, 0, 0)
    assert not [record for record in records if isinstance(record, Refused)]
    assert views == sent.page_views
    assert sum(isinstance(event, ServiceStep) for event in parsed) == sent.service_steps
    assert len(parsed) == views.total() + sent.service_steps
    assert len(dossiers) == sent.dossier_events
    assert len({(d.dossier_hi, d.dossier_lo) for d in dossiers}) == len(sent.dossiers)
    assert {d.feed for d in dossiers} == {"mcdt", "canonical"}


def test_what_cannot_be_delivered_is_sent_again_until_the_collector_is_up(home, port, serve):
    streaming = Streaming(port, rate=50.0)
    time.sleep(0.6)
    collector = serve()
    wait_until_up(port)
    time.sleep(2.5)
    sent = streaming.end()
    collector.send_signal(signal.SIGTERM)
    assert collector.wait(30) == 0
    assert sent.retried > 0
    assert sent.messages > 0
    assert sent.refused == 0


def test_a_wrong_key_is_refused_and_counted_and_does_not_stop_the_others(home, port, serve):
    serve()
    wait_until_up(port)
    streaming = Streaming(port, key="a wrong key")
    time.sleep(1.5)
    sent = streaming.end()
    assert sent.refused > 0
    assert sent.page_views.total() > 0
    assert sent.dossier_events == sent.mcdt


def test_the_stream_ends_at_once_though_nobody_answers(port):
    streaming = Streaming(port, rate=200.0)
    time.sleep(0.5)
    began = time.monotonic()
    sent = streaming.end()
    assert sent.messages == 0
    assert sent.unsent > 0
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("address", "rate", "code"),
    [("collector:8001", 1.0, "bad_address"), ("http://127.0.0.1:1", 0.0, "bad_rate")],
)
def test_a_wrong_argument_is_refused_with_what_to_write(address, rate, code):
    with pytest.raises(ThuocdoError) as refusal:
        stream(address, key=None, rate=rate, seed=1, stop=threading.Event())
    assert refusal.value.code == code
    assert refusal.value.hint
