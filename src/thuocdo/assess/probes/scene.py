"""What a probe is given of one scan, and the shape every probe has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from playwright.async_api import Browser

from thuocdo.assess.citizen import Citizen
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Answer, Failure
from thuocdo.assess.patience import Patience
from thuocdo.assess.probes.look import Look
from thuocdo.assess.probes.target import Target
from thuocdo.assess.probes.walk.walk import Walk
from thuocdo.assess.resolving import Resolving
from thuocdo.assess.results import Fault, Result
from thuocdo.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Depth:
    """How thorough a scan is: what costs time. Counts, seconds; how long a site is waited for: patience.py.

    lab_runs       Lighthouse runs; 5 or more for a round, 0 for none
    pages          pages of its own the tag is looked for on, the front page included
    below          subordinate sites it is looked for on besides
    walk           pages of its own that are read plainly, besides the front page
    load_step_s    for one step of a load test that the owner signed for
    """

    lab_runs: int = 5
    pages: int = 3
    below: int = 3
    walk: int = 16
    load_step_s: float = 20.0


@dataclass(slots=True)
class Scene:
    """One scan of one site, as the probes share it.

    page     the front page as a plain request got it, or why there is none
    browser  None when there is none on this machine
    looked   what the browser saw in its one visit
    walked   the pages that were walked; None where there is no front page
    resolving  whom to ask about names; the default is nobody
    at       µs UTC, of every result
    """

    settings: Settings
    target: Target
    citizen: Citizen
    kept: Kept
    depth: Depth
    page: Answer | Failure
    browser: Browser | None
    at: int
    looked: Look | Failure | None = None
    walked: Walk | None = None
    resolving: Resolving = field(default_factory=Resolving)

    @property
    def patience(self) -> Patience:
        """How long this site is waited for."""
        return self.citizen.patience

    @property
    def given_up(self) -> Failure | None:
        """Why the site is asked no more; None while it is."""
        if not self.patience.has_given_up:
            return None
        return Failure(Fault.TIMEOUT, f"{self.patience.spent:.0f} s")

    @property
    def front(self) -> Answer:
        """The front page; only probes that need no page are run without one."""
        assert isinstance(self.page, Answer)
        return self.page

    @property
    def seen(self) -> Look:
        """That visit; only for probes that need it."""
        assert isinstance(self.looked, Look)
        return self.looked

    @property
    def walk(self) -> Walk:
        """That walk; only for probes that need a page."""
        assert self.walked is not None
        return self.walked


@dataclass(frozen=True, slots=True)
class Probe:
    """`run` gives one result for each of `checks`; `name` finds the bound of all it does (`bounds.yaml`).

    needs_page     it cannot be run without a front page
    needs_browser  nor without a browser
    needs_look     nor without the visit the browser makes for all
    asked_only     its checks are told only where a criterion asks for them
    needs_answers  it asks the site's host: not run once the site was given up
    is_ours        it asks nobody but us: the site's clock stands still, and to be late is our fault
    left_out       why a scan so deep leaves it out, whatever the site does; "" where it does not
    """

    name: str
    checks: tuple[str, ...]
    run: Callable[[Scene], Awaitable[list[Result]]]
    needs_page: bool = True
    needs_browser: bool = False
    needs_look: bool = False
    asked_only: bool = False
    needs_answers: bool = True
    is_ours: bool = False
    left_out: Callable[[Depth], str] = lambda _depth: ""
