"""Requests of a client that the registries do not have, sent as its source says it sends them."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from urllib.parse import quote

import httpx

given = json.loads(os.environ["CLIENT"])
words = given | {
    "pages_encoded": quote(given["pages"], safe=""),
    "agent_encoded": quote(given["agent"], safe=""),
    "now": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
}


def told(text: str) -> str:
    return Template(text).substitute(words)


answers: dict[str, object] = {}
for request in json.loads(Path(sys.argv[1]).read_text())["requests"]:
    query = told(request["query"])
    answer = httpx.request(
        request["method"],
        given["tracker"] + (f"?{query}" if query else ""),
        headers={name: told(value) for name, value in request["headers"].items()},
        content=told(request["body"]).encode(),
    )
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    answers[request["action"]] = answer.json() if is_json else answer.status_code
json.dump(answers, sys.stdout)
