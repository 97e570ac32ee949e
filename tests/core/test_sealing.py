"""What is sealed opens for its purpose and its instance alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from thuocdo.core import settings
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.sealing import seal, unseal


def test_a_secret_opens_for_its_purpose_and_instance_alone(tmp_path: Path) -> None:
    mine = settings.load({"THUOCDO_HOME": str(tmp_path)})
    sealed = seal(mine, b"webhooks", "whsec_bí mật")
    assert "whsec" not in sealed
    assert unseal(mine, b"webhooks", sealed) == "whsec_bí mật"
    for other, purpose in ((mine, b"factors"), (replace(mine, secret=b"x" * 32), b"webhooks")):
        with pytest.raises(ThuocdoError) as refused:
            unseal(other, purpose, sealed)
        assert refused.value.code == "other_secret"
