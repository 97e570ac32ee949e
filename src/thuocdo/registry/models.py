"""The registry's dated rows: agencies, the systems they run, measured sites, services, keys.

Rows refer to each other by code, never by database id: a code lives longer than any one row of
it. Several rows may share a code; **on a day the row with the latest `valid_from` among those
that cover the day holds**. A row with a later `valid_from` therefore closes nothing: where its
own `valid_to` ends, the earlier row is seen again. No `valid_from` means "always before", no
`valid_to` means "until further notice"; both days are included (Vietnamese calendar).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from thuocdo.core.vocabulary import AgencyKind, Level, SystemKind
from thuocdo.registry.append_only import Trail
from thuocdo.registry.dated import Dated, dated_constraints
from thuocdo.registry.explanations import Explanation  # noqa: F401  (Django looks here)
from thuocdo.registry.invitations import FactorReset, Invitation  # noqa: F401
from thuocdo.registry.memberships import Membership  # noqa: F401
from thuocdo.registry.remake_jobs import RemakeJob  # noqa: F401
from thuocdo.registry.replay_jobs import ReplayJob  # noqa: F401
from thuocdo.registry.uploads import Upload  # noqa: F401

CODE_PATTERN = r"[A-Za-z0-9._-]{1,40}"
"""What an agency's code may look like: Vietnam's forms, and whatever else an importer uses."""

KIND_LABELS = {
    AgencyKind.MINISTRY: _("Bộ, ngành"),
    AgencyKind.PROVINCE: _("Tỉnh, thành phố"),
    AgencyKind.DEPARTMENT: _("Sở, ban, ngành"),
    AgencyKind.COMMUNE: _("Xã, phường, đặc khu"),
    AgencyKind.UNIT: _("Đơn vị trực thuộc"),
}
SYSTEM_LABELS = {
    SystemKind.PORTAL: _("Cổng thông tin điện tử"),
    SystemKind.SERVICE_PORTAL: _("Cổng dịch vụ công"),
    SystemKind.ONE_STOP: _("Hệ thống một cửa (giải quyết TTHC)"),
}
LEVEL_LABELS = {
    Level.FULL: _("Toàn trình"),
    Level.PARTIAL: _("Một phần"),
    Level.INFORMATION: _("Cung cấp thông tin"),
}


def _choices(labels: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(member.value, label) for member, label in labels.items()]


_code = RegexValidator(
    f"^{CODE_PATTERN}$", _("Mã gồm 1 đến 40 chữ cái, chữ số, dấu chấm, gạch ngang hoặc gạch dưới.")
)


class Agency(Dated):
    """A node of the state during one stretch of time."""

    CODE_FIELDS = ("code",)

    code = models.CharField(_("mã cơ quan"), max_length=40, validators=[_code])
    name = models.CharField(_("tên"), max_length=300)
    name_en = models.CharField(_("tên tiếng Anh"), max_length=300, blank=True)
    kind = models.CharField(
        _("loại"), max_length=12, choices=_choices(KIND_LABELS), default=AgencyKind.UNIT.value
    )
    parent = models.CharField(
        _("mã cơ quan cấp trên"), max_length=40, blank=True, validators=[_code]
    )
    gso_code = models.CharField(
        _("mã đơn vị hành chính"),
        max_length=10,
        blank=True,
        help_text=_("Mã của Tổng cục Thống kê; không suy ra được từ mã cơ quan và ngược lại."),
    )
    successor = models.CharField(
        _("mã cơ quan kế thừa"),
        max_length=40,
        blank=True,
        validators=[_code],
        help_text=_("Cơ quan tiếp nhận sau ngày hết hiệu lực."),
    )
    designation = models.CharField(
        _("danh xưng"), max_length=20, blank=True, help_text=_("Tỉnh hoặc thành phố.")
    )
    city_since = models.DateField(
        _("thành phố từ ngày"),
        null=True,
        blank=True,
        help_text=_("Ngày trở thành thành phố trực thuộc trung ương, nếu sau ngày hiệu lực."),
    )

    class Meta:
        verbose_name = _("cơ quan")
        verbose_name_plural = pgettext_lazy("plural", "cơ quan")
        ordering = ("code", "valid_from")
        constraints = dated_constraints("agency", "code")
        indexes = (
            models.Index(fields=["parent"], name="registry_agency_parent"),
            models.Index(fields=["gso_code"], name="registry_agency_gso"),
            models.Index(fields=["successor"], name="registry_agency_successor"),
        )

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    def is_city_on(self, day: date) -> bool:
        """Whether a province is a centrally-run city on a day."""
        return self.designation == "thành phố" and (
            self.city_since is None or self.city_since <= day
        )


class System(Dated):
    """What an agency runs and EMC measures."""

    CODE_FIELDS = ("code",)

    code = models.CharField(
        _("mã hệ thống"),
        max_length=80,
        blank=True,
        help_text=_("Để trống: <mã cơ quan>-<loại>."),
    )
    agency = models.CharField(_("mã cơ quan"), max_length=40, validators=[_code])
    kind = models.CharField(_("loại"), max_length=16, choices=_choices(SYSTEM_LABELS))
    name = models.CharField(_("tên"), max_length=300)

    class Meta:
        verbose_name = _("hệ thống")
        verbose_name_plural = pgettext_lazy("plural", "hệ thống")
        ordering = ("code", "valid_from")
        constraints = dated_constraints("system", "code")
        indexes = (models.Index(fields=["agency", "kind"], name="registry_system_agency"),)

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    def clean(self) -> None:
        super().clean()
        self.code = self.code or system_code(self.agency, self.kind)


SYSTEM_NAMES = {
    SystemKind.PORTAL.value: "Cổng thông tin điện tử",
    SystemKind.SERVICE_PORTAL.value: "Cổng dịch vụ công",
    SystemKind.ONE_STOP.value: "Hệ thống thông tin một cửa",
}
"""How a system is called, before its agency's name, when nobody gave it a name of its own."""


def system_code(agency: str, kind: str) -> str:
    """The code of the one system of a kind that an agency usually has: `H26-portal`."""
    return f"{agency}-{kind}"


class Site(Dated):
    """One measured web address space with its numeric id."""

    CODE_FIELDS = ("site_id",)

    site_id = models.PositiveIntegerField(_("mã giám sát (siteId)"))
    system = models.CharField(_("mã hệ thống"), max_length=80)
    name = models.CharField(_("tên"), max_length=300)
    hostnames = models.TextField(_("tên miền"), blank=True, help_text=_("Mỗi dòng một tên miền."))
    only_hosts = models.BooleanField(
        _("chỉ nhận từ các tên miền này"),
        default=False,
        help_text=_("Lượt truy cập từ tên miền khác bị từ chối; tên miền con được chấp nhận."),
    )
    networks = models.TextField(
        _("mạng nguồn"),
        blank=True,
        help_text=_(
            "Mỗi dòng một địa chỉ hoặc dải mạng (CIDR). Bản tin hồ sơ chỉ được nhận từ các mạng này; "
            "để trống: nhận từ mọi nơi."
        ),
    )
    needs_key = models.BooleanField(
        _("bắt buộc có khóa kết nối"),
        default=False,
        help_text=_("Bản tin và lượt truy cập không kèm khóa bị từ chối."),
    )
    per_second = models.PositiveIntegerField(
        _("số yêu cầu tối đa mỗi giây"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Để trống: không giới hạn."),
    )

    class Meta:
        verbose_name = _("trang được giám sát")
        verbose_name_plural = pgettext_lazy("plural", "trang được giám sát")
        ordering = ("site_id", "valid_from")
        constraints = dated_constraints("site", "site_id")
        indexes = (models.Index(fields=["system"], name="registry_site_system"),)

    def __str__(self) -> str:
        return f"{self.site_id} · {self.name}"

    def clean(self) -> None:
        super().clean()
        self.hostnames = "\n".join(host.lower() for host in self.hostnames.split())

    @property
    def host_list(self) -> list[str]:
        return self.hostnames.split()


class Service(Dated):
    """A procedure as one agency offers it, with the level it has in this stretch of time."""

    CODE_FIELDS = ("agency", "procedure")

    agency = models.CharField(_("mã cơ quan"), max_length=40, validators=[_code])
    procedure = models.CharField(_("mã thủ tục"), max_length=80)
    level = models.CharField(_("mức độ"), max_length=12, choices=_choices(LEVEL_LABELS))
    name = models.CharField(_("tên thủ tục"), max_length=1000, blank=True)
    field = models.CharField(_("lĩnh vực"), max_length=300, blank=True)
    local_code = models.CharField(_("mã tại cơ quan"), max_length=120, blank=True)
    url = models.CharField(_("đường dẫn"), max_length=1000, blank=True)
    reason_not_full = models.CharField(_("lý do chưa toàn trình"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("dịch vụ công")
        verbose_name_plural = pgettext_lazy("plural", "dịch vụ công")
        ordering = ("agency", "procedure", "valid_from")
        constraints = dated_constraints("service", "agency", "procedure")
        indexes = (models.Index(fields=["procedure"], name="registry_service_procedure"),)

    def __str__(self) -> str:
        return f"{self.procedure} · {self.agency}"


class SiteKey(models.Model):
    """A credential for connecting systems; only its keyed hash is kept. Empty scopes mean "all"."""

    key_hash = models.CharField(_("dấu khóa"), max_length=64, unique=True, editable=False)
    key_id = models.CharField(
        _("số hiệu khóa"), max_length=12, blank=True, editable=False, db_index=True
    )
    signing = models.CharField(_("khóa kiểm chữ ký"), max_length=64, blank=True, editable=False)
    name = models.CharField(_("tên gọi"), max_length=200)
    agency = models.CharField(
        _("mã cơ quan"),
        max_length=40,
        blank=True,
        validators=[_code],
        help_text=_("Chỉ cơ quan này và các cơ quan cấp dưới; để trống: mọi cơ quan."),
    )
    site_ids = models.JSONField(_("mã giám sát được dùng"), default=list, blank=True)
    feeds = models.JSONField(_("giao thức được dùng"), default=list, blank=True)
    expires = models.DateField(_("dùng đến hết ngày"), null=True, blank=True)
    created_at = models.DateTimeField(_("lúc tạo"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("lúc thu hồi"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("khóa kết nối")
        verbose_name_plural = pgettext_lazy("plural", "khóa kết nối")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name


class Change(Trail):
    """One line of the audit trail: who did what to which row, before and after.

    An import leaves one line with its counts, not one per row; the rows' own history is in the lake.
    """

    class Action(models.TextChoices):
        CREATE = "create", _("thêm")
        UPDATE = "update", _("sửa")
        DELETE = "delete", _("xóa")
        IMPORT = "import", _("nạp tệp")
        REVOKE = "revoke", _("thu hồi")
        ROTATE = "rotate", _("thay khóa")
        REPLAY = "replay", _("xét lại")
        EXPIRE = "expire", _("hết hạn lưu giữ")

    class What(models.TextChoices):
        """A model's name, or what comes with the program."""

        AGENCY = "agency", _("cơ quan")
        SYSTEM = "system", _("hệ thống")
        SITE = "site", _("trang được giám sát")
        SERVICE = "service", _("dịch vụ công")
        SITE_KEY = "sitekey", _("khóa kết nối")
        BUILTIN = "builtin", _("dữ liệu có sẵn")
        USER = "user", _("tài khoản")
        MEMBERSHIP = "membership", _("vai trò của người dùng")
        AUTHENTICATOR = "authenticator", _("yếu tố đăng nhập")
        DECLARED = "declared", _("số liệu công bố")
        AGREEMENT = "agreement", _("quyết định đối soát")
        INVITATION = "invitation", _("lời mời")
        SUBSCRIPTION = "subscription", _("lựa chọn nhận cảnh báo")
        WEBHOOK = "webhook", _("webhook nhận cảnh báo")
        REJECTS = "rejects", _("bản ghi bị từ chối")
        KEPT = "kept", _("dữ liệu lưu giữ")
        REPORT = "report", _("báo cáo")

    at = models.DateTimeField(_("lúc"), auto_now_add=True, db_index=True)
    who = models.CharField(_("người thực hiện"), max_length=200)
    action = models.CharField(_("việc"), max_length=8, choices=Action.choices)
    what = models.CharField(_("đối tượng"), max_length=20, choices=What.choices, db_index=True)
    key = models.CharField(_("khóa dòng"), max_length=300, blank=True)
    before = models.JSONField(_("trước"), null=True)
    after = models.JSONField(_("sau"), null=True)

    class Meta:
        verbose_name = _("thay đổi")
        verbose_name_plural = _("nhật ký thay đổi")
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.what} {self.key} · {self.action}"
