"""What a webmaster or a vendor does about what came in: words for feeds, robots and refusals."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from thuocdo.core.vocabulary import (
    BOT_TEXTS,
    REJECT_TEXTS,
    BotReason,
    Feed,
    RejectReason,
    Trust,
)
from thuocdo.web.printing import language

FEEDS = {
    Feed.TRACKING: gettext_lazy("Mã nhúng trên trang (/tracking)"),
    Feed.TRACK_DVC: gettext_lazy("Thao tác tìm hiểu dịch vụ (trackDVC)"),
    Feed.MCDT: gettext_lazy("Bản tin của hệ thống một cửa (/TrackingMCDT)"),
    Feed.DVCQG: gettext_lazy("Gói tin theo mẫu Cổng DVC quốc gia (/dvcqg)"),
    Feed.CANONICAL: gettext_lazy("Bản ghi gửi theo lô (/v1)"),
    Feed.IMPORT: gettext_lazy("Tệp do đơn vị vận hành nhập"),
    Feed.ACCESS_LOG: gettext_lazy("Nhật ký của máy chủ web"),
}
TRUSTS = {
    Trust.VERIFIED: gettext_lazy("có khóa xác thực"),
    Trust.UNVERIFIED: gettext_lazy("không có khóa"),
}
_TO_DO = {
    RejectReason.UNKNOWN_SITE: gettext_lazy(
        "Kiểm tra siteId trong mã nhúng hoặc cấu hình gửi; nếu mã đúng, đề nghị đơn vị vận hành "
        "đăng ký. Bản tin hồ sơ đã bị từ chối có thể được xét lại sau khi đăng ký."
    ),
    RejectReason.UNKNOWN_AGENCY: gettext_lazy(
        "Kiểm tra mã cơ quan (ví dụ H26 hoặc 000.00.00.H26); nếu đúng, đề nghị đơn vị vận hành đăng "
        "ký cơ quan và hệ thống, rồi xét lại các bản ghi đã bị từ chối."
    ),
    RejectReason.UNKNOWN_PROCEDURE: gettext_lazy(
        "Gửi danh mục dịch vụ mới nhất cho đơn vị vận hành, hoặc sửa mã thủ tục; các bản ghi đã bị "
        "từ chối có thể được xét lại sau khi nạp danh mục."
    ),
    RejectReason.MALFORMED: gettext_lazy(
        "So gói tin với mẫu của giao thức; thường do JSON hỏng hoặc gửi nhầm địa chỉ. Sửa rồi gửi lại."
    ),
    RejectReason.MISSING_FIELD: gettext_lazy(
        "Bổ sung trường bắt buộc nêu trong câu trả lời của máy chủ rồi gửi lại."
    ),
    RejectReason.BAD_VALUE: gettext_lazy(
        "Dùng đúng bảng mã của giao thức cho trường nêu trong câu trả lời của máy chủ rồi gửi lại."
    ),
    RejectReason.BAD_DATE: gettext_lazy(
        "Kiểm tra đồng hồ máy gửi và cách viết ngày giờ; ngày phải từ năm 2000 và không ở tương lai."
    ),
    RejectReason.BAD_KEY: gettext_lazy(
        "Khóa sai, đã hết hạn, hoặc trang này bắt buộc có khóa: đề nghị đơn vị vận hành cấp hoặc gia "
        "hạn khóa."
    ),
    RejectReason.OUT_OF_SCOPE: gettext_lazy(
        "Khóa đang dùng là của cơ quan, hệ thống hoặc giao thức khác: dùng đúng khóa, hoặc đề nghị mở "
        "rộng phạm vi của khóa."
    ),
    RejectReason.TOO_LARGE: gettext_lazy("Chia dữ liệu thành nhiều gói nhỏ hơn rồi gửi lại."),
    RejectReason.BAD_ENCODING: gettext_lazy(
        "Gửi bằng UTF-8; nếu nén thì khai đúng Content-Encoding (gzip hoặc zstd)."
    ),
    RejectReason.FORGED_TIME: gettext_lazy(
        "Không gửi thời điểm riêng khi không có khóa: thời điểm trong quá khứ chỉ được nhận khi có "
        "khóa bảo đảm."
    ),
    RejectReason.REPLAYED: gettext_lazy(
        "Không cần làm gì: bản ghi đã được tính từ lần gửi trước. Nếu lặp lại nhiều, xem mã nhúng có bị "
        "đặt hai lần không."
    ),
    RejectReason.FOREIGN_HOST: gettext_lazy(
        "Khai bổ sung tên miền của trang, hoặc gỡ mã nhúng khỏi trang không thuộc mã giám sát này."
    ),
    RejectReason.FOREIGN_NETWORK: gettext_lazy(
        "Gửi từ máy chủ thuộc mạng đã khai, hoặc khai bổ sung mạng của máy chủ gửi."
    ),
    RejectReason.TOO_MANY: gettext_lazy(
        "Gửi chậm lại và gộp bản ghi thành lô; máy gửi nên chờ rồi gửi lại khi được trả lời như vậy."
    ),
}


def feed(code: str) -> str:
    return str(FEEDS.get(Feed(code), code))


def trust(code: str) -> str:
    return str(TRUSTS.get(Trust(code), code))


def bot(code: str) -> str:
    """What makes a robot of a view, in the reader's language."""
    return _said(BOT_TEXTS[BotReason(code)])


def refusal(code: str) -> str:
    """A refusal in the reader's language."""
    return _said(REJECT_TEXTS[RejectReason(code)])


def to_do(code: str) -> str:
    """What the sender can do about a refusal."""
    return str(_TO_DO[RejectReason(code)])


def _said(text: tuple[str, str]) -> str:
    vietnamese, english = text
    return english if language() == "en" else vietnamese
