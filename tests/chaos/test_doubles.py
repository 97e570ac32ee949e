"""Sent twice, in another order, cut otherwise, or worked on by two at once: still counted once."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.clients import Book, facts_of, load, send_all
from tests.chaos.messages import Fact, Message
from tests.chaos.world import (
    SEED,
    World,
    assert_clean,
    assert_counted,
    assert_figures_as_undisturbed,
    children,
    end,
    is_alive,
    kill,
    wait_until,
)
from tests.run.conftest import Instance, Process

RATE = 300.0
LOAD_SECONDS = 2.5


def merged(*books: Book) -> Book:
    whole = Book()
    for book in books:
        whole.acknowledged += book.acknowledged
        whole.uncertain += book.uncertain
        whole.unexpected += book.unexpected
        whole.without_retry_after += book.without_retry_after
    return whole


def test_two_collectors_on_one_home_both_killed(world: World) -> None:
    other = Instance(world.home)
    one, two = world.mix(1).next, world.mix(2, first=1_000_000).next
    with other.role("collect") as second, ExitStack() as roles:
        first = roles.enter_context(world.instance.role("collect"))
        with load(world.instance.collect_port, one, RATE) as book:
            with load(other.collect_port, two, RATE) as more:
                time.sleep(LOAD_SECONDS / 2)
                kill(first.pid)
                first.wait()
                roles.enter_context(world.instance.role("collect"))
                time.sleep(LOAD_SECONDS / 2)
            kill(second.pid)
            second.wait()
    assert_counted(world, merged(book, more))


def test_two_landers_at_once(world: World) -> None:
    with (
        world.instance.role("pipeline"),
        world.instance.role("pipeline"),
        world.instance.role("collect"),
        load(world.instance.collect_port, world.mix().next, RATE) as book,
    ):
        time.sleep(LOAD_SECONDS)
    assert_counted(world, book)


def test_two_supervisors_on_one_home_and_the_first_is_killed(world: World) -> None:
    """The second, started by mistake, has ports of its own; its worker is refused."""
    other = Instance(world.home)
    one, two = world.mix(1).next, world.mix(2, first=1_000_000).next
    with other.serving() as second:
        first = _serve(world)
        with load(world.instance.collect_port, one, RATE) as book:
            time.sleep(LOAD_SECONDS / 2)
        with load(other.collect_port, two, RATE) as more:
            roles = children(first.pid)
            kill(first.pid)
            first.wait()
            time.sleep(LOAD_SECONDS / 2)
            wait_until(lambda: "worker" in children(second.pid), why=world.instance.logs())
        end(second)
        wait_until(lambda: not any(map(is_alive, roles.values())))
    assert_counted(world, merged(book, more))


def _serve(world: World) -> Process:
    """All roles, up."""
    ports = world.instance
    options = (f"--collect-port={ports.collect_port}", f"--web-port={ports.web_port}")
    process = ports.start("serve", *options)
    ports.wait_up(ports.collect_port, process)
    return process


def test_a_retrying_client_is_counted_once_however_it_cuts_and_orders(
    world: World, untouched: World, tmp_path: Path
) -> None:
    """Every hit says by its random number that it is the same; a keyed record by what it says."""
    mix, chance = world.mix(), random.Random(SEED)
    hits = [mix.bulk() for _ in range(20)] + [mix.view() for _ in range(40)]
    batches = [mix.keyed() for _ in range(20)]
    again = _cut_otherwise(hits, chance) + _batches_cut_otherwise(batches, chance)
    chance.shuffle(again)
    with world.instance.role("collect"):
        first = send_all(world.instance.collect_port, hits + batches)
        world.wait_sealed()
        world.refresh()
        for _ in range(2):
            second = send_all(world.instance.collect_port, again)
            assert not second.unexpected
    assert not first.unexpected
    world.refresh()
    found = Counter({fact: n for fact, n in world.lake().items() if fact.table == "page_views"})
    assert found == facts_of(hits)
    assert_clean(world)
    assert_figures_as_undisturbed(world, hits + batches, untouched, tmp_path / "peace")


def _cut_otherwise(messages: list[Message], chance: random.Random) -> list[Message]:
    """The same hits in bulk requests of other sizes and in another order."""
    queries: list[tuple[str, Fact]] = []
    for message in messages:
        texts = (
            json.loads(message.body)["requests"]
            if message.body
            else ["?" + message.target.partition("?")[2]]
        )
        queries += zip(texts, message.facts, strict=True)
    chance.shuffle(queries)
    cuts = []
    while queries:
        size = chance.randint(1, 9)
        part, queries = queries[:size], queries[size:]
        body = json.dumps({"requests": [text for text, _ in part]}).encode()
        headers = {"Content-Type": "application/json"}
        cuts.append(Message("POST", "/matomo.php", body, headers, Counter(f for _, f in part)))
    return cuts


def _batches_cut_otherwise(messages: list[Message], chance: random.Random) -> list[Message]:
    lines = [line for message in messages for line in message.body.splitlines()]
    chance.shuffle(lines)
    target, headers = messages[0].target, messages[0].headers
    return [
        Message("POST", target, b"\n".join(lines[start : start + 7]), headers)
        for start in range(0, len(lines), 7)
    ]
