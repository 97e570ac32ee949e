"""What `thuocdo verify` says of a report's signature: whose it is, and whether it is of these very bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from thuocdo.cli.proof import moment, public_key
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import opened

if TYPE_CHECKING:
    from thuocdo.report.desk.model import Step
    from thuocdo.report.desk.standing import Standing


def told(home: Settings | None, what: str, signature: Path | None, key: Path | None) -> int:
    """Say it; the exit code: 1 when a signature is not of this report. `what` is a file or a week."""
    from thuocdo.report.desk.shelf import digest_of

    frozen = Path(what).read_bytes() if Path(what).is_file() else None
    if signature is not None:
        return _of_file(frozen, signature, key, home)
    if home is None:
        return 0
    if frozen is None:
        return _of_week(home, what, None)
    from thuocdo.report import archive

    return _of_week(home, archive.read(Path(what)).week, digest_of(frozen))


def _of_file(frozen: bytes | None, signature: Path, key: Path | None, home: Settings | None) -> int:
    from thuocdo.report.desk.model import Kind, Step
    from thuocdo.report.desk.shelf import digest_of

    if frozen is None:
        raise ThuocdoError(
            "no_file", "A signature is of a file.", "Give the report's JSON beside --signature."
        )
    token = signature.read_text("ascii", "replace").strip()
    step = opened(token, public_key(key, home), Step)
    if step is None or step.kind is not Kind.SIGN or step.digest != digest_of(frozen):
        typer.echo("The signature is not of this report, or not by this key.")
        return 1
    _say(step)
    return 0


def _of_week(home: Settings, week: str, digest: str | None) -> int:
    """What this instance's own book says; of no digest: of what stands."""
    from thuocdo.report.desk.working import standing

    found = standing(home, week)
    for edition in reversed(found.editions):
        if digest not in (None, edition.digest):
            continue
        if edition.signed:
            _say(edition.signed)
        else:
            typer.echo("Published before there was a desk; it carries no signature.")
        typer.echo(f"Published {moment(edition.published.at)} by {edition.published.who}.")
        if edition.replaced_by:
            typer.echo(f"Replaced since: {_reason(found, edition.replaced_by)}")
        return 0
    if digest in (None, found.draft.digest if found.draft else None):
        typer.echo("It is a draft: not published.")
    else:
        typer.echo("This instance never published these bytes.")
    return 0


def _reason(found: Standing, digest: str) -> str:
    return next(one.reason for one in found.editions if one.digest == digest)


def _say(step: Step) -> None:
    simulated = " (a simulated person)" if step.simulated else ""
    typer.echo(
        f"Signed {moment(step.at)} by {step.who}{simulated}; the signature is of this report."
    )
