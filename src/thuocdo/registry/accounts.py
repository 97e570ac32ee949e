"""The first account of an instance: somebody has to open the registry's desk for everybody else."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from thuocdo.core.errors import ThuocdoError


def create_operator(name: str, password: str) -> None:
    """An account with every right. Raises ThuocdoError `account_exists` or `weak_password`."""
    model = get_user_model()
    if model.objects.filter(username=name).exists():
        raise ThuocdoError(
            "account_exists", f"There is an account {name!r} already.", "Take another."
        )
    try:
        validate_password(password, model(username=name))
    except ValidationError as weak:
        raise ThuocdoError("weak_password", " ".join(weak.messages)) from None
    model.objects.create_superuser(name, password=password)
