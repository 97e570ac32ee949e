"""The words of DESIGN.md §1 as closed sets: one spelling per thing in code, storage and APIs.

Values are what the lake stores. Labels for people live in the gettext catalogues and in
`REJECT_TEXTS` below (the collector, which has no Django, must be able to say them too).
"""

from __future__ import annotations

from enum import StrEnum


class Feed(StrEnum):
    """The protocol an event came by."""

    TRACKING = "tracking"  # /tracking, /matomo.php, /piwik.php
    TRACK_DVC = "track_dvc"  # the browser's trackDVC call: interest, never a dossier
    MCDT = "mcdt"  # /TrackingMCDT
    DVCQG = "dvcqg"  # packets made for the national portal
    CANONICAL = "canonical"  # /v1/dossiers, /v1/page-views
    IMPORT = "import"  # a file the operator loaded
    ACCESS_LOG = "access_log"


class Trust(StrEnum):
    """Whether somebody vouched for an event with a credential."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"


class Provenance(StrEnum):
    """How a figure came to be; a declared one is never mixed with one of the others."""

    MEASURED = "measured"  # our own tracker saw it
    PUSHED = "pushed"  # the agency's system told of each case, as it happened
    DECLARED = "declared"  # the agency reported the figure itself
    AUDITED = "audited"  # somebody checked it against the cases


class SaidBy(StrEnum):
    """Who states a figure that nobody here measured."""

    AGENCY = "agency"
    NATIONAL_PORTAL = "national_portal"


class Decision(StrEnum):
    """What one side says of a figure when measured and stated ones are held side by side."""

    AGREED = "agreed"
    DISPUTED = "disputed"
    CORRECTED = "corrected"  # agreed on another figure than the measured one


class Role(StrEnum):
    """Whose decision it is."""

    AGENCY = "agency"
    MINISTRY = "ministry"


class AgencyKind(StrEnum):
    MINISTRY = "ministry"
    PROVINCE = "province"
    DEPARTMENT = "department"
    COMMUNE = "commune"
    UNIT = "unit"


class Block(StrEnum):
    """Rankings never mix the two."""

    MINISTRY = "ministry"
    PROVINCE = "province"


class SystemKind(StrEnum):
    PORTAL = "portal"  # Cổng TTĐT
    SERVICE_PORTAL = "service_portal"  # Cổng DVC
    ONE_STOP = "one_stop"  # HT một cửa / HTTT giải quyết TTHC


class Level(StrEnum):
    """Level of a service; legacy 4 is full, 3 partial, 1 and 2 information."""

    FULL = "full"
    PARTIAL = "partial"
    INFORMATION = "information"


class Channel(StrEnum):
    ONLINE = "online"
    COUNTER = "counter"
    POSTAL = "postal"
    UNKNOWN = "unknown"


class Payment(StrEnum):
    NONE = "none"
    ONLINE = "online"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class ApplicantKind(StrEnum):
    CITIZEN = "citizen"
    BUSINESS = "business"
    STATE = "state"
    OTHER = "other"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """What one dossier event says happened (DESIGN.md §6.4)."""

    SUBMITTED = "submitted"
    RECEIVED = "received"
    REJECTED = "rejected"
    PROCESSING = "processing"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    PAYMENT_REQUESTED = "payment_requested"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    COMPLETED = "completed"
    RETURNED = "returned"


class Outcome(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


class Timeliness(StrEnum):
    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    NO_DUE_DATE = "no_due_date"


class ViewKind(StrEnum):
    VIEW = "view"
    DOWNLOAD = "download"
    OUTLINK = "outlink"
    SEARCH = "search"


class Intake(StrEnum):
    """What becomes of a record that comes in."""

    ACCEPTED = "accepted"
    BOT = "bot"  # stored with its reason, and left out of every figure
    REFUSED = "refused"


class BotReason(StrEnum):
    """Why a view is no person's: it is stored with the reason, and no figure counts it."""

    CRAWLER = "crawler"
    MONITOR = "monitor"
    AUTOMATION = "automation"
    HEADLESS = "headless"
    EMPTY_AGENT = "empty_agent"
    DATACENTRE = "datacentre"
    REFRESH_LOOP = "refresh_loop"


BOT_TEXTS: dict[BotReason, tuple[str, str]] = {
    BotReason.CRAWLER: (
        "trình thu thập dữ liệu (công cụ tìm kiếm, mạng xã hội, thư viện lập trình)",
        "a crawler: a search engine, a social network, a programming library",
    ),
    BotReason.MONITOR: (
        "dịch vụ giám sát tình trạng hoặc tốc độ trang",
        "a service that watches whether a page is up or how fast it is",
    ),
    BotReason.AUTOMATION: (
        "trình duyệt do chương trình điều khiển",
        "a browser that a program drives",
    ),
    BotReason.HEADLESS: (
        "trình duyệt không có màn hình",
        "a browser that has no screen",
    ),
    BotReason.EMPTY_AGENT: (
        "không cho biết trình duyệt (User-Agent trống)",
        "it did not name its browser (empty User-Agent)",
    ),
    BotReason.DATACENTRE: (
        "truy cập từ mạng của trung tâm dữ liệu",
        "it came from the network of a datacentre",
    ),
    BotReason.REFRESH_LOOP: (
        "tự động tải lại trang theo chu kỳ đều đặn",
        "it reloaded by itself at a steady interval",
    ),
}
"""Reason → (Vietnamese, English)."""


class RejectReason(StrEnum):
    """Why something was refused: a closed list with stable codes."""

    UNKNOWN_SITE = "unknown_site"
    UNKNOWN_AGENCY = "unknown_agency"
    UNKNOWN_PROCEDURE = "unknown_procedure"
    MALFORMED = "malformed"
    MISSING_FIELD = "missing_field"
    BAD_VALUE = "bad_value"
    BAD_DATE = "bad_date"
    BAD_KEY = "bad_key"
    OUT_OF_SCOPE = "out_of_scope"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    FORGED_TIME = "forged_time"
    REPLAYED = "replayed"
    FOREIGN_HOST = "foreign_host"
    FOREIGN_NETWORK = "foreign_network"
    TOO_MANY = "too_many"


REJECT_TEXTS: dict[RejectReason, tuple[str, str]] = {
    RejectReason.UNKNOWN_SITE: (
        "mã giám sát (siteId) chưa được đăng ký",
        "the site id is not registered",
    ),
    RejectReason.UNKNOWN_AGENCY: (
        "mã cơ quan chưa được đăng ký",
        "the agency code is not registered",
    ),
    RejectReason.UNKNOWN_PROCEDURE: (
        "mã thủ tục không có trong danh mục dịch vụ",
        "the procedure is not in the catalogue of services",
    ),
    RejectReason.MALFORMED: (
        "không đọc được gói tin theo giao thức",
        "the packet cannot be read in this protocol",
    ),
    RejectReason.MISSING_FIELD: ("thiếu trường bắt buộc", "a required field is missing"),
    RejectReason.BAD_VALUE: (
        "giá trị ngoài phạm vi cho phép",
        "a value is outside what the protocol allows",
    ),
    RejectReason.BAD_DATE: (
        "ngày giờ sai hoặc vô lý",
        "a date cannot be read or makes no sense",
    ),
    RejectReason.BAD_KEY: ("khóa kết nối sai hoặc đã hết hạn", "the key is wrong or has expired"),
    RejectReason.OUT_OF_SCOPE: (
        "khóa không được dùng cho hệ thống hoặc giao thức này",
        "the key does not cover this system or feed",
    ),
    RejectReason.TOO_LARGE: ("gói tin vượt quá kích thước cho phép", "the body is too large"),
    RejectReason.BAD_ENCODING: (
        "dữ liệu nén hoặc mã ký tự bị hỏng",
        "the compression or character encoding is broken",
    ),
    RejectReason.FORGED_TIME: (
        "thời điểm sự kiện cần có khóa kết nối bảo đảm",
        "a time other than the server's needs a key that vouches for it",
    ),
    RejectReason.REPLAYED: (
        "bản tin này đã được nhận trước đó",
        "this very record was received before",
    ),
    RejectReason.FOREIGN_HOST: (
        "trang gửi không thuộc tên miền đã khai của mã giám sát",
        "the page is not on a host that the site id was registered for",
    ),
    RejectReason.FOREIGN_NETWORK: (
        "địa chỉ gửi không thuộc mạng đã khai của hệ thống",
        "the sender's address is not in a network registered for the system",
    ),
    RejectReason.TOO_MANY: (
        "gửi quá nhanh, hãy thử lại sau",
        "too many requests: try again later",
    ),
}
