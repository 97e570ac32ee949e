"""The United Nations' questions by machine: found with its evidence, proposed to people, or not seen; never "no"."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.assess.fixtures import portals
from tests.assess.fixtures.servers import Odd, page
from tests.assess.probes.test_walk import walked

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.evidence import Kept
from thuocdo.assess.probes.files import texts
from thuocdo.assess.probes.functions import probe as functions
from thuocdo.assess.probes.interface.judge import judge as interface
from thuocdo.assess.probes.look import Axe, Facts, Keyboard, Look, Narrow
from thuocdo.assess.probes.losi.judge import judge
from thuocdo.assess.probes.losi.signs import CHECKS, SIGNS, compiled
from thuocdo.assess.probes.reading import read
from thuocdo.assess.results import Blame, Fault, Outcome, Remark

AT = 1_790_000_000_000_000
DECIDED = {code for code, each in SIGNS.questions.items() if each.decides}
GOVERNMENT = "281"
"""Asks for the domain of the state, which no fixture on this machine has."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Each portal's results by question, and the walk they were drawn from."""
    found = {}
    for portal in ("pass", "fail"):
        home, server = tmp_path_factory.mktemp(portal), Odd(portals.paths(portal))
        walk = walked(server, home)
        results = {each.check.removeprefix("losi."): each for each in judge(walk.pages, AT)}
        found[portal] = results, walk, Kept(home)
        server.close()
    return found


def of(url: str, markup: str) -> dict:
    return {each.check.removeprefix("losi."): each for each in judge([read(url, markup)], AT)}


@pytest.mark.parametrize("code", sorted(DECIDED - {GOVERNMENT}))
def test_what_the_good_portal_has_is_found_with_its_place_and_evidence(seen, code):
    results, walk, kept = seen["pass"]
    found = results[code]
    assert (found.outcome, found.share) == (Outcome.PASS, Decimal(1)), found
    assert all(remark.facts["url"] in {each.url for each in walk.pages} for remark in found.remarks)
    assert kept.read(found.evidence[-1].sha256)


@pytest.mark.parametrize("code", sorted(DECIDED))
def test_what_only_looks_like_it_is_never_found(seen, code):
    found = seen["fail"][0][code]
    assert found.fault in (Fault.PROPOSED, Fault.NOT_SEEN), found


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("217", Fault.PROPOSED),  # an introduction that says nothing yet
        ("215", Fault.PROPOSED),  # a list in words
        ("222", Fault.PROPOSED),  # no fees, no times
        ("293", Fault.PROPOSED),  # a survey on paper
        ("296", Fault.PROPOSED),  # no news
        ("236b", Fault.PROPOSED),  # a PDF
        ("272", Fault.PROPOSED),  # nowhere to comment
        ("281", Fault.PROPOSED),  # the vendor's copyright
        ("224", Fault.PROPOSED),  # a headline of a training event
        ("220", Fault.NOT_SEEN),  # an auction of land
        ("282", Fault.NOT_SEEN),  # a headline about a bus
        ("289", Fault.PROPOSED),  # a number in a sentence
        ("219", Fault.NOT_SEEN),
    ],
)
def test_what_looks_like_it_is_put_before_people_or_left_open(seen, code, fault):
    assert seen["fail"][0][code].fault is fault


def test_a_proposal_says_where_it_was_seen_and_keeps_the_page(seen):
    results, _walk, kept = seen["pass"]
    birth = results["259"]
    assert (birth.fault, birth.share) == (Fault.PROPOSED, None)
    assert birth.remarks[0].code == "losi_link"
    assert birth.remarks[0].facts["text"] == "Đăng ký khai sinh"
    assert birth.remarks[0].facts["url"].endswith("/so-do-trang")
    assert "Đăng ký khai sinh" in kept.read(birth.evidence[0].sha256).decode()


def test_what_every_page_repeats_in_its_foot_is_quoted_once(seen):
    assert [each.code for each in seen["pass"][0]["281"].remarks] == ["losi_text"]


def test_a_link_to_the_services_own_host_is_a_sign(seen):
    tax = seen["pass"][0]["268"].remarks[0].facts
    assert tax["href"] == "https://thuedientu.gdt.gov.vn/"


def test_nothing_that_is_not_seen_is_a_no(seen):
    for results, *_ in seen.values():
        assert not [each for each in results.values() if each.outcome is Outcome.FAIL]
        assert all(each.share in (None, Decimal(1)) for each in results.values())


def test_a_portal_behind_robots_txt_is_judged_by_its_front_page_alone(tmp_path):
    """Not measurable: only what the front page itself shows can be found or proposed."""
    forbidden = "".join(f"Disallow: {path}\n" for path in portals.paths("pass") if path != "/")
    robots = page(f"User-agent: *\n{forbidden}".encode())
    server = Odd(portals.paths("pass") | {"/robots.txt": robots})
    walk = walked(server, tmp_path)
    server.close()
    results = {each.check.removeprefix("losi."): each for each in judge(walk.pages, AT, walk.hindrance)}  # fmt: skip
    assert len(walk.pages) == 1
    assert {code for code, each in results.items() if each.share} == {"207", "289"}
    assert results["219"].fault is Fault.ROBOTS
    assert results["219"].fault.blame is Blame.OWNER
    assert results["217"].fault is Fault.PROPOSED


def test_a_government_domain_and_the_copyright_of_the_place_are_found_together():
    markup = "<title>Cổng</title><p>Bản quyền © 2026 Ủy ban nhân dân tỉnh Mẫu</p>"
    assert of("https://mau.gov.vn/", markup)["281"].share == 1
    assert of("https://mau.com.vn/", markup)["281"].fault is Fault.PROPOSED
    assert of("https://mau.gov.vn/", "<p>Cổng</p>")["281"].fault is Fault.NOT_SEEN


@pytest.mark.parametrize(
    ("code", "markup", "fault"),
    [
        ("289", "<p>Tổng số lượt truy cập: 2.345.678</p>", None),
        ("289", "<p>Total visits: 12,345</p>", None),
        ("289", "<p>Lượt xem: 12</p>", Fault.NOT_SEEN),
        ("289", "<p>Lượt truy cập 1.234 Hồ sơ tiếp nhận 5.678</p>", Fault.PROPOSED),
        ("292", "<h1>Air quality</h1><p>PM2.5: 31 µg/m³</p>", None),
        ("292", "<h1>News</h1><p>PM2.5: 31 µg/m³ in Hanoi</p>", Fault.PROPOSED),
        ("219", "<h1>Budget</h1><p>Revenue and expenditure of 2026</p>", None),
        ("294", "<p>92,5% người dân hài lòng với dịch vụ</p>", Fault.PROPOSED),
        ("268", "<p>Cho thuê nhà, nộp hồ sơ tại quầy</p>", Fault.NOT_SEEN),
        ("270b", "<script src='https://a.fpt.ai/bot.js'></script>", Fault.PROPOSED),
        ("207", "<button>Tìm kiếm nâng cao</button>", None),
        ("236b", "<h1>Open data</h1><a href='/x.CSV'>CSV</a>", None),
        ("236b", "<h1>Open data</h1><a href='/robots.txt'>x</a>", Fault.NOT_SEEN),
    ],
)
def test_signs_in_both_languages(code, markup, fault):
    assert of("https://a.vn/", markup)[code].fault is fault


PLACE = "https://mau.gov.vn/"
SOME = "<p>" + "Nội dung của trang. " * 15 + "</p>"
AGENCIES = [f"<a href='https://so{n}.mau.gov.vn/'>Sở {n}</a>" for n in range(5)]


@pytest.mark.parametrize(
    ("code", "it", "lookalike"),
    [
        ("205", f"<h1>Sơ đồ cổng</h1>{SOME}", "<a href='/sitemap.xml'>Sitemap</a>"),
        ("220", "<h1>Đấu thầu</h1><p>Gói thầu số 1, đóng thầu 1/2/2027</p>",
                "<h1>Kết quả đấu thầu</h1><p>Gói thầu số 1, bên mời thầu: Văn phòng</p>"),
        ("224", f"<h1>Tiếp cận thông tin</h1>{SOME}<p>Luật Tiếp cận thông tin; gửi yêu cầu</p>",
                f"<h1>Tập huấn Luật Tiếp cận thông tin</h1>{SOME}"),
        ("234", "<a href='/x'>Chính sách bảo mật</a>",
                "<a href='/x'>Tuyên truyền Luật Bảo vệ dữ liệu cá nhân</a>"),
        ("234", f"<h1>Privacy</h1>{SOME}<p>We collect and store personal data</p>",
                "<h1>Privacy</h1><p>We collect and store personal data</p>"),
        ("240", "<a href='/x'>Câu hỏi thường gặp</a>", "<a href='/x'>Trợ giúp pháp lý</a>"),
        ("240", "<a href='/x'>FAQ</a>", "<a href='/x'>Hướng dẫn phòng, chống dịch</a>"),
        ("241", f"<h1>Hướng dẫn nộp hồ sơ</h1>{SOME}<p>Bước 1: đăng nhập. Nộp hồ sơ.</p>",
                f"<h1>Hướng dẫn nộp hồ sơ</h1>{SOME}<p>Bước 1: nộp hồ sơ tại quầy.</p>"),
        ("241", "<h1>Hướng dẫn sử dụng</h1><p>Dịch vụ công</p><a href='/a.pdf'>Tải về</a>",
                "<h1>Hướng dẫn sử dụng phần mềm văn bản</h1><a href='/a.pdf'>Tải về</a>"),
        ("242", "".join(AGENCIES), "".join(AGENCIES[:4])),
        ("245", "<a href='/x'>Đăng nhập bằng VNeID</a>", "<a href='/x'>Hướng dẫn cài VNeID</a>"),
        ("245", "<a href='https://xacthuc.dichvucong.gov.vn/a'>Vào</a>", "<a href='/cms'>Đăng nhập</a>"),
        ("245", "<a href='/x'>Đăng nhập bằng VNeID</a>", "<a href='/x'>Hướng dẫn đăng nhập VNeID</a>"),
        ("234", "<a href='/x'>Chính sách bảo mật thông tin</a>", "<a href='/x'>Quyền riêng tư của trẻ em</a>"),
        ("288", "<p>Tổng đài tư vấn 1022</p>", "<p>Tổng đài hỗ trợ: 10225 cuộc gọi</p>"),
        ("271", "<a href='/x'>Gửi phản ánh, kiến nghị</a>", "<a href='/x'>Trả lời kiến nghị cử tri</a>"),
        ("271", "<title>Góp ý | Cổng tỉnh Mẫu</title><textarea></textarea>",
                "<title>Góp ý dự thảo luật</title><textarea></textarea>"),
        ("272", "<h1>Lấy ý kiến</h1><p>Dự thảo nghị quyết</p><textarea></textarea>",
                "<h1>Thăm dò</h1><p>Ý kiến về giao diện cổng</p><input type='radio'>"),
        ("281", "<p>© 2026 UBND tỉnh Mẫu, phát triển: Công ty Lẫn</p>", "<p>© 2026 VNPT tỉnh Mẫu</p>"),
        ("288", "<p>Tổng đài hỗ trợ: 1900 1234</p>", "<p>Đường dây nóng phòng, chống tham nhũng: 1900 1234</p>"),
        ("288", "<p>Hỗ trợ kỹ thuật: 024 3800 000</p>", "<p>Điện thoại: 024 3800 000</p>"),
        ("289", "<p>Tổng lượt truy cập: 1.234.567</p>", "<p>Đang truy cập: 12</p>"),
        ("295", "<h1>Lịch sự kiện</h1><p>Lễ hội, 20/12/2026</p>",
                "<h1>Lịch sự kiện</h1><p>Hôm nay 21/09/2026. Lễ hội, 1/1/2020; 31/02/2027</p>"),
    ],
)  # fmt: skip
def test_the_point_is_for_what_the_question_asks_and_not_for_its_lookalike(code, it, lookalike):
    assert of(PLACE, it)[code].share == 1
    assert of(PLACE, lookalike)[code].share is None


def test_the_sites_own_search_is_found_on_its_front_page_and_a_sections_is_proposed():
    button = "<button>Tìm kiếm nâng cao</button>"
    front, behind = read(PLACE, "<p>Cổng</p>"), read(f"{PLACE}van-ban", button)
    (told,) = (each for each in judge([front, behind], AT) if each.check == "losi.207")
    assert told.fault is Fault.PROPOSED
    assert of(PLACE, button)["207"].share == 1
    assert of(PLACE, "<a href='/x'>Tra cứu nâng cao</a>")["207"].fault is Fault.PROPOSED


@pytest.mark.parametrize(
    ("code", "markup", "sees"),
    [
        ("206", "<input type='search' name='q'>", True),
        ("212", "<a href='/en/'>English</a>", True),
        ("221", "<a href='https://muasamcong.mpi.gov.vn/'>Mua sắm công</a>", True),
        ("223", "<a href='/x'>Gọi vốn cộng đồng</a>", True),
        ("246", "<a href='/x'>Kho dữ liệu điện tử</a>", True),
        ("247", "<a href='/x'>Cập nhật thông tin cá nhân</a>", True),
        ("232", "<a href='/x'>Hòa giải ở cơ sở</a>", True),
        ("268", "<a href='/x'>Khai thuế</a>", True),
        ("282", "<a href='https://xebuyt.vn/'>Đi lại</a>", True),
        ("239", "<a href='/x'>Chuyển đổi số</a>", False),  # at large: no use of new technology
        ("262", "<a href='/x'>Thông báo lưu trú</a>", False),  # guests overnight move nowhere
        ("266", "<a href='/x'>Sàn giao dịch việc làm</a>", False),  # posts of companies
        ("267", "<a href='/x'>Bạo lực gia đình</a>", False),
        ("269b", "<p>Tin: xử phạt vi phạm giao thông</p>", False),
        ("277", "<a href='/x'>Lịch tiếp công dân</a>", False),
    ],
)
def test_what_is_put_before_people_is_about_the_question(code, markup, sees):
    assert of("https://a.vn/", markup)[code].fault is (Fault.PROPOSED if sees else Fault.NOT_SEEN)


def test_every_sign_that_counted_for_something_else_is_looked_for_here_and_dated():
    """The words of other probes are wider: a headline about VNeID is no sign-in (assess/probes/functions)."""
    wide = {"interface.languages", "interface.agencies", "interface.help", "interface.feedback",
            "interface.privacy", "interface.search", "interface.sitemap",
            "functions.national_login", "functions.hotline"}  # fmt: skip
    assert not wide & {each.check for _, each in criteria_set("losi-2024").criteria()}
    assert (SIGNS.version, str(SIGNS.valid_from)) == (2, "2026-11-29")


def test_a_quote_is_the_pages_own_words_with_its_marks():
    text = "<p>" + "x " * 100 + "Đề nghị người dân phân loại rác tại nguồn." + " y" * 100 + "</p>"
    quote = of("https://a.vn/", text)["284"].remarks[0].facts["quote"]
    assert "phân loại rác" in quote
    assert quote.startswith("…x")
    assert quote.endswith("y…")


def test_every_question_without_signs_is_peoples_or_another_probes():
    rules = criteria_set("losi-2024")
    asked = {each.check or each.proposal or "" for _, each in rules.criteria()}
    assert set(CHECKS) <= asked
    assert len(SIGNS.questions) == 84
    alone = {each.code for _, each in rules.criteria() if each.method == "manual" and not each.proposal}  # fmt: skip
    assert alone == {"201", "202", "208", "209", "250", "252"}


def test_every_sign_has_words_in_both_languages_and_patterns_that_compile():
    for code, each in SIGNS.questions.items():
        assert all((each.beware.vi, each.beware.en)), code
        for way in each.decides:
            compiled(way.pattern)
        compiled(each.proposes.pattern)
    for results in (of("https://a.vn/", "<p>x</p>"),):
        assert set(results) == set(SIGNS.questions)
    assert {"proposed", "not_seen", "losi_link", "losi_text", "seen_below"} <= set(texts())


def test_two_scans_of_one_portal_agree(tmp_path):
    server = Odd(portals.paths("pass"))
    one, other = (judge(walked(server, tmp_path / name).pages, AT) for name in "ab")
    server.close()
    assert one == other


def look() -> Look:
    """A front page on which the browser saw nothing."""
    facts = Facts("vi", "Cổng thông tin", "width=device-width", [1], True, True, [], [], "")
    return Look(facts, Narrow(320, 320, [], []), Keyboard(0, [], []), Axe([], []), ())


def test_functions_and_help_one_page_deep_are_found_there(seen):
    _, walk, _ = seen["pass"]
    found = {each.check: each for each in functions.judge(look(), walk.below(), AT)}
    login = found["functions.national_login"]
    assert login.share == 1
    assert login.remarks[0].code == "seen_below"
    assert login.evidence == walk.pages[1].evidence
    assert found["functions.pay"].remarks == (Remark("function_unseen"),)
    told = {each.check: each for each in interface(look(), walk, AT)}
    assert told["interface.help"].share == told["interface.privacy"].share == 1
    assert told["interface.help"].evidence == walk.pages[1].evidence
    assert told["interface.agencies"].share == 0  # a service's host is no section of agencies
    assert told["interface.apps"].share == 0


@pytest.mark.parametrize(
    "label",
    [
        "<a href='/xep-hang/online_payment_rate'>Tỷ lệ hồ sơ thanh toán trực tuyến</a>",
        "<a href='/thong-ke/thanh-toan'>Thống kê</a>",
    ],
)
def test_what_speaks_of_a_function_is_not_the_function(tmp_path, label):
    server = Odd({"/": page("<a href='/so-do-trang'>Sơ đồ trang</a>".encode()), "/so-do-trang": page(label.encode())})  # fmt: skip
    walk = walked(server, tmp_path)
    server.close()
    found = {each.check: each for each in functions.judge(look(), walk.below(), AT)}
    assert found["functions.pay"].share == 0


def test_a_headline_as_title_decides_nothing():
    markup = "<p>Tuyến số 1: lộ trình, giá vé, tần suất</p>"
    long = "<h1>Đoàn công tác khảo sát và làm việc về xe buýt tại huyện</h1>"
    assert of("https://a.vn/", f"<h1>Xe buýt thành phố</h1>{markup}")["282"].share == 1
    assert of("https://a.vn/", f"<title>Xe buýt - Cổng thông tin tỉnh Mẫu</title>{markup}")["282"].share == 1  # fmt: skip
    assert of("https://a.vn/", f"{long}{markup}")["282"].fault is Fault.NOT_SEEN


def test_a_share_button_behind_the_front_page_is_no_social_media(tmp_path):
    share = "<h1>Tin</h1><a href='https://www.facebook.com/sharer'>Facebook</a>"
    server = Odd({"/": page("<a href='/tin-tuc'>Tin tức</a>".encode()), "/tin-tuc": page(share.encode())})  # fmt: skip
    walk = walked(server, tmp_path)
    server.close()
    assert len(walk.pages) == 2
    told = {each.check: each for each in interface(look(), walk, AT)}
    assert told["interface.social"].share == 0


def test_contacts_of_a_page_about_contacts_count(tmp_path):
    contact = "<h1>Liên hệ</h1><p>Điện thoại: 024 3800 0000, thư: a@b.gov.vn</p>"
    pages = {"/": "<a href='/lien-he'>Liên hệ</a>", "/lien-he": contact}
    server = Odd({path: page(text.encode()) for path, text in pages.items()})
    walk = walked(server, tmp_path)
    server.close()
    told = {each.check: each for each in interface(look(), walk, AT)}
    assert told["interface.contact"].share == 1
