"""Single sign-on by OpenID Connect, read from the environment; without it only local accounts open.

THUOCDO_OIDC_URL     the issuer's address, as in its own /.well-known/openid-configuration
THUOCDO_OIDC_CLIENT_ID, THUOCDO_OIDC_SECRET   what the issuer gave this instance
THUOCDO_OIDC_NAME    how the button calls it
THUOCDO_OIDC_CLAIM   the claim that carries the account's name here; preferred_username unless set
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from thuocdo.core.errors import ThuocdoError

PROVIDER: Final = "sso"
"""Part of the callback's address: https://HOST/account/oidc/sso/login/callback/."""

_DEFAULT_CLAIM: Final = "preferred_username"


def single_sign_on(environ: Mapping[str, str]) -> dict[str, Any]:
    """allauth's SOCIALACCOUNT_PROVIDERS. Raises ThuocdoError `bad_oidc` for half a configuration."""
    url, client, secret = (
        environ.get(f"THUOCDO_OIDC_{name}", "").strip() for name in ("URL", "CLIENT_ID", "SECRET")
    )
    if not (url or client or secret):
        return {}
    loopback = url.startswith(("http://localhost", "http://127.0.0.1"))
    if not (client and secret and (url.startswith("https://") or loopback)):
        raise ThuocdoError(
            "bad_oidc",
            "Single sign-on is half configured.",
            "Set THUOCDO_OIDC_URL (https://…), THUOCDO_OIDC_CLIENT_ID and THUOCDO_OIDC_SECRET, "
            "or none of them.",
        )
    app = {
        "provider_id": PROVIDER,
        "name": environ.get("THUOCDO_OIDC_NAME", "").strip() or "SSO",
        "client_id": client,
        "secret": secret,
        "settings": {
            "server_url": url,
            "oauth_pkce_enabled": True,
            "name_claim": environ.get("THUOCDO_OIDC_CLAIM", "").strip() or _DEFAULT_CLAIM,
        },
    }
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
