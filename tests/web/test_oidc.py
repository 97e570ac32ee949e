"""Single sign-on opens accounts that are there and makes none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_an_issuer_opens_the_accounts_that_were_made_for_it(tmp_path: Path) -> None:
    chosen = {"CLIENT_ID": "c", "SECRET": "s", "NAME": "Hà Nội SSO"}
    env = {f"THUOCDO_OIDC_{name}": value for name, value in chosen.items()}
    env |= {"THUOCDO_HOME": str(tmp_path / "home"), "THUOCDO_ALLOWED_HOSTS": "testserver"}
    flow = Path(__file__).with_name("oidc_flow.py")
    done = subprocess.run(
        [sys.executable, flow],
        check=False,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    known, *others = map(json.loads, lines)
    assert (known["offered"], known["pkce"], known["in"]) == (True, True, True)
    assert "Kiểm tra mã đo trên trang" in known["page"]
    for stranger in others:
        assert not stranger["in"]
        assert "Chưa có tài khoản nào ở đây dành cho bạn" in stranger["page"]
