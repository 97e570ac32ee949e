"""The columns of import files (DESIGN.md §6.4): one list for readers, messages and the help."""

from __future__ import annotations

from typing import Final, NamedTuple


class Columns(NamedTuple):
    """What a file must have and what it may have; any other column is not read."""

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def every(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    def __str__(self) -> str:
        return f"{', '.join(self.required)} [{', '.join(self.optional)}]"


PAGE_VIEWS: Final = Columns(("site_id", "event_time"), ("visitor", "url", "referrer", "user_agent"))
DOSSIERS: Final = Columns(
    ("system", "agency", "dossier", "procedure", "status", "event_time"),
    (
        "channel",
        "level",
        "due_at",
        "received_at",
        "payment",
        "returned_by_post",
        "digitised",
        "applicant_kind",
        "from_national_portal",
        "result_electronic",
        "reused",
    ),
)
"""One event a row; also the fields of a record of `/v1/dossiers`."""
AGENCIES: Final = Columns(
    ("code", "name", "kind"),
    ("name_en", "parent", "gso_code", "valid_from", "valid_to", "successor"),
)
SITES: Final = Columns(
    ("site_id", "agency", "kind", "name"), ("hostnames", "valid_from", "valid_to")
)
SERVICES: Final = Columns(
    ("agency", "procedure", "level"),
    ("name", "field", "local_code", "url", "reason_not_full", "valid_from", "valid_to"),
)
CATALOGUE: Final = Columns(("name", "level", "url", "idhttt", "iddvc"), ())
"""The file a portal hands over to map its pages to codes (facts/emc.md 1D)."""
DECLARED: Final = Columns(
    ("agency", "indicator", "value", "source"),
    ("period", "day", "numerator", "denominator", "procedure", "said_by"),
)
"""`period` or `day` must be said. `said_by`: `agency` unless told, or `national_portal`."""
