"""What a site asks of who sends in its name, changed from the command line as in the admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from thuocdo.core.console import operator
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.registry.models import Change, Site
from thuocdo.registry.publish import publish
from thuocdo.registry.trail import contents, record

ASKED = ("only_hosts", "networks", "needs_key", "per_second")


def ask(settings: Settings, site_id: int, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Change some of `ASKED` for a site, in all its dated rows; answers them all.

    Raises ThuocdoError `unknown_site`.
    """
    rows = list(Site.objects.filter(site_id=site_id).order_by("valid_from"))
    if not rows:
        raise ThuocdoError("unknown_site", f"No site has the number {site_id}.", "Import it first.")
    with transaction.atomic():
        for row in rows:
            before = contents(row)
            for name in changed:
                setattr(row, name, changed[name])
            row.save()
            after = contents(row)
            if before != after:
                record(
                    Change.Action.UPDATE,
                    "site",
                    who=operator(),
                    key=" ".join(str(part) for part in row.key if part is not None),
                    before=before,
                    after=after,
                )
    publish(settings)
    return {name: getattr(rows[-1], name) for name in ASKED}
