"""A week's report on the desk: a numbered draft, and somebody who presses its buttons."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from tests.web.conftest import TODAY

from thuocdo.core.clock import Period
from thuocdo.measure.service import Measure
from thuocdo.report.desk import working
from thuocdo.report.making import make_weekly

WEEK = "2025-W41"
QUEUE = "/lam-viec/bao-cao/"
PAGE = f"{QUEUE}{WEEK}/"


@pytest.fixture
def desk(country):
    """The measured country with one numbered draft, made by the machine."""
    for folder in (country.reports_dir, country.publication_dir):
        shutil.rmtree(folder / WEEK, ignore_errors=True)
    make_weekly(
        country,
        Measure(country),
        WEEK,
        period=Period(TODAY - timedelta(days=30), TODAY),
        number="41/BC-CĐSQG",
        formats=(),
        actor=working.WORKER,
    )
    return country


def found(desk):
    return working.standing(desk, WEEK)


def press(client, desk, kind, *, again=True, **given):
    """Post a step; `again`: they have shown who they are a moment ago."""
    if again:
        session = client.session
        for each in session.get(AUTHENTICATION_METHODS_SESSION_KEY, ()):
            each |= {"reauthenticated": True, "at": time.time()}
        session.save()
    given.setdefault("digest", found(desk).draft.digest if found(desk).draft else "")
    address = f"{PAGE}ky" if kind == "sign" else f"{PAGE}buoc/{kind}"
    return client.post(address, given)
