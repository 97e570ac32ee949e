"""What agencies answer to findings about their data, and what was thought of the answer.

A trail: an answer is never edited, a second thought is another row. Nothing here touches a figure or a
flag; whoever reads a finding reads the answers with it. A finding is named by detector, subject and
days (core/findings.py), so an answer also stands with a later finding of the same about days in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from thuocdo.core.clock import from_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.findings import FindingKey
from thuocdo.registry.append_only import Trail

_LONGEST = 4000


class Explanation(Trail):
    """One answer to a finding, or one decision about its answers."""

    class Kind(models.TextChoices):
        ANSWER = "answer", _("giải trình của cơ quan")
        ACCEPTED = "accepted", _("chấp nhận giải trình")
        REFUSED = "refused", _("không chấp nhận giải trình")

    detector = models.CharField(_("mã dấu hiệu"), max_length=40, db_index=True)
    subject = models.CharField(_("hệ thống hoặc mã giám sát"), max_length=80, db_index=True)
    first = models.DateField(_("từ ngày"))
    last = models.DateField(_("đến hết ngày"))
    kind = models.CharField(
        _("loại"), max_length=8, choices=Kind.choices, default=Kind.ANSWER.value
    )
    text = models.TextField(
        _("nội dung"), max_length=_LONGEST, validators=[MaxLengthValidator(_LONGEST)]
    )
    who = models.CharField(_("người ghi"), max_length=200)
    at = models.DateTimeField(_("lúc"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("giải trình")
        verbose_name_plural = pgettext_lazy("plural", "giải trình")
        ordering = ("at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(last__gte=models.F("first")),
                name="registry_explanation_dates",
                violation_error_message=_("Ngày kết thúc phải từ ngày bắt đầu trở đi."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} · {self.kind}"

    @property
    def key(self) -> FindingKey:
        return FindingKey(self.detector, self.subject, self.first, self.last)


class Said(NamedTuple):
    """An explanation as other rooms read it; `at`: µs UTC."""

    key: FindingKey
    kind: str
    text: str
    who: str
    at: int


def explain(
    key: FindingKey, text: str, *, who: str, kind: Explanation.Kind = Explanation.Kind.ANSWER
) -> Said:
    """Append a row; the same words by the same person right after each other are one.

    Raises ThuocdoError `bad_explanation` for an empty or endless text, `nothing_to_judge` for a
    decision without an answer before it, `own_answer` when whoever answered decides.
    """
    row = Explanation(**key._asdict(), text=text.strip(), who=who[:200], kind=kind.value)
    before = of([key])[key]
    if before and before[-1][1:4] == (row.kind, row.text, row.who):
        return before[-1]
    if kind is not Explanation.Kind.ANSWER:
        _check_judge(before, row.who)
    try:
        row.full_clean()
    except ValidationError as error:
        raise ThuocdoError(
            "bad_explanation",
            f"The explanation cannot be kept: {'; '.join(error.messages)}",
            "Write up to 4,000 characters.",
        ) from error
    row.save()
    return _said(row)


def standing(said: Sequence[Said]) -> str:
    """How far a finding has come: "" while nobody answered, else the kind of what was said last."""
    return said[-1].kind if said else ""


def _check_judge(before: Sequence[Said], who: str) -> None:
    """Whoever answered does not accept the answer (rights.yaml, source)."""
    answers = [said for said in before if said.kind == Explanation.Kind.ANSWER]
    if not answers:
        raise ThuocdoError(
            "nothing_to_judge", "Nobody has explained this finding.", "Wait for an answer."
        )
    if who in {said.who for said in answers}:
        raise ThuocdoError(
            "own_answer",
            f"{who} explained this finding and cannot decide about it.",
            "Somebody else must decide.",
        )


def of(keys: Iterable[FindingKey]) -> dict[FindingKey, list[Said]]:
    """What was said to each of these findings, oldest first."""
    wanted = list(keys)
    rows = Explanation.objects.filter(
        detector__in={key.detector for key in wanted}, subject__in={key.subject for key in wanted}
    )
    every = [_said(row) for row in rows]
    return {key: [said for said in every if said.key.touches(key)] for key in wanted}


def _said(row: Explanation) -> Said:
    return Said(row.key, row.kind, row.text, row.who, from_datetime(row.at))
