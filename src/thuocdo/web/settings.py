"""Django's settings: a thin reading of the instance (`thuocdo.core.settings`) and nothing else.

Everything an operator may set comes from the environment (docs: THUOCDO_HOME,
THUOCDO_DATABASE_URL, THUOCDO_SECRET_KEY, THUOCDO_ALLOWED_HOSTS, THUOCDO_HTTPS,
THUOCDO_OIDC_*, and of `owner` THUOCDO_OWNER, THUOCDO_CONTACT_*, THUOCDO_SECURITY_CONTACT,
THUOCDO_OWN_SITE); the rest is fixed here.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import dj_database_url
from django.utils.translation import gettext_lazy

from thuocdo.core import settings as instance
from thuocdo.web import owner
from thuocdo.web.single_sign_on import single_sign_on

THUOCDO = instance.load()
"""The instance this process serves; the rooms' functions take it as their `settings`."""

OWNER = owner.read(os.environ)
"""Who runs the site, and how they are reached."""

WEB_DIR = Path(__file__).resolve().parent

DEBUG = False
SECRET_KEY = hashlib.blake2b(
    b"django", digest_size=32, key=THUOCDO.secret[:64], person=b"web"
).hexdigest()
ALLOWED_HOSTS = [
    host.strip()
    for host in os.environ.get("THUOCDO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
    if host.strip()
]
CSRF_TRUSTED_ORIGINS = [
    f"https://{'*' if host.startswith('.') else ''}{host}" for host in ALLOWED_HOSTS if host != "*"
]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "thuocdo.registry.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "thuocdo.registry",
    "thuocdo.assess",
    "thuocdo.steer",
    "thuocdo.web",
]

MIDDLEWARE = [
    "thuocdo.web.middleware.SafetyHeaders",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "thuocdo.web.api.middleware.ApiAnswers",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "thuocdo.web.sessions.Acting",
    "thuocdo.web.sessions.Idle",
    "thuocdo.web.access.Guard",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "thuocdo.web.middleware.Refusals",
    "thuocdo.web.bodies.TooLarge",
]

ROOT_URLCONF = "thuocdo.web.urls"
ASGI_APPLICATION = "thuocdo.web.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "thuocdo.web.context.frame",
            ],
        },
    },
]

_database = dj_database_url.parse(THUOCDO.database_url, conn_max_age=60, conn_health_checks=True)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # One writer, many readers: a writer waits its turn instead of failing.
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_MIN_PASSWORD = 12
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": _MIN_PASSWORD}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
AUTHENTICATION_BACKENDS = ["thuocdo.registry.desk.Door"]
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}"
    for name in ("Argon2PasswordHasher", "PBKDF2PasswordHasher")  # the second: accounts from before
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "mfa_index"
LOGOUT_REDIRECT_URL = "account_login"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # and sooner: web/sessions.py
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_ADAPTER = "thuocdo.web.signing_in.LocalAccounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_METHODS = {"password", "mfa"}
MFA_ADAPTER = "thuocdo.web.signing_in.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Thước Đo"
MFA_TOTP_TOLERANCE = 1  # clocks of telephones are half a minute off
MFA_ALLOW_UNVERIFIED_EMAIL = True  # operators make the accounts: no address proves anything
SOCIALACCOUNT_ADAPTER = "thuocdo.web.signing_in.SingleSignOn"
SOCIALACCOUNT_PROVIDERS = single_sign_on(os.environ)
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form may not be sent on to another host (form-action)
SOCIALACCOUNT_STORE_TOKENS = False
CACHES = {
    "default": {
        # Counts of failed sign-ins; the web role is one process. Far more keys than one attacker fills.
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

HTTPS = os.environ.get("THUOCDO_HTTPS", "") == "1"
"""Whether readers reach the site by https only: a proxy in front speaks it and says so."""
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 31_536_000
    ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "thuocdo.web.problems.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

LOGGING = {  # beyond development Django would tell of its errors by mail alone
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": True}},
}

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
FORMAT_MODULE_PATH = ["thuocdo.web.formats"]

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # served from the package itself: no collecting step to forget
STATICFILES_FINDERS = [
    "thuocdo.web.sheets.SheetFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]

UNFOLD = {
    "SITE_TITLE": "Thước Đo",
    "SITE_HEADER": "Thước Đo",
    "SITE_SUBHEADER": gettext_lazy("Sổ đăng ký"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "straighten",
    "SHOW_LANGUAGES": True,
    "COLORS": {
        "primary": {
            "50": "rgb(240, 250, 250)",
            "100": "rgb(208, 240, 240)",
            "200": "rgb(160, 220, 222)",
            "300": "rgb(108, 194, 198)",
            "400": "rgb(56, 160, 167)",
            "500": "rgb(15, 118, 126)",
            "600": "rgb(13, 104, 112)",
            "700": "rgb(10, 84, 91)",
            "800": "rgb(8, 66, 72)",
            "900": "rgb(6, 51, 56)",
            "950": "rgb(4, 36, 40)",
        },
    },
}
