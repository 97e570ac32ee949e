"""The registry's desk: search, filter and correct dated rows, make and revoke keys.

Every change leaves a line in the audit trail and is published (lake, collector) once it is
committed. The trail itself can only be read.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from thuocdo.core.clock import local_day, now_us
from thuocdo.core.vietnamese import fold_accents, format_day
from thuocdo.registry import keys, people_admin, trail  # noqa: F401  (people_admin registers)
from thuocdo.registry.desk import PERMISSIONS, limited
from thuocdo.registry.forms import (
    AgencyForm,
    RegistryForm,
    SiteForm,
    SiteKeyForm,
    SystemForm,
)
from thuocdo.registry.models import Agency, Change, Service, Site, SiteKey, System
from thuocdo.registry.publish import publish
from thuocdo.registry.rights import Right


def _today() -> date:
    return local_day(now_us())


def _publish_when_committed() -> None:
    transaction.on_commit(lambda: publish(settings.THUOCDO))


class ValidityFilter(admin.SimpleListFilter):
    """Rows in force today, ended, or still to come."""

    title = _("hiệu lực")
    parameter_name = "validity"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, Any]]:
        return [("now", _("Đang hiệu lực")), ("past", _("Đã hết")), ("future", _("Chưa đến"))]

    def queryset(self, _request: HttpRequest, rows: models.QuerySet) -> models.QuerySet:
        match self.value():
            case "now":
                return rows.covering(_today())
            case "past":
                return rows.filter(valid_to__lt=_today())
            case "future":
                return rows.filter(valid_from__gt=_today())
        return rows


class LimitedAdmin(ModelAdmin):
    """Shows and changes only rows of agencies over which the official holds the right."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return limited(super().get_queryset(request), request.user, self._right("view"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_theirs(
            request, obj, "change"
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_theirs(
            request, obj, "delete"
        )

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form knows whose subtree a new or changed row must stay in."""
        form = super().get_form(request, *args, **kwargs)
        form.user, form.right = request.user, self._right("add")
        return form

    def changeable(self, request: HttpRequest, rows: models.QuerySet) -> models.QuerySet:
        """Of chosen rows, those the official may change as well as see."""
        return limited(rows, request.user, self._right("change"))

    def _is_theirs(self, request: HttpRequest, obj: Any, done: str) -> bool:
        if obj is None:
            return True
        rows = self.model.objects.filter(pk=obj.pk)
        return limited(rows, request.user, self._right(done)).exists()

    def _right(self, done: str) -> Right:
        return PERMISSIONS[f"registry.{done}_{self.opts.model_name}"]


class AuditedAdmin(LimitedAdmin):
    """Leaves a trail of every save and deletion and publishes after the commit."""

    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = trail.contents(type(obj).objects.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        self._trace(request, obj, Change.Action.UPDATE if change else Change.Action.CREATE, before)
        _publish_when_committed()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self._trace(request, obj, Change.Action.DELETE, trail.contents(obj), gone=True)
            super().delete_model(request, obj)
            _publish_when_committed()

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        with transaction.atomic():
            for row in queryset:
                self._trace(request, row, Change.Action.DELETE, trail.contents(row), gone=True)
            super().delete_queryset(request, queryset)
            _publish_when_committed()

    def _trace(
        self,
        request: HttpRequest,
        row: Any,
        done: Change.Action,
        before: dict[str, Any] | None,
        *,
        gone: bool = False,
    ) -> None:
        after = None if gone else trail.contents(row)
        if before != after:
            trail.record(
                done,
                row._meta.model_name,
                who=request.user.get_username(),
                key=" ".join(str(part) for part in row.key if part is not None),
                before=before,
                after=after,
            )


_DATED_FILTERS = (ValidityFilter, ("valid_from", RangeDateFilter), ("valid_to", RangeDateFilter))


class DatedAdmin(AuditedAdmin):
    """Lists dated rows with one readable column for their validity."""

    form = RegistryForm

    @display(description=_("hiệu lực"), ordering="valid_from")
    def validity(self, row: Any) -> str:
        first, last = row.valid_from, row.valid_to
        if first is None and last is None:
            return gettext("không giới hạn")
        if first is None:
            return gettext("đến %(day)s") % {"day": _short(last)}
        if last is None:
            return gettext("từ %(day)s") % {"day": _short(first)}
        return f"{_short(first)} – {_short(last)}"


def _short(day: date) -> str:
    return format_day(day, get_language() or "vi")


@admin.register(Agency)
class AgencyAdmin(DatedAdmin):
    form = AgencyForm
    list_display = ("code", "name", "kind", "designation", "gso_code", "successor", "validity")
    list_display_links = ("code", "name")
    list_filter = ("kind", "designation", *_DATED_FILTERS)
    search_fields = ("code", "name", "name_en", "gso_code")
    search_help_text = _("Mã, tên (có dấu hoặc không dấu) hoặc mã đơn vị hành chính")

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """Also finds names typed without marks."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        wanted = fold_accents(search_term)
        if wanted:
            names = Agency.objects.values_list("pk", "name")
            folded = [pk for pk, name in names if wanted in fold_accents(name)]
            found |= queryset.filter(pk__in=folded)
        return found, distinct


@admin.register(System)
class SystemAdmin(DatedAdmin):
    form = SystemForm
    list_display = ("code", "name", "kind", "agency", "validity")
    list_display_links = ("code", "name")
    list_filter = ("kind", *_DATED_FILTERS)
    search_fields = ("code", "name", "agency")


@admin.register(Site)
class SiteAdmin(DatedAdmin):
    form = SiteForm
    list_display = ("site_id", "name", "system", "hosts", "asks", "validity")
    list_display_links = ("site_id", "name")
    list_filter = ("needs_key", "only_hosts", *_DATED_FILTERS)
    search_fields = ("=site_id", "name", "system", "hostnames")

    @display(description=_("tên miền"))
    def hosts(self, site: Site) -> str:
        return ", ".join(site.host_list)

    @display(description=_("điều kiện nhận"))
    def asks(self, site: Site) -> str:
        """What a sender must show, besides the site's number."""
        asked = [
            (site.needs_key, gettext("khóa")),
            (site.only_hosts, gettext("tên miền")),
            (site.networks, gettext("mạng nguồn")),
            (site.per_second, f"{site.per_second}/s"),
        ]
        return ", ".join(text for holds, text in asked if holds) or gettext("không")


@admin.register(Service)
class ServiceAdmin(DatedAdmin):
    list_display = ("procedure", "name", "agency", "level", "field", "validity")
    list_display_links = ("procedure", "name")
    list_filter = ("level", *_DATED_FILTERS)
    search_fields = ("=procedure", "=agency", "name", "field", "local_code")
    search_help_text = _("Mã thủ tục, mã cơ quan, tên, lĩnh vực hoặc mã tại cơ quan")


def _show_once(request: HttpRequest, name: str, key: str) -> None:
    text = _("Khóa mới của “{}” chỉ hiện một lần này, hãy chép lại ngay: {}")
    messages.warning(request, format_html(text, name, key))


@admin.register(SiteKey)
class SiteKeyAdmin(LimitedAdmin):
    """Keys are made and revoked, never edited or deleted."""

    form = SiteKeyForm
    list_display = (
        *("name", "key_id", "agency", "sites", "protocols"),
        *("created_at", "expires", "state"),
    )
    list_filter = (("created_at", RangeDateFilter), ("expires", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("name", "agency")
    actions = ("rotate_selected", "revoke_selected")

    def save_model(self, request: HttpRequest, obj: SiteKey, _form: Any, _change: bool) -> None:
        key = keys.issue(settings.THUOCDO, obj, who=request.user.get_username())
        _publish_when_committed()
        _show_once(request, obj.name, key)

    def has_change_permission(self, request: HttpRequest, obj: SiteKey | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, _request: HttpRequest, _obj: SiteKey | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: SiteKey | None = None) -> Any:
        shown = (
            *("name", "key_id", "agency", "sites", "protocols"),
            *("created_at", "expires", "revoked_at"),
        )
        return super().get_fields(request, obj) if obj is None else shown

    def get_readonly_fields(self, request: HttpRequest, obj: SiteKey | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    @display(description=_("trang"))
    def sites(self, key: SiteKey) -> str:
        return ", ".join(map(str, key.site_ids)) or gettext("mọi trang")

    @display(description=_("giao thức"))
    def protocols(self, key: SiteKey) -> str:
        return ", ".join(key.feeds) or gettext("mọi giao thức")

    @display(
        description=_("tình trạng"),
        label={_("đang dùng"): "success", _("hết hạn"): "warning", _("đã thu hồi"): "danger"},
    )
    def state(self, key: SiteKey) -> Any:
        if key.revoked_at:
            return _("đã thu hồi")
        return _("hết hạn") if key.expires and key.expires < _today() else _("đang dùng")

    @action(description=_("Thay các khóa đã chọn bằng khóa mới"), permissions=["change"])
    def rotate_selected(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for old in self.changeable(request, queryset).filter(revoked_at__isnull=True):
            key = keys.rotate(settings.THUOCDO, old, who=request.user.get_username())
            _show_once(request, old.name, key)

    @action(description=_("Thu hồi các khóa đã chọn"), permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        chosen = list(self.changeable(request, queryset))
        for key in chosen:
            keys.revoke(settings.THUOCDO, key, who=request.user.get_username())
        done = ngettext("Đã thu hồi %d khóa.", "Đã thu hồi %d khóa.", len(chosen))
        messages.success(request, done % len(chosen))


@admin.register(Change)
class ChangeAdmin(ModelAdmin):
    """The trail, to be read."""

    list_display = ("at", "who", "action", "what", "key")
    list_filter = ("action", "what", ("at", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("who", "what", "key")
    readonly_fields = ("at", "who", "action", "what", "key", "before", "after")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Change | None = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Change | None = None) -> bool:
        return False
