"""Names of the figures on the pages, and what a name answers then and now.

A page names every figure it shows; the name's check tells, without asking raw events, whether what
comes out now is what was shown. What was shown is remembered for as long as the process lives, and
for good from the first time somebody opens it: an address that was cited answers in ten years.
Nothing here recomputes the past: `thuocdo verify` does, for whoever has the raw lake.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import msgspec

from thuocdo.core import clock
from thuocdo.measure.across import across
from thuocdo.measure.model import Figure, Flag, Log
from thuocdo.measure.passport.asking import answer_of, figure_name, named
from thuocdo.measure.passport.naming import Answer, Named, Question, check_of
from thuocdo.measure.service import Measure
from thuocdo.web import publishing
from thuocdo.web.models import ShownFigure

_REMEMBERED = 50_000
"""Some 20 MB; a page names fewer than a hundred."""

_recent: OrderedDict[str, Answer] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Then:
    """What was shown under a name, and when somebody first opened it (µs UTC)."""

    answer: Answer
    at: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a name answers.

    now      the figure as it may be shown today; None: there is none any more
    now_name its name; None where no log stands behind it, or where it is withheld
    same     what comes out now is what the name stands for
    then     what was shown under the name, if it is kept here
    log      leaves and root the name stands on; None: this log is shorter
    erased   rows that were erased by law since
    """

    name: str
    named: Named
    now: Figure | None
    now_name: str | None
    same: bool
    then: Then | None
    log: Log | None
    erased: int

    @property
    def question(self) -> Question:
        return self.named.question


def name_for(measure: Measure, figure: Figure) -> str | None:
    """The name of a shown figure, remembered; None where there is none, or nothing to show."""
    if publishing.is_withheld(figure):
        return None
    name = figure_name(measure, figure)
    if name is not None:
        with _lock:
            _recent[name] = answer_of(figure)
            _recent.move_to_end(name)
            while len(_recent) > _REMEMBERED:
                _recent.popitem(last=False)
    return name


def find(measure: Measure, name: str) -> Found:
    """What a name answers now, and did then.

    Raises ThuocdoError as `named` and `Measure.figures` do.
    """
    told = named(measure, name)
    now = _shown_now(measure, told.question)
    answer = answer_of(now) if now is not None else None
    same = answer is not None and check_of(told.question, answer) == told.check
    then = _then(name, told, answer if same else None)
    log, erased = _log(measure, told.question)
    return Found(
        name=name,
        named=told,
        now=now,
        now_name=name_for(measure, now) if now is not None else None,
        same=same,
        then=then,
        log=log,
        erased=erased,
    )


def _shown_now(measure: Measure, question: Question) -> Figure | None:
    """The figure as the pages show it today: of its whole table, less what must not be shown."""
    if question.procedure or question.own:
        return _of_table(measure, question)
    mine = measure.figures(
        question.indicator,
        question.period,
        version=question.version,
        agency=question.agency,
        block=question.block,
        as_organised=question.organised,
        trust=question.trust,
    )
    first = next(iter(mine), None)
    if first is None:
        return None
    if Flag.NOT_RANKED in first.flags:
        return publishing.published(measure, mine)[0]
    block = measure.figures(
        question.indicator,
        question.period,
        version=question.version,
        block=first.block,
        as_organised=question.organised,
        trust=question.trust,
    )
    shown = publishing.published(measure, block)
    return next(figure for figure in shown if figure.agency == first.agency)


def _of_table(measure: Measure, question: Question) -> Figure | None:
    """A service's figure, or what is an agency's own: disclosed with the table it is shown in.

    Of services only what the pages show has a passport: an agency's among all agencies', and a
    service of a whole block among its services.
    """
    asked = {"as_organised": question.organised, "trust": question.trust}
    if question.procedure and question.agency:
        parts = across(measure, question.indicator, question.procedure, question.period, **asked)
    else:
        parts = measure.figures(
            question.indicator,
            question.period,
            version=question.version,
            by="service" if question.procedure else "children",
            agency=question.agency,
            block=question.block,
            **asked,
        )
    wanted = (
        figure
        for figure in publishing.published_services(measure, parts)
        if figure.procedure == question.procedure
        and (not question.procedure or figure.agency == (question.agency or ""))
        and figure.version == question.version
        and (not question.own or Flag.DIRECTLY in figure.flags)
    )
    return next(wanted, None)


def _then(name: str, told: Named, answer: Answer | None) -> Then | None:
    kept = ShownFigure.objects.filter(name=name).first()
    if kept is None:
        with _lock:
            shown = answer or _recent.get(name)
        if shown is None:
            return None
        kept, _new = ShownFigure.objects.get_or_create(
            name=name, defaults={"answer": msgspec.to_builtins(shown)}
        )
    was = msgspec.convert(kept.answer, Answer)
    if check_of(told.question, was) != told.check:
        return None  # the definition's words are others now: nothing vouches for it any more
    return Then(was, clock.from_datetime(kept.shown_at))


def _log(measure: Measure, question: Question) -> tuple[Log | None, int]:
    with measure.ledger() as ledger:
        head = ledger.head()
        if head is None or head.size < question.log_size:
            return None, 0
        return (
            Log(question.log_size, ledger.root_at(question.log_size)),
            ledger.erased_after(question.log_size),
        )
