"""An agency's catalogue file: kept, checked, previewed, applied once; whatever is wrong with it is told."""

from __future__ import annotations

import gzip
import io
import zipfile

import msgspec
import openpyxl
import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.lake.test_import_tcvn3 import old
from tests.web.people import enter, someone

from thuocdo.core.vocabulary import Level
from thuocdo.registry.models import Change, Service
from thuocdo.registry.rights import Role
from thuocdo.registry.uploads import Upload, limits

PAGE = "/lam-viec/co-quan/H26/danh-muc/"
HEAD = "agency,procedure,level,name,valid_from,valid_to\n"

pytestmark = pytest.mark.usefixtures("country")


@pytest.fixture(autouse=True)
def own_home(country, settings, tmp_path):
    """Uploads and what is published go to a folder of this test; figures are read where they are."""
    settings.THUOCDO = type(country)(
        home=tmp_path / "home",
        database_url=country.database_url,
        lake_url=str(tmp_path / "lake"),
        engine="duckdb",
        secret=country.secret,
    )
    settings.THUOCDO.make_folders()
    return settings.THUOCDO


@pytest.fixture
def admin(client):
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    return client


def send(client, content: bytes | str, name: str = "danh-muc.csv", **more: str):
    data = content.encode() if isinstance(content, str) else content
    return client.post(PAGE, {"file": SimpleUploadedFile(name, data), **more}, follow=True)


def confirm(client, number: int | None = None):
    row = Upload.objects.get(pk=number) if number else Upload.objects.latest("pk")
    page = client.get(f"{PAGE}{row.pk}/")
    identity = page.context["plan"].identity if page.context["plan"] else "gone"
    return client.post(f"{PAGE}{row.pk}/", {"do": "apply", "identity": identity}, follow=True)


def workbook(rows) -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(made)
    return made.getvalue()


# --- the way it goes ------------------------------------------------------------------------------


def test_a_file_is_previewed_and_nothing_changes_before_it_is_confirmed(admin) -> None:
    page = send(admin, HEAD + "H26,1.004194,partial,,2026-07-01,\nH26,1.000001,full,Mới,,\n")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Xem trước: chưa có gì thay đổi" in text
    assert "Toàn trình → <strong>Một phần</strong>" in text
    assert page.context["plan"].counts == {
        "added": 1, "changed": 1, "closed": 0, "same": 0, "refused": 0
    }  # fmt: skip
    assert Service.objects.filter(agency="H26").count() == 1
    assert "Tỷ lệ thủ tục hành chính cung cấp toàn trình" in text


def test_a_confirmed_file_is_applied_with_its_dates_and_a_trail(admin) -> None:
    send(admin, HEAD + "H26,1.004194,partial,,2026-07-01,\n")
    page = confirm(admin)
    assert "đã áp dụng" in page.content.decode()
    rows = Service.objects.filter(agency="H26").order_by("valid_from")
    assert {(row.level, str(row.valid_from)) for row in rows} == {
        ("full", "None"), ("partial", "2026-07-01")
    }  # fmt: skip
    change = Change.objects.get(what="service", action="import")
    assert change.who.startswith("agency_admin")
    assert change.after["rows"][0]["level"] == Level.PARTIAL


def test_a_second_click_changes_nothing(admin) -> None:
    send(admin, HEAD + "H26,1.000001,full,,,\n")
    row = Upload.objects.get()
    identity = admin.get(f"{PAGE}{row.pk}/").context["plan"].identity
    for _click in range(2):
        answer = admin.post(f"{PAGE}{row.pk}/", {"do": "apply", "identity": identity})
        assert answer.status_code == 302
    assert Change.objects.filter(what="service").count() == 1
    assert Service.objects.filter(procedure="1.000001").count() == 1


def test_the_same_file_sent_twice_is_one(admin) -> None:
    for _time in range(2):
        send(admin, HEAD + "H26,1.000001,full,,,\n")
    assert Upload.objects.count() == 1


def test_a_preview_that_is_out_of_date_is_not_applied(admin) -> None:
    send(admin, HEAD + "H26,1.004194,partial,,,\n")
    row = Upload.objects.get()
    identity = admin.get(f"{PAGE}{row.pk}/").context["plan"].identity
    Service.objects.filter(agency="H26").update(level="information")
    answer = admin.post(f"{PAGE}{row.pk}/", {"do": "apply", "identity": identity})
    assert answer.status_code == 400
    assert "đã thay đổi từ lúc bạn xem trước" in answer.content.decode()
    assert Upload.objects.get().state == "waiting"
    assert Service.objects.get(agency="H26").level == "information"


def test_rows_without_a_day_take_the_day_that_was_chosen(admin) -> None:
    page = send(admin, HEAD + "H26,1.004194,partial,,,\n", starts="2026-12-01")
    line = page.context["plan"].lines[0]
    assert (line.old, line.new, str(line.first), line.rewrites) == ("full", "partial", "2026-12-01", False)  # fmt: skip
    page = send(
        admin, HEAD + "H26,1.004194,full,Đăng ký tạm trú,,\n", "khac.csv", starts="2026-12-01"
    )
    assert page.context["plan"].lines[0].verdict == "same"


def test_a_row_that_reaches_back_is_warned_of(admin) -> None:
    page = send(admin, HEAD + "H26,1.004194,partial,,,\n")
    assert "sửa mức độ của cả những ngày đã qua" in page.content.decode()
    assert page.context["effect"]["since"] is None


def test_a_service_that_ends_is_told_as_such(admin) -> None:
    page = send(admin, HEAD + "H26,1.004194,full,Đăng ký tạm trú,,2026-06-30\n")
    assert page.context["plan"].counts["closed"] == 1
    confirm(admin)
    assert str(Service.objects.get(agency="H26").valid_to) == "2026-06-30"


def test_what_was_taken_away_can_be_handed_in_and_changes_nothing(admin) -> None:
    for form in ("csv", "xlsx"):
        file = admin.get(f"{PAGE}hom-nay.{form}")
        assert file.status_code == 200
        page = send(admin, file.content, f"hom-nay.{form}")
        assert page.context["plan"].counts["same"] == 1, form
        assert not page.context["plan"].changes
    assert admin.get(f"{PAGE}hom-nay.exe").status_code == 404
    template = openpyxl.load_workbook(io.BytesIO(admin.get(f"{PAGE}mau.xlsx").content))
    assert template.sheetnames == ["Danh mục", "Hướng dẫn"]


def test_a_file_put_aside_stays_on_record_and_cannot_be_applied(admin) -> None:
    send(admin, HEAD + "H26,1.000001,full,,,\n")
    row = Upload.objects.get()
    admin.post(f"{PAGE}{row.pk}/", {"do": "aside"})
    confirm(admin)
    assert Upload.objects.get().state == "aside"
    assert not Service.objects.filter(procedure="1.000001").exists()
    assert row.name in admin.get(PAGE).content.decode()


# --- whose ----------------------------------------------------------------------------------------


def test_services_of_others_are_refused_and_stay(admin) -> None:
    page = send(admin, HEAD + "H29,1.004194,information,,,\nH26.11,1.000002,full,,,\n")
    counts = page.context["plan"].counts
    assert (counts["refused"], counts["added"]) == (1, 1)
    assert "nằm ngoài phạm vi" in page.content.decode()
    confirm(admin)
    assert Service.objects.get(agency="H29").level == "full"


@pytest.mark.parametrize(
    ("role", "agency", "status"),
    [
        (Role.AGENCY_ADMIN, "H26", 200),
        (Role.AGENCY_ADMIN, "H29", 403),
        (Role.OFFICER, "H26", 403),
        (Role.ANALYST, "", 403),
        (Role.OPERATOR, "", 200),
    ],
)
def test_who_may_hand_a_catalogue_over(client, role, agency, status) -> None:
    enter(client, someone(role, agency))
    assert client.get(PAGE).status_code == status
    assert send(client, HEAD + "H26,1.000001,full,,,\n").status_code == status
    assert Upload.objects.exists() is (status == 200)


def test_another_agency_s_file_is_not_found(admin, client) -> None:
    send(admin, HEAD + "H26,1.000001,full,,,\n")
    row = Upload.objects.get()
    enter(client, someone(Role.AGENCY_ADMIN, "H29"))
    assert client.get(f"/lam-viec/co-quan/H29/danh-muc/{row.pk}/").status_code == 404
    assert client.get(f"{PAGE}{row.pk}/").status_code == 403


def test_a_file_sent_after_the_session_ended_is_there_after_signing_in(client) -> None:
    user = someone(Role.AGENCY_ADMIN, "H26")
    enter(client, user)
    ticket = client.get(PAGE).context["ticket"]
    client.logout()
    answer = client.post(
        PAGE, {"file": SimpleUploadedFile("a.csv", (HEAD + "H26,1.000001,full,,,\n").encode()), "ticket": ticket}
    )  # fmt: skip
    row = Upload.objects.get()
    assert answer.status_code == 302
    assert answer.url.endswith(f"next=/lam-viec/co-quan/H26/danh-muc/{row.pk}/")
    assert not Service.objects.filter(procedure="1.000001").exists()
    enter(client, user)
    assert client.get(f"{PAGE}{row.pk}/").context["plan"].counts["added"] == 1


def test_without_a_ticket_of_ours_a_stranger_s_file_is_not_kept(client) -> None:
    for ticket in ("", "x", signing.dumps({"who": "x", "agency": "H26"}, salt="other")):
        answer = client.post(PAGE, {"file": SimpleUploadedFile("a.csv", b"x"), "ticket": ticket})
        assert answer.status_code == 302
    assert not Upload.objects.exists()


# --- what is wrong with it ------------------------------------------------------------------------


def test_every_refused_line_says_where_and_why(admin) -> None:
    page = send(
        admin,
        HEAD
        + "H26,1.000001,năm,,,\nH26,,full,,,\nH26,1.000002,full,,hôm qua,\nZ99,1.000001,full,,,\n"
        + "H26,1.000003,full\nH26,1.000004,full,,2026-07-01,2026-06-01\nH26,1.000005,full,,,\n"
        + "H26,1.000005,partial,,,\n",
    )
    lines = [one for one in page.context["plan"].lines if one.verdict == "refused"]
    assert [(one.line, one.column) for one in lines] == [
        *((2, "level"), (3, "procedure"), (4, "valid_from"), (5, "agency")),
        *((6, ""), (7, "valid_to"), (9, "")),
    ]
    text = page.content.decode()
    for words in ("“năm” không phải mức độ", "Ô này để trống", "“hôm qua” không phải ngày", "“Z99” chưa có"):  # fmt: skip
        assert words in text, words
    english = admin.get(page.request["PATH_INFO"].replace("/lam-viec/co-quan/", "/en/work/agencies/").replace("danh-muc", "catalogue"))  # fmt: skip
    assert "“năm” is no level" in english.content.decode()
    every = admin.get(f"{page.request['PATH_INFO']}tung-dong.csv").content.decode("utf-8-sig")
    assert every.count("bị từ chối") == 7


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "tcvn3"])
def test_a_csv_file_is_read_in_whatever_it_was_saved(admin, encoding) -> None:
    text = "agency;procedure;level;name\nH26;1.000001;toàn trình;đăng ký tạm trú ở phường\n"
    data = old(text) if encoding == "tcvn3" else text.encode(encoding)
    page = send(admin, data)
    line = page.context["plan"].lines[0]
    assert (line.verdict, line.new, line.name) == ("added", "full", "đăng ký tạm trú ở phường")


def test_an_encoding_is_told_by_name_and_can_be_named(admin) -> None:
    text = "agency;procedure;level;name\nH26;1.000001;4;đăng ký tạm trú ở phường\n"
    assert "bảng mã tcvn3" in send(admin, old(text)).content.decode()
    page = send(admin, old("agency;procedure;level;name\nH26;1.000001;4;Sổ\n"), encoding="tcvn3")
    assert page.context["plan"].lines[0].name == "Sổ"


def test_a_workbook_with_a_title_merged_cells_and_numbers_is_read(admin) -> None:
    book, made = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    for row in (
        ["DANH MỤC DỊCH VỤ CÔNG"],
        ["Mã đơn vị", "Mã TTHC", "Mức độ"],
        ["H26", 1.000001, "Toàn trình"],
        [None, "1,000002", 3],
    ):
        sheet.append(row)
    sheet.merge_cells("A3:A4")
    book.save(made)
    lines = send(admin, made.getvalue(), "danh mục.xlsx").context["plan"].lines
    found = [(line.line, line.agency, line.procedure, line.new) for line in lines]
    assert found == [(3, "H26", "1.000001", "full"), (4, "H26", "1.000002", "partial")]


SMALL = msgspec.structs.replace(limits(), most_unpacked_bytes=8 << 20)
"""The policy with a smaller bound, so that a bomb is made in no time."""


def docx() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    return made.getvalue()


def bomb(declared: int | None = None) -> bytes:
    """A workbook whose sheet unpacks to more than is allowed; `declared`: what it says it holds."""
    made, megabytes = io.BytesIO(), (SMALL.most_unpacked_bytes >> 20) + 2
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=False) as sheet:
            for _part in range(megabytes):
                sheet.write(b" " * (1 << 20))
    data = made.getvalue()
    if declared is not None:
        true = (megabytes << 20).to_bytes(4, "little")
        data = data.replace(true, declared.to_bytes(4, "little"))
    return data


def far() -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["agency", "procedure", "level"])
    book.active["XFD1048576"] = "x"
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"%PDF-1.7 ...", "Đây là tệp PDF"),
        ("a.xlsx", docx, "Đây là tài liệu Word"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Office đời cũ"),
        ("a.csv", b"MZ\x90\0", "Đây là chương trình"),
        ("a.csv", b"<!DOCTYPE html><html>", "trang web được lưu lại"),
        ("a.csv", workbook([["agency"]]), "Đuôi tên tệp không đúng"),
        ("a.xlsx", b"agency,procedure,level\n", "Đuôi tên tệp không đúng"),
        ("a.xlsx", workbook([["agency"]])[:900], "bị hỏng"),
        ("a.parquet", b"PAR1xxxxPAR1", "bị hỏng"),
        ("khong-duoi", b"agency", "Không nhận ra"),
        ("a.csv", b"\0\1\2\3\0\0", "Không nhận ra"),
        ("a.csv.gz", gzip.compress(b"agency,procedure,level\n", mtime=0)[:20], "bị hỏng"),
        ("a.csv", b"agency,ten\nH26,x\n", "Bảng thiếu cột “Mã TTHC”, “Mức độ”"),
        ("a.csv", b"agency,procedure,level,level\nH26,1.000001,4,3\n", "hai cột “Mức độ”"),
        ("a.xlsx", far, "kéo dài quá xa"),
        ("a.xlsx", bomb, "lớn quá mức cho phép"),
        ("a.xlsx", lambda: bomb(declared=1000), "lớn quá mức cho phép"),
        ("a.csv.gz", lambda: gzip.compress(b" " * ((8 << 20) + 9), 1, mtime=0), "lớn quá mức cho phép"),
    ],
)  # fmt: skip
def test_the_wrong_kind_of_file_is_told_in_a_sentence_and_kept(
    admin, monkeypatch, name, content, words
) -> None:
    monkeypatch.setattr("thuocdo.registry.catalogue.limits", lambda: SMALL)
    page = send(admin, content() if callable(content) else content, name)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert "Tệp vẫn được giữ" in page.content.decode()
    assert Upload.objects.get().state == "waiting"
    assert confirm(admin).status_code in (200, 400)
    assert Upload.objects.get().state == "waiting"


def test_no_file_and_an_empty_one_are_told(admin) -> None:
    assert "Chưa chọn tệp" in admin.post(PAGE, {}).content.decode()
    assert "Tệp rỗng" in send(admin, b"").content.decode()
    assert not Upload.objects.exists()


def test_too_large_a_file_is_refused_with_the_bound(admin, own_home) -> None:
    answer = send(admin, b"x" * (limits().most_bytes + 1))
    assert answer.status_code == 413
    assert "32 MiB" in answer.content.decode()
    assert not Upload.objects.exists()
    assert list(own_home.uploads_dir.iterdir()) == []


def test_files_lie_where_nobody_else_reads_them(admin, own_home) -> None:
    send(admin, HEAD + "H26,1.000001,full,,,\n", "../../etc/danh mục.csv")
    assert own_home.uploads_dir.stat().st_mode & 0o077 == 0
    (file,) = own_home.uploads_dir.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert Upload.objects.get().name == "danh mục.csv"


def test_names_that_a_spreadsheet_would_run_are_made_inert(admin) -> None:
    send(admin, HEAD + "H26,1.000001,full,=cmd|x,,\n")
    confirm(admin)
    assert "'=cmd" in admin.get(f"{PAGE}hom-nay.csv").content.decode()
