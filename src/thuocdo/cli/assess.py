"""`thuocdo assess`: plan and measure a round, mark, settle, announce, hear appeals, publish, compare."""

from __future__ import annotations

import ipaddress
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thuocdo.cli.assess_files import points_of, rows_in, systems_in
from thuocdo.cli.assess_options import Beyond, Lang, RoundName
from thuocdo.cli.output import console, one_of, progress, write_file
from thuocdo.cli.ready import ready_with_registry
from thuocdo.core.errors import ThuocdoError

if TYPE_CHECKING:
    from thuocdo.assess.criteria.model import CriteriaSet
    from thuocdo.assess.demo.servers import Fleet
    from thuocdo.assess.models import Round
    from thuocdo.assess.rounds.comparing import Side
    from thuocdo.assess.rounds.table import Graded
    from thuocdo.assess.scans.looking import Scanning
    from thuocdo.cli.assess_words import Words

FIXTURES = "fixtures"
_FIXTURE_CONTACT = "https://localhost/"
_FORMATS = "json,docx,pdf,xlsx"

assess = typer.Typer(help="Assess systems: rounds of scans, marks, appeals and publication.")

System_ = Annotated[str, typer.Argument(help="The system's code in the round.")]
Key = Annotated[str, typer.Argument(help="The criterion: group.criterion.")]
Who = Annotated[str, typer.Option(help="Who does this.")]


@assess.command("run")
def run(
    name: RoundName,
    sites: Annotated[str, typer.Option(help=f"{FIXTURES}, or a CSV file: code, name, block, url[, vendor, site_id].")] = "",
    criteria: Annotated[str, typer.Option(help="The criteria set a new round freezes.")] = "2024",
    contact: Annotated[str, typer.Option(help="Whom a site may write to: mailto:… or https://….")] = "",
    lab_runs: Annotated[int, typer.Option(help="Lighthouse runs a site; 5 or more for a round, 0 for none.")] = 5,
    at_once: Annotated[int, typer.Option(help="Systems scanned at once; 0: as many as the processor has room for.")] = 0,
    beyond: Beyond = "",
    lang: Lang = "vi",
) -> None:  # fmt: skip
    """Measure a round's systems; a new round needs --sites, one that stopped goes on where it was."""
    words, found = _words(lang), ready_with_registry()
    from thuocdo.assess.citizen import contact_of
    from thuocdo.assess.criteria.model import criteria_set
    from thuocdo.assess.demo import servers
    from thuocdo.assess.models import Round
    from thuocdo.assess.probes.page_load.probe import RULES as LAB
    from thuocdo.assess.probes.scene import Depth
    from thuocdo.assess.rounds import fleet, office
    from thuocdo.assess.scans.looking import Scanning
    from thuocdo.core.clock import VIETNAM
    from thuocdo.run.stopping import stop_on_signals

    held = Round.objects.filter(code=name).first()
    if held is None and not sites:
        raise ThuocdoError("no_systems", f"There is no round {name!r}.", "Name its --sites.")
    is_trial = held.is_trial if held else sites == FIXTURES
    if not is_trial and 0 < lab_runs < LAB.min_runs:
        raise ThuocdoError("bad_option", f"{lab_runs} runs are no measurement.", f"Ask for {LAB.min_runs} or more, or 0.")  # fmt: skip
    with ExitStack() as stack:
        scanning = Scanning(
            contact, found.check_networks, depth=Depth(lab_runs=lab_runs), at_once=at_once
        )
        if is_trial:
            served = stack.enter_context(servers.serving())
            scanning = _for_fixtures(scanning, served)
            held = _trial(held, name, criteria_set(criteria), served)
        elif held is None:
            contact_of(contact)
            held = office.plan(
                name, criteria_set(criteria), systems_in(Path(sites)), is_trial=False
            )
        if because := beyond.strip():
            _keep_why(held, because)
        with progress("assess") as tick:
            scanned = fleet.measure(
                found, held, scanning, tick, stop_on_signals(), beyond=bool(because)
            )
    typer.echo(words("scanned", round=name, n=scanned))
    if late := fleet.late(held):
        at = f"{min(late.values()).astimezone(VIETNAM):%H:%M %d/%m/%Y}"
        typer.echo(words("late", n=len(late), at=at, systems=", ".join(late)))


@assess.command("scan")
def scan(
    url: Annotated[str, typer.Argument(help="The system's front page.")],
    contact: Annotated[str, typer.Option(help="Whom the site may write to: mailto:… or https://….")],
    criteria: Annotated[str, typer.Option(help="The criteria set, or a draft's YAML file.")] = "2024",
    site: Annotated[int | None, typer.Option(help="The site id its pages should count for.")] = None,
    system: Annotated[str, typer.Option(help="The registry's code of the system, to ask about its feeds.")] = "",
    lab_runs: Annotated[int, typer.Option(help="Lighthouse runs; 0 for none.")] = 5,
    beyond: Beyond = "",
    lang: Lang = "vi",
) -> None:  # fmt: skip
    """A shadow scan: one system, unofficially, with how to mend what did not pass. Nothing is published."""
    words, found = _words(lang), ready_with_registry()
    from thuocdo.assess.citizen import contact_of
    from thuocdo.assess.hosts import budget
    from thuocdo.assess.probes.scene import Depth
    from thuocdo.assess.probes.target import Target
    from thuocdo.assess.rounds import fleet, shadow
    from thuocdo.assess.scans.looking import Scanning
    from thuocdo.assess.site_check.check import normal_url
    from thuocdo.core.console import operator

    rules, contact = _rules(criteria), contact_of(contact)
    scanning = Scanning(contact, found.check_networks, depth=Depth(lab_runs=lab_runs))
    target = Target(normal_url(url), site_id=site, system=system)
    budget.look_by_hand(found, target.url, operator(), system=system, because=beyond)
    results = fleet.look_at(found, scanning, target)
    typer.echo(shadow.told(rules, results, words.language))


@assess.command("appoint")
def appoint(
    url: Annotated[str, typer.Argument(help="The system's front page.")],
    owner: Annotated[str, typer.Option(help="Who, for the owner, permits the load test.")],
    since: Annotated[str, typer.Option(help="When it may begin, for example 2026-12-01T22:00+07:00.")],
    hours: Annotated[int, typer.Option(help="How many hours the window is open; 24 at most.")] = 2,
    users: Annotated[int, typer.Option(help="Users at once, at most.")] = 40,
    lang: Lang = "vi",
) -> None:  # fmt: skip
    """The token an owner puts under /.well-known/ to permit a load test; without it there is none."""
    words, found = _words(lang), ready_with_registry()
    from urllib.parse import urlsplit

    from thuocdo.assess.probes.load.appointment import MAX_WINDOW_US, PATH, Appointment, token
    from thuocdo.assess.site_check.check import normal_url
    from thuocdo.core import clock
    from thuocdo.core.signing import Signer

    begin, long = clock.parse_instant(since), hours * 3_600_000_000
    if not 0 < long <= MAX_WINDOW_US or users < 1:
        raise ThuocdoError("bad_option", "A window is 1 to 24 hours, for at least one user.")
    host = urlsplit(normal_url(url)).netloc
    made = Appointment(host=host, since=begin, until=begin + long, users=users, owner=owner)
    typer.echo(words("serve", path=PATH, host=host), err=True)
    typer.echo(token(Signer.of(found.home), made))


@assess.command("mark")
def mark(
    name: RoundName,
    assessor: Annotated[str, typer.Option(help="The assessor whose sheet this is.")],
    file: Annotated[Path, typer.Argument(help="CSV: system, key, points or found (items with spaces), evidence.")],
    lang: Lang = "vi",
) -> None:  # fmt: skip
    """Take one assessor's sheet: points for the criteria that people judge. Each line counts once."""
    words, _ = _words(lang), ready_with_registry()
    from django.db import transaction

    from thuocdo.assess.rounds import office

    held = office.find(name)
    with transaction.atomic():
        rows = rows_in(file, ("system", "key"))
        for row in rows:
            has_points = bool(row.get("points"))
            office.mark(
                held,
                row["system"],
                assessor,
                row["key"],
                points=points_of(row["points"]) if has_points else None,
                found=None if has_points else (row.get("found") or "").split(),
                evidence=row.get("evidence") or "",
            )
    typer.echo(words("marked", n=len(rows), who=assessor))


@assess.command("settle")
def settle(
    name: RoundName, system: System_, key: Key, points: str, because: Annotated[str, typer.Option()], who: Who,
    lang: Lang = "vi",
) -> None:  # fmt: skip
    """Reconcile two assessors: the points they agree on, and why."""
    words, _ = _words(lang), ready_with_registry()
    from thuocdo.assess.rounds import office

    given = points_of(points)
    office.settle(office.find(name), system, key, given, because, who)
    typer.echo(words("settled", system=system, key=key, points=words.number(given)))


@assess.command("score")
def score(name: RoundName, lang: Lang = "vi") -> None:
    """Grade the round as it stands: ranks, levels, group points, what is open."""
    words, _ = _words(lang), ready_with_registry()
    from thuocdo.assess.rounds import grading, office
    from thuocdo.assess.rounds.table import standings
    from thuocdo.cli.assess_words import configured, ranking, unranked

    held = office.find(name)
    rules = grading.rules_of(held)
    lines = standings(grading.graded(held))
    console().print(ranking(words, rules, lines))
    for line in unranked(words, lines):
        typer.echo(line)
    if remark := configured(words, rules):
        typer.echo(remark)
    if waiting := office.waiting(held):
        typer.echo(words("waiting", systems=", ".join(waiting)))
    for code, apart in office.differences(held):
        lowest, highest, of = map(words.number, (apart.lowest, apart.highest, apart.of))
        typer.echo(words("reconcile", system=code, key=apart.key, lowest=lowest, highest=highest, of=of))  # fmt: skip


@assess.command("announce")
def announce(
    name: RoundName,
    days: Annotated[
        int, typer.Option(help="Days agencies have to appeal; the last is a working day.")
    ] = 10,
    lang: Lang = "vi",
) -> None:
    """Preliminary results: from now on marks are closed and agencies may appeal."""
    words, _ = _words(lang), ready_with_registry()
    from thuocdo.assess.rounds import deadline, office
    from thuocdo.core import clock

    held = office.find(name)
    until = deadline.ends(clock.local_day(clock.now_us()), days)
    office.announce(held, until)
    typer.echo(words("announced", round=name, until=deadline.told(until)))


@assess.command("appeal")
def appeal(
    name: RoundName, system: System_, key: Key, text: Annotated[str, typer.Option()], who: Who, lang: Lang = "vi",
) -> None:  # fmt: skip
    """An agency's appeal against one criterion of its preliminary result; it orders a re-scan."""
    words, found = _words(lang), ready_with_registry()
    from thuocdo.assess.rounds import office
    from thuocdo.assess.scans import shadows

    made = office.appeal(office.find(name), system, key, text, who)
    shadows.ring(found)
    typer.echo(words("appealed", n=made.pk))
    if made.rescan:
        typer.echo(words("rescan_ordered", n=made.rescan.pk))


@assess.command("decide")
def decide(
    number: Annotated[int, typer.Argument(help="The appeal's number.")],
    because: Annotated[str, typer.Option()],
    who: Who,
    points: Annotated[
        str, typer.Option(help="Points it gives; without them it is dismissed.")
    ] = "",
    lang: Lang = "vi",
) -> None:
    """Decide an appeal, with the reason the agency is given."""
    words, _ = _words(lang), ready_with_registry()
    from thuocdo.assess.rounds import office

    found = office.decide(number, because, who, points_of(points) if points else None)
    typer.echo(words(found.verdict, n=number))


@assess.command("publish")
def publish(
    name: RoundName,
    formats: Annotated[str, typer.Option("--format", help=f"Some of {_FORMATS}.")] = _FORMATS,
    directory: Annotated[Path | None, typer.Option("-o", help="Default <home>/assessments/<round>.")] = None,
) -> None:  # fmt: skip
    """Freeze and sign the round, and print it: JSON, Word, PDF, Excel. Again: the same files."""
    found = ready_with_registry()
    from thuocdo.assess.rounds import grading, office
    from thuocdo.report.render.assessment import RENDERERS

    wanted = [each.strip() for each in formats.split(",")]
    for each in wanted:
        one_of("--format", each, tuple(RENDERERS))
    held = office.find(name)
    made = office.publish(held, found)
    folder = directory or found.home / "assessments" / name
    folder.mkdir(parents=True, exist_ok=True)
    for each in wanted:
        write_file(folder / f"{name}.{each}", RENDERERS[each](made))
    write_file(folder / f"{name}.jws", held.publication.encode())
    write_file(folder / f"{name}.rules.json", grading.rules_of(held).frozen)


@assess.command("correct")
def correct(
    name: RoundName, system: System_, key: Key, points: str, because: Annotated[str, typer.Option()], who: Who,
    lang: Lang = "vi",
) -> None:  # fmt: skip
    """An entry of a published round's correction log; the publication stays as it was signed."""
    words, _ = _words(lang), ready_with_registry()
    from thuocdo.assess.rounds import office

    held = office.find(name)
    office.correct(held, system, key, points_of(points), because, who)
    for each in office.corrections(held):
        typer.echo(
            f"{each.made_at:%d/%m/%Y} {each.entry.code} {each.key}: {words.number(each.points)} – {each.reason}"
        )


@assess.command("compare")
def compare(
    name: Annotated[str, typer.Argument(help="The round.")],
    other: Annotated[str, typer.Argument(help="A second round, under its own rules.")] = "",
    rules: Annotated[str, typer.Option(help="Or: a criteria set, or a draft's YAML file, for the same results.")] = "",
    lang: Lang = "vi",
) -> None:  # fmt: skip
    """Say why totals differ: between two rounds, or of one round under other rules."""
    words, _ = _words(lang), ready_with_registry()
    from thuocdo.assess.rounds import comparing, grading, office
    from thuocdo.cli.assess_words import configured

    if bool(other) == bool(rules):
        raise ThuocdoError("bad_option", "Name a second round, or --rules.")
    held = office.find(name)
    after_rules = _rules(rules) if rules else grading.rules_of(office.find(other))
    before = {each.code: each for each in grading.graded(held)}
    after = {
        each.code: each
        for each in grading.graded(held if rules else office.find(other), after_rules)
    }
    for code in (each for each in before if each in after):
        found = comparing.compare(
            code,
            before[code].name,
            _side(grading.rules_of(held), before[code]),
            _side(after_rules, after[code]),
        )
        typer.echo(comparing.sentence(found, words.language))
    if remark := configured(words, after_rules):
        typer.echo(remark)


def _words(lang: str) -> Words:
    from thuocdo.cli.assess_words import Words

    return Words.of(lang)


def _side(rules: CriteriaSet, graded: Graded) -> Side:
    from thuocdo.assess.rounds.comparing import Side

    return Side(rules, graded.grade, graded.points)


def _rules(text: str) -> CriteriaSet:
    from thuocdo.assess.criteria.model import criteria_set, load

    return load(Path(text)) if text.endswith((".yaml", ".yml")) else criteria_set(text)


def _keep_why(held: Round, because: str) -> None:
    """That a round was let go beyond its hosts' budgets, by whom and why."""
    from thuocdo.core.console import operator
    from thuocdo.registry import trail
    from thuocdo.registry.models import Change

    after = {"do": "beyond_budget", "because": because}
    trail.record(Change.Action.UPDATE, "round", who=operator(), key=held.code, after=after)


def _for_fixtures(scanning: Scanning, served: Fleet) -> Scanning:
    from dataclasses import replace

    from thuocdo.assess.citizen import Manners
    from thuocdo.assess.fetch import Limits

    return replace(
        scanning,
        contact=scanning.contact or _FIXTURE_CONTACT,
        allowed=(ipaddress.ip_network("127.0.0.0/8"),),
        authorities=str(served.authorities),
        trusted_keys=served.keys,
        manners=Manners(pause=0.0),
        limits=Limits(seconds=8.0),
    )


def _trial(held: Round | None, name: str, rules: CriteriaSet, served: Fleet) -> Round:
    """A round of the fixture fleet, with its two assessors' sheets; ports are new with each start."""
    from thuocdo.assess.rounds import trial

    return trial.plan(name, rules, served) if held is None else trial.move(held, served)
