"""Word files that are the same bytes whenever they are made: no clock, no stranger's picture."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from docx.opc.constants import RELATIONSHIP_TYPE
from docxtpl import DocxTemplate

_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def write_template(doc: Any, path: Path) -> None:
    """Write a template that python-docx made, without the thumbnail it ships of another document."""
    _forget_thumbnail(doc)
    path.write_bytes(_packed(doc))


def _forget_thumbnail(doc: Any) -> None:
    rels = doc.part.package.rels
    for key in [key for key, rel in rels.items() if rel.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del rels[key]


def dated(
    template: DocxTemplate, day: date, *, title: str, organisation: list[str], software: str
) -> bytes:
    """A filled template as a Word document dated with the document's own day."""
    _date(template.docx, day, title, organisation, software)
    return _packed(template)


def dated_document(doc: Any, day: date, *, title: str, software: str) -> bytes:
    """A document that python-docx made, dated with its own day and without the stranger's picture."""
    _forget_thumbnail(doc)
    _date(doc, day, title, [], software)
    return _packed(doc)


def _date(doc: Any, day: date, title: str, organisation: list[str], software: str) -> None:
    properties = doc.core_properties
    properties.title, properties.author = title, " ".join(organisation)
    properties.last_modified_by, properties.revision, properties.language = "", 1, "vi-VN"
    properties.comments = software
    properties.created = properties.modified = datetime.combine(day, time())


def _packed(doc: Any) -> bytes:
    """A zip without the moment it was made in."""
    made, fixed = io.BytesIO(), io.BytesIO()
    doc.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(fixed, "w") as target:
        for entry in source.infolist():
            same = zipfile.ZipInfo(entry.filename, _ZIP_EPOCH)
            same.compress_type = zipfile.ZIP_DEFLATED
            same.external_attr = entry.external_attr
            target.writestr(same, source.read(entry))
    return fixed.getvalue()
