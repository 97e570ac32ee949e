"""From what a browser saw to diagnoses: pure; the network speaks first, the page's text explains silence."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from thuocdo.assess.site_check import hits, lines, policy, silence
from thuocdo.assess.site_check.model import (
    WEIGHT,
    Code,
    Expectation,
    Finding,
    Hit,
    Observation,
    PageResult,
    Phase,
    Severity,
)
from thuocdo.assess.site_check.snippet import Place
from thuocdo.core.vocabulary import RejectReason

_REFUSED_FROM: Final = 400
_NOT_LOOKED: Final = frozenset(("robots", "busy"))
"""Faults that say nothing against the page."""


def judge(seen: Observation, expected: Expectation, late_ms: int) -> PageResult:
    """The findings of one page, the weightiest first.

    late_ms  a hit later than this after the load is late
    """
    if seen.fault:
        return PageResult((_unreachable(seen),), seen)
    expected = _with_site_of_host(seen, expected)
    ours = [hit for hit in seen.hits if hit.ours]
    found = _judge_hits(ours, seen, expected, late_ms) if ours else silence.explain(seen, expected)
    found += _blocked(seen)
    found.sort(key=lambda finding: WEIGHT[finding.severity])
    return PageResult(tuple(found), seen)


def _unreachable(seen: Observation) -> Finding:
    severity = Severity.WARNING if seen.fault in _NOT_LOOKED else Severity.UNKNOWN
    facts = {"url": seen.final_url, "detail": seen.fault_detail, "host": _host(seen.final_url)}
    return Finding(Code.PAGE_UNREACHABLE, severity, seen.fault, facts)


def _with_site_of_host(seen: Observation, expected: Expectation) -> Expectation:
    """The registry says which site a host belongs to, where it says so of exactly one."""
    if expected.site_id is not None:
        return expected
    host = _host(seen.final_url)
    owners = [site for site, hosts in expected.hostnames.items() if host in hosts]
    if len(owners) != 1:
        return expected
    return msgspec.structs.replace(expected, site_id=owners[0])


def _judge_hits(
    ours: list[Hit], seen: Observation, expected: Expectation, late_ms: int
) -> list[Finding]:
    found = [
        finding
        for hit in _first_of_each_site(ours)
        if (finding := _of_answer(hit, expected)) is not None
    ]
    first = ours[0]
    if first.phase is Phase.CONSENT:
        found.append(_consent(seen))
    elif first.phase is Phase.INTERACTION or first.after_ms > late_ms:
        found.append(_late(first))
    found += _twice(ours, seen)
    if not found:
        found.append(_ok(first, seen, expected))
    found += _host_belongs(first, seen, expected)
    found += _old_tracker_too(seen, expected)
    return found


def _first_of_each_site(ours: list[Hit]) -> list[Hit]:
    return list({hit.site_id: hit for hit in reversed(ours)}.values())[::-1]


def _of_answer(hit: Hit, expected: Expectation) -> Finding | None:
    """What the collector's answer to a hit means; None when it counts for the right site."""
    facts = {"site": hit.site_id, "expected": str(expected.site_id or ""), "url": hit.url}
    paste = lines.site_line(expected.site_id)
    if hit.failure:
        kind, _, detail = hit.failure.partition(": ")
        facts |= {"detail": detail, "host": _host(hit.url)}
        return Finding(Code.HIT_LOST, Severity.ERROR, kind, facts)
    status = hit.status or 0
    if hit.reason == RejectReason.UNKNOWN_SITE:
        return Finding(Code.WRONG_SITE_ID, Severity.ERROR, "not_registered", facts, paste)
    if hit.reason == RejectReason.MISSING_FIELD or (status >= _REFUSED_FROM and not hit.site_id):
        return Finding(Code.EMPTY_SITE_ID, Severity.ERROR, "empty", facts, paste)
    if status >= _REFUSED_FROM:
        facts |= {"status": str(status), "reason": hit.reason or "–", "host": _host(hit.page_url)}
        return Finding(Code.FIRES_BUT_REFUSED, Severity.ERROR, "", facts)
    if expected.site_id is not None and hit.site_id != str(expected.site_id):
        return Finding(Code.WRONG_SITE_ID, Severity.ERROR, "other", facts, paste)
    return None


def _consent(seen: Observation) -> Finding:
    reason = "unnamed" if seen.consent == "unknown" else "named"
    return Finding(Code.CONSENT_BANNER, Severity.ERROR, reason, {"framework": seen.consent})


def _late(hit: Hit) -> Finding:
    reason = "interaction" if hit.phase is Phase.INTERACTION else "delay"
    return Finding(
        Code.LATE, Severity.ERROR, reason, {"seconds": f"{max(0, hit.after_ms) / 1000:.1f}"}
    )


def _twice(ours: list[Hit], seen: Observation) -> list[Finding]:
    same = [hit for hit in ours if (hit.site_id, hit.phase) == (ours[0].site_id, ours[0].phase)]
    if len({hit.page_url for hit in same}) < len(same):
        doors = {urlsplit(hit.url).path for hit in same}
    elif len(ours) > len(same):  # two sites of ours, each with its hit
        doors = {urlsplit(hit.url).path for hit in ours}
    else:
        return []
    tags = [each for each in seen.snippets if each.place is Place.ACTIVE and each.tracker_url]
    places = ", ".join(str(each.line) for each in tags)
    reason = "two_trackers" if len(doors) > 1 else "duplicated" if len(tags) > 1 else "repeated"
    sites = ", ".join(dict.fromkeys(hit.site_id for hit in ours))
    facts = {"count": str(len(ours)), "lines": places or "–", "sites": sites}
    facts["doors"] = ", ".join(sorted(doors))
    return [Finding(Code.FIRES_TWICE, Severity.ERROR, reason, facts)]


def _ok(hit: Hit, seen: Observation, expected: Expectation) -> Finding:
    facts = {
        "site": hit.site_id,
        "status": str(hit.status),
        "tracker": _host(hit.url),
        "seconds": f"{max(0, hit.after_ms) / 1000:.1f}",
        "requests": str(seen.requests),
    }
    return Finding(Code.OK, Severity.OK, "known" if expected.site_id else "asked_nobody", facts)


def _host_belongs(hit: Hit, seen: Observation, expected: Expectation) -> list[Finding]:
    """Whether the page's host is registered for the site its hits count for."""
    if not hit.site_id.isdigit() or hit.reason == RejectReason.FOREIGN_HOST:
        return []
    hosts = expected.hostnames.get(int(hit.site_id), ())
    host = _host(seen.final_url)
    if not hosts or host in hosts:
        return []
    facts = {"site": hit.site_id, "host": host, "hosts": ", ".join(hosts)}
    return [Finding(Code.OTHER_HOST, Severity.WARNING, "", facts, host)]


def _old_tracker_too(seen: Observation, expected: Expectation) -> list[Finding]:
    """A second tag that still sends elsewhere does no harm to our figures: said, not held against."""
    foreign = [hit for hit in seen.hits if not hit.ours and _is_portal_tracker(hit.url)]
    if not foreign:
        return []
    facts = {"host": _host(foreign[0].url), "tracker": _host(expected.tracker)}
    return [Finding(Code.WRONG_TRACKER_HOST, Severity.WARNING, "besides", facts)]


def _is_portal_tracker(url: str) -> bool:
    """A portal's tag for a state collector, not the portal's own Matomo."""
    return urlsplit(url).path.endswith(hits.DOORS[0])


def _blocked(seen: Observation) -> list[Finding]:
    """Whether visitors with an ad-blocker would be missed."""
    for url in seen.tracker_requests:
        rule = policy.blocking_rule(url)
        if rule is not None:
            facts = {"url": url.partition("?")[0], "rule": rule}
            return [Finding(Code.BLOCKED_BY_CLIENT, Severity.WARNING, "", facts)]
    return []


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
