"""Steering as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class SteerConfig(AppConfig):
    name = "thuocdo.steer"
    label = "steer"
