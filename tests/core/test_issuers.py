"""Reports carry the header and the laws of their own date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from thuocdo.core.issuers import issuer_on


def test_the_report_of_week_18_of_2022_carries_the_header_it_was_published_with() -> None:
    issuer = issuer_on(date(2022, 5, 6))
    assert issuer.parent_organisation == "BỘ THÔNG TIN VÀ TRUYỀN THÔNG"
    assert issuer.organisation == "CƠ QUAN THƯỜNG TRỰC CỦA ỦY BAN QUỐC GIA VỀ CHUYỂN ĐỔI SỐ"
    assert issuer.symbol == "UBQGCĐS"
    assert issuer.place == "Hà Nội"


@pytest.mark.parametrize(
    ("day", "owner"),
    [
        (date(2025, 2, 28), "Bộ Thông tin và Truyền thông"),
        (date(2025, 3, 1), "Bộ Khoa học và Công nghệ"),
    ],
)
def test_the_owner_changes_on_the_day_of_the_merger(day: date, owner: str) -> None:
    assert issuer_on(day).system_owner == owner


@pytest.mark.parametrize(
    ("day", "law", "ended"),
    [
        (date(2022, 5, 6), "43/2011/NĐ-CP", "42/2022/NĐ-CP"),
        (date(2022, 10, 7), "42/2022/NĐ-CP", "43/2011/NĐ-CP"),
        (date(2026, 6, 30), "42/2022/NĐ-CP", "224/2026/NĐ-CP"),
        (date(2026, 7, 1), "224/2026/NĐ-CP", "42/2022/NĐ-CP"),
        (date(2026, 7, 1), "148/2025/QH15", "43/2011/NĐ-CP"),
    ],
)
def test_only_laws_in_force_on_the_day_are_cited(day: date, law: str, ended: str) -> None:
    cited = " ".join(issuer_on(day).legal_basis)
    assert law in cited
    assert ended not in cited


def test_every_day_has_one_issuer_and_a_legal_basis() -> None:
    for days in range(0, 365 * 7, 3):
        issuer = issuer_on(date(2020, 1, 1) + timedelta(days=days))
        assert issuer.legal_basis
        assert issuer.recipients[-1].startswith("- Lưu: VT")
