"""Whoever runs the instance sees which regular job fails, since when and why; the public sees that one does."""

from __future__ import annotations

import pytest
from tests.web.people import read, signed_in

from thuocdo.core import clock, duties
from thuocdo.core.duties import Duties, Failure, Why
from thuocdo.registry.rights import Role

pytestmark = pytest.mark.django_db
PAGE, ENGLISH, STATUS = "/lam-viec/viec-chay-nen/", "/en/work/jobs/", "/tinh-trang/"
NOW = clock.parse_instant("2026-11-27T15:02:00")


@pytest.fixture
def failing(empty):
    """The week's report failed twice on a full disk; everything else works."""
    known = Duties()
    known.of("compact").succeed(NOW)
    known.of("report").begin("2026-W48", NOW)
    for _ in range(2):
        known.of("report").fail(Failure(Why.DISK_FULL, "OSError: reports/x"), NOW, 3600)
    duties.write(empty, known)
    empty.worker_beat_path.touch()
    yield empty
    empty.worker_beat_path.unlink(missing_ok=True)
    empty.duties_path.unlink()


@pytest.mark.parametrize(
    ("role", "status"), [(Role.PUBLISHER, 403), (Role.ANALYST, 403), (Role.OPERATOR, 200)]
)
def test_the_page_is_for_who_runs_the_system(empty, role, status):
    read(signed_in(role), PAGE, status)


def test_a_job_that_fails_is_told_with_its_cause_and_its_next_try(failing):
    operator = signed_in(Role.OPERATOR)
    page = read(operator, PAGE)
    assert "Số việc đang hỏng: 1." in page
    assert "hỏng 2 lần liền từ 15:02 27/11/2026" in page
    assert "Đĩa đã đầy, 15:02 27/11/2026" in page
    assert "15:03 27/11/2026" in page  # the next try
    assert "2026-W48" in page
    first, second = page.index("Lập dự thảo báo cáo tuần"), page.index("Gộp tệp trong kho")
    assert first < second
    assert "The disk is full, 15:02" in read(operator, ENGLISH)


def test_a_worker_that_is_not_there_is_missed(empty):
    assert "Không nghe thấy tiến trình thuocdo worker" in read(signed_in(Role.OPERATOR), PAGE)


def test_the_public_page_says_that_a_job_fails_and_not_why(failing, client):
    page = client.get(STATUS).content.decode()
    assert "1 việc chưa làm được" in page
    assert "OSError" not in page
    failing.worker_beat_path.unlink()
    assert "không nghe thấy tiến trình" in client.get(STATUS).content.decode()


def test_where_no_worker_ever_was_the_public_page_has_no_line_of_it(empty, client):
    assert "Việc chạy nền" not in client.get(STATUS).content.decode()
