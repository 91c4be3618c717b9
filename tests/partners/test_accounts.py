import re
import smtplib

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.urls import NoReverseMatch, reverse

from avip import outbox
from partners.models import User
from tests import factories as f
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

LOGIN = "/connexion/"


@pytest.fixture(autouse=True)
def _forget_tries():
    cache.clear()


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post(LOGIN, {"login": email, "password": password}, **extra)


def signed_in(client):
    return "_auth_user_id" in client.session


def text(response):
    return response.content.decode().replace("\xa0", " ")


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_one_signs_in_with_the_address_in_any_case(client, director):
    sign_in(client, director.email.upper())
    assert signed_in(client)


def test_nobody_signs_up_alone():
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, director):
    known = text(sign_in(client, director.email, "faux"))
    unknown = text(sign_in(client, "personne@nulle-part.example", "faux"))
    said = re.compile(r'class="error-summary".*?</div>', re.S)
    answers = [said.search(page).group().replace(director.email, "") for page in (known, unknown)]
    assert answers[0] == answers[1]


def test_ten_wrong_passwords_lock_the_account_for_everyone_and_no_other(client, director, adviser):
    for n in range(10):
        sign_in(client, director.email, "faux", REMOTE_ADDR=f"192.0.2.{n}")
    response = sign_in(client, director.email, REMOTE_ADDR="192.0.2.99")
    assert not signed_in(client) and response.status_code == 200
    sign_in(client, adviser.email)
    assert signed_in(client)


def test_a_locked_account_comes_back_by_a_new_password(client, director, mailoutbox):
    for n in range(10):
        sign_in(client, director.email, "faux", REMOTE_ADDR=f"192.0.2.{n}")
    client.post(reverse("account_reset_password"), {"email": director.email})
    outbox.deliver_due()
    mail = mailoutbox[0]
    assert mail.subject == "Choisir un nouveau mot de passe"
    assert "Benali" not in mail.subject and mail.to == [director.email]
    path = re.search(r"http://[^/]+(/\S+)", mail.body).group(1)
    page = client.get(path, follow=True)
    new = "un autre mot de passe assez long"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    sign_in(client, director.email, new)
    assert signed_in(client)
    assert len(mailoutbox) == 1  # no page waits for the mail server
    outbox.deliver_due()
    assert "changé" in mailoutbox[-1].subject
    # The link has served.
    assert "password1" not in text(client.get(path, follow=True))


def test_an_unknown_address_asks_for_a_password_and_gets_the_same_page_and_no_mail(
    client, director, mailoutbox
):
    url = reverse("account_reset_password")
    known = client.post(url, {"email": director.email})
    unknown = client.post(url, {"email": "personne@nulle-part.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    outbox.deliver_due()
    assert [mail.to for mail in mailoutbox] == [[director.email]]


def test_the_password_is_asked_again_and_counts_as_a_try(client, director):
    client.force_login(director)
    url = reverse("account_reauthenticate")
    assert "mot de passe" in text(client.get(url)).lower()
    assert client.post(url, {"password": "faux"}).status_code == 200
    assert client.post(url + "?next=/compte/", {"password": PASSWORD})["Location"] == "/compte/"


def test_a_mail_server_that_is_down_stops_no_change_of_password(client, director, monkeypatch):
    def refuse(*args, **kwargs):
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    sign_in(client, director.email)
    new = "un autre mot de passe assez long"
    response = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    assert response.status_code == 302
    assert User.objects.get(pk=director.pk).check_password(new)
    client.logout()
    asked = client.post(reverse("account_reset_password"), {"email": director.email})
    assert asked.status_code == 302


def test_double_verification_is_switched_on_then_asked_at_each_sign_in(client, director):
    sign_in(client, director.email)
    assert client.get(reverse("mfa_index")).status_code == 200
    url = reverse("mfa_activate_totp")
    page = client.post(client.get(url)["Location"], {"password": PASSWORD}, follow=True)
    assert page.request["PATH_INFO"] == url
    secret = page.context["form"].secret
    response = client.post(url, {"code": code_of(secret)})
    assert response.status_code == 302
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200
    client.post(reverse("account_logout"))
    response = sign_in(client, director.email)
    assert response["Location"].startswith(reverse("mfa_authenticate")) and not signed_in(client)
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    cache.clear()  # the same code is not taken twice within its thirty seconds
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert signed_in(client)


def test_a_closed_account_does_not_sign_in(client, director):
    User.objects.filter(pk=director.pk).update(is_active=False)
    sign_in(client, director.email)
    assert not signed_in(client)


def test_somebody_without_a_password_does_not_sign_in(client, facility):
    user = f.make_user(member_of=facility)
    User.objects.filter(pk=user.pk).update(password=make_password(None))
    sign_in(client, user.email, "")
    assert not signed_in(client)
