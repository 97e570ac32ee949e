"""Who may open what: every address of the project, for every role, within the subtree and outside.

An address that declares no right fails here first: add it to `thuocdo.web.access`.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import translation
from tests.web.people import enter, shown, someone

from thuocdo.registry.models import Change, Service, Site, SiteKey, System
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right, Role, policy
from thuocdo.web.access import NAMESPACES, VIEWS, Guard, Verdict, judge, needed

ROLES = tuple(Role)


def every(patterns=None, namespace: str = "") -> set[str]:
    """Names, with namespaces, of every address there is."""
    found: set[str] = set()
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            found |= every(entry.url_patterns, inner)
        elif isinstance(entry, URLPattern):
            found.add(f"{namespace}{entry.name or 'unnamed'}")
    return found


ADDRESSES = sorted(every())


@pytest.fixture
def people(country):
    """Role → somebody who holds it over Hà Nội, or over the country where it is not given for less."""
    roles = policy().roles
    found = {Role.PUBLIC: AnonymousUser()}
    for role in ROLES[1:]:
        found[role] = someone(role, "" if roles[role].country_only else "H26")
    return found


@pytest.mark.parametrize("name", ADDRESSES)
def test_every_address_declares_the_right_it_needs(name) -> None:
    assert needed(name) is not None, (
        f"{name} declares no right, so nobody can open it: add it to VIEWS or NAMESPACES in "
        "src/thuocdo/web/access.py (public pages to _PUBLIC)"
    )


def test_every_address_is_judged_for_every_role(people) -> None:
    roles = policy().roles
    for name in ADDRESSES:
        for role, user in people.items():
            verdict = judge(name, person(user), signed_in=role is not Role.PUBLIC)
            held = needed(name) in roles[role].rights
            refused = Verdict.SIGN_IN if role is Role.PUBLIC else Verdict.REFUSED
            assert verdict is (Verdict.ALLOWED if held else refused), (name, role)


def test_roles_that_need_a_second_factor_rest_without_one(country) -> None:
    for role in (Role.PUBLISHER, Role.OPERATOR):
        who = person(someone(role, second_factor=False))
        for name in ADDRESSES:
            mine = needed(name) in policy().roles[Role.VIEWER].rights
            resting = needed(name) in policy().roles[role].rights
            refused = Verdict.SECOND_FACTOR if resting else Verdict.REFUSED
            wanted = Verdict.ALLOWED if mine else refused
            assert judge(name, who, signed_in=True) is wanted, (name, role)


def test_what_declares_nothing_is_refused_even_to_an_operator(country) -> None:
    who = person(someone(Role.OPERATOR))
    assert judge("somebody-forgot", who, signed_in=True) is Verdict.UNDECLARED
    assert judge("other:thing", who, signed_in=True) is Verdict.UNDECLARED


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_guard_stands_before_every_view_that_is_not_public(people, language) -> None:
    """Real requests through the guard itself, for addresses that need no more than their name."""
    guard, seen = Guard(lambda _request: pytest.fail("the guard alone")), 0
    for name in ADDRESSES:
        try:
            with translation.override(language):
                address = reverse(name)
                match = resolve(address)
        except NoReverseMatch:  # it wants arguments: judged above by its name
            continue
        for role, user in people.items():
            request = RequestFactory().get(address)
            request.user, request.resolver_match = user, match
            request.session = shown(user)
            answer = guard.process_view(request, match.func, match.args, match.kwargs)
            held = needed(name) in policy().roles[role].rights
            status = 302 if role is Role.PUBLIC else 403
            assert (answer is None) is held, (name, role)
            assert held or answer.status_code == status, (name, role)
            seen += 1
    assert seen > 100


MINE, OTHERS = "H26", "H29"


def rows(agency: str) -> dict[str, object]:
    """One row of everything an agency has."""
    number = {MINE: 391, OTHERS: 392}[agency]
    return {
        "system": System.objects.filter(code=f"{agency}-portal").last(),
        "site": Site.objects.get(site_id=number),
        "service": Service.objects.get(agency=agency),
        "sitekey": SiteKey.objects.create(key_hash=f"x{agency}", name=agency, agency=agency),
    }


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("agency", [MINE, OTHERS])
def test_the_desk_shows_and_changes_what_lies_in_the_subtree(client, people, role, agency) -> None:
    rights, found = policy().roles[role].rights, rows(agency)
    if role is not Role.PUBLIC:
        enter(client, people[role])
    inside = agency == MINE or policy().roles[role].country_only
    for name, row in found.items():
        see = Right.SEE_REGISTRY
        edit = Right(f"edit_{name.removeprefix('site') if name == 'sitekey' else name}s")
        seen = client.get(reverse(f"admin:registry_{name}_change", args=[row.pk]))
        assert (seen.status_code == 200) is (see in rights and inside), (name, role)
        listed = client.get(reverse(f"admin:registry_{name}_changelist"))
        assert (listed.status_code == 200) is (see in rights), (name, role)
        if listed.status_code == 200:
            assert (row in listed.context["cl"].queryset) is inside, (name, role)
        if name != "sitekey":
            gone = client.get(reverse(f"admin:registry_{name}_delete", args=[row.pk]))
            assert (gone.status_code == 200) is (edit in rights and inside), (name, role)


@pytest.mark.parametrize("role", [Role.AGENCY_ADMIN, Role.ANALYST, Role.PUBLISHER, Role.OPERATOR])
def test_people_and_the_trail_are_the_operators(client, people, role) -> None:
    enter(client, people[role])
    for name in ("auth_user", "registry_membership", "registry_change"):
        answer = client.get(reverse(f"admin:{name}_changelist"))
        assert (answer.status_code == 200) is (role is Role.OPERATOR), name


SITE = {
    "site_id": 700,
    "name": "Trang mới",
    "system": "H26-portal",
    "hostnames": "",
    "networks": "",
}


@pytest.mark.parametrize(
    ("changed", "made"),
    [
        ({}, True),
        ({"system": "H29-portal"}, False),
        ({"site_id": 392, "valid_from": "01/01/2026"}, False),  # another agency's number
    ],
)
def test_an_agency_admin_makes_sites_of_their_own_agency_only(
    client, people, changed, made
) -> None:
    enter(client, people[Role.AGENCY_ADMIN])
    before = Site.objects.count()
    answer = client.post(reverse("admin:registry_site_add"), SITE | changed)
    assert (Site.objects.count() == before + 1) is made
    assert made or "Nằm ngoài phạm vi" in answer.content.decode()


@pytest.mark.parametrize(
    ("agency", "sites", "made"),
    [("H26", "", True), ("", "", False), ("H29", "", False), ("H26", "391", True), ("H26", "392", False)],
)  # fmt: skip
def test_an_agency_admin_makes_keys_of_their_own_agency_only(client, people, agency, sites, made) -> None:  # fmt: skip
    enter(client, people[Role.AGENCY_ADMIN])
    form = {"name": "khóa", "agency": agency, "site_ids": sites}
    client.post(reverse("admin:registry_sitekey_add"), form)
    assert SiteKey.objects.exists() is made


def test_an_agency_admin_does_not_revoke_anothers_key(client, people) -> None:
    enter(client, people[Role.AGENCY_ADMIN])
    key = SiteKey.objects.create(key_hash="x", name="x", agency=OTHERS)
    form = {"action": "revoke_selected", "_selected_action": [key.pk]}
    client.post(reverse("admin:registry_sitekey_changelist"), form)
    key.refresh_from_db()
    assert key.revoked_at is None
    assert not Change.objects.filter(action="revoke").exists()


def test_declared_names_are_one_right_each() -> None:
    assert not {name for name in VIEWS if ":" in name}
    assert set(NAMESPACES) == {"admin", "api-v1"}


def test_every_declaration_is_of_an_address_that_is_there() -> None:
    assert set(VIEWS) <= set(ADDRESSES)
