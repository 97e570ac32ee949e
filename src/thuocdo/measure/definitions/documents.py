"""The definitions as pages for people, in both languages, made from the very files that compute.

One page an indicator, Vietnamese first, and an index; `thuocdo docs indicators` writes them, and a
test fails while a page in the repository is not what the definitions say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from thuocdo.core.vietnamese import format_day
from thuocdo.measure.definitions.changes import CHANGE_TEXTS, Change, changes
from thuocdo.measure.definitions.model import Indicator, IndicatorSet, Version
from thuocdo.measure.definitions.running import Definitions
from thuocdo.measure.definitions.terms import Text
from thuocdo.measure.definitions.wording import LANGUAGES, Speaker

INDEX: Final = "README.md"

_WORDS: Final[Mapping[str, Text]] = {
    "language": Text(vi="Tiếng Việt", en="English"),
    "unit": Text(vi="Đơn vị", en="Unit"),
    "blocks": Text(vi="Khối", en="Blocks"),
    "sources": Text(vi="Nguồn số liệu", en="Sources"),
    "metric": Text(vi="Mã ở nguồn", en="Code at its source"),
    "version": Text(vi="Phiên bản", en="Version"),
    "valid": Text(vi="Hiệu lực", en="In force"),
    "source": Text(vi="Căn cứ", en="Source"),
    "meaning": Text(vi="Định nghĩa", en="Definition"),
    "formula": Text(vi="Công thức", en="Formula"),
    "changed": Text(vi="Thay đổi so với phiên bản trước", en="Change from the version before"),
    "rules": Text(vi="Quy tắc", en="Rules"),
    "notes": Text(vi="Ghi chú", en="Notes"),
    "vectors": Text(vi="Ví dụ kiểm thử", en="Test vectors"),
    "identity": Text(vi="Dấu vân", en="Identity"),
    "from": Text(vi="từ {first}", en="from {first}"),
    "between": Text(vi="từ {first} đến {last}", en="from {first} to {last}"),
    "from_set": Text(vi="Thuộc bộ chỉ số", en="Part of"),
    "code": Text(vi="Mã", en="Code"),
    "name": Text(vi="Tên", en="Name"),
    "versions": Text(vi="Các phiên bản", en="Versions"),
    "computed": Text(vi="Tính được", en="Computable"),
    "most": Text(vi="Điểm tối đa", en="Most points"),
    "group": Text(vi="Nhóm", en="Group"),
    "yes": Text(vi="có", en="yes"),
    "no": Text(vi="chưa", en="no"),
    "tracked": Text(vi="theo dõi", en="tracked"),
    "index": Text(vi="Các chỉ số", en="Indicators"),
    "lead": Text(
        vi="Trang này được tạo từ các tệp định nghĩa bằng `thuocdo docs indicators`; không sửa trực tiếp.",
        en="Made from the definition files by `thuocdo docs indicators`; not to be edited by hand.",
    ),
    "count": Text(vi="số lượng", en="count"),
    "percent": Text(vi="phần trăm", en="percent"),
    "duration": Text(vi="thời gian (micro giây)", en="duration (microseconds)"),
    "points": Text(vi="điểm", en="points"),
    "ministry": Text(vi="bộ, ngành", en="ministries"),
    "province": Text(vi="tỉnh, thành phố", en="provinces"),
    "catalogue": Text(vi="danh mục dịch vụ", en="the catalogue of services"),
    "nothing": Text(vi="không có", en="none"),
}


def pages(known: Definitions, have: Mapping[str, Collection[str]]) -> dict[str, str]:
    """File name → Markdown, of every indicator and of the index.

    have  fact table → its columns, to tell what a change makes compute again
    """
    made = {INDEX: _index(known)}
    for indicator in known.indicators:
        made[f"{indicator.code}.md"] = _page(indicator, known.sets, changes(indicator, have))
    return made


def write(made: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the pages, and remove pages of indicators that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.md")) - {folder / name for name in made}:
        stale.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in made]


def _page(indicator: Indicator, sets: Sequence[IndicatorSet], kinds: Sequence[Change]) -> str:
    parts = [f"# {indicator.name.vi}\n\n*{indicator.name.en}* · `{indicator.code}`\n"]
    parts += [_in_language(indicator, sets, kinds, language) for language in LANGUAGES]
    return "\n".join(parts)


def _in_language(
    indicator: Indicator, sets: Sequence[IndicatorSet], kinds: Sequence[Change], language: str
) -> str:
    said, speak = Speaker(language), _speaker(language)
    lines = [f"## {speak('language')}", "", *_facts(indicator, sets, language), ""]
    lines += _table(
        ["", *(f"**{version.version}**" for version in indicator.versions)],
        [
            [speak("valid"), *(_validity(version, language) for version in indicator.versions)],
            [
                speak("source"),
                *(f"{v.source.document}. {v.source.place}" for v in indicator.versions),
            ],
            [speak("meaning"), *(said.text(version.description) for version in indicator.versions)],
            [speak("formula"), *(said.formula(version) for version in indicator.versions)],
            [speak("changed"), *(said.text(CHANGE_TEXTS[kind]) for kind in kinds)],
            [speak("identity"), *(f"`{version.identity}`" for version in indicator.versions)],
        ],
    )
    for version in indicator.versions:
        lines += ["", f"### {speak('version')} {version.version}", ""]
        lines += [f"**{speak('rules')}**", "", *_bullets(said.rules(indicator, version)), ""]
        if version.notes:
            notes = [said.text(note) for note in version.notes]
            lines += [f"**{speak('notes')}**", "", *_bullets(notes), ""]
        lines += [f"**{speak('vectors')}**", "", *_bullets(_vectors(version, language))]
    return "\n".join([*lines, ""])


def _vectors(version: Version, language: str) -> Iterable[str]:
    """Their names are English; a Vietnamese reader is told of the values."""
    for vector in version.vectors:
        value = _expected(vector.expect.value)
        yield f"{vector.name} → {value}" if language == "en" else f"{vector.period} → {value}"


def _expected(value: float | None) -> str:
    return "null" if value is None else f"{value:g}" if value < 1_000_000 else f"{value:.0f}"


def _facts(indicator: Indicator, sets: Sequence[IndicatorSet], language: str) -> Iterable[str]:
    speak = _speaker(language)
    kinds = Speaker(language).kinds(indicator.source_kinds)
    yield f"- {speak('unit')}: {speak(indicator.unit)}"
    yield f"- {speak('blocks')}: {', '.join(speak(block) for block in indicator.blocks)}"
    computed = any(version.is_computable for version in indicator.versions)
    yield f"- {speak('sources')}: {kinds or speak('catalogue' if computed else 'nothing')}"
    if indicator.metric:
        yield f"- {speak('metric')}: `{indicator.metric}`"
    for each in sets:
        for group in each.groups:
            if indicator.code in (*group.indicators, *group.tracked):
                name, of_group = (getattr(text, language) for text in (each.name, group.name))
                yield f"- {speak('from_set')}: {name}, {of_group} (`{group.code}`)"


def _index(known: Definitions) -> str:
    lines = []
    for language in LANGUAGES:
        speak = _speaker(language)
        lines += [f"# {speak('index')}", "", speak("lead"), ""]
        lines += _table(
            [speak("code"), speak("name"), speak("unit"), speak("versions"), speak("computed")],
            [
                [
                    f"[`{indicator.code}`]({indicator.code}.md)",
                    getattr(indicator.name, language),
                    speak(indicator.unit),
                    ", ".join(version.version for version in indicator.versions),
                    speak("yes" if indicator.versions[-1].is_computable else "no"),
                ]
                for indicator in known.indicators
            ],
        )
        for each in known.sets:
            lines += ["", f"## {getattr(each.name, language)}", ""]
            lines += _table(
                [speak("group"), speak("most"), speak("code")],
                [*_groups(each, language)],
            )
            lines += ["", *_bullets(getattr(note, language) for note in each.notes)]
        lines.append("")
    return "\n".join(lines)


def _groups(each: IndicatorSet, language: str) -> Iterable[list[str]]:
    tracked = _speaker(language)("tracked")
    for group in each.groups:
        codes = [f"[`{code}`]({code}.md)" for code in group.indicators]
        codes += [f"[`{code}`]({code}.md) ({tracked})" for code in group.tracked]
        yield [
            f"{getattr(group.name, language)} (`{group.code}`)",
            str(group.most),
            "<br>".join(codes),
        ]


def _validity(version: Version, language: str) -> str:
    first = format_day(version.valid_from, language)
    speak = _speaker(language)
    if version.valid_to is None:
        return speak("from").format(first=first)
    return speak("between").format(first=first, last=format_day(version.valid_to, language))


def _speaker(language: str) -> Callable[[str], str]:
    """The page's own words in one language."""
    return lambda word: str(getattr(_WORDS[word], language))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"

    return [line(head), line("---" for _ in head), *(line(row) for row in rows)]


def _bullets(texts: Iterable[str]) -> list[str]:
    return [f"- {text}" for text in texts]
