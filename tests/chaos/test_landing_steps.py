"""The lander dies before each single thing it does to the disk; the next one comes to the same lake."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.chaos.clients import facts_of, send_all
from tests.chaos.messages import Fact, Message
from tests.chaos.world import ROUNDS, SEED, World, assert_clean, rounds
from tests.run.conftest import Instance

MESSAGES = 60
TWO_BATCHES = 12_000
"""Bytes of a batch: each writer's segment comes into a batch of its own."""
CI_STRIDE = 3
"""The short run takes every third step, another third for each way of cutting batches."""


@pytest.fixture(scope="module")
def waiting(
    untouched: World, tmp_path_factory: pytest.TempPathFactory
) -> tuple[World, list[Message]]:
    """Two collectors' segments, sealed and not landed, and what was promised for them."""
    made = untouched.copy(tmp_path_factory.mktemp("waiting"))
    mix = made.mix()
    other = Instance(made.home)
    with made.instance.role("collect"), other.role("collect"):
        books = [
            send_all(port, [mix.next() for _ in range(MESSAGES)])
            for port in (made.instance.collect_port, other.collect_port)
        ]
    assert len({path.parent for path in made.segments("sealed")}) == len(books)
    promised = [message for book in books for message in book.acknowledged]
    assert len(promised) == MESSAGES * len(books)
    return made, promised


def run_steps(world: World, *asked: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.landing_steps", *asked],
        env=world.instance.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def copies(world: World, folder: Path, count: int) -> list[Path]:
    return [Path(shutil.copytree(world.home, folder / str(number))) for number in range(count)]


def held(world: World, home: Path) -> Counter[Fact]:
    """What the lake of a copied home holds; nothing else may be left in it."""
    world.instance.environment["THUOCDO_HOME"] = str(home)
    world.instance.home = home
    assert_clean(world)
    return world.lake()


@pytest.mark.parametrize("batch_bytes", [0, TWO_BATCHES], ids=["one batch", "two batches"])
def test_dying_before_any_step_of_landing_changes_nothing(
    waiting: tuple[World, list[Message]], tmp_path: Path, batch_bytes: int
) -> None:
    world, promised = waiting
    expected = facts_of(promised)
    (home,) = copies(world, tmp_path / "count", 1)
    (answer,) = run_steps(world, f"{home}:0:{batch_bytes}")
    steps = int(answer)
    assert steps > len(promised) // 10
    stride = 1 if ROUNDS else CI_STRIDE
    points = range(1 + (batch_bytes > 0) * (stride > 1), steps + 1, stride)
    homes = copies(world, tmp_path / "struck", len(points))
    struck = [f"{home}:{step}:{batch_bytes}" for home, step in zip(homes, points, strict=True)]
    assert run_steps(world, *struck) == ["killed"] * len(points)
    run_steps(world, *(f"{home}:0:{batch_bytes}" for home in homes))
    viewer = world.copy(tmp_path / "viewer")
    for step, home in zip(points, homes, strict=True):
        assert held(viewer, home) == expected, f"after a death before step {step} of {steps}"


def test_dying_again_and_again_while_taking_up_the_work_changes_nothing(
    waiting: tuple[World, list[Message]], tmp_path: Path
) -> None:
    world, promised = waiting
    chance = random.Random(SEED)
    homes = copies(world, tmp_path / "struck", max(4, rounds(0) // 4))
    for _ in range(3):
        run_steps(world, *(f"{home}:{chance.randint(1, 40)}:{TWO_BATCHES}" for home in homes))
    run_steps(world, *(f"{home}:0" for home in homes))
    viewer = world.copy(tmp_path / "viewer")
    for home in homes:
        assert held(viewer, home) == facts_of(promised)
