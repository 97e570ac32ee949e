"""PyPI: piwikapi, the older Python client of the Matomo project."""

import json
import os
import sys
from urllib.error import HTTPError

from piwikapi.tracking import PiwikTracker

given = json.loads(os.environ["CLIENT"])
answers: dict[str, int] = {}


class Request:
    """What it expects of a web framework's request."""

    COOKIES = False

    def __init__(self, path: str) -> None:
        self.META = {
            "HTTP_USER_AGENT": given["agent"],
            "HTTP_REFERER": "https://www.google.com/search?q=" + given["person"],
            "SERVER_NAME": given["pages"].removeprefix("https://"),
            "PATH_INFO": path,
            "HTTPS": True,
        }

    def is_secure(self) -> bool:
        return True


def client(path: str, site: int = given["site"]) -> PiwikTracker:
    piwik = PiwikTracker(site, Request(path))
    piwik.set_api_url(given["tracker"])
    piwik.set_url(given["pages"] + path)
    piwik.set_custom_variable(1, "ten", given["person"])
    return piwik


def did(action: str, piwik: PiwikTracker, *call: str) -> None:
    try:
        if len(call) == 1:
            piwik.do_track_page_view(call[0])
        else:
            piwik.do_track_action(*call)
    except HTTPError as error:
        answers[action] = error.code


did("view", client("/xem"), given["person"])
did("download", client("/tai"), given["pages"] + "/tep/mau-don.docx", "download")
did("outlink", client("/di"), "https://vneid.gov.vn/dang-nhap", "link")
for address in ("203.0.113.7", "203.0.113.8"):
    behind = client("/sau")
    behind.set_token_auth(given["key"])
    behind.set_ip(address)
    did("behind", behind, "")
wrong = client("/khoa-sai")
wrong.set_token_auth(given["wrongKey"])
did("wrong_key", wrong, "")
did("unknown", client("/la", given["unknownSite"]), "")
json.dump(answers, sys.stdout)
