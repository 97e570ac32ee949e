"""`make demo`: two worlds in one instance, told apart by date, and a stream that keeps coming.

The world of 2022 (63 provinces) is the raw events behind the published report of week 18; the
world of today (34 provinces) is ninety simulated days and live messages. Every step can be
repeated: stopped anywhere and started again, it goes on where it was and doubles nothing.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import typer

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.issuers import issuer_on
from thuocdo.core.settings import Settings
from thuocdo.run import demo_flaw, demo_people, demo_rounds, demo_targets
from thuocdo.run.adopted import Template
from thuocdo.run.demo_rounds import OWN_NAME, OWN_SITE
from thuocdo.run.loading import FileSet, load, send_steps
from thuocdo.run.once import refresh_now
from thuocdo.run.simulation import REMARK, write
from thuocdo.run.supervisor import Role, Supervisor, standard_roles

T = TypeVar("T")

SEED: Final = 1
GOLDEN: Final = "2022-W18"
GOLDEN_NUMBER: Final = "09/BC-UBQGCĐS"
GOLDEN_PERIOD: Final = "2022-01-01..2022-04-30"
GOLDEN_VISITS_SCALE: Final = 0.01
"""Dossiers are at full size; visits 1:100, so that the demo stays under 300 MB."""
STEPS_DAYS: Final = 14
"""Of calls of trackDVC, ten thousand a day: enough for a funnel, quick to land."""
GOLDEN_REMARK: Final = (
    "Số liệu mô phỏng: báo cáo được dựng lại từ sự kiện thô do chương trình mô phỏng sinh ra; "
    "lượt truy cập theo tỷ lệ 1:100, hồ sơ theo tỷ lệ đầy đủ."
)


def demo(
    settings: Settings, collect_port: int, web_port: int, rate: float, stop: threading.Event
) -> None:
    """Prepare what is missing, start the roles and the stream, run until asked to stop."""
    from thuocdo.registry.setup import initialise

    _step("the instance and its agencies", lambda: initialise(settings))
    _once(settings, "week-18", "the raw events behind week 18 of 2022", _load_golden)
    _once(settings, "country", "ninety days of today's country", _load_country)
    _once(settings, "own-site", "this site as one of those it measures", _register_ourselves)
    _once(settings, "targets", "a target somebody set", demo_targets.set_one)
    _step("facts", lambda: refresh_now(settings))
    _take_over(settings)
    report = _step("the weekly report of week 18", lambda: _report(settings))
    _step("last week's report, checked, signed and published", lambda: _last_week(settings))
    _once(settings, "flaw", "a slip that the checks find", demo_flaw.plant_and_mend)
    roles = [_stream(collect_port, rate), *standard_roles(collect_port, web_port)]
    logs = settings.home / "log"
    logs.mkdir(exist_ok=True)
    for role in roles:
        role.environment = role.environment | {"THUOCDO_OWN_SITE": str(OWN_SITE)}
        role.log_file = logs / f"{role.name}.log"
    # What scans is ended first: it has nothing that must reach the disk.
    template = Template(logs / "template.log")
    supervisor = Supervisor([*_rounds(settings, collect_port, logs), *roles], template)
    try:
        supervisor.load()
        supervisor.start()
        supervisor.wait_until_up(stop)
        _say_where(collect_port, web_port, report, logs)
        supervisor.run(stop)
    finally:
        typer.echo("Stopping; what was acknowledged is on disk.")
        supervisor.stop()


def _step(name: str, action: Callable[[], T]) -> T:
    typer.echo(f"· {name} …", nl=False)
    began = time.monotonic()
    result = action()
    typer.echo(f" {time.monotonic() - began:.1f} s")
    return result


def _once(settings: Settings, mark: str, name: str, action: Callable[[Settings], None]) -> None:
    """Run a loading step unless an earlier run of the demo finished it."""
    done = settings.state_dir / f"demo-{mark}.done"
    if done.exists():
        return
    _step(name, lambda: action(settings))
    done.touch()


def _load_golden(settings: Settings) -> None:
    folder = settings.home / "simulated" / GOLDEN
    _load(settings, folder, write(folder, seed=SEED, scale=GOLDEN_VISITS_SCALE, golden=GOLDEN))


def _load_country(settings: Settings) -> None:
    folder = settings.home / "simulated" / "country"
    _load(settings, folder, write(folder, seed=SEED, scale=1.0))


def _register_ourselves(settings: Settings) -> None:
    """Our own pages as a site of the agency that runs the system, as any portal is registered."""
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.registry.loaders import import_sites
    from thuocdo.web.owner import OWNER

    path = settings.state_dir / "own-site.csv"
    row = f'{OWN_SITE},{OWNER},portal,"{OWN_NAME}",localhost 127.0.0.1'
    path.write_text(f"site_id,agency,kind,name,hostnames\n{row}\n", encoding="utf-8")
    made = import_sites(settings, [path], lambda _done, _total: None)
    path.unlink()
    if made.accepted + made.duplicates != 1:
        raise ThuocdoError("bad_file", f"Our own site was not registered: {made}.")


def _load(settings: Settings, folder: Path, files: FileSet) -> None:
    """Import the raw files; then they have done their work, and the same seed makes them again."""
    settings.remark_path.write_text(REMARK)
    for _ in load(settings, files):
        pass
    if files.steps:
        since = datetime.now(UTC) - timedelta(days=STEPS_DAYS)
        send_steps(settings, files.steps, since=since)
    shutil.rmtree(folder)


def _report(settings: Settings) -> Path:
    from thuocdo.measure.service import Measure
    from thuocdo.report.making import make_weekly

    folder = settings.reports_dir / GOLDEN
    if not folder.exists():
        make_weekly(
            settings,
            Measure(settings),
            GOLDEN,
            period=clock.parse_period(GOLDEN_PERIOD),
            number=GOLDEN_NUMBER,
            remark=GOLDEN_REMARK,
        )
    demo_people.publish(settings, GOLDEN)
    return folder


def _last_week(settings: Settings) -> None:
    """The report of the week before this one; this week's stays on the desk as the worker leaves it."""
    from thuocdo.measure.service import Measure
    from thuocdo.report.making import make_weekly

    year, number, _ = (clock.local_day(clock.now_us()) - timedelta(days=7)).isocalendar()
    week = f"{year}-W{number:02d}"
    if not (settings.reports_dir / week).exists():
        make_weekly(settings, Measure(settings), week, number=_number(number, week))
    demo_people.publish(settings, week)


def _number(number: int, week: str) -> str:
    """As the office's registry would give it, under the symbol of that day's issuer."""
    symbol = issuer_on(clock.parse_week(week).last).symbol
    return f"{number:02d}/BC-{symbol}"


def _take_over(settings: Settings) -> None:
    from thuocdo.report.desk.working import take_over

    take_over(settings)


def _stream(collect_port: int, rate: float) -> Role:
    url = f"http://127.0.0.1:{collect_port}"
    return Role("stream", ["simulate", "--stream", url, "--rate", str(rate), "--seed", str(SEED)])


def _rounds(settings: Settings, collect_port: int, logs: Path) -> list[Role]:
    """The role that scans the fixture fleet and this site, unless it has; says so when it cannot."""
    if demo_rounds.is_done(settings):
        return []
    missing = demo_rounds.what_is_missing(settings)
    if missing:
        typer.echo(f"· no round of assessment: not installed here: {missing}")
        return []
    words = ["demo-rounds", "--collect-port", str(collect_port)]
    log_file = logs / "rounds.log"
    return [Role("rounds", words, log_file=log_file, once=True, nice=demo_rounds.NICE)]


def _say_where(collect_port: int, web_port: int, report: Path, logs: Path) -> None:
    typer.echo(
        f"\nThước Đo is running.\n"
        f"  site            http://127.0.0.1:{web_port}/  (English: /en/)\n"
        f"  collector       http://127.0.0.1:{collect_port}/health\n"
        f"  weekly report   {report}\n"
        f"  logs            {logs}\n"
        f"Live events keep coming; press Ctrl-C to stop, `make demo` to go on.\n"
    )
