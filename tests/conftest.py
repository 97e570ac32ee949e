"""Which worker runs what, so that `make test` takes no longer than the work there is.

What runs real programs for half a minute and more is handed out first: else the last worker to end is the one
that began the longest file last. Folders whose tests share something dear to make go to one worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

FIRST = (
    "tests/run/test_postgresql.py",
    "tests/chaos/",
    "tests/run/",
    "tests/measure/engine/",
    "tests/assess/",
    "tests/web/test_accessible.py",
    "tests/lake/ledger/",
)
TOGETHER = ("tests/assess/site_check/",)
"""Every fixture page is visited by a browser, once for all of them."""
ALONE = "tests/assess/"
"""Where the Makefile looks for what runs alone."""


def _turn(item: pytest.Item) -> int:
    places = (n for n, place in enumerate(FIRST) if item.nodeid.startswith(place))
    return next(places, len(FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)  # stable
    alone = [item.nodeid for item in items if item.get_closest_marker("alone")]
    if elsewhere := [each for each in alone if not each.startswith(ALONE)]:
        raise pytest.UsageError(f"marked alone, but not in {ALONE}: {elsewhere}")


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Argon2 as in an instance, with next to no work: a quarter of a processor's second each else.

    Commands that tests run are processes of their own and hash as they do.
    """
    from django.contrib.auth.hashers import Argon2PasswordHasher

    with pytest.MonkeyPatch.context() as cheap:
        for cost, least in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
            cheap.setattr(Argon2PasswordHasher, cost, least)
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_found_once() -> Iterator[None]:
    """They are files of the packages, and each test client would look for all of them again."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    look, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def add(served: WhiteNoiseMiddleware) -> None:
        if not found:
            look(served)
            found.update(served.files)
        served.files = found

    with pytest.MonkeyPatch.context() as once:
        once.setattr(WhiteNoiseMiddleware, look.__name__, add)
        yield


class Scheduling(LoadFileScheduling):
    """By file, in the order of the collection; a folder of TOGETHER counts as a file."""

    def _split_scope(self, nodeid: str) -> str:
        folder = next((each for each in TOGETHER if nodeid.startswith(each)), None)
        return folder or str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    config.option.loadscopereorder = False
    return Scheduling(config, log)
