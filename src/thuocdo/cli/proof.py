"""`thuocdo proof` and `thuocdo erase`: what the log of the raw lake holds, shown to strangers; what the law takes out of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from thuocdo.cli.ready import ready
from thuocdo.core import clock
from thuocdo.core import settings as settings_of
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import PublicKey, Signer

if TYPE_CHECKING:
    from thuocdo.lake.ledger.ledger import Ledger
    from thuocdo.lake.ledger.proofs import Proof

proofs = typer.Typer(help="Proofs from the log of the raw lake, for strangers.")

KeyFile = Annotated[
    Path | None, typer.Option("--key", help="The public key (JSON); default this instance's.")
]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write the proof here.")]


def erase(
    system: Annotated[str, typer.Argument(help="The code of the system it belongs to.")],
    number: Annotated[str, typer.Argument(help="Its number; it is neither stored nor printed.")],
    reason: Annotated[str, typer.Option(help="Ground and decision; stays in the log for ever.")],
) -> None:
    """Take a dossier out of the raw lake by law, leaving tombstones that keep every proof valid."""
    from thuocdo.run.once import erase_now

    done = erase_now(ready(), system, number, reason)
    if not done.rows:
        typer.echo("Nothing of that dossier is left.")
        return
    rows = ", ".join(f"{count} rows of {table}" for table, count in done.rows.items())
    typer.echo(f"Erased {rows}; {done.files} files written anew, the old ones deleted.")


@proofs.command("head")
def head(
    keep: Annotated[bool, typer.Option("--keep", help="Keep it beside the daily ones.")] = False,
) -> None:
    """Print the signed head of the log: size, root, time, and the signature to publish."""
    with closing(_ledger()) as ledger:
        current = ledger.extend()
        typer.echo(f"size  {current.size}\nroot  {current.root}\nat    {moment(current.at)}")
        typer.echo(ledger.book.token())
        if keep:
            name = moment(current.at).replace(":", "").replace("-", "")[:15]
            typer.echo(f"kept  {ledger.book.keep(name)}")


@proofs.command("key")
def key() -> None:
    """Print the public key, a JSON Web Key: strangers need it, and should get it from a trusted place."""
    typer.echo(msgspec.json.encode(Signer.of(ready().home).public).decode())


@proofs.command("receipt")
def receipt(
    file: Annotated[Path, typer.Argument(help="The receipt, or the answer it came in.")],
    output: Output = None,
) -> None:
    """Prove that the batch of a receipt is in the log."""
    from thuocdo.lake.ledger.proofs import of_receipt

    token = _receipt_in(file)
    with closing(_ledger()) as ledger:
        ledger.extend()
        _write(of_receipt(ledger, token), output)


@proofs.command("dossier")
def dossier(
    system: Annotated[str, typer.Argument(help="The code of the system it belongs to.")],
    number: Annotated[str, typer.Argument(help="Its number; it is neither stored nor printed.")],
    output: Output = None,
) -> None:
    """Prove that the events of a dossier are in the log."""
    from thuocdo.lake.ledger.proofs import of_dossier

    with closing(_ledger()) as ledger:
        ledger.extend()
        _write(of_dossier(ledger, ready().secret, system, number), output)


@proofs.command("consistency")
def consistency(
    first: Annotated[int, typer.Argument(help="Size of the earlier log.")],
    second: Annotated[int, typer.Argument(help="Size of the later log.")],
    output: Output = None,
) -> None:
    """Prove that a log begins with an earlier one."""
    from thuocdo.lake.ledger.proofs import of_consistency

    with closing(_ledger()) as ledger:
        _write(of_consistency(ledger, first, second), output)


@proofs.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="The proof.")],
    key: KeyFile = None,
) -> None:
    """Check a proof with the public key alone: no lake, no instance."""
    from thuocdo.lake.ledger.proofs import Proof
    from thuocdo.lake.ledger.proofs import check as checked

    try:
        proof = msgspec.json.decode(_read(file), type=Proof)
    except msgspec.DecodeError as problem:
        raise ThuocdoError("no_proof", f"{file} is no proof: {problem}.", "Give a proof.") from None
    found = checked(proof, public_key(key, None if key else settings_of.load()))
    parts = [f"The proof holds, under the head of {found.size} leaves of {moment(found.at)}."]
    if found.segment:
        parts.append(
            f"The receipt's segment {found.segment} is in {found.leaves} leaves of the log."
        )
    elif found.rows:
        parts.append(f"{found.rows} rows are in the log, each in its leaf.")
    if found.beginnings:
        sizes = " and ".join(map(str, found.beginnings))
        parts.append(f"The log begins with the logs of {sizes} leaves.")
    typer.echo("\n".join(parts))


def _ledger() -> Ledger:
    from thuocdo.lake.ledger.ledger import Ledger
    from thuocdo.lake.store import Lake

    found = ready()
    return Ledger(found, Lake.open(found))


def public_key(key: Path | None, found: Settings | None) -> PublicKey:
    if key is None:
        if found is None or not found.is_initialised:
            raise ThuocdoError(
                "no_key",
                "There is no key to check with.",
                "Give the instance's public key with --key (`thuocdo proof key` prints it).",
            )
        return Signer.of(found.home).public
    try:
        return msgspec.json.decode(_read(key), type=PublicKey)
    except msgspec.DecodeError as problem:
        raise ThuocdoError(
            "bad_key", f"{key} is no JSON Web Key: {problem}.", "Give the key as it was published."
        ) from None


def _receipt_in(file: Path) -> str:
    """A receipt, alone or in the answer that carried it."""
    content = _read(file)
    try:
        return str(msgspec.json.decode(content, type=dict)["receipt"])
    except (msgspec.DecodeError, KeyError):
        return content.decode("utf-8", "replace").strip().strip('"')


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise ThuocdoError("no_file", f"{file}: {problem.strerror}.", "Give a file.") from None


def _write(proof: Proof, output: Path | None) -> None:
    text = msgspec.json.format(msgspec.json.encode(proof), indent=2)
    if output is None:
        typer.echo(text.decode())
    else:
        output.write_bytes(text + b"\n")
        typer.echo(f"The proof is in {output}.")


def moment(at: int) -> str:
    return clock.to_datetime(at).isoformat(timespec="seconds")
