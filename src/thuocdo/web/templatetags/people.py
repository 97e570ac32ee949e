"""What the pages of one's own account say about its holder."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django import template
from django.template import RequestContext

from thuocdo.registry.models import Agency
from thuocdo.registry.people import person
from thuocdo.registry.rights import Role, policy
from thuocdo.web.printing import language

register = template.Library()


class HeldRole(NamedTuple):
    """One membership as the account page shows it.

    agency   its name, its code where it has none; "" is the whole country
    resting  whether it waits for a second factor
    """

    name: str
    agency: str
    rights: list[str]
    resting: bool


@register.simple_tag(takes_context=True)
def my_roles(context: RequestContext) -> list[HeldRole]:
    """Every role of the signed-in person, the one of every account left out where there are others."""
    who, lang = person(context["request"].user), language()
    names = dict(
        Agency.objects.filter(code__in={grant.agency for grant in who.granted})
        .order_by("valid_from")
        .values_list("code", "name")
    )
    given = [grant for grant in who.granted if grant.role is not Role.VIEWER] or who.granted
    return [
        HeldRole(
            name=getattr(policy().roles[grant.role], lang),
            agency=names.get(grant.agency, grant.agency),
            rights=[
                getattr(policy().rights[right], lang)
                for right in policy().rights
                if right in policy().roles[grant.role].rights
            ],
            resting=grant not in who.grants,
        )
        for grant in given
    ]


@register.simple_tag(takes_context=True)
def must_enrol(context: RequestContext) -> bool:
    """Whether some role rests until its holder has a second factor."""
    return bool(person(context["request"].user).must_enrol)


@register.filter
def attributes(options: Any) -> str:
    """Options of a passkey ceremony as the text of a data attribute."""
    return json.dumps(options)
