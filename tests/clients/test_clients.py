"""Published clients of Matomo's Tracking API, unchanged, against a real collector and its landing.

Each is a small script that does the same actions with its library. To try another client, add its
package to a lock file, its script to `scripts/` and a row to `CLIENTS`. A client that neither PyPI
nor npm has is stood for by the requests its source makes, in `recorded/`: the table says which.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from tests.clients import actions, published
from tests.clients.actions import ACTIONS, View
from tests.collect.conftest import Collector

from thuocdo.core.ids import key_hash
from thuocdo.core.snapshot import KeyEntry, SiteEntry, Snapshot
from thuocdo.lake.landing import Lander
from thuocdo.lake.store import Lake

SCRIPTS: Final = Path(__file__).with_name("scripts")


class Client(NamedTuple):
    """A library, the script that uses it, and what of the actions it has a way to say."""

    script: str
    can: frozenset[str]
    endpoint: str = "matomo.php"
    says_timings: bool = True
    is_keyed: bool = False  # shows its key with everything it sends
    recorded: str = ""  # a file of requests written from a client's source, not the client

    @property
    def command(self) -> list[str]:
        interpreter = "node" if self.script.endswith(".cjs") else sys.executable
        return [interpreter, self.script, *([f"../recorded/{self.recorded}"] * bool(self.recorded))]


CLIENTS: Final = {
    "npm matomo-tracker": Client("matomo_tracker.cjs", frozenset(ACTIONS)),
    "npm piwik": Client(
        "piwik.cjs",
        frozenset(("view", "search", "event", "past", "behind", "unknown", "bulk")),
        endpoint="piwik.php",
    ),
    "PyPI matomo": Client("matomo_python.py", frozenset(ACTIONS) - {"bulk", "behind", "closed"}),
    "PyPI piwikapi": Client(
        "piwikapi_python.py",
        frozenset(("view", "download", "outlink", "behind", "wrong_key", "unknown")),
        endpoint="tracking",
        says_timings=False,
    ),
    "PyPI piwik-pro-log-analytics": Client(
        "log_importer.py", frozenset(("past", "behind", "unknown")), is_keyed=True
    ),
    "recorded matomo.js": Client(
        "replay.py",
        frozenset(ACTIONS) - {"past", "behind", "closed", "wrong_key"},
        recorded="matomo-js.json",
    ),
    "recorded import_logs.py": Client(
        "replay.py",
        frozenset(("view", "download", "past", "behind", "closed", "unknown", "bulk")),
        says_timings=False,
        is_keyed=True,
        recorded="import-logs.json",
    ),
    "recorded matomo-php-tracker": Client(
        "replay.py",
        frozenset(ACTIONS) - {"content", "unknown"},
        recorded="matomo-php-tracker.json",
    ),
    "recorded matomo-java-tracker": Client(
        "replay.py",
        frozenset(("view", "bulk", "past", "wrong_key", "unknown")),
        recorded="matomo-java-tracker.json",
    ),
}


class Seen(NamedTuple):
    """What a client was told, and what landed of it."""

    client: Client
    answers: dict[str, Any]
    views: list[dict[str, Any]]
    rejects: list[dict[str, Any]]


def registry(secret: bytes) -> Snapshot:
    return Snapshot(
        made_at=1,
        sites=(
            SiteEntry(actions.SITE, "H29-portal", "H29", "portal", (actions.HOST,)),
            SiteEntry(actions.CLOSED_SITE, "H57-portal", "H57", "portal"),
        ),
        keys=(KeyEntry(key_hash(secret, actions.KEY), "H29", agency="H29"),),
        agencies=("H29", "H57"),
    )


def run(client: Client, collector: Collector) -> dict[str, Any]:
    """The script's actions; what its library heard of each."""
    told = {
        "tracker": f"{collector.url}/{client.endpoint}",
        "site": actions.SITE,
        "closedSite": actions.CLOSED_SITE,
        "unknownSite": actions.UNKNOWN_SITE,
        "key": actions.KEY,
        "wrongKey": actions.WRONG_KEY,
        "agent": actions.AGENT,
        "person": actions.PERSON,
        "pages": actions.PAGES,
    }
    environment = os.environ | {"CLIENT": json.dumps(told)}
    if client.script.endswith(".cjs"):
        environment["NODE_PATH"] = str(published.node_packages())
    else:
        environment["PYTHONPATH"] = str(published.python_packages())
    done = subprocess.run(
        client.command,
        cwd=SCRIPTS,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@pytest.fixture(scope="module", params=CLIENTS, ids=str)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    client = CLIENTS[request.param]
    collector = Collector(tmp_path_factory.mktemp("clients"))
    collector.publish(registry(collector.settings.secret))
    collector.start()
    try:
        answers = run(client, collector)
    finally:
        assert collector.stop() == 0
    lake = Lake.open(collector.settings)
    lake.create()
    Lander(collector.settings, lake).land_once()
    return Seen(
        client, answers, lake.read("page_views").to_pylist(), lake.read("rejects").to_pylist()
    )


def rows(seen: Seen, path: str) -> list[dict[str, Any]]:
    return [row for row in seen.views if row["path"] == path]


def test_what_a_client_does_is_in_the_lake_once_and_nothing_else(seen: Seen) -> None:
    expected = [view for name in seen.client.can for view in ACTIONS[name].views]
    if seen.client.is_keyed:
        expected = [view._replace(trust="verified") for view in expected]
    found = Counter(View(row["kind"], row["host"], row["path"], row["trust"]) for row in seen.views)
    assert found == Counter(expected)


def test_what_does_not_count_is_refused_for_its_reason(seen: Seen) -> None:
    found = Counter(row["reason"] for row in seen.rejects)
    assert found == Counter(why for name in seen.client.can for why in ACTIONS[name].refused)


def test_a_client_hears_of_a_refusal_and_of_nothing_else(seen: Seen) -> None:
    """By the status of a single hit, by the counts of a bulk request."""
    if seen.client.script == "log_importer.py":
        assert seen.answers == {}  # it ends well, or `run` says why not
        return
    assert {name for name in seen.client.can if not is_taken(name)} <= seen.answers.keys()
    refused = {name for name, answer in seen.answers.items() if is_refusal(answer)}
    assert refused == {name for name in seen.answers if not is_taken(name)}
    for name, answer in seen.answers.items():
        assert not isinstance(answer, int) or answer == actions.STATUS.get(name, answer)


def is_taken(name: str) -> bool:
    return bool(ACTIONS[name].views) or not ACTIONS[name].refused


def is_refusal(answer: Any) -> bool:
    if isinstance(answer, int):
        return answer >= 300
    return answer["status"] != "success" or (answer["tracked"], answer["invalid"]) == (0, 1)


def test_a_bulk_is_answered_with_its_counts_unless_silence_was_asked_for(seen: Seen) -> None:
    if "bulk" not in seen.answers:
        pytest.skip("the client knows no bulk requests")
    answer = seen.answers["bulk"]
    counted: dict[str, Any] = {"status": "success", "tracked": 2, "invalid": 1}
    if seen.client.is_keyed:
        counted["invalid_indices"] = [1]
    assert answer == (204 if seen.client.recorded == "matomo-js.json" else counted)


def test_the_visitors_own_browser_counts_and_not_the_server_that_speaks_for_it(seen: Seen) -> None:
    assert {(row["browser"], row["os"], row["bot"]) for row in seen.views} == {
        ("Chrome", "Windows", None)
    }


def test_two_visitors_behind_one_server_are_two(seen: Seen) -> None:
    visitors = {row["visitor"] for row in rows(seen, "/sau")}
    assert len(visitors) == (2 if "behind" in seen.client.can else 0)


def test_a_time_a_key_vouches_for_is_kept(seen: Seen) -> None:
    times = {row["event_time"] for row in rows(seen, "/qua-khu")}
    assert times == ({actions.PAST} if "past" in seen.client.can else set())


def test_where_a_view_came_from_and_how_long_it_took_is_kept(seen: Seen) -> None:
    for row in rows(seen, "/xem"):
        assert row["referrer_host"] == "www.google.com"
        timings = (row["t_server_ms"], row["t_dom_ms"], row["t_load_ms"])
        assert timings == (actions.TIMINGS if seen.client.says_timings else (None, None, None))


def test_nothing_personal_is_kept(seen: Seen) -> None:
    kept = json.dumps([*seen.views, *seen.rejects], default=str, ensure_ascii=False)
    for personal in (actions.PERSON, "203.0.113", actions.KEY, actions.WRONG_KEY):
        assert personal not in kept
