"""`thuocdo passport`: how a figure was made, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from thuocdo.cli import output as shown
from thuocdo.core import clock, vietnamese
from thuocdo.core import settings as settings_of

if TYPE_CHECKING:
    from thuocdo.measure.passport.making import Passport

_FORMATS = ("text", "json")


def passport(
    name: Annotated[str, typer.Argument(help="The figure's name, as it was published.")],
    language: Annotated[str, typer.Option(help="vi or en.")] = "vi",
    output: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Print how a figure was made: definition, counts, coverage, exclusions, log root, recipe."""
    from thuocdo.measure.passport.making import passport as made
    from thuocdo.measure.service import Measure

    shown.one_of("--format", output, _FORMATS)
    shown.one_of("--language", language, ("vi", "en"))
    found = settings_of.load()
    found.require_initialised()
    paper = made(Measure(found), name)
    if output == "json":
        typer.echo(msgspec.json.format(msgspec.json.encode(paper), indent=1).decode())
        return
    typer.echo("\n".join(_lines(paper, language)))


_LABELS = {
    "vi": {
        "who": "Cơ quan",
        "value": "Giá trị",
        "counts": "Tử số / mẫu số",
        "period": "Kỳ số liệu",
        "formula": "Công thức",
        "rules": "Quy tắc",
        "source": "Nguồn định nghĩa",
        "identity": "Mã định nghĩa",
        "coverage": "Nguồn đã gửi / phải gửi",
        "fresh": "Sự kiện mới nhất",
        "organised": "Theo tổ chức bộ máy ngày",
        "log": "Nhật ký dữ liệu thô",
        "leaves": "mục, mã gốc",
        "flags": "Ghi chú",
        "excluded": "Không tính",
        "erased": "Số dòng đã xóa theo luật từ đó",
        "again": "Tính lại",
        "same": "Tính lại từ dữ liệu thô cho đúng kết quả này.",
        "other": "CẢNH BÁO: kết quả tính lại khác với kết quả đã công bố dưới tên này.",
    },
    "en": {
        "who": "Agency",
        "value": "Value",
        "counts": "Numerator / denominator",
        "period": "Period",
        "formula": "Formula",
        "rules": "Rules",
        "source": "Source of the definition",
        "identity": "Identity of the definition",
        "coverage": "Sources reporting / expected",
        "fresh": "Youngest event",
        "organised": "As organised on",
        "log": "Log of raw segments",
        "leaves": "leaves, root",
        "flags": "Flags",
        "excluded": "Left out",
        "erased": "Rows erased by law since",
        "again": "Make it again",
        "same": "Made again it has the same answer.",
        "other": "WARNING: made again it has another answer than the one published under this name.",
    },
}


def _lines(paper: Passport, language: str) -> list[str]:
    said, figure, words = _LABELS[language], paper.figure, paper.definition
    coverage = figure.coverage
    fresh = "–"
    if figure.freshness is not None:
        local = clock.to_datetime(figure.freshness).astimezone(clock.VIETNAM)
        fresh = f"{local:%d/%m/%Y %H:%M:%S}"
    rows = [
        (said["who"], figure.name),
        (said["value"], f"{paper.answer.value or '–'} ({figure.unit})"),
        (said["counts"], f"{_count(figure.numerator)} / {_count(figure.denominator)}"),
        (said["period"], str(paper.question.period)),
        (said["formula"], getattr(words.formula, language)),
        (said["rules"], " ".join(getattr(rule, language) for rule in words.rules)),
        (said["source"], f"{words.document}, {words.place}"),
        (said["identity"], f"{paper.question.version} · {words.identity}"),
        (said["coverage"], f"{coverage.reporting} / {coverage.expected}" if coverage else "–"),
        (said["fresh"], fresh),
        (said["organised"], vietnamese.format_day(paper.question.organised, language)),
        (said["log"], f"{paper.log.size} {said['leaves']} {paper.log.root}"),
        (said["flags"], ", ".join(figure.flags) or "–"),
        *(
            (said["excluded"], f"{each.count}: {getattr(each, language)}")
            for each in paper.excluded
        ),
        (said["erased"], str(paper.erased)),
        *((said["again"], command) for command in paper.recipe),
    ]
    title = getattr(words.title, language)
    verdict = said["same"] if paper.same else said["other"]
    return [title, paper.name, "", *(f"{label}: {text}" for label, text in rows), "", verdict]


def _count(number: int | None) -> str:
    return "–" if number is None else vietnamese.format_count(number)
