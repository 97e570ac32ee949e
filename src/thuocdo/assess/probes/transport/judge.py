"""From what plain requests showed to shares; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.assess.fetch import Answer, Failure
from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.transport.seen import Named, read
from thuocdo.assess.results import FULL, NONE, Evidence, Fault, Remark, Result, measured, unmeasured

_VERSION: Final = re.compile(r"\d+\.\d+|/\d")
_MAX_AGE: Final = re.compile(r'(?:^|;)\s*max-age\s*=\s*"?(\d{1,12})"?\s*(?:;|$)', re.IGNORECASE)
_CONTACT: Final = re.compile(r"^contact:\s*(mailto:|https://|tel:)\S", re.IGNORECASE | re.MULTILINE)
_EXPIRES: Final = re.compile(r"^expires:\s*(\d{4}-\d\d-\d\d)", re.IGNORECASE | re.MULTILINE)
_FINE: Final = 200


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seconds: int
    share: Decimal


class Csp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of policies that hold back less than they could."""

    unsafe_inline: Decimal
    report_only: Decimal
    any_source: Decimal


class Rules(RulesFile, frozen=True):
    hsts: list[Bound]
    csp: Csp
    directories: list[str]
    directory_signs: list[str]
    version_headers: list[str]
    max_directories: int


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)


class Requests(msgspec.Struct, frozen=True):
    """What was asked.

    front        the front page, whatever its scheme
    plain        the same over http; the last answer of its redirects
    security     /.well-known/security.txt
    directories  folders that might list what they hold
    today        ISO day
    """

    front: Answer
    plain: Answer | Failure
    security: Answer | Failure
    directories: Sequence[Answer | Failure]
    today: str


def judge(seen: Requests, at: int, evidence: Sequence[Evidence]) -> list[Result]:
    """One result for each of the probe's checks."""
    named = read(seen.front.text, seen.front.url)
    shares = {
        "hsts": _hsts(seen.front),
        "csp": _csp(seen.front),
        "cookies": _cookies(seen.front),
        "mixed_content": _mixed(seen.front, named),
        "exposed_version": _version(seen.front, named),
    }
    found = [
        measured(f"security.{name}", share, at, *remarks, evidence=evidence)
        for name, (share, remarks) in shares.items()
    ]
    return [*found, _redirect(seen, at), _directory(seen, at), _security_txt(seen, at)]


Judged = tuple[Decimal, tuple[Remark, ...]]


def _hsts(front: Answer) -> Judged:
    if not front.url.startswith("https:"):
        return NONE, (Remark("no_https", {"url": front.url}),)
    stated = front.all("strict-transport-security")
    age = _MAX_AGE.search(stated[0]) if stated else None  # the first alone counts: RFC 6797, 8.1
    if age is None:
        return NONE, (Remark("hsts_absent"),)
    seconds = int(age[1])
    share = next((bound.share for bound in RULES.hsts if seconds >= bound.seconds), NONE)
    wanted = str(RULES.hsts[0].seconds)
    remark = Remark("hsts_short", {"seconds": age[1], "wanted": wanted})
    return share, () if share == 1 else (remark,)


def _csp(front: Answer) -> Judged:
    policies = front.all("content-security-policy")
    if not policies:
        if front.all("content-security-policy-report-only"):
            return RULES.csp.report_only, (Remark("csp_report_only"),)
        return NONE, (Remark("csp_absent"),)
    best: Judged = (Decimal(-1), ())
    for policy in ", ".join(policies).split(","):  # every policy is enforced: the strictest holds
        best = max(best, _policy(policy), key=lambda judged: judged[0])
    return best


def _policy(policy: str) -> Judged:
    directives: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split() or [""]
        directives.setdefault(name.lower(), [each.lower() for each in sources])
    scripts = directives.get("script-src", directives.get("default-src"))
    if scripts is None or {"*", "http:", "https:", "data:"} & set(scripts):
        return RULES.csp.any_source, (Remark("csp_any_source", {"policy": policy.strip()[:200]}),)
    has_nonce = any(each.startswith(("'nonce-", "'sha")) for each in scripts)
    if "'unsafe-inline'" in scripts and not has_nonce:  # CSP 3: ignored beside a nonce or a hash
        return RULES.csp.unsafe_inline, (Remark("csp_unsafe_inline"),)
    return FULL, ()


def _cookies(front: Answer) -> Judged:
    """The part of the cookies that carry Secure, HttpOnly and SameSite; none set is none at risk."""
    cookies = front.all("set-cookie")
    weak = [(each, missing) for each in cookies if (missing := _missing(each))]
    remarks = tuple(
        Remark("cookie_weak", {"name": each.partition("=")[0][:60], "missing": ", ".join(missing)})
        for each, missing in weak
    )
    return (FULL - Decimal(len(weak)) / len(cookies) if cookies else FULL), remarks


def _missing(cookie: str) -> list[str]:
    given = {part.partition("=")[0].strip().lower() for part in cookie.split(";")[1:]}
    return [name for name in ("Secure", "HttpOnly", "SameSite") if name.lower() not in given]


def _mixed(front: Answer, named: Named) -> Judged:
    if not front.url.startswith("https:"):
        return NONE, (Remark("no_https", {"url": front.url}),)
    plain = [(tag, url) for tag, url in named.resources if url.startswith("http:")]
    remarks = [Remark("mixed", {"url": url[:200]}, f"<{tag}>") for tag, url in plain]
    return (NONE if plain else FULL), tuple(remarks[:5])


def _version(front: Answer, named: Named) -> Judged:
    shown = [(name, value) for name in RULES.version_headers for value in front.all(name)]
    shown += [("meta generator", named.generator)] if named.generator else []
    told = [
        Remark("version_shown", {"where": name, "value": value[:80]})
        for name, value in shown
        if _VERSION.search(value)
    ]
    return (NONE if told else FULL), tuple(told)


def _redirect(seen: Requests, at: int) -> Result:
    check, plain = "security.redirect", seen.plain
    if isinstance(plain, Failure):
        return _without_plain(check, plain, seen.front, at)
    if not plain.url.startswith("https:"):
        return measured(check, NONE, at, Remark("no_redirect", {"url": plain.url}))
    return measured(check, FULL, at)


def _without_plain(check: str, plain: Failure, front: Answer, at: int) -> Result:
    """Nothing answers over http: nobody can be caught there, when https answers."""
    if plain.fault is Fault.CONNECT and front.url.startswith("https:"):
        return measured(check, FULL, at, Remark("plain_closed"))
    return unmeasured(check, plain.fault, plain.detail, at)


def _directory(seen: Requests, at: int) -> Result:
    check = "security.exposed_directory"
    answers = [each for each in seen.directories if isinstance(each, Answer)]
    listing = [
        Remark("directory_listed", {"url": each.url[:200]}) for each in answers if _lists(each)
    ]
    if listing:
        return measured(check, NONE, at, *listing)
    failed = [each for each in seen.directories if isinstance(each, Failure)]
    if failed and not answers:
        return unmeasured(check, failed[0].fault, failed[0].detail, at)
    return measured(check, FULL, at)


def _lists(answer: Answer) -> bool:
    text = answer.text[:20_000].lower()
    return answer.status == _FINE and any(sign in text for sign in RULES.directory_signs)


def _security_txt(seen: Requests, at: int) -> Result:
    check, answer = "security.security_txt", seen.security
    if isinstance(answer, Failure):
        return unmeasured(check, answer.fault, answer.detail, at)
    problems = list(_wrong_security_txt(answer, seen.today))
    return measured(check, NONE if problems else FULL, at, *problems)


def _wrong_security_txt(answer: Answer, today: str) -> Iterator[Remark]:
    """RFC 9116: plain text with Contact and an Expires that has not passed."""
    is_text = answer.one("content-type").lower().startswith("text/plain")
    if answer.status != _FINE or not is_text:
        yield Remark("security_txt_absent", {"status": str(answer.status)})
        return
    if not _CONTACT.search(answer.text):
        yield Remark("security_txt_no_contact")
    expires = _EXPIRES.search(answer.text)
    if expires is None or expires[1] < today:
        yield Remark("security_txt_expired", {"expires": expires[1] if expires else "–"})
