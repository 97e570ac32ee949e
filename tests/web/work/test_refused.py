"""Refused records: one's own alone, redacted, counted, judged again by the worker and by nobody twice."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from tests.web.people import enter, someone
from tests.web.work.conftest import NEW_PROCEDURE, OTHER, PERSONAL, learn_the_procedure

from thuocdo.core.duties import Duty
from thuocdo.lake.replaying import Replayed
from thuocdo.lake.store import Lake
from thuocdo.registry import replaying
from thuocdo.registry.models import Change, ReplayJob
from thuocdo.registry.rights import Role
from thuocdo.run import jobs

PAGE = "/lam-viec/co-quan/H26/bi-tu-choi/"
ASK = f"{PAGE}xet-lai/"


def test_refusals_are_counted_by_reason_feed_and_day(admin) -> None:
    page = admin.get(PAGE)
    assert (
        "13 bản ghi bị từ chối" in page
    )  # twelve messages and a packet; H29's and a stranger's not
    assert "unknown_procedure" in page
    assert "in the future" in page
    assert "vẫn bị từ chối" in page
    assert "1 bản ghi bị từ chối" in admin.get(f"{PAGE}?reason=bad_date")
    assert "Không có bản ghi nào" in admin.get(f"{PAGE}?site={OTHER}")
    assert "Không có bản ghi nào" in admin.get(f"{PAGE}?feed=canonical")


def test_nothing_personal_is_shown_or_downloaded(admin) -> None:
    for address in (PAGE, f"{PAGE}tep.csv", f"{PAGE}tep.ndjson"):
        text = admin.get(address)
        assert PERSONAL not in text
        assert "H26-100" not in text  # a dossier's number


def test_all_of_them_are_downloaded_as_they_come(admin) -> None:
    answer = admin.client.get(f"{PAGE}tep.csv")
    assert answer.streaming
    assert "bi-tu-choi_H26.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(admin.get(f"{PAGE}tep.csv"))))
    lines = [json.loads(line) for line in admin.get(f"{PAGE}tep.ndjson").splitlines()]
    assert len(rows) == len(lines) == 13
    assert {row["today"] for row in rows} == {"refused: unknown_procedure", "refused: bad_date"}
    assert {line["agency"] for line in lines} == {"H26"}
    admin.get(f"{PAGE}tep.xlsx", 404)


@pytest.mark.parametrize(
    "query", ["reason=x", "feed=x", "site=-1", "site=" + "9" * 30, "site=x", "since=hôm qua"]
)
def test_filters_that_cannot_be_are_refused_in_words(admin, query) -> None:
    for address in (PAGE, f"{PAGE}tep.csv"):
        assert admin.client.get(f"{address}?{query}").status_code == 400


def test_a_trial_says_what_would_come_of_it_and_writes_nothing(writable, client) -> None:
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    learn_the_procedure(writable)
    answer = client.post(ASK, {"reason": "unknown_procedure", "trial": "1"})
    assert 'http-equiv="refresh"' in client.get(answer.url).content.decode()
    assert replaying.take_one(writable)
    page = client.get(answer.url).content.decode()
    assert "12 bản ghi sẽ được nhận" in page
    assert "Nhận 12 bản ghi này" in page
    assert Lake.open(writable).read("replays").num_rows == 0
    assert not Change.objects.filter(what="rejects").exists()


def test_a_replay_takes_them_in_once_and_leaves_a_trace(writable, client) -> None:
    user = someone(Role.AGENCY_ADMIN, "H26")
    enter(client, user)
    learn_the_procedure(writable)
    before = Lake.open(writable).read("dossier_events").num_rows
    answer = client.post(ASK, {})
    replaying.take_one(writable)
    page = client.get(answer.url).content.decode()
    assert "12 bản ghi đã được nhận" in page
    home = client.get("/lam-viec/co-quan/H26/").content.decode()
    assert "1 bản ghi bị từ chối hôm nay" in home  # what was taken in is work no longer
    again = client.post(ASK, {})
    assert again.url != answer.url
    replaying.take_one(writable)
    assert "0 bản ghi đã được nhận" in client.get(again.url).content.decode()
    assert Lake.open(writable).read("dossier_events").num_rows == before + 12
    first = Change.objects.filter(what="rejects", action="replay").order_by("id")
    assert {row.who for row in first} == {user.get_username()}
    asked, done = first[:2]
    assert asked.after["agency"] == "H26"
    assert done.after["result"]["accepted"] == {"unknown_procedure": 12}
    assert "đã được tính sau một lần xét lại" in client.get(PAGE).content.decode()
    assert "1 bản ghi bị từ chối" in client.get(f"{PAGE}?waiting=1").content.decode()


def test_another_agency_s_records_stay_where_they_are(writable, client) -> None:
    """The same procedure was unknown when H29 sent, and H26 sent twelve with it."""
    enter(client, someone(Role.OPERATOR))
    learn_the_procedure(writable)
    client.post("/lam-viec/co-quan/H29/bi-tu-choi/xet-lai/", {})
    replaying.take_one(writable)
    assert ReplayJob.objects.get().replayed == Replayed(accepted={"unknown_procedure": 1})
    assert Lake.open(writable).read("replays").num_rows == 1


def test_who_may_not_replay_is_offered_nothing_and_refused(as_role, client) -> None:
    desk = as_role(Role.OFFICER)
    assert "Xét thử" not in desk.get(PAGE)
    assert client.post(ASK, {}).status_code == 403
    enter(client, someone(Role.AGENCY_ADMIN, "H29"))
    assert client.post(ASK, {}).status_code == 403
    assert client.get(ASK).status_code in (403, 405)
    assert not ReplayJob.objects.exists()


def test_another_agency_s_replay_is_not_found(admin) -> None:
    job = ReplayJob.objects.create(agency="H29", is_trial=True, asked_by=admin.user)
    admin.get(f"{ASK}{job.pk}/", 404)


def test_the_same_question_twice_is_one_job(admin) -> None:
    first = admin.client.post(ASK, {"trial": "1", "reason": "bad_date"})
    second = admin.client.post(ASK, {"trial": "1", "reason": "bad_date"})
    assert first.url == second.url
    assert ReplayJob.objects.count() == 1


def test_nobody_fills_the_queue_alone(admin) -> None:
    for n in range(replaying.MAX_OPEN):
        admin.client.post(ASK, {"trial": "1", "site": str(n + 1)})
    answer = admin.client.post(ASK, {"trial": "1", "site": "99"})
    assert answer.status_code == 400
    assert "quá nhiều yêu cầu" in answer.content.decode()


def test_what_a_dead_worker_left_is_done_again_and_counts_once(writable, client) -> None:
    """Killed after the records were written and before the job was closed."""
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    learn_the_procedure(writable)
    answer = client.post(ASK, {})
    replaying.take_one(writable)
    before = Lake.open(writable).read("dossier_events").num_rows
    ReplayJob.objects.update(state="running", result=None)
    assert replaying.take_one(writable)
    page = client.get(answer.url).content.decode()
    assert re.search(r"Đã tính trước đó</dt><dd>12<", page)
    assert Lake.open(writable).read("dossier_events").num_rows == before
    ReplayJob.objects.update(state="running", attempts=replaying.MAX_ATTEMPTS)
    assert not replaying.take_one(writable)
    assert "gián đoạn nhiều lần" in client.get(answer.url).content.decode()


def test_a_right_lost_before_its_turn_is_lost(writable, client) -> None:
    user = someone(Role.AGENCY_ADMIN, "H26")
    enter(client, user)
    answer = client.post(ASK, {})
    user.memberships.update(role=Role.OFFICER.value)
    replaying.take_one(writable)
    assert ReplayJob.objects.get().failure == "not_yours"
    assert "không còn quyền" in client.get(answer.url).content.decode()


def test_the_pages_speak_english(admin) -> None:
    assert NEW_PROCEDURE in admin.get("/en/work/agencies/H26/refused/")
    answer = admin.client.post("/en/work/agencies/H26/refused/replay/", {"trial": "1"})
    assert "/en/work/agencies/H26/refused/replay/" in answer.url
    assert "Waiting" in admin.get(answer.url)


def test_the_worker_is_called_by_a_bell_and_goes_until_the_queue_is_empty(writable, client) -> None:
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    replay = jobs.QUEUES["replay"]
    assert replay.due(writable, Duty(), 0) is None  # no bell, no database
    for reason in ("bad_date", "unknown_procedure"):
        client.post(ASK, {"trial": "1", "reason": reason})
    assert replay.due(writable, Duty(), 0) is not None
    assert [replaying.take_one(writable) for _ in range(3)] == [True, True, False]
    assert not writable.replay_bell_path.exists()
    assert {job.state for job in ReplayJob.objects.all()} == {"done"}
