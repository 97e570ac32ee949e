"""The way of a report to the public, for tests of pages that show one."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import Any

from tests.web.conftest import TODAY

from thuocdo.core.clock import Period
from thuocdo.core.settings import Settings
from thuocdo.measure.service import Measure
from thuocdo.registry.rights import Right
from thuocdo.report.desk import working
from thuocdo.report.desk.model import Actor
from thuocdo.report.making import make_weekly

PERIOD = Period(TODAY - timedelta(days=30), TODAY)
CHECKER = Actor("hoa-soan-thao", frozenset({Right.PREPARE_REPORTS}), "web")
SIGNER = Actor("lanh-dao", frozenset({Right.PUBLISH}), "web")
CLERK = Actor("van-thu", frozenset({Right.PUBLISH}), "web")


def draft(settings: Settings, week: str, number: str, **more: Any) -> None:
    """A numbered draft of the month up to TODAY on the desk, and nothing else of that week. more: as `make_weekly`."""
    for folder in (settings.reports_dir, settings.publication_dir):
        shutil.rmtree(folder / week, ignore_errors=True)
    measure = Measure(settings)
    make_weekly(settings, measure, week, period=PERIOD, number=number, **more)


def publish(settings: Settings, week: str) -> str:
    """Check, sign and publish the draft of a week; its digest."""
    digest = working.standing(settings, week).draft.digest
    working.check(settings, week, CHECKER, digest, "Đã xem.")
    working.sign(settings, week, SIGNER, digest)
    working.publish(settings, week, CLERK, digest)
    return digest
