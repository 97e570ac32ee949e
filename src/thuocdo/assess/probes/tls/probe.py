"""Runs sslyze against the address that was judged, never against a name it would resolve itself."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from thuocdo.assess.fetch import Answer, Failure
from thuocdo.assess.probes import tools
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.probes.tls.judge import CHECK, judge
from thuocdo.assess.results import (
    NONE,
    Fault,
    Remark,
    Result,
    measured,
    unmeasured,
)
from thuocdo.core.guard import Refused, Unresolved

_ASKED: Final = (
    *("--certinfo", "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3"),
    *("--heartbleed", "--robot", "--openssl_ccs", "--mozilla_config=disable", "--quiet"),
)
_HTTPS: Final = 443
_NOBODY_THERE: Final = (Fault.DNS, Fault.CONNECT, Fault.GUARD)
_NO_TLS: Final = (Fault.CONNECT, Fault.TLS)


async def run(scene: Scene) -> list[Result]:
    if isinstance(scene.page, Failure) and scene.page.fault in _NOBODY_THERE:
        return [unmeasured(CHECK, scene.page.fault, scene.page.detail, scene.at)]
    url = scene.page.url if isinstance(scene.page, Answer) else scene.target.url
    parts = urlsplit(url)
    is_secure = parts.scheme == "https"
    host, port = parts.hostname or "", (parts.port or _HTTPS) if is_secure else _HTTPS
    try:
        addresses = await scene.citizen.fetcher.guard.addresses(host, port)
    except Refused as refused:
        return [unmeasured(CHECK, Fault.GUARD, str(refused), scene.at)]
    except Unresolved as unresolved:
        return [unmeasured(CHECK, Fault.DNS, str(unresolved), scene.at)]
    result = await _scan(scene, host, port, addresses[0])
    answers_plainly = isinstance(scene.page, Answer) and not is_secure
    if result.fault in _NO_TLS and answers_plainly:
        return [measured(CHECK, NONE, scene.at, Remark("no_https", {"url": url}))]
    return [result]


async def _scan(scene: Scene, host: str, port: int, address: str) -> Result:
    authorities = scene.citizen.fetcher.authorities
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        command = [
            *(sys.executable, "-m", "sslyze", f"--json_out={file}", *_ASKED),
            *([f"--certinfo_ca_file={authorities}"] if authorities else []),
            f"{host}:{port}{{{address}}}",
        ]
        ended = await tools.run(command, scene.patience.bounds.tools)
        if ended.fault is Fault.TIMEOUT:
            scene.patience.unanswered(f"sslyze {host}:{port}", ended.detail)
        if ended.fault is not None:
            return unmeasured(CHECK, ended.fault, ended.detail, scene.at)
        report = await asyncio.to_thread(file.read_bytes) if file.exists() else b""
    if not report:
        return unmeasured(CHECK, Fault.NO_TOOL, ended.detail, scene.at)
    evidence = (scene.kept.keep("report", report),)
    found = judge(msgspec.json.decode(report, type=dict), scene.at)
    if found.fault is None:
        scene.patience.answered(f"sslyze {host}:{port}", found.outcome)
    return msgspec.structs.replace(found, evidence=evidence)


PROBE: Final = Probe("tls", (CHECK,), run, needs_page=False)
