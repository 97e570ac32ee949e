"""What a letter says and how it goes: mail by SMTP, a webhook by a signed call (docs/alerts.md)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable
from email.utils import formataddr
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.urls import reverse
from django.utils import translation

from thuocdo.core.clock import from_datetime
from thuocdo.core.guard import Guard
from thuocdo.core.sealing import unseal
from thuocdo.core.settings import Settings, Smtp
from thuocdo.registry.models import Agency
from thuocdo.steer import hooks, mail
from thuocdo.steer.model import Channel, Kind, Severity
from thuocdo.steer.models import Incident, Letter, Notice, Subscription
from thuocdo.steer.policy import Policy
from thuocdo.steer.telling import Told, tell

SEALED_FOR: Final = b"webhooks"
_UNSUBSCRIBE: Final = "thuocdo.steer.unsubscribe"
_CONFIRM: Final = "thuocdo.steer.confirm"
_US: Final = 1_000_000


def send_mail(settings: Settings, letter: Letter, policy: Policy, _now: int) -> str:
    """One attempt at a mail; "" or why it did not go."""
    wish = Subscription.objects.filter(user=letter.user).first()
    if settings.smtp is None or wish is None:
        return "no mail server, or no address any more"
    confirms = letter.purpose == Letter.Purpose.CONFIRM
    if not confirms and not (wish.by_mail and wish.confirmed_at):
        return "mail was turned off"
    to = letter.address if confirms else wish.address
    unsubscribe = "" if confirms else unsubscribe_address(settings, wish)
    composed = (
        mail.confirmation(
            letter.user.get_username(), confirm_address(settings, wish), wish.language
        )
        if confirms
        else _notices(settings, letter, wish, policy, unsubscribe)
    )
    host = urlsplit(settings.site_url).hostname or settings.smtp.sender.rpartition("@")[2]
    headers = {
        "Message-ID": f"<{letter.key}@{host}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: no answer by a machine
    }
    if unsubscribe:
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message = EmailMultiAlternatives(
        composed.subject,
        composed.text,
        formataddr(("Thước Đo", settings.smtp.sender)),
        [to],
        headers=headers,
        connection=_connection(settings.smtp, policy.posting.seconds),
    )
    message.attach_alternative(composed.html, "text/html")
    return _sent(message)


def send_webhook(settings: Settings, letter: Letter, policy: Policy, now: int) -> str:
    """One attempt at a call; "" or why it was not taken."""
    hook = letter.webhook
    notice = letter.notices.select_related("incident").first()
    if hook is None or hook.disabled_at is not None or notice is None:
        return "the webhook was turned off"
    call = hooks.Call(
        url=hook.url,
        secret=unseal(settings, SEALED_FOR, hook.secret),
        id=letter.key,
        timestamp=now // _US,
        body=payload(settings, notice),
    )
    return hooks.post(call, Guard(settings.webhook_networks), policy.posting.seconds)


def try_mail(smtp: Smtp, to: str, seconds: int = 15) -> str:
    """One letter that says nothing, to see whether the server takes it; "" or why it did not."""
    text = "Thư thử của hệ thống Thước Đo.\nA letter to try the mail server of Thước Đo.\n"
    sender = formataddr(("Thước Đo", smtp.sender))
    message = EmailMultiAlternatives(
        "[Thước Đo] Thư thử", text, sender, [to], connection=_connection(smtp, seconds)
    )
    return _sent(message)


def _sent(message: EmailMultiAlternatives) -> str:
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as problem:
        return f"{type(problem).__name__}: {problem}"[:300]
    return ""


WAYS: Final = {Channel.MAIL.value: send_mail, Channel.WEBHOOK.value: send_webhook}


def payload(settings: Settings, notice: Notice) -> bytes:
    """The body of a call, JSON; docs/alerts.md describes every field."""
    incident = notice.incident
    names = agency_names([incident.agency])
    said = {language: told(incident, names, language) for language in ("vi", "en")}
    closed = incident.closed_at if notice.event == Notice.Event.CLOSED else None
    return msgspec.json.encode(
        {
            "type": f"incident.{notice.event}",
            "timestamp": notice.made_at.isoformat(),
            "data": {
                "id": incident.pk,
                "kind": incident.kind,
                "severity": Severity(incident.severity).name.lower(),
                "agency": incident.agency or None,
                "subject": incident.subject,
                "opened_at": incident.opened_at.isoformat(),
                "closed_at": closed and closed.isoformat(),
                "evidence": incident.evidence,
                "title": {language: one.title for language, one in said.items()},
                "text": {language: one.text for language, one in said.items()},
                "advice": {language: one.advice for language, one in said.items()},
                "url": page_address(settings, "work-incident", "vi", incident.pk) or None,
            },
        }
    )


def told(incident: Incident, names: dict[str, Agency], language: str) -> Told:
    """An incident in words; `names` as `agency_names` gives them."""
    agency = names.get(incident.agency)
    name = incident.agency
    if agency is not None:
        name = agency.name_en if language == "en" and agency.name_en else agency.name
    kind, severity = Kind(incident.kind), Severity(incident.severity)
    return tell(kind, severity, name, incident.evidence, language)


def agency_names(codes: Iterable[str]) -> dict[str, Agency]:
    """The latest row of each code."""
    rows = Agency.objects.filter(code__in={code for code in codes if code}).order_by("valid_from")
    return {row.code: row for row in rows}


def page_address(settings: Settings, name: str, language: str, *args: Any) -> str:
    """The full address of a page in a language; "" while nobody said where the site is."""
    if not settings.site_url:
        return ""
    with translation.override(language):
        return settings.site_url + reverse(name, args=args)


def unsubscribe_address(settings: Settings, wish: Subscription) -> str:
    token = signing.dumps(wish.pk, salt=_UNSUBSCRIBE)
    return page_address(settings, "alerts-unsubscribe", wish.language, token)


def confirm_address(settings: Settings, wish: Subscription) -> str:
    token = signing.dumps([wish.pk, wish.address], salt=_CONFIRM)
    return page_address(settings, "work-alerts-confirm", wish.language, token)


def unsubscribed(token: str) -> Subscription | None:
    """Whose a token of `unsubscribe_address` is; it does not expire (RFC 8058 mails are read late)."""
    try:
        number = signing.loads(token, salt=_UNSUBSCRIBE)
    except signing.BadSignature:
        return None
    return Subscription.objects.filter(pk=number).first()


def confirmed(token: str, hours: int) -> Subscription | None:
    """Whose address a token of `confirm_address` shows; None when it is old or about another address."""
    try:
        number, address = signing.loads(token, salt=_CONFIRM, max_age=hours * 3600)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Subscription.objects.filter(pk=number, address=address).first()


def _notices(
    settings: Settings, letter: Letter, wish: Subscription, policy: Policy, unsubscribe: str
) -> mail.Letter:
    incidents = sorted(
        (notice.incident for notice in letter.notices.select_related("incident")),
        key=lambda one: (-one.severity, one.opened_at, one.pk),
    )
    listed = incidents[: policy.posting.longest_list]
    names = agency_names(one.agency for one in listed)
    items = [
        mail.Item(
            told(one, names, wish.language),
            page_address(settings, "work-incident", wish.language, one.pk),
            from_datetime(one.opened_at),
        )
        for one in listed
    ]
    before = Incident.objects.filter(
        closed_at__isnull=True,
        notices__channel=Channel.MAIL.value,
        notices__recipient=f"u{wish.user_id}",
        notices__letter__state=Letter.State.SENT,
    ).exclude(pk__in=[one.pk for one in incidents])
    frame = mail.Frame(
        more=len(incidents) - len(listed),
        still_open=before.distinct().count(),
        home=page_address(settings, "work-inbox", wish.language),
        settings=page_address(settings, "work-alerts", wish.language),
        unsubscribe=unsubscribe,
    )
    return mail.compose(items, frame, wish.language)


def _connection(smtp: Smtp, seconds: int) -> EmailBackend:
    return EmailBackend(
        host=smtp.host,
        port=smtp.port,
        username=smtp.user,
        password=smtp.password,
        use_tls=smtp.security == "starttls",
        use_ssl=smtp.security == "tls",
        timeout=seconds,
    )
