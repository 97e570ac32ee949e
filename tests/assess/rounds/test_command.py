"""The commands, as an office uses them: a real instance, real files, a site that does not answer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.command import thuocdo
from tests.tools import TOOLS

SYSTEMS = "code,name,block,url,vendor\na,Cổng A,province,http://127.0.0.1:9/,V\nb,Cổng B,ministry,http://127.0.0.1:9/,V\n"
ENGLISH = ("Rank", "System", "Level", "Points", "Unmeasured", "Functions")
LAN = "system,key,points,found,evidence\na,functions.account,,national_login profile,ảnh 1\n"
MINH = 'system,key,points,found,evidence\na,functions.account,"1,25",,ảnh 2\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("office")
    run(found, "init")
    for name, text in (("systems", SYSTEMS), ("lan", LAN), ("minh", MINH)):
        (found / f"{name}.csv").write_text(text, "utf-8")
    return found


def run(home: Path, *arguments: str, refused: bool = False) -> str:
    environment = os.environ | {
        "THUOCDO_HOME": str(home),
        "THUOCDO_CHECK_ALLOW_NETWORKS": "127.0.0.0/8",
        "THUOCDO_PROBE_TOOLS": str(TOOLS / "tools"),
    }
    done = thuocdo(*arguments, environment=environment, folder=home)
    assert bool(done.returncode) is refused, done.stderr
    return done.stderr if refused else done.stdout


def test_a_round_from_a_file_to_its_preliminary_results(home):
    assess = ("assess",)
    first = (*assess, "run", "--round", "r1", "--sites", "systems.csv")
    assert "whom to write to" in run(home, *first, refused=True)
    assert "vừa quét 2 hệ thống" in run(home, *first, "--contact", "mailto:a@b.vn")
    for who in ("lan", "minh"):
        marked = run(home, *assess, "mark", "--round", "r1", "--assessor", who, f"{who}.csv")
        assert f"Đã ghi 1 điểm chấm của {who}" in marked
    scored = run(home, *assess, "score", "--round", "r1")
    assert "Cần thống nhất: a functions.account: 1,25 và 2,50 trên 5,00" in scored
    assert not set(ENGLISH) & set(scored.split())
    assert "Máy chủ không nhận kết nối" in scored
    assert "phần chia dưới đây là cấu hình của hệ thống này" in scored
    english = run(home, *assess, "score", "--round", "r1", "--lang", "en")
    assert "To reconcile: a functions.account: 1.25 and 2.50 of 5.00" in english
    assert set(ENGLISH) <= set(english.split())
    settle = (
        "settle",
        "--round",
        "r1",
        "a",
        "functions.account",
        "2,5",
        "--because",
        "Xem lại ảnh",
    )
    run(home, *assess, *settle, "--who", "Lan, Minh")
    assert "kết quả sơ bộ" in run(home, *assess, "announce", "--round", "r1")
    assert "appeals are open" in run(home, *assess, "publish", "--round", "r1", refused=True)
    moved = run(home, *assess, "compare", "r1", "--rules", "losi-2024", "--lang", "en")
    assert "no longer in the rules" in moved
    other = run(home, *assess, "compare", "r1", "--rules", "2023")
    assert "tiêu chí bị bỏ" in other
    assert "Điểm có dấu * do hệ thống này cấu hình" in other
    assert "vi, en" in run(home, *assess, "score", "--round", "r1", "--lang", "fr", refused=True)


def test_an_appointment_is_a_token_for_one_host(home):
    token = run(home, *("assess", "appoint", "https://a.vn/", "--owner", "Sở A", "--since", "2026-12-01T22:00+07:00"))  # fmt: skip
    import base64

    payload = token.split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (told["host"], told["owner"], told["users"]) == ("a.vn", "Sở A", 40)
