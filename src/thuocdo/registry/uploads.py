"""Files that offices hand over on the web: kept at once, looked at afterwards, never lost.

A file is streamed into a folder that nobody else reads, named by its digest; only then is a row written
that says whose it is. What a check finds wrong with it is told and the file stays, so that whoever
sent it mends it or somebody else can look.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path, PurePath
from typing import Any

import msgspec
import yaml
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.vietnamese import nfc
from thuocdo.registry.rights import Source

_PRIVATE = 0o700
_LONGEST_NAME = 200
_SAME = ("kind", "agency", "digest", "name", "encoding", "starts")


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; see the comments there."""

    version: int
    valid_from: date
    source: Source
    most_bytes: int
    most_unpacked_bytes: int
    most_rows: int
    most_cells: int
    most_waiting: int
    ticket_hours: int


@cache
def limits() -> Limits:
    """The policy, read once. Raises msgspec.ValidationError when it is malformed."""
    text = (resources.files("thuocdo.registry") / "data" / "uploads.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), Limits)


class Upload(models.Model):
    """A file of an agency. `starts`: first day of rows that give none; null: always."""

    class Kind(models.TextChoices):
        SERVICES = "services", _("danh mục dịch vụ")
        DECLARED = "declared", _("số liệu công bố")

    class State(models.TextChoices):
        WAITING = "waiting", _("chờ xác nhận")
        APPLIED = "applied", _("đã áp dụng")
        ASIDE = "aside", _("không dùng")

    kind = models.CharField(
        _("loại"), max_length=8, choices=Kind.choices, default=Kind.SERVICES.value
    )
    agency = models.CharField(_("mã cơ quan"), max_length=40, db_index=True)
    who = models.CharField(_("người gửi"), max_length=200)
    at = models.DateTimeField(_("lúc"), auto_now_add=True)
    name = models.CharField(_("tên tệp"), max_length=_LONGEST_NAME)
    digest = models.CharField(_("dấu nội dung"), max_length=64)
    size = models.PositiveBigIntegerField(_("số byte"))
    encoding = models.CharField(_("bảng mã"), max_length=12, blank=True)
    starts = models.DateField(_("ngày hiệu lực của dòng không ghi"), null=True, blank=True)
    state = models.CharField(
        _("tình trạng"), max_length=8, choices=State.choices, default=State.WAITING.value
    )
    closed_by = models.CharField(_("người xác nhận"), max_length=200, blank=True)
    closed_at = models.DateTimeField(_("lúc xác nhận"), null=True, blank=True)
    outcome = models.JSONField(_("kết quả"), null=True, blank=True)

    class Meta:
        verbose_name = _("tệp của cơ quan")
        verbose_name_plural = _("tệp của cơ quan")
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.agency} · {self.name}"

    def path(self, settings: Settings) -> Path:
        """Where the file lies: it has the endings of its name, which say what it is."""
        endings = [end for end in PurePath(self.name.lower()).suffixes[-2:] if end[1:].isalnum()]
        return settings.uploads_dir / f"{self.digest}{''.join(endings)}"


def keep(
    settings: Settings,
    agency: str,
    name: str,
    chunks: Iterable[bytes],
    *,
    who: str,
    kind: Upload.Kind = Upload.Kind.SERVICES,
    encoding: str = "",
    starts: date | None = None,
) -> Upload:
    """Write a file down and say whose it is; the same file again is the one that waits already.

    Raises ThuocdoError `too_large`, `too_many_uploads` or `empty_file`; nothing is kept then.
    """
    clean = _clean_name(name)
    row = Upload(
        kind=kind.value,
        agency=agency,
        who=who[:200],
        name=clean,
        encoding=encoding,
        starts=starts,
    )
    settings.uploads_dir.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=settings.uploads_dir, prefix=".", delete=False) as file:
        try:
            row.digest, row.size = _write(file, chunks)
            file.flush()
            os.fsync(file.fileno())
            with transaction.atomic():
                row = _row(row)
                Path(file.name).replace(row.path(settings))
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return row


def _row(row: Upload) -> Upload:
    same = {name: getattr(row, name) for name in _SAME}
    waiting = Upload.objects.filter(state=Upload.State.WAITING)
    if there := waiting.filter(**same).first():
        return there
    if waiting.filter(agency=row.agency).count() >= limits().most_waiting:
        raise ThuocdoError(
            "too_many_uploads",
            f"{row.agency} has {limits().most_waiting} files that wait to be confirmed.",
            "Confirm some, or put them aside.",
        )
    row.save()
    return row


def _write(file: Any, chunks: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > limits().most_bytes:
            raise ThuocdoError(
                "too_large",
                f"The file is larger than {limits().most_bytes >> 20} MiB.",
                "Split it by agency; each part is taken on its own.",
            )
        digest.update(chunk)
        file.write(chunk)
    if not size:
        raise ThuocdoError("empty_file", "The file is empty.", "Choose the file again.")
    return digest.hexdigest(), size


def _clean_name(name: str) -> str:
    """Its last part, without what no file of ours is called."""
    last = nfc(PurePath(name.replace("\\", "/")).name)
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*')
    stem, dot, endings = kept.strip().partition(".")
    most = _LONGEST_NAME - len(dot + endings)
    return f"{stem[: max(most, 1)]}{dot}{endings}"[-_LONGEST_NAME:] or "tep"
