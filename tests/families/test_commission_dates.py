"""The dates of a commission: kept by the crèche, read by advisers."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from families.commissions import next_commission, say_commission
from families.models import CommissionDate, Referral
from partners.models import Facility
from tests.families import factories as ff

pytestmark = pytest.mark.django_db


@pytest.fixture
def creche(facility):
    Facility.objects.filter(provider=facility).update(admits=Facility.Decider.COMMISSION)
    facility.refresh_from_db()
    return ff.make_labelled(facility)


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


def page_of(provider):
    return reverse("families:commissions", args=[provider.pk])


def in_days(days):
    return timezone.localdate() + timedelta(days=days)


def test_the_next_commission_is_the_first_from_that_day_on(creche):
    for day in (10, 16, 30):
        CommissionDate.objects.create(provider=creche, held_on=date(2026, 11, day))
    assert next_commission(creche, date(2026, 11, 11)) == date(2026, 11, 16)
    assert next_commission(creche, date(2026, 11, 16)) == date(2026, 11, 16)
    assert next_commission(creche, date(2026, 12, 1)) is None
    said = say_commission(date(2026, 11, 16), date(2026, 11, 1))
    assert said == "commission le 16\u00a0nov."


def test_a_director_notes_the_dates_and_an_adviser_reads_them(client, director, adviser, creche):
    client.force_login(director)
    response = client.post(page_of(creche), {"held_on": in_days(9).isoformat()})
    assert response["Location"] == page_of(creche)
    assert creche.commissions.get().held_on == in_days(9)
    assert "Commission du" in text_of(client.get(page_of(creche)))
    client.force_login(adviser)
    assert "Prochaine commission" in text_of(client.get(creche.get_absolute_url()))
    assert client.get(page_of(creche)).status_code == 403


@pytest.mark.parametrize(("days", "words"), [(-1, "Ce jour est passé"), (9, "déjà notée")])
def test_a_past_day_or_the_same_day_twice_is_refused(client, director, creche, days, words):
    CommissionDate.objects.create(provider=creche, held_on=in_days(9))
    client.force_login(director)
    page = text_of(client.post(page_of(creche), {"held_on": in_days(days).isoformat()}))
    assert words in page
    assert creche.commissions.count() == 1


def remove(client, provider, commission):
    return client.post(
        reverse("families:commission_remove", args=[provider.pk, commission.pk]), follow=True
    )


def test_a_date_is_removed_unless_families_wait_for_it(client, director, creche):
    commission = CommissionDate.objects.create(provider=creche, held_on=in_days(9))
    referral = ff.make_referral(provider=creche)
    rows = Referral.objects.filter(pk=referral.pk)
    rows.update(**{"status": "shortlisted", "commission_on": in_days(9)})
    client.force_login(director)
    assert "Des familles sont présentées" in text_of(remove(client, creche, commission))
    rows.update(commission_on=in_days(20))
    assert "retirée" in text_of(remove(client, creche, commission))
    assert not creche.commissions.exists()


def test_the_date_of_another_creche_is_not_there(client, director, creche, other_facility):
    theirs = CommissionDate.objects.create(provider=other_facility, held_on=in_days(9))
    client.force_login(director)
    assert remove(client, creche, theirs).status_code == 404
    assert remove(client, other_facility, theirs).status_code == 404


def test_a_creche_whose_director_admits_has_no_commission(client, director, facility):
    client.force_login(director)
    assert "aucune commission" in text_of(client.get(page_of(facility)))
    response = client.post(page_of(facility), {"held_on": in_days(9).isoformat()})
    assert response.status_code == 403
    assert not facility.commissions.exists()


def test_the_neighbouring_director_gets_a_404(client, other_director, creche):
    client.force_login(other_director)
    assert client.get(page_of(creche)).status_code == 404
