"""Links opened a thousand times change nothing; their tokens are in no log and no dump."""

import io
import logging
import os

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from families import answer_links, feeds, signing
from families.models import AnswerLink
from families.workflow import work_checks
from tests.families import factories as f
from tests.families.pages import text_of
from tests.families.test_signing_links import HOME, address, press, secrets_of

pytestmark = pytest.mark.django_db

OPENINGS = 1000 if os.environ.get("AVIP_LONG") else 60
BEHIND = [
    "parent_home",
    "parent_document",
    "parent_lost",
    "parent_pdf",
    "parent_page",
    "parent_data",
    "parent_data_pdf",
    "parent_data_file",
    "parent_job",
    "parent_wish",
]


@pytest.fixture(autouse=True)
def sms_in_a_folder_of_its_own(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path


@pytest.fixture
def tokens(live, parent, of_today):
    """{what: (its raw token, its address)} of every link of the family’s path, all sent."""
    parent.parent.email = "fatoumata@example.fr"
    parent.parent.save()
    now = timezone.now()
    link = signing.issue_link(live, parent.parent, channel="email", by=live.adviser, at=now)
    referral = f.make_referral(provider=live.provider, adviser=live.adviser, **of_today)
    director = f.director_of(live.provider)
    answer = answer_links.answer_path(referral, director, now)
    feed = feeds.open_feed(live.adviser, at=now)
    work = work_checks.token_for(live)
    found = {
        "parent": (signing.link_token(link), address(link)),
        "answer": (answer_links.token_of(AnswerLink.objects.get()), answer),
        "work": (work, reverse("families:work_answer", args=[work])),
        "feed": (feeds.token_of(feed), reverse("families:feed", args=[feeds.token_of(feed)])),
    }
    outbox.deliver_due()
    assert any(found["parent"][0] in message.body for message in mail.outbox)
    return found


def tables():
    with connection.cursor() as cursor:
        return sorted(connection.introspection.table_names(cursor))


def fingerprint():
    """{table: count and sum of its rows}; but the sessions, which are each browser’s own."""
    with connection.cursor() as cursor:
        found = {}
        for table in set(tables()) - {"django_session"}:
            rows = f'SELECT md5(row::text) AS one FROM "{table}" row'
            cursor.execute(f"SELECT count(*), string_agg(one, '' ORDER BY one) FROM ({rows}) x")
            found[table] = cursor.fetchone()
        return found


def test_a_thousand_openings_of_the_links_change_nothing(live, tokens):
    """Mail scanners open every address they read, with and without the answer's body."""
    addresses = [where for _, where in tokens.values()]
    addresses += [reverse(f"families:{name}") for name in BEHIND]
    addresses.append(reverse("families:parent_new_link", args=[tokens["parent"][0]]))
    before = fingerprint()
    secrets = secrets_of(live)
    for turn in range(OPENINGS):
        where = addresses[turn // 2 % len(addresses)]
        answer = (Client().get, Client().head)[turn % 2](where)
        assert answer.status_code < 400 or answer.status_code == 405, where
        if where not in (tokens["answer"][1], tokens["feed"][1]):
            assert not [secret for secret in secrets if secret in text_of(answer)]
    assert fingerprint() == before


def test_nothing_personal_is_behind_a_link_whose_code_was_not_typed(live, tokens, client):
    """The one who was forwarded the message has the link, not the telephone."""
    press(client, tokens["parent"][1])
    for name in BEHIND:
        answer = client.get(reverse(f"families:{name}"), follow=True)
        assert not [secret for secret in secrets_of(live) if secret in text_of(answer)], name


def test_no_token_is_in_a_dump_of_the_database(tokens):
    with connection.cursor() as cursor:
        for table in tables():
            for what, (token, _) in tokens.items():
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" row WHERE row::text LIKE %s', [f"%{token}%"]
                )
                assert cursor.fetchone() == (0,), f"{what} in {table}"


@pytest.fixture
def console():
    """What the console handler of the settings writes."""
    handlers = logging.getLogger().handlers
    handler = next(one for one in handlers if type(one) is logging.StreamHandler)
    written = io.StringIO()
    former = handler.setStream(written)
    yield written
    handler.setStream(former)


def test_no_token_is_in_the_logs(tokens, console, client):
    """Whatever is done with the address: opened, forged, taken the wrong way, mistyped."""
    careful = Client(enforce_csrf_checks=True, raise_request_exception=False)
    for _, where in tokens.values():
        for call in (client.get, client.head, client.put, careful.post, careful.delete):
            call(where)
        careful.get(where.rstrip("/") + "x/")
    press(client, tokens["parent"][1])
    press(client, HOME, send="1")
    outbox.deliver_due()
    written = console.getvalue()
    assert "Method Not Allowed: /p/…/" in written
    for what, (token, _) in tokens.items():
        assert token not in written, what
