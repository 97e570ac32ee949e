"""The desk opens by right: Django's permissions asked of roles, and lists cut to one's subtree.

Django's own permissions and groups give nothing here; there is one place that says who may do what.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from thuocdo.registry.models import Site, SiteKey, System
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right

_COUNTRY_ONLY = frozenset(
    {Right.EDIT_AGENCIES, Right.SEE_TRAIL, Right.MANAGE_PEOPLE, Right.ANSWER_FEEDBACK}
)
"""What is changed or shown is everybody's: a part of the country is not enough."""


def _of(see: Right, edit: Right | None, model: str) -> dict[str, Right]:
    app_label, name = model.split(".")
    changes = dict.fromkeys(("add", "change", "delete"), edit) if edit else {}
    return {f"{app_label}.{done}_{name}": right for done, right in {"view": see, **changes}.items()}


PERMISSIONS: dict[str, Right] = {
    **_of(Right.SEE_REGISTRY, Right.EDIT_AGENCIES, "registry.agency"),
    **_of(Right.SEE_REGISTRY, Right.EDIT_SYSTEMS, "registry.system"),
    **_of(Right.SEE_REGISTRY, Right.EDIT_SITES, "registry.site"),
    **_of(Right.SEE_REGISTRY, Right.EDIT_SERVICES, "registry.service"),
    **_of(Right.SEE_REGISTRY, Right.EDIT_KEYS, "registry.sitekey"),
    **_of(Right.SEE_TRAIL, None, "registry.change"),
    **_of(Right.MANAGE_PEOPLE, Right.MANAGE_PEOPLE, "registry.membership"),
    **_of(Right.MANAGE_PEOPLE, Right.MANAGE_PEOPLE, "auth.user"),
    **_of(Right.ANSWER_FEEDBACK, Right.ANSWER_FEEDBACK, "web.feedback"),
}
"""Django's name of a permission → the right it stands for; what is not here nobody has."""


class Desk(UnfoldAdminSite):
    """The admin, open to whoever has the right to enter."""

    def has_permission(self, request: HttpRequest) -> bool:
        return person(request.user).may_somewhere(Right.DESK)


class Door(AuthenticationBackend):
    """Signs in by name and password; permissions come from roles."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:  # noqa: ARG002
        right = PERMISSIONS.get(perm)
        if right is None:
            return False
        who = person(user_obj)
        return who.may(right) if right in _COUNTRY_ONLY else who.may_somewhere(right)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(
            perm.startswith(f"{app_label}.") and self.has_perm(user_obj, perm)
            for perm in PERMISSIONS
        )

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return {perm for perm in PERMISSIONS if self.has_perm(user_obj, perm, obj)}

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return self.get_all_permissions(user_obj, obj)

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:  # noqa: ARG002
        return set()


def limited(rows: QuerySet, user: Any, right: Right) -> QuerySet:
    """The rows that belong to agencies over which somebody holds a right."""
    codes = person(user).agencies(right)
    return rows if codes is None else of_agencies(rows, codes)


def of_agencies(rows: QuerySet, codes: Collection[str]) -> QuerySet:
    """The rows that belong to these agencies, and to codes below them that nobody registered."""
    model = rows.model
    if model is Site:
        return rows.filter(system__in=_systems(codes))
    if model is SiteKey:
        return rows.filter(_agency_in("agency", codes) & ~Q(agency=""))
    field = "agency" if hasattr(model, "agency") else "code"
    return rows.filter(_agency_in(field, codes))


def _systems(codes: Collection[str]) -> QuerySet:
    return System.objects.filter(_agency_in("agency", codes)).values("code")


def _agency_in(field: str, codes: Collection[str]) -> Q:
    """Registered codes, and codes below them that nobody registered (`H26.99` below `H26`)."""
    tops = [code for code in codes if code.rpartition(".")[0] not in codes]
    below = (Q(**{f"{field}__startswith": f"{code}."}) for code in tops)
    return reduce(or_, below, Q(**{f"{field}__in": codes}))
