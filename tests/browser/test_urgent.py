"""An urgent request, from the adviser's « C’est pour demain » to a yes given on a phone."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from families.models import Referral
from tests import factories as f
from tests.browser.walk import PHONE
from tests.families import factories as ff

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def family(browser, clock):
    clock.reaches(2026, 1, 14, 10)
    agency = f.make_agency()
    return ff.make_household(agency, adviser=ff.make_adviser(agency))


def test_an_urgent_request_is_sent_and_answered_on_a_phone_without_an_account(
    browser, family, worker
):
    creche = ff.make_labelled(f.make_facility())
    director = ff.director_of(creche)
    adviser = browser.window_of(family.adviser, size=PHONE)
    adviser.arrives().opens(f"/familles/{family.pk}/")
    adviser.follows("C’est pour demain")
    adviser.sees_title("C’est pour demain")
    adviser.follows("Demander : Les Petits Rameurs")
    adviser.presses("Envoyer la demande")
    adviser.sees("La demande est partie")
    worker.delivers()
    message = next(m for m in mail.outbox if m.to == [director.email])
    assert "Accueil urgent" in message.subject
    link = re.search(r"/repondre/[\w-]+/", message.body).group()

    phone = browser.window(size=PHONE, scripts=False)
    phone.opens(link)
    phone.sees("Un accueil ponctuel est demandé")
    phone.follows("Accepter")
    phone.fills("Personne à demander", "Nadia au portail")
    phone.presses("Accepter")
    phone.sees("Votre réponse est enregistrée")
    stay = Referral.objects.get()
    assert stay.status == "accepted" and stay.history.last().user == director
    assert [hold.from_on for hold in stay.holds.all()] == [timezone.localdate() + timedelta(days=1)]
