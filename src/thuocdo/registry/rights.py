"""Who may do what, where and when: the mechanism; the roles and their rights are `data/rights.yaml`.

Pure: memberships, an agency's path and a day go in, yes or no comes out. Where a path comes from
is `registry/tree.py`, who holds which membership `registry/people.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

import msgspec
import yaml

from thuocdo.core.codes import agency_code

COUNTRY: Final = ""
"""The agency code of a membership that holds everywhere."""


class Right(StrEnum):
    """The closed list; `rights.yaml` has the words of each and who holds it."""

    SEE_PUBLIC = "see_public"
    OWN_ACCOUNT = "own_account"
    SEE_WORK = "see_work"
    CHECK_SITE = "check_site"
    SEE_CHECKS = "see_checks"
    REPLAY_REJECTS = "replay_rejects"
    DESK = "desk"
    SEE_REGISTRY = "see_registry"
    EDIT_AGENCIES = "edit_agencies"
    EDIT_SYSTEMS = "edit_systems"
    EDIT_SITES = "edit_sites"
    EDIT_SERVICES = "edit_services"
    EDIT_KEYS = "edit_keys"
    SEE_EXPLANATIONS = "see_explanations"
    EXPLAIN = "explain"
    JUDGE_EXPLANATIONS = "judge_explanations"
    SEE_RECONCILIATION = "see_reconciliation"
    STATE_FIGURES = "state_figures"
    DECIDE_FOR_AGENCY = "decide_for_agency"
    DECIDE_FOR_MINISTRY = "decide_for_ministry"
    MANAGE_MEMBERS = "manage_members"
    SEE_TRAIL = "see_trail"
    MANAGE_PEOPLE = "manage_people"
    SEE_KEEPING = "see_keeping"
    SEE_JOBS = "see_jobs"
    SEE_COUNTRY = "see_country"
    EDIT_TARGETS = "edit_targets"
    PREPARE_REPORTS = "prepare_reports"
    PUBLISH = "publish"
    SEE_INCIDENTS = "see_incidents"
    EDIT_WEBHOOKS = "edit_webhooks"
    STEER = "steer"
    ANSWER_TASKS = "answer_tasks"
    ANSWER_FEEDBACK = "answer_feedback"
    SEE_ROUNDS = "see_rounds"
    APPEAL = "appeal"
    SEE_SCANS = "see_scans"
    ASK_SCANS = "ask_scans"
    ASSESS = "assess"
    KEEP_ROUNDS = "keep_rounds"


class Role(StrEnum):
    PUBLIC = "public"
    VIEWER = "viewer"
    OFFICER = "officer"
    AGENCY_ADMIN = "agency_admin"
    ANALYST = "analyst"
    PUBLISHER = "publisher"
    ASSESSOR = "assessor"
    ROUND_KEEPER = "round_keeper"
    OPERATOR = "operator"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vi: str
    en: str


class RoleSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One role of the file; see the comments there."""

    vi: str
    en: str
    rights: frozenset[Right]
    second_factor: bool = False
    country_only: bool = False
    local: bool = False


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    clause: str


class Sessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    idle_minutes: int
    longest_hours: int


class Members(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    invitation_hours: int
    two_people_reset: bool


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    valid_from: date
    source: Source
    sessions: Sessions
    members: Members
    rights: dict[Right, Words]
    roles: dict[Role, RoleSpec]

    def __post_init__(self) -> None:
        if set(self.rights) != set(Right) or set(self.roles) != set(Role):
            raise ValueError("rights.yaml must describe every right and every role, and no other")


class Grant(NamedTuple):
    """A membership as `may` reads it; both days included, None is open.

    agency  a code in its left-to-right form, or COUNTRY
    """

    role: Role
    agency: str = COUNTRY
    valid_from: date | None = None
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


class Scope(NamedTuple):
    """Where somebody holds a right: everywhere, or in the subtrees of some agencies."""

    country: bool
    agencies: frozenset[str]

    def __bool__(self) -> bool:
        return self.country or bool(self.agencies)

    def holds(self, path: Sequence[str]) -> bool:
        """Whether an agency lies within; `path` as `may` takes it."""
        return self.country or not self.agencies.isdisjoint(map(plain, path))


@cache
def policy() -> Policy:
    """The file, read once. Raises msgspec.ValidationError when it is malformed."""
    text = (resources.files("thuocdo.registry") / "data" / "rights.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), Policy)


def may(grants: Iterable[Grant], right: Right, agency_path: Sequence[str], day: date) -> bool:
    """Whether somebody holds a right over one agency on a day.

    agency_path  the agency's code and those above it, in either written form, nearest first;
                 empty for what belongs to no agency: only country-wide memberships reach it
    """
    return scope(grants, right, day).holds(agency_path)


def scope(grants: Iterable[Grant], right: Right, day: date) -> Scope:
    """Where somebody holds a right on a day; false when nowhere."""
    roles = policy().roles
    held = {
        plain(grant.agency)
        for grant in grants
        if grant.covers(day) and right in roles[grant.role].rights
    }
    everybody = right in roles[Role.PUBLIC].rights
    return Scope(everybody or COUNTRY in held, frozenset(held - {COUNTRY}))


def usable(grants: Iterable[Grant], *, second_factor: bool) -> list[Grant]:
    """The memberships whose rights do not rest for want of a second factor."""
    roles: Mapping[Role, RoleSpec] = policy().roles
    return [grant for grant in grants if second_factor or not roles[grant.role].second_factor]


def plain(code: str) -> str:
    """A code in its left-to-right form; any other code is itself."""
    return agency_code(code) or code
