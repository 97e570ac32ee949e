"""Where a report stands, read off its steps; and whether a step may follow. Pure.

    (nothing) ── draft ──▶ draft ── check ──▶ checked ── sign ──▶ signed ── publish ──▶ published
                            ▲  ▲                                                            │
                            │  └────────── another digest, from any state before ──┐        │
                            └── revise: a draft that names the one it replaces ────┴────────┘

A step speaks about one digest: a draft made again is another draft, and nothing that was said of the one
before holds for it. `withdraw` takes the last step back, until the report is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from thuocdo.measure.definitions import Text
from thuocdo.report.desk.model import (
    Actor,
    Kind,
    Refused,
    Rules,
    State,
    Step,
    StepRule,
    Weight,
    words,
)

_AFTER: Final = {Kind.CHECK: State.DRAFT, Kind.SIGN: State.CHECKED, Kind.PUBLISH: State.SIGNED}
"""The state a step is done in."""


class Draft(msgspec.Struct, frozen=True):
    """What is on its way to the public: made, perhaps checked, perhaps signed.

    replaces  digest of the edition it would take the place of; "" for the first
    reason    why it is to be replaced; "" while nobody has said so
    """

    made: Step
    replaces: str = ""
    revised: Step | None = None
    checked: Step | None = None
    signed: Step | None = None

    @property
    def digest(self) -> str:
        return self.made.digest

    @property
    def reason(self) -> str:
        return self.revised.note if self.revised else ""

    @property
    def state(self) -> State:
        if self.signed:
            return State.SIGNED
        return State.CHECKED if self.checked else State.DRAFT

    @property
    def steps(self) -> list[Step]:
        """What holds of it now, in order."""
        parts = {self.made.number: self.made}
        for step in (self.revised, self.checked, self.signed):
            if step:
                parts[step.number] = step
        return [parts[number] for number in sorted(parts)]


class Edition(msgspec.Struct, frozen=True):
    """What was published once, and stays reachable.

    published    the step `publish`, or `upgrade` for one that was there before the desk
    signed       None for one taken over at the upgrade
    replaced_by  digest of the edition that took its place; "" while it stands
    """

    digest: str
    published: Step
    signed: Step | None = None
    replaces: str = ""
    reason: str = ""
    replaced_by: str = ""

    @property
    def state(self) -> State:
        return State.REVISED if self.replaced_by else State.PUBLISHED


class Standing(msgspec.Struct, frozen=True):
    """The report of one week: its editions, oldest first, the draft on the desk, all steps.

    problem  why its book cannot be read; then nothing else is known
    """

    week: str
    steps: tuple[Step, ...] = ()
    editions: tuple[Edition, ...] = ()
    draft: Draft | None = None
    problem: str = ""

    @property
    def current(self) -> Edition | None:
        """What the public reads."""
        return self.editions[-1] if self.editions else None

    @property
    def state(self) -> State | None:
        """Of what is being worked on, else of what is public; None when nothing was ever made."""
        if self.draft:
            return self.draft.state
        if self.editions:
            return State.PUBLISHED
        return State.WITHDRAWN if self.steps else None


def fold(week: str, steps: Iterable[Step]) -> Standing:
    """Where a report stands after its steps, in their order."""
    standing = Standing(week)
    for step in steps:
        standing = _after(standing, step)
    return standing


def refuse_unless_allowed(
    standing: Standing, kind: Kind, actor: Actor, digest: str, note: str, rules: Rules
) -> None:
    """Raise `Refused` when this person may not do this step to this digest now."""
    rule = rules.steps[kind]
    if actor.is_machine and kind is not Kind.DRAFT:
        raise no("machine_step", rule)
    if not actor.is_machine and actor.rights.isdisjoint(rule.rights):
        raise no("not_your_step", rule)
    if rule.needs_note and not note.strip():
        raise no("needs_reason", rule)
    draft = standing.draft
    if kind in _AFTER:
        _refuse_out_of_turn(standing, kind, digest, rules)
    elif kind is Kind.WITHDRAW and draft is None:
        raise no("nothing_to_withdraw", rule)
    elif kind is Kind.REVISE and standing.current is None:
        raise no("nothing_published", rule)
    hands = [step for step in draft.steps if step.kind in rule.others] if draft else []
    if any(step.who == actor.name for step in hands):
        raise no("four_eyes", rule)


def allowed(standing: Standing, actor: Actor, rules: Rules) -> list[Kind]:
    """The steps this person could do now, reasons and numbers apart."""
    digest = standing.draft.digest if standing.draft else ""
    found = []
    for kind in (Kind.CHECK, Kind.SIGN, Kind.PUBLISH, Kind.REVISE, Kind.WITHDRAW):
        try:
            refuse_unless_allowed(standing, kind, actor, digest, "-", rules)
        except Refused:
            continue
        found.append(kind)
    return found


def _refuse_out_of_turn(standing: Standing, kind: Kind, digest: str, rules: Rules) -> None:
    rule, draft = rules.steps[kind], standing.draft
    if draft is None or draft.state is not _AFTER[kind]:
        raise no("out_of_turn", rule)
    if draft.digest != digest:
        raise no("draft_changed", rule)
    if draft.replaces and not draft.reason:
        raise no("revision_without_reason", rule)


def _after(standing: Standing, step: Step) -> Standing:
    draft = standing.draft
    steps = (*standing.steps, step)
    if step.kind in (Kind.DRAFT, Kind.REVISE):
        draft = _made(standing, step)
    elif step.kind is Kind.CHECK and draft and not _is_blocked(step):
        draft = msgspec.structs.replace(draft, checked=step)
    elif step.kind is Kind.SIGN and draft:
        draft = msgspec.structs.replace(draft, signed=step)
    elif step.kind is Kind.WITHDRAW and draft:
        draft = _without_last(draft)
    elif step.kind in (Kind.PUBLISH, Kind.UPGRADE):
        return msgspec.structs.replace(
            standing, steps=steps, draft=None, editions=_with(standing.editions, draft, step)
        )
    return msgspec.structs.replace(standing, steps=steps, draft=draft)


def _is_blocked(step: Step) -> bool:
    return any(found.weight is Weight.BLOCK for found in step.findings)


def _made(standing: Standing, step: Step) -> Draft:
    """A draft with nothing said of it; the reason of a revision stays when it is only made again."""
    before = standing.draft
    replaces = standing.current.digest if standing.current else ""
    if step.kind is Kind.REVISE:
        made = before.made if before and before.digest == step.digest else step
        return Draft(made, replaces, revised=step)
    return Draft(step, replaces, revised=before.revised if before else None)


def _without_last(draft: Draft) -> Draft | None:
    if draft.signed:
        return msgspec.structs.replace(draft, signed=None)
    return msgspec.structs.replace(draft, checked=None) if draft.checked else None


def _with(editions: Sequence[Edition], draft: Draft | None, step: Step) -> tuple[Edition, ...]:
    fresh = Edition(
        step.digest,
        step,
        signed=draft.signed if draft else None,
        replaces=draft.replaces if draft else "",
        reason=draft.reason if draft else "",
    )
    replaced = [msgspec.structs.replace(one, replaced_by=step.digest) for one in editions[-1:]]
    return (*editions[:-1], *replaced, fresh)


def no(code: str, rule: StepRule) -> Refused:
    """The refusal of a step in the words of words.yaml."""
    said = words().refusals[code]
    return Refused(
        code,
        Text(vi=said.text.vi.format(step=rule.vi), en=said.text.en.format(step=rule.en)),
        said.way_out,
    )
