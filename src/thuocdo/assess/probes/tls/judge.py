"""From sslyze's report to a share; pure. What sslyze could not find out is not graded."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.results import FULL, NONE, Fault, Remark, Result, measured, unmeasured

CHECK: Final = "security.tls"
_OLD: Final = {
    "ssl_2_0_cipher_suites": "SSL 2.0",
    "ssl_3_0_cipher_suites": "SSL 3.0",
    "tls_1_0_cipher_suites": "TLS 1.0",
    "tls_1_1_cipher_suites": "TLS 1.1",
}
_GOOD: Final = ("tls_1_2_cipher_suites", "tls_1_3_cipher_suites")
_NEEDED: Final = ("certificate_info", *_OLD, *_GOOD, "heartbleed", "robot", "openssl_ccs_injection")
_DONE: Final = "COMPLETED"


class Rules(RulesFile, frozen=True):
    old_version: Decimal
    weak_cipher: Decimal
    no_newest: Decimal
    weak_ciphers: list[str]
    min_key_bits: int
    trust_stores: list[str]


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)


def judge(report: dict[str, Any], at: int) -> Result:
    """The result of sslyze's JSON report of one server."""
    scans = report.get("server_scan_results") or []
    if not scans:
        bad = (report.get("invalid_server_strings") or [{}])[0]
        return unmeasured(CHECK, Fault.DNS, str(bad.get("error_message", "")), at)
    scan = scans[0]
    if scan.get("connectivity_status") != _DONE:
        trace = str(scan.get("connectivity_error_trace") or "").strip().splitlines() or [""]
        return unmeasured(CHECK, _fault_of(trace[-1]), trace[-1], at)
    found = scan.get("scan_result") or {}
    for name in _NEEDED:
        if (found.get(name) or {}).get("status") != _DONE:
            return unmeasured(CHECK, Fault.TLS, f"{name}: no result", at)
    return _graded({name: found[name]["result"] for name in _NEEDED}, at)


def _fault_of(line: str) -> Fault:
    if "Timeout" in line or "timed out" in line:
        return Fault.TIMEOUT
    return Fault.TLS if "Tls" in line or "TLS" in line else Fault.CONNECT


def _graded(found: dict[str, Any], at: int) -> Result:
    fatal = [*_certificate(found["certificate_info"]), *_holes(found)]
    if fatal:
        return measured(CHECK, NONE, at, *fatal)
    share, remarks = FULL, []
    for name, version in _OLD.items():
        if found[name]["accepted_cipher_suites"]:
            share -= RULES.old_version
            remarks.append(Remark("tls_old", {"version": version}))
    weak = sorted(set(_weak(found)))
    if weak:
        share -= RULES.weak_cipher
        remarks.append(Remark("tls_weak_cipher", {"ciphers": ", ".join(weak[:6])}))
    if not found["tls_1_3_cipher_suites"]["accepted_cipher_suites"]:
        share -= RULES.no_newest
        remarks.append(Remark("tls_no_13"))
    return measured(CHECK, max(share, NONE), at, *remarks)


def _certificate(info: dict[str, Any]) -> Iterator[Remark]:
    for deployment in info["certificate_deployments"]:
        paths = [
            each
            for each in deployment["path_validation_results"]
            if each["trust_store"]["name"] in RULES.trust_stores
        ]
        if not any(each["was_validation_successful"] for each in paths):
            reason = next((str(each["validation_error"]) for each in paths), "")
            yield Remark("tls_untrusted", {"reason": reason[:160]})
            return


def _holes(found: dict[str, Any]) -> Iterator[Remark]:
    if found["heartbleed"]["is_vulnerable_to_heartbleed"]:
        yield Remark("tls_hole", {"name": "Heartbleed"})
    if found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]:
        yield Remark("tls_hole", {"name": "CCS injection"})
    robot = str(found["robot"]["robot_result"])
    if robot.startswith("VULNERABLE"):
        yield Remark("tls_hole", {"name": "ROBOT"})
    if not any(found[name]["accepted_cipher_suites"] for name in _GOOD):
        yield Remark("tls_only_old")


def _weak(found: dict[str, Any]) -> Iterator[str]:
    for name in (*_OLD, *_GOOD):
        for accepted in found[name]["accepted_cipher_suites"]:
            cipher = accepted["cipher_suite"]
            is_short = cipher["key_size"] < RULES.min_key_bits
            if is_short or any(word in cipher["name"] for word in RULES.weak_ciphers):
                yield cipher["name"]
