"""From a figure to its name, and from a name to the figure asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from thuocdo.measure.model import Figure, Flag
from thuocdo.measure.passport.naming import Answer, Named, Question, name_of, parse
from thuocdo.measure.service import Measure


class Verdict(msgspec.Struct, frozen=True):
    """What became of a figure when it was made again from raw events.

    name    of the figure as it was published
    here    name of the figure as it came out now; None: nothing came out
    figure  as it came out now
    same    to the last digit, under the same words
    """

    name: str
    here: str | None
    figure: Figure | None
    same: bool


def question_of(measure: Measure, figure: Figure) -> Question | None:
    """What a figure answers; None where no log of raw segments stands behind it."""
    if figure.log_size is None:
        return None
    version = measure.definition(figure.indicator).version_for(figure.period_last, figure.version)
    return Question(
        indicator=figure.indicator,
        version=figure.version,
        identity=version.identity,
        first=figure.period_first,
        last=figure.period_last,
        agency=figure.agency or None,
        block=None if figure.agency else figure.block,
        procedure=figure.procedure,
        organised=figure.as_organised,
        trust=figure.trust,
        log_size=figure.log_size,
        landed_by=figure.as_known,
        own=Flag.DIRECTLY in figure.flags,
    )


def answer_of(figure: Figure) -> Answer:
    """What a second computation must meet."""
    coverage = figure.coverage
    return Answer(
        numerator=figure.numerator,
        denominator=figure.denominator,
        value=None if figure.value is None else _plain(figure.value),
        reporting=coverage.reporting if coverage else None,
        expected=coverage.expected if coverage else None,
        rank=figure.rank,
    )


def figure_name(measure: Measure, figure: Figure) -> str | None:
    """The permanent name of a figure; None where no log of raw segments stands behind it."""
    question = question_of(measure, figure)
    return None if question is None else name_of(question, answer_of(figure))


def named(measure: Measure, name: str) -> Named:
    """A name, with the identity that its definition has here.

    Raises ThuocdoError `bad_figure_name`, `unknown_indicator`, `unknown_version`.
    """
    bare = parse(name).question
    version = measure.definition(bare.indicator).version_for(bare.last, bare.version)
    return parse(name, version.identity)


def ask_again(measure: Measure, question: Question) -> Figure | None:
    """The figure that answers a question, as it was known then; None when there is none.

    Raises ThuocdoError as `Measure.figures` does.
    """
    by = "service" if question.procedure else "children" if question.own else "agency"
    found = measure.figures(
        question.indicator,
        question.period,
        version=question.version,
        by=by,
        agency=question.agency,
        block=question.block,
        as_known=question.known,
        as_organised=question.organised,
        trust=question.trust,
    )
    return _wanted(found, question)


def verify(measure: Measure, name: str) -> Verdict:
    """Make a figure again and hold it against its name.

    measure  one that is `only_raw`, so that nothing but raw events is asked
    Raises ThuocdoError as `named` and `ask_again` do.
    """
    told = named(measure, name)
    figure = ask_again(measure, told.question)
    if figure is None:
        return Verdict(name, None, None, same=False)
    here = name_of(told.question, answer_of(figure))
    return Verdict(name, here, figure, same=here == name)


def _wanted(found: Sequence[Figure], question: Question) -> Figure | None:
    for figure in found:
        if question.own and Flag.DIRECTLY not in figure.flags:
            continue
        if figure.procedure == question.procedure:
            return figure
    return None


def _plain(value: float) -> str:
    """A number as anybody writes it: 88.45, 90, 9941921."""
    return f"{Decimal(str(value)).normalize():f}"
