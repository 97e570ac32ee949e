"""The keyboard's way, judged: a trap is Tabs that lead nowhere, not a control that takes several."""

from __future__ import annotations

from decimal import Decimal

import pytest

from thuocdo.assess.probes.accessibility.judge import judge
from thuocdo.assess.probes.look import Axe, AxeNode, AxeRule, Facts, Keyboard, Look, Narrow, Stop
from thuocdo.assess.results import Fault


def seen(keyboard, *, axe=None, viewport="width=device-width"):
    facts = Facts("vi", "Cổng", viewport, [1], True, True, [], [], "")
    return Look(facts, Narrow(320, 320, [], []), keyboard, axe, ())


def walk(*stops, visible=True):
    return [Stop(stop, visible, f"<a {stop}>") for stop in stops]


@pytest.mark.parametrize(
    ("stops", "codes"),
    [
        ((0, 1, 1, 1, 1, 2, 3), set()),  # a date
        ((0, 1, 2, 3, -1, 0, 1), set()),  # round and round
        ((0, 1, *[1] * 8), {"keyboard_trap"}),
        ((-1, *[-1] * 8), {"keyboard_trap"}),
    ],
)
def test_a_trap_is_where_tab_leads_nowhere(stops, codes):
    keyboard = judge(seen(Keyboard(4, [], walk(*stops))), 1)[1]
    assert {remark.code for remark in keyboard.remarks} == codes
    assert keyboard.share == (Decimal("0.5") if codes else 1)


def test_focus_that_does_not_show_costs_half():
    keyboard = judge(seen(Keyboard(2, [], walk(0, 1, visible=False))), 1)[1]
    assert (keyboard.share, [each.code for each in keyboard.remarks]) == (
        Decimal("0.5"),
        ["focus_unseen"],
    )


def test_what_axe_could_not_decide_costs_nothing_gains_nothing_and_is_told():
    rule = AxeRule("color-contrast", [AxeNode("<p>")], "serious")
    undecided = judge(seen(Keyboard(1, [], walk(0)), axe=Axe([], [rule])), 1)[0]
    violated = judge(seen(Keyboard(1, [], walk(0)), axe=Axe([rule], [])), 1)[0]
    assert (undecided.share, [each.code for each in undecided.remarks]) == (1, ["axe_incomplete"])
    assert (violated.share, [each.code for each in violated.remarks]) == (
        Decimal("0.85"),
        ["axe_violation"],
    )


def test_what_wcag_2_1_adds_counts_for_its_own_check_alone():
    rule = AxeRule("autocomplete-valid", [AxeNode("<input>")], "serious", tags=["wcag21aa"])
    found = judge(seen(Keyboard(1, [], walk(0)), axe=Axe([rule], [])), 1)
    by_check = {each.check: each.share for each in found}
    assert (by_check["wcag.axe"], by_check["wcag.axe_2_1"]) == (1, Decimal("0.85"))


def test_without_axe_nothing_is_measured():
    assert judge(seen(Keyboard(1, [], walk(0))), 1)[0].fault is Fault.NO_TOOL


@pytest.mark.parametrize(
    ("viewport", "share"),
    [
        ("width=device-width", "1"),
        ("width=device-width, user-scalable=no", "0.5"),
        ("width=device-width, maximum-scale=1.0", "0.5"),
        ("width=device-width, maximum-scale=5", "1"),
    ],
)
def test_a_page_that_forbids_zoom_loses_half(viewport, share):
    assert judge(seen(Keyboard(1, [], walk(0)), viewport=viewport), 1)[2].share == Decimal(share)
