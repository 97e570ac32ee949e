"""What the public reads of the desk: editions with their files and their signature, nothing of a draft."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from thuocdo.core.settings import Settings
from thuocdo.report.desk import shelf
from thuocdo.report.desk.book import Book
from thuocdo.report.desk.changes import Changes, compare
from thuocdo.report.desk.standing import Edition
from thuocdo.report.desk.working import published, standing


class Printed(msgspec.Struct, frozen=True):
    """One edition as the public has it.

    files      what is printed, the frozen JSON first
    editions   every edition of its week, oldest first; this is one of them
    signature  the signed line, a compact JWS over digest, who and when; None: taken over at the upgrade
    """

    week: str
    edition: Edition
    head: shelf.Head
    files: tuple[Path, ...]
    editions: tuple[Edition, ...]
    signature: str | None

    @property
    def name(self) -> str:
        """How addresses name the edition."""
        return shelf.short(self.edition.digest)


def current(settings: Settings) -> Iterator[Printed]:
    """What stands of every week, the latest first."""
    for found, edition in published(settings):
        printed = _printed(settings, found.week, edition, found.editions)
        if printed:
            yield printed


def of_week(settings: Settings, week: str, name: str = "") -> Printed | None:
    """What stands of a week, or one of its editions by its name; None when there is no such thing.

    Raises ThuocdoError `bad_week`, `broken_book`.
    """
    editions = standing(settings, week).editions
    for edition in reversed(editions):
        if name in ("", shelf.short(edition.digest)):
            return _printed(settings, week, edition, editions)
    return None


def changes(settings: Settings, week: str, edition: Edition) -> Changes | None:
    """What an edition changed in the one it replaced; None when it replaced none, or one is lost."""
    if not edition.replaces:
        return None
    before = shelf.report_of(settings, week, edition.replaces)
    now = shelf.report_of(settings, week, edition.digest)
    return compare(before, now) if before and now else None


def _printed(
    settings: Settings, week: str, edition: Edition, editions: tuple[Edition, ...]
) -> Printed | None:
    head = shelf.head_of(settings, week, edition.digest)
    if head is None:
        return None
    signed = edition.signed
    return Printed(
        week,
        edition,
        head,
        tuple(shelf.files_of(settings, week, edition.digest)),
        editions,
        Book(settings, week).tokens()[signed.number - 1] if signed else None,
    )
