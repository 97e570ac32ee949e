"""Rounds that were held to their end, from results as a scanner leaves them: through the office's own doors.

`IN_A_PROCESS` puts them into the instance that THUOCDO_HOME names: `python -c`.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
from django.utils import timezone

from thuocdo.assess.criteria.model import CriteriaSet, criteria_set
from thuocdo.assess.evidence import Kept
from thuocdo.assess.models import Entry, Round
from thuocdo.assess.results import Fault, Remark, Result, measured, unmeasured
from thuocdo.assess.rounds import office
from thuocdo.assess.rounds.office import System
from thuocdo.assess.rounds.table import OWN
from thuocdo.core.settings import Settings

IN_A_PROCESS = """
from thuocdo.core import settings
from thuocdo.registry.setup import setup_django
setup_django()
from tests.web.held_round import hold
hold(settings.load())
"""
ASSESSORS = ("Lan", "Minh")
CODE, EARLIER, OURS = "2026-2", "2026-1", "2026-own"
KEY = "functions.signing"
UNREGISTERED = 2
HOSTILE = "<script>alert(1)</script> {detail}"


def results(settings: Settings, rules: CriteriaSet, weakness: int) -> list[Result]:
    """Everything a machine measures passes, but for some that fail or stay open, by the weakness."""
    evidence = Kept(settings.home).keep("headers", f"HTTP/1.1 200 OK {weakness}".encode())
    found: list[Result] = []
    for place, (group, each) in enumerate(rules.criteria()):
        check = each.check or f"{group.code}.{each.code}"
        if each.method == "manual":
            continue
        if each.appointment:
            found.append(unmeasured(check, Fault.NO_APPOINTMENT, "HTTP 404", 1))
        elif group.code == "emc" and weakness == UNREGISTERED:
            found.append(unmeasured(check, Fault.NOT_REGISTERED, "–", 1))
        elif place % 7 < weakness:
            remark = Remark("version_shown", {"where": "server", "value": HOSTILE}, HOSTILE)
            found.append(measured(check, Decimal("0.5"), 1, remark, evidence=[evidence]))
        else:
            found.append(measured(check, Decimal(1), 1, evidence=[evidence]))
    return found


def begun(settings: Settings, code: str, systems: list[System], rules: CriteriaSet) -> Round:
    """Planned, measured and marked; the assessors agree."""
    held = office.plan(code, rules, systems, is_trial=False)
    for place, entry in enumerate(held.entries.order_by("code")):
        found = results(settings, rules, place % 4)
        if entry.code.endswith("dead"):
            found = [unmeasured(each.check, Fault.CONNECT, "refused", 1) for each in found]
        Entry.objects.filter(pk=entry.pk).update(
            state=Entry.State.DONE, results=msgspec.to_builtins(found)
        )
        for group, each in rules.criteria():
            if each.method == "manual" and not entry.code.endswith("dead"):
                items = [item.code for item in each.items]
                for assessor in ASSESSORS:
                    key = f"{group.code}.{each.code}"
                    office.mark(held, entry.code, assessor, key, found=items[place % 2 :])
    return held


def published(settings: Settings, held: Round) -> Round:
    """Announced, its deadline gone by, published."""
    office.announce(held, timezone.now() + timedelta(days=10))
    Round.objects.filter(pk=held.pk).update(appeals_until=timezone.now() - timedelta(minutes=1))
    held.refresh_from_db()
    office.publish(held, settings)
    held.refresh_from_db()
    return held


def fleet() -> list[System]:
    """Two blocks, two vendors, one that answers nobody."""
    provinces = [("H26", "Hà Nội"), ("H29", "TP. Hồ Chí Minh"), ("H14", "Cần Thơ")]
    systems = [
        System(f"{code}-one_stop", f"Hệ thống {name}", "province", f"https://{code}.vn/", "Nhà A")
        for code, name in provinces
    ]
    systems.append(
        System("G02-one_stop", "Hệ thống Bộ Công Thương", "ministry", "https://b.vn/", "Nhà B")
    )
    systems.append(System("G03-dead", "Hệ thống im lặng", "ministry", "https://c.vn/", "Nhà B"))
    return systems


def hold(settings: Settings) -> Round:
    """Two rounds of the fleet and one of our own site; the newest has a correction."""
    published(settings, begun(settings, EARLIER, fleet()[:3], criteria_set("2024")))
    ours = System("emc", "Hệ thống EMC", OWN, "https://emc.example.gov.vn/")
    published(settings, begun(settings, OURS, [ours], criteria_set("site-2026")))
    held = published(settings, begun(settings, CODE, fleet(), criteria_set("2024")))
    office.correct(held, "H26-one_stop", KEY, Decimal(1), "Cộng nhầm một mục.", "Lan")
    return held


def measured_round(settings: Settings, code: str) -> Round:
    """Of two systems, planned and measured; nobody has marked."""
    held = office.plan(code, criteria_set("2024"), fleet()[:2], is_trial=False)
    scanned(settings, held)
    return held


def scanned(settings: Settings, held: Round) -> None:
    """Every system as a scanner leaves it."""
    for entry in held.entries.all():
        found = msgspec.to_builtins(results(settings, criteria_set("2024"), 1))
        Entry.objects.filter(pk=entry.pk).update(state=Entry.State.DONE, results=found)


def announced(held: Round) -> Round:
    """Open to appeals for ten days."""
    office.announce(held, timezone.now() + timedelta(days=10))
    return held
