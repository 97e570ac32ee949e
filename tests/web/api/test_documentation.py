"""The examples of docs/api.md work as they are printed, run by curl against the site."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from thuocdo.measure.service import Measure
from thuocdo.registry import keys
from thuocdo.web.opendata.making import make

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
HOST = "http://localhost:8000"
EXAMPLES = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def site(live_server, country, today):
    if not (country.opendata_dir / today.isoformat()).exists():
        make(country, Measure(country), today)
    return live_server.url


@pytest.mark.django_db(transaction=True)
def test_every_example_does_what_it_says(site, country):
    key = keys.create_key(country, "ví dụ", agency="H26")
    assert len(EXAMPLES) >= 8
    for example in EXAMPLES:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example.replace(HOST, site)],
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", "KEY": key},
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, (example, ran.stderr.decode())
        assert ran.stdout or "If-None-Match" in example, example


def test_every_resource_stands_in_the_page():
    from thuocdo.web.api.v1 import api

    for path in api.get_openapi_schema(path_prefix="/api/v1/")["paths"]:
        resource = path.removeprefix("/api/v1/").partition("/")[0]
        assert not resource or resource in PAGE, path
