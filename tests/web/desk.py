"""The way of a report to the public, for tests of pages that show one."""

from __future__ import annotations

from thuocdo.core.settings import Settings
from thuocdo.registry.rights import Right
from thuocdo.report.desk import working
from thuocdo.report.desk.model import Actor

CHECKER = Actor("hoa-soan-thao", frozenset({Right.PREPARE_REPORTS}), "web")
SIGNER = Actor("lanh-dao", frozenset({Right.PUBLISH}), "web")
CLERK = Actor("van-thu", frozenset({Right.PUBLISH}), "web")


def publish(settings: Settings, week: str) -> str:
    """Check, sign and publish the draft of a week; its digest."""
    digest = working.standing(settings, week).draft.digest
    working.check(settings, week, CHECKER, digest, "Đã xem.")
    working.sign(settings, week, SIGNER, digest)
    working.publish(settings, week, CLERK, digest)
    return digest
