"""PyPI: matomo, a port of Matomo's own PHP client."""

import json
import os
import sys

from matomo import Matomo

given = json.loads(os.environ["CLIENT"])
answers: dict[str, int] = {}


def client(path: str, site: int = given["site"]) -> Matomo:
    class Request(dict[str, str]):
        cookie: dict[str, str] = {}  # noqa: RUF012 - the library's own shape

    matomo = Matomo(Request(HTTP_USER_AGENT=given["agent"]), site, given["tracker"])
    matomo.set_url(given["pages"] + path)
    matomo.set_url_referrer("https://www.google.com/search?q=" + given["person"])
    matomo.set_user_id(given["person"])
    matomo.set_custom_dimension(1, given["person"])
    return matomo


def did(action: str, answer: object) -> None:
    answers[action] = answer.status_code  # type: ignore[attr-defined]


def keyed(path: str, key: str = given["key"]) -> Matomo:
    matomo = client(path)
    matomo.set_token_auth(key)
    return matomo


viewer = client("/xem")
viewer.set_performance_timings(10, 120, 5, 300, 100, 4)
did("view", viewer.do_track_page_view(given["person"]))
did("event", client("/su-kien").do_track_event("ho so", "bam", given["person"], 1))
did("search", client("/tim-kiem").do_track_site_search(given["person"], "tthc", 3))
did("download", client("/tai").do_track_action(given["pages"] + "/tep/mau-don.docx", "download"))
did("outlink", client("/di").do_track_action("https://vneid.gov.vn/dang-nhap", "link"))
did("ping", client("/nhip").do_ping())
did("goal", client("/muc-tieu").do_track_goal(1, 2.5))
did("order", client("/don-hang").do_track_ecommerce_order(given["person"], 5.0))
did("content", client("/noi-dung").do_track_content_impression(given["person"], "a.png", "/x"))
past = keyed("/qua-khu")
past.set_force_visit_date_time("2026-01-20 08:00:00")
did("past", past.do_track_page_view(""))
forged = client("/gia-mao")
forged.set_force_visit_date_time("2026-01-20 08:00:00")
did("forged", forged.do_track_page_view(""))
did("wrong_key", keyed("/khoa-sai", given["wrongKey"]).do_track_page_view(""))
did("unknown", client("/la", given["unknownSite"]).do_track_page_view(""))
json.dump(answers, sys.stdout)
