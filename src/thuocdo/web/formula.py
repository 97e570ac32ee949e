"""A definition's numerator and denominator in words, made from the terms the engine computes."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.measure.definitions import Dossiers, Services, Term, Version, Visits
from thuocdo.web.wording import LEVELS, SYSTEM_KINDS

_CHANNELS = {
    "online": gettext_lazy("trực tuyến"),
    "counter": gettext_lazy("trực tiếp"),
    "postal": gettext_lazy("bưu chính"),
    "any": gettext_lazy("bất kỳ hình thức nào"),
}


def words(version: Version) -> str:
    """`100 × numerator / denominator` in words; the count itself where there is no denominator."""
    if version.denominator is None:
        return term(version.numerator)
    return _("100 × (%(numerator)s) / (%(denominator)s)") % {
        "numerator": term(version.numerator),
        "denominator": term(version.denominator),
    }


def term(counted: Term) -> str:
    """What one term counts."""
    if isinstance(counted, Visits):
        return _("số lượt truy cập: %(kinds)s") % {
            "kinds": _listed(SYSTEM_KINDS, counted.site_kinds)
        }
    if isinstance(counted, Dossiers):
        return _dossiers(counted)
    return _services(counted)


def _dossiers(counted: Dossiers) -> str:
    parts = [
        _("số hồ sơ tiếp nhận") if counted.event == "received" else _("số hồ sơ giải quyết xong")
    ]
    if counted.channels:
        parts.append(_("nộp %(channels)s") % {"channels": _listed(_CHANNELS, counted.channels)})
    if counted.levels:
        parts.append(_("của dịch vụ mức %(levels)s") % {"levels": _listed(LEVELS, counted.levels)})
    if counted.full_online:
        parts.append(_("mọi bước đều trực tuyến"))
    return ", ".join(parts)


def _services(counted: Services) -> str:
    parts = [_("số dịch vụ mức %(levels)s") % {"levels": _listed(LEVELS, counted.levels)}]
    if counted.with_dossiers:
        channels = _listed(_CHANNELS, counted.with_dossiers)
        parts.append(_("có hồ sơ nộp %(channels)s") % {"channels": channels})
    return ", ".join(parts)


def _listed(labels: dict[str, object], keys: Iterable[str]) -> str:
    return " / ".join(_lowered(str(labels[key])) for key in keys)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
