"""Readers' feedback at the desk: read by operators and publishers, answered once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from thuocdo.registry import trail
from thuocdo.registry.models import Change
from thuocdo.web import feedback
from thuocdo.web.models import Feedback


@admin.register(Feedback)
class FeedbackAdmin(ModelAdmin):
    """What was said stays as it was said; only an answer is added."""

    list_display = ("made_at", "kind", "page", "code", "answered_at", "answered_by")
    list_filter = ("kind", "answered_at")
    search_fields = ("code", "page", "text", "answer")
    fields = ("code", "kind", "made_at", "page", "text", "answer", "answered_by", "answered_at")

    def get_readonly_fields(self, _request: HttpRequest, obj: Feedback | None = None) -> list[str]:
        is_open = obj is not None and obj.answered_at is None
        return [name for name in self.fields if not (is_open and name == "answer")]

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Feedback | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Feedback, _form: Any, _change: bool) -> None:
        who = request.user.get_username()
        if not obj.answer.strip():
            return
        with transaction.atomic():
            if feedback.answer(obj, obj.answer, who):
                after = {"answer": obj.answer}
                trail.record(
                    Change.Action.UPDATE, "feedback", who=who, key=obj.code, before={}, after=after
                )
            else:
                messages.error(request, _("Góp ý này đã được trả lời."))
