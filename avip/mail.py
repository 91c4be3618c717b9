"""Mails from a subject, a text and an HTML template; SMS through a function named in the settings.

Both are sent by handlers of the outbox alone, so that they leave after the commit and are retried.
"""

import json
import uuid
from dataclasses import dataclass, field
from hashlib import sha256

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Mail:
    """`template` is a path without its ending: `labels/email/granted` has _subject.txt,
    .txt and .html.
    """

    to: str | None
    template: str
    context: dict = field(default_factory=dict)


def send(mail, *, key):
    """Send one mail and return its Message-ID, which comes from `key`: a second sending
    is recognised. Whoever has no address is told another way, named in the settings.
    """
    if not mail.to:
        return import_string(settings.MAIL_WITHOUT_ADDRESS)(key)
    context = {"base_url": settings.BASE_URL, **mail.context}
    subject = render_to_string(f"{mail.template}_subject.txt", context)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    message_id = f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=render_to_string(f"{mail.template}.txt", context),
        to=[mail.to],
        headers={"Message-ID": message_id},
    )
    message.attach_alternative(render_to_string(f"{mail.template}.html", context), "text/html")
    message.send()
    return message_id


def send_sms(number, text):
    """Hand one SMS to the gateway of the settings; returns its message identifier."""
    return import_string(settings.SMS_BACKEND)(number, text)


def sms_to_file(number, text):
    """The gateway of development: one JSON line per SMS in the instance's private folder."""
    settings.PRIVATE_DIR.mkdir(parents=True, exist_ok=True)
    identifier = uuid.uuid4().hex
    line = {"id": identifier, "at": timezone.now().isoformat(), "to": number, "text": text}
    with (settings.PRIVATE_DIR / "sms.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return identifier
