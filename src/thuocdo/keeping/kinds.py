"""Every kind that may go: when it is over, and what binds it beyond its time.

What something published, a round, an open appeal or an open dispute stands on is bound, however old.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, Final

import msgspec
from django.apps import apps
from django.db.models import Q

from thuocdo.assess.evidence import Kept
from thuocdo.assess.models import Appeal, Entry, Round, ShadowScan, SiteCheck
from thuocdo.assess.rounds import office
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.settings import Settings
from thuocdo.keeping.files import OfFiles
from thuocdo.keeping.policy import Code
from thuocdo.keeping.rows import OfRows
from thuocdo.lake.store import Lake
from thuocdo.measure.reconcile.agreements import open_disputes
from thuocdo.registry import queues
from thuocdo.registry.models import RemakeJob, ReplayJob, Upload
from thuocdo.registry.people import tree_on
from thuocdo.registry.rights import plain
from thuocdo.report.archive import put_aside
from thuocdo.report.desk.model import Kind
from thuocdo.report.desk.working import standing
from thuocdo.steer.model import Channel
from thuocdo.steer.models import Incident, Letter, Step, Task

FEEDBACK: Final[Any] = apps.get_model("web", "Feedback")
"""A table of the site, which lies above this room: known by its name alone."""
_OF_FIGURES: Final = Q(kind="figure")
_ANSWERED: Final = Q(answered_at__isnull=False)
_ASIDE: Final = "????-W??.????????????.json"
_VOUCHED: Final = frozenset({Kind.CHECK, Kind.SIGN, Kind.PUBLISH, Kind.UPGRADE})
"""Steps by which somebody stands up for a draft."""
_WEEK: Final = re.compile(r"\d{4}-W\d{2}")
_HASH: Final = re.compile("[0-9a-f]{64}")
_ENDED: Final = Q(state__in=(queues.State.DONE, queues.State.FAILED))
_FINISHED: Final = Q(state__in=(Letter.State.SENT, Letter.State.GIVEN_UP))


def _disputed(settings: Settings, _before: dt.datetime) -> Q:
    """Stated figures of agencies, and of those above them, with a dispute that nobody settled."""
    tree = tree_on(local_day(now_us()))
    codes = {above for code in open_disputes(Lake.open(settings)) for above in tree.path(code)}
    return Q(kind=Upload.Kind.DECLARED, pk__in=_of(codes))


def _of(codes: set[str]) -> list[int]:
    """Uploads of agencies, their codes written either way."""
    rows = Upload.objects.filter(kind=Upload.Kind.DECLARED).values_list("pk", "agency")
    return [number for number, code in rows if plain(code) in codes]


def _told_of_what_goes_on(_settings: Settings, before: dt.datetime) -> Q:
    """Letters of incidents that are open, or were until the time began: who was told is not told again."""
    going_on = Incident.objects.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=before))
    return Q(pk__in=Letter.objects.filter(notices__incident__in=going_on).values("pk"))


def _named_by_tasks(_settings: Settings, _before: dt.datetime) -> Q:
    return Q(pk__in=Task.objects.filter(incident__isnull=False).values("incident"))


def _about_what_goes_on(_settings: Settings, _before: dt.datetime) -> Q:
    going_on = Incident.objects.filter(closed_at__isnull=True)
    return Q(pk__in=Task.objects.filter(incident__in=going_on).values("pk"))


def _objections(settings: Settings, _before: dt.datetime) -> Q:
    """Objections to a figure of a report that the public reads, or of an agency with a dispute nobody settled.

    Raises ThuocdoError `broken_book` when a book is not what was signed: no objection goes then.
    """
    weeks = {folder.name for folder in settings.publication_dir.glob("????-W??")}
    printed = {week for week in weeks if standing(settings, week).current}
    disputed = {plain(code) for code in open_disputes(Lake.open(settings))}
    rows = FEEDBACK.objects.filter(_OF_FIGURES).values_list("pk", "page")
    return Q(pk__in=[number for number, page in rows if _named_in(page) & (printed | disputed)])


def _named_in(page: str) -> set[str]:
    """What an address may name: weeks, and codes of agencies."""
    parts = re.split(r"[/?#&=\s]+", page)
    return {plain(part) for part in parts} | set(_WEEK.findall(page))


def _drafts_named(settings: Settings) -> set[str]:
    """Drafts that somebody checked, signed or published; all of a week that is worked on or objected to.

    Raises ThuocdoError `broken_book` when a book is not what was signed: no draft goes then.
    """
    waits = FEEDBACK.objects.filter(_OF_FIGURES, answered_at__isnull=True)
    asked = {week for page in waits.values_list("page", flat=True) for week in _WEEK.findall(page)}
    found: set[str] = set()
    for folder in settings.reports_dir.glob("????-W??"):
        week, aside = folder.name, {path.name for path in folder.glob(_ASIDE)}
        if not aside:
            continue
        desk = standing(settings, week)
        if desk.draft or week in asked:
            found |= aside
        found |= {put_aside(week, step.digest) for step in desk.steps if step.kind in _VOUCHED}
    return found


def _appealed(_settings: Settings, _before: dt.datetime) -> Q:
    """What an appeal ordered or rests on, for good; and scans of a system whose appeal is open."""
    rested_on = Appeal.objects.filter(rescan__isnull=False).values("rescan")
    disputed = Appeal.objects.filter(verdict=Appeal.Verdict.OPEN).values("entry__code")
    return Q(for_appeal=True) | Q(system__in=disputed) | Q(pk__in=rested_on)


def _upload_names(settings: Settings) -> set[str]:
    return {row.path(settings).name for row in Upload.objects.only("digest", "name")}


def _no_names(_settings: Settings) -> frozenset[str]:
    return frozenset()


def _picture_folders(_settings: Settings) -> set[str]:
    """Folders of the pictures of checks that are there still."""
    found = set()
    for result in SiteCheck.objects.exclude(result=None).values_list("result", flat=True):
        for page in result["pages"]:
            if picture := page["observed"].get("screenshot"):
                found.add(PurePath(picture).parent.name)
    return found


def _evidence_names(settings: Settings) -> set[str]:
    """Every piece that a round, a scan or a publication names.

    Raises ThuocdoError `bad_publication` when a publication is not what was signed: nothing goes then.
    """
    found: set[str] = set()
    for model in (Entry, ShadowScan):
        for results in model.objects.exclude(results=None).values_list("results", flat=True):
            found.update(_hashes(results))
    for held in Round.objects.exclude(publication=""):
        found.update(_hashes(msgspec.to_builtins(office.published(held, settings))))
    return found


def _hashes(value: Any) -> Iterator[str]:
    """Every text that may be the name of a piece of evidence, wherever it stands."""
    if isinstance(value, str):
        if _HASH.fullmatch(value):
            yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _hashes(each)


def _evidence_folder(settings: Settings) -> Path:
    return Kept(settings.home).folder


KINDS: Final[tuple[OfRows | OfFiles, ...]] = (
    OfRows(
        Code.UPLOADS_APPLIED,
        Upload,
        Q(closed_at__isnull=False),
        "closed_at",
        mine=Q(state=Upload.State.APPLIED),
        bound=_disputed,
        bytes="size",
    ),
    OfRows(
        Code.UPLOADS_UNUSED,
        Upload,
        Q(),
        "at",
        mine=~Q(state=Upload.State.APPLIED),
        bytes="size",
    ),
    OfFiles(Code.UPLOAD_FILES, lambda settings: settings.uploads_dir, "*", _upload_names),
    OfFiles(Code.REJECT_FILES, lambda settings: settings.rejects_dir, "*", _no_names),
    OfRows(
        Code.MAILS,
        Letter,
        _FINISHED,
        "finished_at",
        mine=Q(channel=Channel.MAIL.value),
        bound=_told_of_what_goes_on,
    ),
    OfRows(
        Code.WEBHOOK_CALLS,
        Letter,
        _FINISHED,
        "finished_at",
        mine=Q(channel=Channel.WEBHOOK.value),
        bound=_told_of_what_goes_on,
    ),
    OfRows(
        Code.TASKS,
        Task,
        Q(closed_at__isnull=False),
        "closed_at",
        bound=_about_what_goes_on,
        trails=((Step, "task"),),
    ),
    OfRows(
        Code.INCIDENTS,
        Incident,
        Q(closed_at__isnull=False),
        "closed_at",
        bound=_named_by_tasks,
    ),
    OfRows(
        Code.FEEDBACK_FIGURES,
        FEEDBACK,
        _ANSWERED,
        "answered_at",
        mine=_OF_FIGURES,
        bound=_objections,
    ),
    OfRows(Code.FEEDBACK, FEEDBACK, _ANSWERED, "answered_at", mine=~_OF_FIGURES),
    OfRows(Code.SITE_CHECKS, SiteCheck, _ENDED, "finished_at"),
    OfFiles(Code.CHECK_PICTURES, lambda settings: settings.checks_dir, "*", _picture_folders),
    OfRows(Code.REPLAYS, ReplayJob, _ENDED, "finished_at"),
    OfRows(Code.REMAKES, RemakeJob, _ENDED, "finished_at"),
    OfFiles(
        Code.DRAFTS,
        lambda settings: settings.reports_dir,
        f"????-W??/{_ASIDE}",
        _drafts_named,
    ),
    OfRows(Code.SHADOW_SCANS, ShadowScan, _ENDED, "finished_at", bound=_appealed),
    OfFiles(Code.EVIDENCE, _evidence_folder, "??/*", _evidence_names),
)
"""In the order of `Code`: rows before the files that they name."""
