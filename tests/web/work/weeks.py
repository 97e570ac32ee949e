"""A week's report on the desk: a numbered draft, and somebody who presses its buttons."""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY

from thuocdo.report.desk import working

WEEK = "2025-W41"
QUEUE = "/lam-viec/bao-cao/"
PAGE = f"{QUEUE}{WEEK}/"


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
