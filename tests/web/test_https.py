"""Behind https: what a reader's browser is told, graded by the rules of Mozilla's HTTP Observatory.

The settings are read once, when Django is loaded, so the site runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import json, sys
from thuocdo.core import settings
from thuocdo.registry.setup import initialise
initialise(settings.load())
from django.test import Client
reader = Client(HTTP_HOST="localhost", headers={"x-forwarded-proto": "https"})
found = {}
for path in ("/", "/en/", "/phuong-phap/", "/login"):
    answer = reader.get(path)
    cookies = [one.OutputString() for one in answer.cookies.values()]
    found[path] = {"status": answer.status_code, "headers": dict(answer.headers), "cookies": cookies,
                   "body": answer.content.decode()}
json.dump(found, sys.stdout)
"""
HALF_A_YEAR = 15_768_000


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("https") / "home"
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "THUOCDO_HOME": str(home), "THUOCDO_HTTPS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout[ran.stdout.index("{") :])


def directives(policy: str) -> dict[str, set[str]]:
    parts = (part.split() for part in policy.split(";") if part.strip())
    return {name: set(values) for name, *values in parts}


def score(page: dict[str, Any]) -> int:
    """As developer.mozilla.org/en-US/observatory/docs/tests_and_scoring has it: 100, less what is
    missing, and what is better than asked counts only from 90 on."""
    headers, found = page["headers"], 100
    policy = directives(headers.get("Content-Security-Policy", ""))
    unsafe = {"'unsafe-inline'", "'unsafe-eval'"}
    scripts = policy.get("script-src", policy.get("default-src", unsafe))
    found -= 20 if scripts & unsafe else 0
    found -= 20 if policy.get("style-src", set()) & unsafe else 0
    found -= 25 if not policy else 0
    seconds = re.search(r"max-age=(\d+)", headers.get("Strict-Transport-Security", ""))
    found -= 20 if not seconds else 10 if int(seconds[1]) < HALF_A_YEAR else 0
    found -= 5 if headers.get("X-Content-Type-Options") != "nosniff" else 0
    framed = "frame-ancestors" in policy or headers.get("X-Frame-Options") in {"DENY", "SAMEORIGIN"}
    found -= 20 if not framed else 0
    for cookie in page["cookies"]:
        found -= 40 if "secure" not in cookie.lower() else 0
        found -= 30 if "httponly" not in cookie.lower() else 0
    foreign = re.findall(r'<script[^>]+src="(?!/)', page["body"])
    found -= 50 if foreign else 0
    found -= 50 if headers.get("Access-Control-Allow-Origin") == "*" else 0
    strict = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
    better = 10 * (policy.get("default-src") == {"'none'"})
    better += 5 * (headers.get("Referrer-Policy") in strict) + 5 * ("frame-ancestors" in policy)
    better += 10 * (headers.get("Cross-Origin-Resource-Policy") in {"same-origin", "same-site"})
    better += 5 * (bool(page["cookies"]) and all("SameSite" in one for one in page["cookies"]))
    return found + (better if found >= 90 else 0)


def test_every_kind_of_page_scores_a_plus(pages) -> None:
    for path, page in pages.items():
        assert page["status"] == 200, path
        assert score(page) >= 125, (path, score(page))


def test_cookies_belong_to_this_host_over_https_alone(pages) -> None:
    assert not pages["/"]["cookies"]
    (token,) = pages["/login"]["cookies"]
    assert token.startswith("__Host-csrf=")
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in token.split(";")}
    assert "Domain" not in token


def test_windows_are_kept_apart_and_powers_given_up(pages) -> None:
    for page in pages.values():
        headers = page["headers"]
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]


def test_nothing_is_asked_of_anybody_else(pages) -> None:
    for page in pages.values():
        others = re.sub(r'href="https://localhost/', "", page["body"])
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', others)
