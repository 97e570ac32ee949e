"""`kill -9` of any role at any moment, under everything a collector is sent: all is counted once."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.chaos.clients import load
from tests.chaos.world import (
    ROLES,
    SEED,
    World,
    assert_counted,
    assert_figures_as_undisturbed,
    children,
    end,
    is_alive,
    kill,
    rounds,
    wait_until,
)
from tests.run.conftest import Process

VICTIMS = (*ROLES, "collect", "pipeline", "supervisor")
RATE = 400.0
SHORT_KILLS = 7
LONGEST_PEACE_SECONDS = 1.2


class Keeper:
    """Starts the supervisor, and again when it was killed, as the system's own init would."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.supervisor = self._start()

    def _start(self) -> Process:
        ports = self._world.instance
        return ports.start(
            "serve", "--collect-port", str(ports.collect_port), "--web-port", str(ports.web_port)
        )

    def roles(self) -> dict[str, int]:
        return children(self.supervisor.pid)

    def strike(self, victim: str) -> None:
        """Kill one process with no warning, if it is alive just now."""
        if victim != "supervisor":
            pid = self.roles().get(victim)
            if pid is not None:
                kill(pid)
            return
        orphans = self.roles().values()
        kill(self.supervisor.pid)
        self.supervisor.wait()
        wait_until(lambda: not any(map(is_alive, orphans)), why="roles outlive their supervisor")
        self.supervisor = self._start()

    def wait_up(self) -> None:
        """Until every role is there and both doors answer."""
        instance = self._world.instance
        wait_until(lambda: set(self.roles()) == set(ROLES), why=instance.logs())
        for port in (instance.collect_port, instance.web_port):
            instance.wait_up(port, self.supervisor)


def test_killed_at_random_nothing_is_lost_doubled_or_left_behind(
    world: World, untouched: World, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    victims = [VICTIMS[number % len(VICTIMS)] for number in range(rounds(SHORT_KILLS))]
    chance.shuffle(victims)
    keeper = Keeper(world)
    try:
        keeper.wait_up()
        with load(world.instance.collect_port, world.mix().next, RATE) as book:
            for victim in victims:
                time.sleep(chance.uniform(0.1, LONGEST_PEACE_SECONDS))
                keeper.strike(victim)
            keeper.wait_up()
    finally:
        end(keeper.supervisor)
    assert not any(map(is_alive, keeper.roles().values()))
    counted = assert_counted(world, book)
    assert_figures_as_undisturbed(world, counted, untouched, tmp_path / "peace")
