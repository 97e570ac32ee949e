"""The desk's part about people: accounts, their roles, a way back for who lost a second factor.

The trail is written by `watching`, whatever the way a change came, so nothing here records anything.
"""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from thuocdo.registry.forms import RegistryForm
from thuocdo.registry.models import Membership

# Roles come from rights.yaml, secrets of sign-in are nobody's to read: none of these has a page.
for _model in (User, Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class MembershipsOfUser(TabularInline):
    model = Membership
    form = RegistryForm
    extra = 0
    fields = ("role", "agency", "valid_from", "valid_to")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """Accounts are barred rather than deleted: the trail and site checks name them."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (MembershipsOfUser,)
    list_display = ("username", "last_name", "first_name", "is_active", "factors", "last_login")
    list_filter = ("is_active", "memberships__role")
    filter_horizontal = ()
    actions = ("remove_factors",)
    readonly_fields = ("last_login", "date_joined", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active", "is_superuser")}),
        (_("Người"), {"fields": ("last_name", "first_name", "email")}),
        (_("Thời điểm"), {"fields": ("last_login", "date_joined")}),
    )

    def has_delete_permission(self, _request: HttpRequest, _obj: User | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).prefetch_related("authenticator_set")

    @display(description=_("xác thực hai bước"), boolean=True)
    def factors(self, user: User) -> bool:
        kinds = {row.type for row in user.authenticator_set.all()}
        return bool(kinds - {Authenticator.Type.RECOVERY_CODES})

    @action(description=_("Gỡ mọi yếu tố đăng nhập thứ hai (khi bị mất)"), permissions=["change"])
    def remove_factors(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for row in Authenticator.objects.filter(user__in=queryset):
            row.delete()
        messages.success(
            request, _("Đã gỡ; người dùng đăng nhập bằng mật khẩu rồi bật lại xác thực hai bước.")
        )


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    form = RegistryForm
    list_display = ("user", "role", "agency", "valid_from", "valid_to")
    list_filter = ("role",)
    search_fields = ("user__username", "agency")
    fields: ClassVar[Any] = ("user", "role", "agency", "valid_from", "valid_to")
