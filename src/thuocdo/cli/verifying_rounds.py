"""`thuocdo assess verify`: a published round made again from its checks, by whoever holds the file and the key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from thuocdo.cli.assess_options import Lang
from thuocdo.cli.proof import KeyFile, public_key
from thuocdo.core import settings as settings_of
from thuocdo.core.errors import ThuocdoError

if TYPE_CHECKING:
    from thuocdo.assess.criteria.model import CriteriaSet
    from thuocdo.assess.rounds.publication import Publication
    from thuocdo.cli.assess_words import Words
    from thuocdo.core.settings import Settings

_SHOWN = 50

What = Annotated[
    str, typer.Argument(help="A round of this instance, or what was signed (a JWS file).")
]
RulesFile = Annotated[
    Path | None,
    typer.Option(help="The rules the round froze (JSON); default those that come with this."),
]
Evidence = Annotated[
    Path | None,
    typer.Option(help="A home whose evidence/ holds the pieces; default this instance's."),
]


def add_to(assess: typer.Typer) -> None:
    """Beside the other commands about rounds."""
    assess.command("verify")(verify)


def verify(
    what: What,
    key: KeyFile = None,
    rules: RulesFile = None,
    evidence: Evidence = None,
    lang: Lang = "vi",
) -> int:
    """Verify a published round: signature, rules, every total, level and rank, each piece of evidence; exit 1 when something is wrong.

    With a file and --key it needs no instance: the signed file, the public key and the rules as published are enough.
    """
    from thuocdo.assess.rounds import verifying
    from thuocdo.cli.assess_words import Words

    words = Words.of(lang)
    is_file = Path(what).is_file()
    home = None if is_file and key else settings_of.load()  # strangers have none
    made, own_rules = _of_file(Path(what), key, home) if is_file else _of_round(what)
    frozen = own_rules if own_rules and not rules else _rules(rules, made)
    typer.echo(words("verify_signed", round=made.round, rules=made.rules, sha256=made.rules_sha256))
    wrong = verifying.recomputed(made, frozen)
    if not wrong:
        _say_sums(words, made, frozen)
    for each in wrong[:_SHOWN]:
        place = each.place or made.round
        typer.echo(words("verify_wrong", place=place, what=each.what, published=each.published, here=each.here))  # fmt: skip
    if len(wrong) > _SHOWN:
        typer.echo(words("more", n=len(wrong) - _SHOWN))
    folder = evidence or (home and home.home)
    spoilt = _say_evidence(words, made, folder) if folder else 0
    typer.echo(words("verify_bad", n=len(wrong) + spoilt) if wrong or spoilt else words("verify_good"))  # fmt: skip
    return 1 if wrong or spoilt else 0


def _of_round(code: str) -> tuple[Publication, CriteriaSet | None]:
    from thuocdo.cli.ready import ready_with_registry

    found = ready_with_registry()
    from thuocdo.assess.rounds import grading, office

    held = office.find(code)
    return office.published(held, found), grading.rules_of(held)


def _of_file(
    file: Path, key: Path | None, home: Settings | None
) -> tuple[Publication, CriteriaSet | None]:
    from thuocdo.assess.rounds.publication import Publication
    from thuocdo.core.signing import opened

    token = file.read_text("ascii", "replace").strip()
    made = opened(token, public_key(key, home), Publication)
    if made is None:
        raise ThuocdoError(
            "bad_publication",
            f"{file} is not what this key signed.",
            "Take both as they were published: <round>.jws, and the key that `thuocdo proof key` prints.",
        )
    return made, None


def _rules(file: Path | None, made: Publication) -> CriteriaSet:
    """Those of a file, else those of this software; whether they are the frozen ones their hash will tell."""
    from thuocdo.assess.criteria.model import CriteriaSet, criteria_set

    if file is None:
        return criteria_set(made.rules)
    try:
        return msgspec.json.decode(file.read_bytes(), type=CriteriaSet)
    except (OSError, msgspec.DecodeError) as error:
        raise ThuocdoError(
            "bad_rules", f"{file} holds no rules: {error}.", "Download <round>.rules.json."
        ) from None


def _say_sums(words: Words, made: Publication, rules: CriteriaSet) -> None:
    from thuocdo.assess.rounds.verifying import wholes

    checks = sum(len(each.checks) for each in made.systems)
    typer.echo(words("verify_sums", systems=len(made.systems), checks=checks))
    whole = sum(len(wholes(each, rules)) for each in made.systems)
    if whole:
        typer.echo(words("verify_wholes", n=whole))


def _say_evidence(words: Words, made: Publication, folder: Path) -> int:
    from thuocdo.assess.evidence import Kept
    from thuocdo.assess.rounds import verifying

    found = verifying.evidence(made, Kept(folder))
    typer.echo(words("verify_evidence", n=found.pieces))
    for code, names in (("verify_missing", found.missing), ("verify_changed", found.changed)):
        for name in names[:_SHOWN]:
            typer.echo(words(code, sha256=name))
        if len(names) > _SHOWN:
            typer.echo(words("more", n=len(names) - _SHOWN))
    return len(found.missing) + len(found.changed)
