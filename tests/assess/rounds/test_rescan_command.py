"""An appeal at the command line: it orders a second look, which is carried out and told beside the round's."""

from __future__ import annotations

from tests.assess.rounds.test_command import run

ROUND = ("--round", "r1")


def test_an_appeal_orders_a_re_scan_that_is_told_beside_the_rounds_result(tmp_path):
    run(tmp_path, "init")
    systems = "code,name,block,url,vendor\na,Cổng A,province,http://127.0.0.1:9/,V\n"
    (tmp_path / "systems.csv").write_text(systems, "utf-8")
    plan = ("--sites", "systems.csv", "--contact", "emc@a.gov.vn", "--lab-runs", "0")
    run(tmp_path, "assess", "run", *ROUND, *plan)
    run(tmp_path, "assess", "announce", *ROUND)
    appeal = ("assess", "appeal", *ROUND, "a", "security.hsts", "--text", "Đã có.", "--who", "Lan")
    assert "1" in run(tmp_path, *appeal)
    assert (tmp_path / "state" / "scanner.bell").exists()
    assert "1 đang chờ" in run(tmp_path, "assess", "appeals", *ROUND)
    assert "đã xong" in run(tmp_path, "assess", "rescan", "1", "--who", "Minh")
    told = run(tmp_path, "assess", "appeals", *ROUND, "--lang", "en")
    assert "1 done" in told
    assert (
        told.count("not measurable –/1.50 The server takes no connection") == 2
    )  # the round's and the re-scan's
    assert "one of" not in run(tmp_path, "assess", "rescan", "7", refused=True)
