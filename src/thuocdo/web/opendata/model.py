"""What a dataset is: its columns, its words, and the files that were written of it."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
import pyarrow as pa
import yaml

from thuocdo.measure.definitions import Text

LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
LICENCE_NAME: Final = "CC BY 4.0"
MANIFEST: Final = "datapackage.json"
SUMS: Final = "SHA256SUMS"
MEDIA: Final = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".ttl": "text/turtle",
    "": "text/plain",
}
_ARROW: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "date": pa.date32(),
    "number": pa.float64(),
    "integer": pa.int64(),
}


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column; `type` as Table Schema has it."""

    name: str
    type: Literal["string", "date", "number", "integer"]
    vi: str
    en: str


class Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table that is published; `unique` are the columns that name a row."""

    title: Text
    description: Text
    unique: list[str]
    fields: list[Field]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(field.name, _ARROW[field.type]) for field in self.fields])


class File(msgspec.Struct, frozen=True):
    """One file of an edition; `sha256` in hex."""

    name: str
    bytes: int
    sha256: str
    media: str

    @property
    def dataset(self) -> str:
        """The dataset it is of; a file about all of them has its own stem here."""
        return self.name.partition(".")[0]


class Edition(msgspec.Struct, frozen=True):
    """What was published on one Vietnamese day.

    first, last  the days its figures are of
    rows         of each dataset
    remark       what every reader must know of this instance's figures; empty when nothing
    """

    day: date
    first: date
    last: date
    facts_version: int
    log_size: int | None
    log_root: str | None
    rows: dict[str, int]
    files: list[File]
    remark: str = ""


@cache
def datasets() -> dict[str, Dataset]:
    """Every dataset by its name."""
    text = (Path(__file__).parent / "datasets.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, Dataset])
