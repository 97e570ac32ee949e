"""Addresses for programs; they have no language."""

from __future__ import annotations

from django.urls import path

from thuocdo.web.api.v1 import api

urlpatterns = [
    path("api/v1/", api.urls),
]
