"""The numbers of the lake's columns, by which a row's canonical form names them.

A number is given once and never again: a column that is added gets the next one, one that is
dropped leaves its number unused. So the form of a row that has nothing in a new column stays as it
was, and so does its hash. `docs/proof.md` prints this table.
"""

from __future__ import annotations

from typing import Final

_LANDED: Final = ("landed_at", "segment", "event_id", "feed", "trust")

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "page_views": (
        *_LANDED, "day", "event_time", "site_id", "visitor", "kind", "host", "path",
        "referrer_host", "procedure", "device", "browser", "os", "bot", "t_server_ms",
        "t_dom_ms", "t_load_ms",
    ),
    "service_steps": (
        *_LANDED, "day", "event_time", "site_id", "procedure", "state", "visitor", "bot",
    ),
    "dossier_events": (
        *_LANDED, "home_month", "dossier_hi", "dossier_lo", "system", "agency", "procedure",
        "status", "event_time", "received_at", "due_at", "channel", "level_declared",
        "level_catalogue", "payment", "returned_by_post", "digitised", "applicant_kind",
        "from_national_portal", "quality", "result_electronic", "reused",
    ),
    "rejects": (*_LANDED, "day", "site_id", "agency", "reason", "detail", "payload"),
    "replays": (*_LANDED, "day", "reject_segment", "reject_event_id"),
    "declared": (
        *_LANDED, "agency", "indicator", "period_first", "period_last", "numerator",
        "denominator", "value", "source", "procedure", "said_by",
    ),
    "agreements": (
        *_LANDED, "agency", "indicator", "procedure", "period_first", "period_last", "measured",
        "declared", "national", "agreed", "decision", "role", "office", "note", "definition",
        "as_known", "trust_asked",
    ),
    "agencies": (
        "code", "name", "name_en", "kind", "parent", "gso_code", "successor", "valid_from",
        "valid_to", "recorded_at", "withdrawn",
    ),
    "systems": (
        "code", "agency", "kind", "name", "valid_from", "valid_to", "recorded_at", "withdrawn",
    ),
    "sites": (
        "site_id", "system", "agency", "kind", "name", "hostnames", "valid_from", "valid_to",
        "recorded_at", "withdrawn",
    ),
    "services": (
        "agency", "procedure", "level", "name", "field", "local_code", "url", "reason_not_full",
        "valid_from", "valid_to", "recorded_at", "withdrawn",
    ),
}  # fmt: skip
"""Table → its columns; the first has number 1. Only ever add at the end."""
