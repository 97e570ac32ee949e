"""What officials type in the admin, checked as strictly as a file that is imported."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from thuocdo.core.codes import MAX_SITE_ID, agency_code
from thuocdo.core.vietnamese import nfc
from thuocdo.core.vocabulary import Feed
from thuocdo.registry.models import Agency, SiteKey, System, system_code
from thuocdo.registry.rows import RefusedError, host_names, knows

_AGENCY_CODES = ("parent", "successor", "agency")
_KEYED_FEEDS = [
    (Feed.TRACKING.value, _("Lượt truy cập (/tracking)")),
    (Feed.MCDT.value, _("Trạng thái hồ sơ (/TrackingMCDT)")),
    (Feed.DVCQG.value, _("Gói tin Cổng Dịch vụ công quốc gia (/dvcqg)")),
    (Feed.CANONICAL.value, _("Gói tin chuẩn (/v1)")),
]
_BETWEEN = re.compile(r"[\s,;]+")


class RegistryForm(forms.ModelForm):
    """Text in composed form, agency codes in their left-to-right form and registered."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = nfc(value).strip()
        known = knows(frozenset(Agency.objects.values_list("code", flat=True)))
        for name in _AGENCY_CODES:
            if text := cleaned.get(name):
                cleaned[name] = agency_code(text) or text
                if not known(cleaned[name]):
                    self.add_error(name, _("Chưa có cơ quan mang mã này."))
        return cleaned


class AgencyForm(RegistryForm):
    """An agency's own code may be new, but is written left to right like every other."""

    def clean_code(self) -> str:
        text = self.cleaned_data["code"].strip()
        return agency_code(text) or text


class SystemForm(RegistryForm):
    """A system without a code gets the usual one."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("code") and cleaned.get("agency") and cleaned.get("kind"):
            cleaned["code"] = system_code(cleaned["agency"], cleaned["kind"])
        return cleaned


class SiteForm(RegistryForm):
    """A site belongs to a system that is registered."""

    def clean_site_id(self) -> int:
        site_id: int = self.cleaned_data["site_id"]
        if not 0 < site_id <= MAX_SITE_ID:
            raise forms.ValidationError(_("Mã giám sát phải là số nguyên dương."))
        return site_id

    def clean_system(self) -> str:
        system: str = self.cleaned_data["system"].strip()
        if not System.objects.filter(code=system).exists():
            raise forms.ValidationError(_("Chưa có hệ thống mang mã này."))
        return system

    def clean_hostnames(self) -> str:
        try:
            return "\n".join(host_names(self.cleaned_data["hostnames"]))
        except RefusedError:
            raise forms.ValidationError(
                _("Mỗi dòng là một tên miền, ví dụ: congbao.hanoi.gov.vn.")
            ) from None

    def clean_networks(self) -> str:
        try:
            found = [str(ip_network(part)) for part in self.cleaned_data["networks"].split()]
        except ValueError:
            raise forms.ValidationError(
                _("Mỗi dòng là một địa chỉ hoặc dải mạng, ví dụ: 203.0.113.0/24.")
            ) from None
        return "\n".join(found)


class SiteKeyForm(RegistryForm):
    """What a new key opens."""

    site_ids = forms.CharField(
        label=_("Mã giám sát được dùng"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Các số cách nhau bằng dấu phẩy; để trống: mọi trang."),
    )
    feeds = forms.MultipleChoiceField(
        label=_("Giao thức được dùng"),
        required=False,
        choices=_KEYED_FEEDS,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Không chọn: mọi giao thức."),
    )

    class Meta:
        model = SiteKey
        fields = ("name", "agency", "site_ids", "feeds", "expires")

    def clean_site_ids(self) -> list[int]:
        parts = [part for part in _BETWEEN.split(self.cleaned_data["site_ids"]) if part]
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise forms.ValidationError(_("Chỉ ghi các số cách nhau bằng dấu phẩy."))
        return [int(part) for part in parts]
