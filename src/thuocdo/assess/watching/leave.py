"""Whether the monitor may ask anybody; apart, since the supervisor asks it too and loads as little as it can."""

from __future__ import annotations

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings


def why_off(settings: Settings) -> str:
    """Why the monitor asks nobody: `no_contact`, or `simulated` where host names are other people's; "" when it may."""
    if not settings.scan_contact:
        return "no_contact"
    return "simulated" if settings.remark_path.exists() else ""


def expect_leave(settings: Settings) -> None:
    """Raises ThuocdoError `no_contact` or `simulated` where nobody may be asked."""
    why = why_off(settings)
    if why == "simulated":
        raise ThuocdoError(
            why,
            "The monitor is off: this country is simulated, and its host names are other people's.",
            "Watch from an instance with systems of your own.",
        )
    if why:
        raise ThuocdoError(
            why,
            "The monitor is off: nobody is named whom a site's operator could write to.",
            "Set THUOCDO_CONTACT_MAIL, which the contact page shows as well.",
        )
