"""What a check saw and what it concludes: the shapes that travel, and the closed list of diagnoses.

Times are milliseconds since the page's navigation began, unless a name says otherwise.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from thuocdo.assess.site_check.snippet import Snippet


class Code(StrEnum):
    """The diagnoses: stable, never renamed. Words for each: texts.yaml."""

    OK = "ok"
    ABSENT = "absent"
    COMMENTED_OUT = "commented_out"
    EMPTY_SITE_ID = "empty_site_id"
    WRONG_SITE_ID = "wrong_site_id"
    OTHER_HOST = "other_host"
    WRONG_TRACKER_HOST = "wrong_tracker_host"
    HTTP_MIXED_CONTENT = "http_mixed_content"
    CSP_BLOCKS_SCRIPT = "csp_blocks_script"
    CSP_BLOCKS_CONNECT = "csp_blocks_connect"
    BLOCKED_BY_CLIENT = "blocked_by_client"
    CONSENT_BANNER = "consent_banner"
    SCRIPT_NOT_LOADED = "script_not_loaded"
    NOT_RUN = "not_run"
    HIT_LOST = "hit_lost"
    FIRES_TWICE = "fires_twice"
    FIRES_BUT_REFUSED = "fires_but_refused"
    LATE = "late"
    PAGE_UNREACHABLE = "page_unreachable"


class Severity(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it counts, and something should still be put right
    ERROR = "error"  # it does not count, or counts wrongly
    UNKNOWN = "unknown"  # the check itself could not tell


class Phase(StrEnum):
    """What had been done to the page when a hit left it."""

    LOAD = "load"
    CONSENT = "consent"  # after "accept" was clicked
    INTERACTION = "interaction"  # after the mouse moved, the page scrolled, a key was pressed


class Hit(msgspec.Struct, frozen=True):
    """One page view a page sent to a collector.

    ours      to the collector the check asks about
    after_ms  since the page had loaded; negative before
    status    of the collector's answer; None when there was none, or when it was not asked
    reason    the collector's X-Thuocdo
    failure   why no answer came
    """

    url: str
    site_id: str
    page_url: str
    ours: bool
    phase: Phase
    after_ms: int
    status: int | None = None
    reason: str = ""
    failure: str = ""


class Load(msgspec.Struct, frozen=True):
    """A tracker's script as the browser asked for it.

    failure  "dns", "guard", "connect", "timeout", "size", "tls", "mixed", "csp", "http", "mime",
             "integrity", "network"; "" when it ran
    """

    url: str
    ours: bool
    status: int | None = None
    content_type: str = ""
    failure: str = ""
    detail: str = ""


class Violation(msgspec.Struct, frozen=True):
    """One enforced refusal of the page's Content Security Policy, as the browser reported it."""

    directive: str
    blocked: str  # an address, or "inline"
    policy: str
    line: int = 0


class Observation(msgspec.Struct, frozen=True):
    """Everything the browser did with one page."""

    url: str
    final_url: str
    status: int | None
    fault: str = ""  # why the page could not be looked at: dns, guard, connect, timeout, …
    fault_detail: str = ""
    redirects: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    loads: tuple[Load, ...] = ()
    violations: tuple[Violation, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    consent: str = ""  # the consent framework whose banner is on the page
    console: tuple[str, ...] = ()  # errors and warnings
    policy: str = ""  # Content-Security-Policy header
    requests: int = 0
    tracker_requests: tuple[str, ...] = ()  # addresses of trackers' scripts and hits, in order
    screenshot: str = ""  # path; "" when none could be taken
    seconds: float = 0.0
    links: tuple[str, ...] = ()  # pages of the same host that this one names


class Expectation(msgspec.Struct, frozen=True):
    """What should be seen.

    tracker     our collector's address, no slash at the end
    site_id     the site the page should count for; None when nobody said
    hostnames   site id → hostnames, for every site registered today
    """

    tracker: str
    site_id: int | None
    hostnames: dict[int, tuple[str, ...]]


class Finding(msgspec.Struct, frozen=True):
    """One diagnosis. `reason` picks the wording among a code's; `facts` fill its blanks.

    paste  the exact line or lines to put into the page or the server's settings; "" when none
    """

    code: Code
    severity: Severity
    reason: str = ""
    facts: dict[str, str] = {}
    paste: str = ""


class PageResult(msgspec.Struct, frozen=True):
    """Findings about one page, the weightiest first, and what they rest on."""

    findings: tuple[Finding, ...]
    observed: Observation

    @property
    def severity(self) -> Severity:
        return self.findings[0].severity


class SiteResult(msgspec.Struct, frozen=True):
    """A whole check. The first page is the one asked about; the others were found on it.

    checked_at  µs UTC
    """

    url: str
    tracker: str
    site_id: int | None
    checked_at: int
    pages: tuple[PageResult, ...]

    @property
    def counts(self) -> bool | None:
        """Whether every page that could be looked at counts; None when the first could not be."""
        if self.pages[0].severity is Severity.UNKNOWN:
            return None
        return all(page.severity is not Severity.ERROR for page in self.pages)

    @property
    def exit_code(self) -> int:
        """0 counts, 1 does not, 2 could not be checked."""
        return {True: 0, False: 1, None: 2}[self.counts]


WEIGHT: Final = {
    Severity.UNKNOWN: 0,
    Severity.ERROR: 1,
    Severity.OK: 2,
    Severity.WARNING: 3,
}
