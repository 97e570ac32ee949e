"""Advice in words, in both languages: why a service is recommended, by which rule."""

from __future__ import annotations

from typing import Final, Literal

from thuocdo.core.vietnamese import format_count
from thuocdo.measure.advice.model import Advice, Edition, Recommendation, editions
from thuocdo.measure.definitions import Text

Language = Literal["vi", "en"]

LEVELS: Final = {
    "full": Text("Toàn trình", "Full"),
    "partial": Text("Một phần", "Partial"),
    "information": Text("Cung cấp thông tin", "Information"),
}
NOT_LISTED: Final = Text("Chưa có trong danh mục", "Not in the catalogue")


def edition_of(advice: Advice) -> Edition:
    """The edition of the rules an advice was given under."""
    return next(edition for edition in editions() if edition.version == advice.policy)


def level(code: str | None, language: Language = "vi") -> str:
    """The name of a level; of none, that the catalogue lacks the service."""
    return str(getattr(LEVELS[code] if code else NOT_LISTED, language))


def reasons(advice: Advice, one: Recommendation, language: Language = "vi") -> list[str]:
    """A phrase for every rule that asks for it, in the order of the policy."""
    rules = {rule.code: rule for rule in edition_of(advice).rules}
    return [
        str(getattr(rules[code].reason, language)).format_map(
            {
                "dossiers": format_count(one.dossiers, language),
                "peers": one.peers_at_full,
                "names": peers(one, language),
                "share": rules[code].volume_share or "",
            }
        )
        for code in one.rules
    ]


def peers(one: Recommendation, language: Language = "vi") -> str:
    """Up to three names of those that offer it as full, and how many more there are."""
    names = ", ".join(peer.name for peer in one.peers)
    more = one.peers_at_full - len(one.peers)
    if more <= 0:
        return names
    return f"{names} và {more} cơ quan khác" if language == "vi" else f"{names} and {more} more"
