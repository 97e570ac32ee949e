"""The passport of a figure: everything needed to believe it, or to prove it wrong."""

from __future__ import annotations

from importlib.metadata import version as installed_version

import msgspec

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Text
from thuocdo.measure.definitions.wording import LANGUAGES, Speaker
from thuocdo.measure.exclusions import Exclusion, exclusions
from thuocdo.measure.known import Known
from thuocdo.measure.model import Figure, Log
from thuocdo.measure.passport.asking import answer_of, ask_again, named
from thuocdo.measure.passport.naming import Answer, Question, name_of
from thuocdo.measure.service import Measure


class Wording(msgspec.Struct, frozen=True):
    """The definition a figure was computed under.

    formula   numerator and denominator in words
    rules     what it does with zero, with what is unknown, and how it rounds
    identity  hash of its words and of those it is made of
    """

    title: Text
    text: Text
    formula: Text
    rules: list[Text]
    document: str
    place: str
    identity: str


class Passport(msgspec.Struct, frozen=True):
    """How a figure was made.

    answer       as it comes out now, from what was known then
    same         whether that is the answer the name stands for
    excluded     what it leaves out, by reason
    log          leaves and root of the log of raw segments it stands on
    erased       rows taken out of the lake by law since
    recipe       commands that make it again, here and from copies
    """

    name: str
    question: Question
    definition: Wording
    answer: Answer
    same: bool
    figure: Figure
    excluded: list[Exclusion]
    log: Log
    erased: int
    software: str
    recipe: list[str]


def passport(measure: Measure, name: str) -> Passport:
    """The passport of a figure by its name.

    Raises ThuocdoError `bad_figure_name`, `no_such_figure`, and as `Measure.figures` does.
    """
    question = named(measure, name).question
    figure = ask_again(measure, question)
    if figure is None:
        raise ThuocdoError(
            "no_such_figure",
            f"There is no figure for {name.rpartition(':')[0]!r}.",
            "Copy the name as it was published.",
        )
    answer = answer_of(figure)
    with measure.ledger() as ledger:
        log = Log(question.log_size, ledger.root_at(question.log_size))
        erased = ledger.erased_after(question.log_size)
    return Passport(
        name=name,
        question=question,
        definition=wording_of(measure, question),
        answer=answer,
        same=name_of(question, answer) == name,
        figure=figure,
        excluded=left_out(measure, question, question.known),
        log=log,
        erased=erased,
        software=f"thuocdo {installed_version('thuocdo')}",
        recipe=[
            f"thuocdo verify {name}",
            f"thuocdo verify {name} --lake LAKE --ledger LEDGER --key KEY.json",
        ],
    )


def wording_of(measure: Measure, question: Question) -> Wording:
    """The words a figure's definition has here. Raises as `Measure.definition` does."""
    indicator = measure.definition(question.indicator)
    version = indicator.version_for(question.last, question.version)
    speakers = [Speaker(language) for language in LANGUAGES]
    formula = Text(*(speaker.formula(version) for speaker in speakers))
    rules = zip(*(speaker.rules(indicator, version) for speaker in speakers), strict=True)
    return Wording(
        title=indicator.name,
        text=version.description,
        formula=formula,
        rules=[Text(*pair) for pair in rules],
        document=version.source.document,
        place=version.source.place,
        identity=version.identity,
    )


def left_out(measure: Measure, question: Question, known: Known | None = None) -> list[Exclusion]:
    """What a figure leaves out; of a service's the whole agency's: refused records name no procedure.

    known  as of when; None: now
    """
    found = exclusions(
        measure,
        question.indicator,
        question.period,
        agency=question.agency,
        version=question.version,
        as_known=known,
        as_organised=question.organised,
        trust=question.trust,
    )
    return list(found)
