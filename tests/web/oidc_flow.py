"""Signs in by an issuer's own server; run apart, since Django reads its environment once.

Prints one JSON line for each of: an account made for it, a stranger, an account with a password.
"""

from __future__ import annotations

import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class House(BaseHTTPRequestHandler):
    """A small OpenID Connect server that vouches for `server.name`."""

    def do_GET(self) -> None:
        base = f"http://127.0.0.1:{self.server.server_port}"
        ends = ("authorization", "token", "userinfo")
        found = {"issuer": base, "jwks_uri": base} | {f"{e}_endpoint": f"{base}/{e}" for e in ends}
        name = self.server.name
        self.answer({"sub": name, "preferred_username": name} if "info" in self.path else found)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.answer({"access_token": "x", "token_type": "Bearer"})

    def answer(self, body: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_given: object) -> None:
        """Quiet."""


def main() -> None:
    house = HTTPServer(("127.0.0.1", 0), House)
    threading.Thread(target=house.serve_forever, daemon=True).start()
    os.environ["THUOCDO_OIDC_URL"] = f"http://127.0.0.1:{house.server_port}"
    from thuocdo.core.settings import load
    from thuocdo.registry.setup import initialise

    initialise(load())
    from django.test import Client

    from thuocdo.registry.accounts import create_account
    from thuocdo.registry.rights import Role

    create_account("canbo", None, Role.OFFICER, "H26")
    create_account("co-mat-khau", "mot-mat-khau-that-dai-2026", Role.OFFICER, "H26")
    for house.name in ("canbo", "la-mat", "co-mat-khau"):
        client = Client()
        offered = "Hà Nội SSO" in client.get("/login").content.decode()
        away = client.get("/account/oidc/sso/login/?next=/lam-viec/kiem-tra/").url
        state = re.search(r"state=([^&]+)", away)[1]
        back = client.get(f"/account/oidc/sso/login/callback/?code=1&state={state}", follow=True)
        signed_in = "_auth_user_id" in client.session
        told = {"offered": offered, "pkce": "code_challenge=" in away, "in": signed_in}
        print(json.dumps(told | {"page": back.content.decode()}))  # noqa: T201


main()
