"""Who runs this site and how they are reached: said by the operator, never invented.

Contact pages, footers and security.txt show what is set here. What is not set is missing, and the page
that would need it says which setting it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

if TYPE_CHECKING:
    from thuocdo.registry.models import Agency

OWNER: Final = "G06"
"""Bộ Khoa học và Công nghệ, which EMC passed to in 2025 (facts/emc.md §4)."""

_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_PHONE: Final = re.compile(r"(\+?\d|\(\d)[\d .()-]{4,18}\d", re.ASCII)
_SECURITY: Final = re.compile(r"(mailto:|https://|tel:)\S+", re.ASCII)
_SITE: Final = re.compile(r"[1-9]\d{0,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for the site; "" is not set.

    agency    the built-in code of the agency that runs the system
    mail, phone, address  shown to everybody
    security  where weaknesses are reported: mailto:, https: or tel:
    site_id   under which the site's own pages are counted; None: they carry no tracker
    """

    agency: str = OWNER
    mail: str = ""
    phone: str = ""
    address: str = ""
    security: str = ""
    site_id: int | None = None

    @property
    def row(self) -> Agency:
        """The agency with its names, as of today. Raises ThuocdoError `bad_owner`."""
        return _agency(self.agency)

    @property
    def security_contact(self) -> str:
        """Where weaknesses are reported; the mail unless set otherwise."""
        return self.security or (f"mailto:{self.mail}" if self.mail else "")

    @property
    def telephone(self) -> str:
        """What a `tel:` address takes."""
        return re.sub(r"[^\d+]", "", self.phone)


def read(environ: Mapping[str, str]) -> Owner:
    """The owner as the environment says. Raises ThuocdoError `bad_owner` naming the setting."""
    given = {name: environ.get(f"THUOCDO_{name}", "").strip() for name in _CHECKED}
    for name, text in given.items():
        rule, example = _CHECKED[name]
        if text and not rule.fullmatch(text):
            raise ThuocdoError(
                "bad_owner", f"THUOCDO_{name} is {text!r}.", f"Write it as in {example}."
            )
    site = given["OWN_SITE"]
    return Owner(
        agency=given["OWNER"] or OWNER,
        mail=given["CONTACT_MAIL"],
        phone=given["CONTACT_PHONE"],
        address=given["CONTACT_ADDRESS"],
        security=given["SECURITY_CONTACT"],
        site_id=int(site) if site else None,
    )


_CHECKED: Final = {
    "OWNER": (re.compile(r"[A-Z]\d\d", re.ASCII), "G06"),
    "CONTACT_MAIL": (_MAIL, "emc@example.gov.vn"),
    "CONTACT_PHONE": (_PHONE, "024 3555 0100"),
    "CONTACT_ADDRESS": (re.compile(r"[^\n<>]{1,300}"), "1 phố Mẫu, Hà Nội"),
    "SECURITY_CONTACT": (_SECURITY, "mailto:security@example.gov.vn"),
    "OWN_SITE": (_SITE, "1001"),
}


@cache
def _agency(code: str) -> Agency:
    """Raises ThuocdoError `bad_owner` for a code that is not built in, or no agency's any more."""
    from thuocdo.registry.builtin import builtin_agencies  # noqa: PLC0415 - needs Django set up

    today = local_day(now_us())
    for row in builtin_agencies():
        if row.code == code and row.covers(today):
            return row
    raise ThuocdoError(
        "bad_owner",
        f"THUOCDO_OWNER is {code!r}, which is no ministry or province of today.",
        "Write the code of one, such as G06.",
    )


def tracked(settings: Settings, owner: Owner) -> str:
    """The collector's origin that our own pages may send to; "" when they carry no tracker."""
    return "/".join(settings.collector_url.split("/")[:3]) if owner.site_id else ""
