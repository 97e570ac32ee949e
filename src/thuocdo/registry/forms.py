"""What officials type in the admin, checked as strictly as a file that is imported."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_network
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from thuocdo.core.codes import MAX_SITE_ID, agency_code
from thuocdo.core.vietnamese import nfc
from thuocdo.core.vocabulary import Feed
from thuocdo.registry.models import Agency, Site, SiteKey, System, system_code
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
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
    """Text in composed form, agency codes in their left-to-right form and registered.

    user, right  who fills it in, and the right they need over what it is about (admin.LimitedAdmin)
    """

    user: ClassVar[Any] = None
    right: ClassVar[Right] = Right.SEE_REGISTRY

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
        self._keep_within(cleaned)
        return cleaned

    def _keep_within(self, cleaned: dict[str, Any]) -> None:
        """A row an official makes or changes stays in the part of the country they look after."""
        if self.user is None or person(self.user).may(self.right):
            return
        for name, agencies in self.belongs(cleaned).items():
            if not agencies or not all(person(self.user).may(self.right, a) for a in agencies):
                self.add_error(name, _("Nằm ngoài phạm vi cơ quan bạn được giao."))

    def belongs(self, cleaned: dict[str, Any]) -> dict[str, list[str]]:
        """Field → the agencies that what it names belongs to; none of them: it belongs to nobody."""
        return {"agency": [code] if (code := cleaned.get("agency")) else []}


def _agencies_of_systems(codes: Collection[str]) -> list[str]:
    return list(System.objects.filter(code__in=codes).values_list("agency", flat=True).distinct())


def _agencies_of_sites(numbers: Collection[int]) -> list[str]:
    systems = Site.objects.filter(site_id__in=numbers).values_list("system", flat=True)
    return _agencies_of_systems(list(systems))


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
            self._keep_within(cleaned)
        return cleaned

    def belongs(self, cleaned: dict[str, Any]) -> dict[str, list[str]]:
        """Its agency, and the code where it is in use already."""
        there = _agencies_of_systems([cleaned.get("code", "")])
        return super().belongs(cleaned) | ({"code": there} if there else {})


class SiteForm(RegistryForm):
    """A site belongs to a system that is registered."""

    def belongs(self, cleaned: dict[str, Any]) -> dict[str, list[str]]:
        """Its system, and the number where it is in use already: nobody takes another's site over."""
        there = _agencies_of_sites([cleaned.get("site_id") or 0])
        return {
            "system": _agencies_of_systems([cleaned.get("system", "")]),
            **({"site_id": there} if there else {}),
        }

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

    def belongs(self, cleaned: dict[str, Any]) -> dict[str, list[str]]:
        sites = cleaned.get("site_ids")
        return super().belongs(cleaned) | ({"site_ids": _agencies_of_sites(sites)} if sites else {})

    def clean_site_ids(self) -> list[int]:
        parts = [part for part in _BETWEEN.split(self.cleaned_data["site_ids"]) if part]
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise forms.ValidationError(_("Chỉ ghi các số cách nhau bằng dấu phẩy."))
        return [int(part) for part in parts]
