"""Addresses of signing in and of one's own account: those of allauth that this site offers.

No signing up, no e-mail addresses, no reset by mail: an operator makes accounts, an agency's administrators
invite theirs by a link that opens once.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.socialaccount import views as social
from django.urls import include, path

from thuocdo.web import invitations

urlpatterns = [
    path("login", account.login, name="account_login"),
    path("logout", account.logout, name="account_logout"),
    path("account/invitation/<str:token>", invitations.page, name="invitation"),
    path("account/inactive", account.account_inactive, name="account_inactive"),
    path("account/again", account.reauthenticate, name="account_reauthenticate"),
    path("account/password", account.password_change, name="account_change_password"),
    path("account/password/set", account.password_set, name="account_set_password"),
    path("account/", include("allauth.mfa.urls")),
    path("account/sso/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("account/sso/error", social.login_error, name="socialaccount_login_error"),
    path("account/sso/unknown", social.signup, name="socialaccount_signup"),
    path("account/sso/", social.connections, name="socialaccount_connections"),
    path("account/", include("allauth.socialaccount.providers.openid_connect.urls")),
]
