"""Signing in as people do it: by password, code, passkey or single sign-on; and being kept out."""

from __future__ import annotations

import json
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client
from tests.web.people import PASSWORD, someone

from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.accounts import create_operator
from thuocdo.registry.models import Change
from thuocdo.registry.rights import Role, policy
from thuocdo.web.single_sign_on import single_sign_on

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture(autouse=True)
def nobody_tried_before():
    cache.clear()


@pytest.fixture
def officer():
    return someone(Role.OFFICER, password=PASSWORD, second_factor=False)


@pytest.fixture
def operator():
    """The first account of an instance, as `thuocdo account create` makes it."""
    create_operator("van-hanh", PASSWORD)
    return get_user_model().objects.get(username="van-hanh")


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: str):
    return client.post("/login", {"login": name, "password": password, **more})


def code_for(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def enrol(client: Client) -> str:
    """Turn on an authenticator app through the pages; answers its secret."""
    page = client.get("/account/totp/activate/", follow=True)
    if page.redirect_chain:  # asked for the password first
        page = client.post(page.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    secret = re.search(r'<code class="address">([A-Z2-7]+)</code>', page.content.decode())[1]
    done = client.post("/account/totp/activate/", {"code": code_for(secret)}, follow=True)
    assert "Mã dự phòng" in done.content.decode()
    return secret


def test_an_officer_signs_in_and_comes_to_where_they_wanted(client, officer):
    before = client.cookies.get("sessionid")
    answer = sign_in(client, officer.username, next="/lam-viec/kiem-tra/7/")
    assert (answer.status_code, answer.url) == (302, "/lam-viec/kiem-tra/7/")
    assert client.cookies["sessionid"] != before
    assert client.cookies["sessionid"]["httponly"]
    assert client.get("/lam-viec/kiem-tra/").status_code == 200


def test_the_session_gets_another_name_at_sign_in(client, officer):
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key
    sign_in(client, officer.username)
    assert client.session.session_key != before


def test_a_way_out_to_another_site_is_not_followed(client, officer):
    answer = sign_in(client, officer.username, next="https://evil.example/")
    assert answer.url == "/lam-viec/"


def test_who_guesses_is_slowed_down_even_with_the_right_password(client, officer):
    for _ in range(5):
        page = sign_in(client, officer.username, "sai").content.decode()
        assert "chưa đúng" in page
    assert "Đã sai quá nhiều lần" in sign_in(client, officer.username).content.decode()
    assert client.get("/account/").status_code == 302


def test_who_guesses_many_names_is_told_to_wait(client):
    answers = [sign_in(client, f"ten-{n}", "sai") for n in range(31)]
    assert answers[-1].status_code == 429
    assert "Chờ vài phút" in answers[-1].content.decode()


def test_nobody_signs_up_and_passwords_are_kept_by_argon2(client, officer):
    assert client.get("/signup").status_code == 404
    assert client.get("/account/signup/").status_code == 404
    assert officer.password.startswith("argon2")


def test_a_form_from_elsewhere_is_refused_in_words(officer):
    strict = Client(enforce_csrf_checks=True)
    answer = sign_in(strict, officer.username)
    assert answer.status_code == 403
    assert "không được gửi từ trang của hệ thống" in answer.content.decode()


def test_a_barred_account_does_not_open(client, officer):
    get_user_model().objects.update(is_active=False)
    assert sign_in(client, officer.username).status_code != 200 or not client.session.get(
        "_auth_user_id"
    )
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(("language", "words"), [("", "hai bước"), ("/en", "two-step")])
def test_the_first_operator_is_led_to_a_second_factor_and_refused_until_then(
    client, operator, language, words
):
    assert sign_in(client, "van-hanh").url == "/account/"
    assert "Bật một trong hai cách" in client.get("/account/").content.decode()
    refused = client.get(f"{language}/admin/", follow=True)
    assert refused.status_code == 403
    assert words in refused.content.decode()
    assert f"{language}/account/" in refused.content.decode()
    enrol(client)
    assert client.get("/admin/").status_code == 200


def test_a_publisher_without_a_second_factor_is_told_what_to_do(client):
    user = someone(Role.PUBLISHER, second_factor=False)
    client.force_login(user)
    page = client.get("/lam-viec/kiem-tra/")
    assert page.status_code == 403
    assert "Bật ứng dụng xác thực hoặc khóa truy cập" in page.content.decode()


def test_after_enrolment_a_password_alone_opens_nothing(client, operator):
    sign_in(client, "van-hanh")
    secret = enrol(client)
    other = Client()
    assert sign_in(other, "van-hanh").url == "/account/authenticate/"
    assert other.get("/account/").status_code == 302
    wrong = other.post("/account/authenticate/", {"code": "000000"})
    assert "Mã chưa đúng" in wrong.content.decode()
    cache.clear()  # the same code opens once only; this is the next person's clock
    assert other.post("/account/authenticate/", {"code": code_for(secret)}).status_code == 302
    assert other.get("/admin/").status_code == 200


def test_a_session_from_before_the_factor_gains_nothing_by_it(client, operator):
    old = Client()
    sign_in(old, "van-hanh")
    sign_in(client, "van-hanh")
    enrol(client)
    refused = old.get("/admin/", follow=True)
    assert refused.status_code == 403
    assert "chưa qua bước xác thực thứ hai" in refused.content.decode()
    old.post("/account/totp/activate/", {"code": "000000"})  # it is on already
    assert old.get("/admin/", follow=True).status_code == 403


def test_a_recovery_code_opens_once(client, operator):
    sign_in(client, "van-hanh")
    enrol(client)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    for attempt, opens in ((1, True), (2, False)):
        other = Client()
        sign_in(other, "van-hanh")
        other.post("/account/authenticate/", {"code": codes[0]})
        assert (other.get("/admin/").status_code == 200) is opens, attempt


def test_secrets_of_factors_are_sealed_in_the_database(client, operator, settings):
    sign_in(client, "van-hanh")
    secret = enrol(client)
    for row in Authenticator.objects.all():
        assert secret not in json.dumps(row.data)
        assert any(str(value).startswith("gAAAA") for value in row.data.values())


def test_a_passkey_can_be_made(client, operator):
    sign_in(client, "van-hanh")
    page = client.get("/account/webauthn/add/", follow=True)
    page = client.post(page.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    text = page.content.decode()
    options = json.loads(page.context["js_data"]["creation_options"] if isinstance(page.context["js_data"]["creation_options"], str) else json.dumps(page.context["js_data"]["creation_options"]))  # fmt: skip
    assert options["publicKey"]["rp"]["id"] == "testserver"
    assert options["publicKey"]["challenge"] in text
    assert 'data-passkey="create"' in text
    forged = client.post("/account/webauthn/add/", {"name": "x", "credential": "{}"})
    assert forged.status_code == 200
    assert not Authenticator.objects.exists()


def test_signing_in_by_passkey_is_offered(client):
    assert 'data-passkey="login"' in client.get("/login").content.decode()
    answer = client.get("/account/webauthn/login/", headers={"accept": "application/json"})
    assert answer.json()["request_options"]["publicKey"]["challenge"]


def test_the_passkey_script_is_our_own_file(client):
    page = client.get("/login").content.decode()
    (script,) = re.findall(r"<script[^>]*>", page)
    assert 'src="/static/web/passkeys.js' in script
    assert client.get("/static/web/passkeys.js").status_code == 200


def test_a_changed_password_ends_every_other_session(client, officer):
    other = Client()
    sign_in(client, officer.username)
    sign_in(other, officer.username)
    form = {"oldpassword": PASSWORD, "password1": "một câu khác hẳn 99", "password2": "một câu khác hẳn 99"}  # fmt: skip
    assert client.post("/account/password", form).status_code == 302
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_who_was_away_too_long_signs_in_again(client, officer, monkeypatch):
    sign_in(client, officer.username)
    assert client.get("/account/").status_code == 200
    now = time.time()
    later = now + policy().sessions.idle_minutes * 60 + 5
    monkeypatch.setattr("thuocdo.web.sessions.time.time", lambda: later)
    assert client.get("/account/").status_code == 302


def test_a_session_ends_after_the_longest_day_however_busy(client, officer, monkeypatch):
    sign_in(client, officer.username)
    client.get("/account/")
    began, step = time.time(), policy().sessions.idle_minutes * 60 - 1
    statuses = []
    for n in range(1, policy().sessions.longest_hours * 3600 // step + 2):
        monkeypatch.setattr("thuocdo.web.sessions.time.time", lambda n=n: began + n * step)
        statuses.append(client.get("/account/").status_code)
    assert set(statuses[:-1]) == {200}
    assert statuses[-1] == 302


def test_what_people_do_with_their_sign_in_is_on_record_without_secrets(client, operator):
    sign_in(client, "van-hanh")
    secret = enrol(client)
    lines = list(Change.objects.filter(what="authenticator"))
    assert {(line.who, line.action, line.key) for line in lines} >= {
        ("van-hanh", "create", "van-hanh totp"),
        ("van-hanh", "create", "van-hanh recovery_codes"),
    }
    told = json.dumps([[line.before, line.after] for line in Change.objects.all()])
    assert secret not in told
    assert "argon2" not in told
    assert "gAAAA" not in told


PAGES = (
    *("/login", "/account/", "/account/password", "/account/webauthn/", "/logout"),
    *("/account/recovery-codes/", "/account/totp/deactivate/", "/account/reauthenticate/"),
    *("/account/again", "/account/sso/", "/account/recovery-codes/generate/"),
)


@pytest.mark.parametrize("language", ["", "/en"])
def test_account_pages_keep_to_the_strict_policy_in_both_languages(client, operator, language):
    sign_in(client, "van-hanh")
    enrol(client)
    seen = 0
    for address in PAGES:
        answer = client.get(language + address)
        assert answer.status_code in {200, 302}, address
        policy_text = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy_text
        assert "script-src 'self'" in policy_text
        if answer.status_code == 200:
            page = answer.content.decode()
            assert " style=" not in page
            assert not re.search(r"<script(?![^>]*\ssrc=)", page)
            main = page.split("<main", 1)[1].split("</main", 1)[0]
            if language:
                assert not re.search(r"[ăđơưạ-ỹ]", main), re.search(r".{20}[ăđơưạ-ỹ].{20}", main)
            seen += 1
    assert seen >= 6


CONFIGURED = {
    "THUOCDO_OIDC_URL": "https://sso.example.gov.vn/realms/so",
    "THUOCDO_OIDC_CLIENT_ID": "thuocdo",
    "THUOCDO_OIDC_SECRET": "mat",
}


def test_single_sign_on_is_off_until_it_is_configured(client):
    assert single_sign_on({}) == {}
    assert "Đăng nhập một lần qua" not in client.get("/login").content.decode()
    assert client.post("/account/oidc/sso/login/").status_code == 404


@pytest.mark.parametrize("missing", CONFIGURED)
def test_half_a_configuration_is_refused(missing):
    with pytest.raises(ThuocdoError, match="half configured"):
        single_sign_on({name: value for name, value in CONFIGURED.items() if name != missing})


def test_a_configured_single_sign_on_is_offered(client, settings):
    settings.SOCIALACCOUNT_PROVIDERS = single_sign_on(CONFIGURED | {"THUOCDO_OIDC_NAME": "SSO Bộ"})
    assert "Đăng nhập một lần qua SSO Bộ" in client.get("/login").content.decode()
