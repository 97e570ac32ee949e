"""Addresses for programs and for other sites' pages; they have no language of their own."""

from __future__ import annotations

from django.urls import path

from thuocdo.web.api import badges, pages
from thuocdo.web.api.v1 import api

urlpatterns = [
    path("api/v1/problems/<slug:code>", pages.problem, name="api-problem"),
    path("api/v1/", api.urls),
    path("badge/level/<slug:code>/<str:system>.svg", badges.level_badge, name="badge-level"),
    path("badge/<slug:indicator>/<str:agency>.svg", badges.badge, name="badge"),
    path("widget/<slug:indicator>/<str:agency>", badges.widget, name="widget"),
    path("du-lieu-mo/moi-nhat/<str:name>", pages.latest, name="opendata-latest"),
    path("du-lieu-mo/<str:day>/<str:name>", pages.download, name="opendata-file"),
]
