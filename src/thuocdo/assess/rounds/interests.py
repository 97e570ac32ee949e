"""Nobody judges the agency they work for, nor an appeal they made: asked of whoever marks, settles, decides and corrects.

Who works for an agency is what its memberships say, since the round was planned: of the agency of the system, of one
above it, or of one below it. The right to assess is no employment, and a role for the whole country is none either.
Names that are no accounts (sheets taken in at the command line) have no memberships: whoever takes them in vouches.
"""

from __future__ import annotations

from django.db.models import Q

from thuocdo.assess.models import Entry, Mark
from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import nfc
from thuocdo.registry.memberships import Membership
from thuocdo.registry.models import System
from thuocdo.registry.people import tree_on
from thuocdo.registry.rights import Role, plain

_OF_THE_ROUND = (Role.ASSESSOR, Role.ROUND_KEEPER)


def employer(who: str, entry: Entry) -> str:
    """The agency for which somebody works that is in one line with the system's; "" for none."""
    planned = clock.local_day(clock.from_datetime(entry.round.planned_at))
    since = Q(valid_to=None) | Q(valid_to__gte=planned)
    held = Membership.objects.filter(since, user__username=who).exclude(agency="")
    own = sorted(set(held.exclude(role__in=_OF_THE_ROUND).values_list("agency", flat=True)))
    system = System.objects.filter(code=entry.code).order_by("valid_from").last()
    if not own or system is None:
        return ""
    tree = tree_on(clock.local_day(clock.now_us()))
    above = tree.path(system.agency)
    for agency in own:
        if plain(agency) in above or plain(system.agency) in tree.path(agency):
            return str(agency)
    return ""


def one_name(entry: Entry, assessor: str) -> str:
    """An assessor's name as it stands in the round already: "LAN" and "lan " are no two who do not see each other.

    Raises ThuocdoError `no_assessor` for no name at all.
    """
    name = " ".join(nfc(assessor).split())
    if not name:
        raise ThuocdoError("no_assessor", "A mark needs an assessor.", "Say whose it is.")
    known = Mark.objects.filter(entry__round=entry.round).values_list("assessor", flat=True)
    same = (each for each in known.distinct() if each.casefold() == name.casefold())
    return next(same, name)


def refuse_own(who: str, entry: Entry) -> None:
    """Raises ThuocdoError `conflict_of_interest` for the agency's own people."""
    agency = employer(who, entry)
    if agency:
        raise ThuocdoError(
            "conflict_of_interest",
            f"{who} works for {agency}, and {entry.code} is a system of that line.",
            "Let somebody else do it.",
        )
