"""PyPI: piwik-pro-log-analytics, the published descendant of Matomo's import_logs.py.

It replays the tracking requests found in a web server's log, under the key in its request suffix.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

given = json.loads(os.environ["CLIENT"])
LINE = '{} - - [20/Jan/2026:{} +0700] "GET /piwik.php?{} HTTP/1.1" 200 43 "-" "{}"\n'


def line(address: str, time: str, path: str, **more: object) -> str:
    query = {"idsite": given["site"], "rec": 1, "url": given["pages"] + path, **more}
    return LINE.format(address, time, urlencode(query), given["agent"])


with tempfile.TemporaryDirectory() as folder:
    log = Path(folder) / "access.log"
    log.write_text(
        line("203.0.113.9", "15:00:00", "/qua-khu", uid=given["person"])
        + line("203.0.113.7", "15:00:01", "/sau")
        + line("203.0.113.8", "15:00:02", "/sau")
        + line("203.0.113.8", "15:00:03", "/la", idsite=given["unknownSite"])
    )
    tracker = given["tracker"]
    base, _, endpoint = tracker.rpartition("/")
    subprocess.run(
        [
            *(sys.executable, "-m", "piwik_pro_log_analytics.import_logs"),
            *(f"--url={base}", f"--tracker-endpoint-path=/{endpoint}", "--replay-tracking"),
            *(f"--request-suffix=token_auth={given['key']}", "--log-format-name=ncsa_extended"),
            *("--retry-max-attempts=1", str(log)),
        ],
        check=True,
        stdout=sys.stderr,
    )
json.dump({}, sys.stdout)
