"""Coordinators and childminders: the network, her place, the validation of a situation."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from families.models import Referral
from families.recipients import people_of_providers, people_who_answer
from labels.models import NetworkMember
from labels.workflow.network import leave_network
from partners.models import Childminder, Provider
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
NETWORK = reverse("families:network_list")
CREATE = reverse("families:childminder_create")


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


@pytest.fixture
def neighbour(other_caf):
    """A coordinator of another commune, with a childminder of her own."""
    montreuil = f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485)
    service = f.make_service("RPE de Montreuil", caf=other_caf, communes=[montreuil])
    person = f.make_user("Lise", "Voisine", member_of=service, quality="coordinatrice")
    ff.make_network_member("Sonia Haddad", service=service)
    return person


def licence_of(service, **fields):
    return {
        "service": service.pk,
        "first_name": "Claire",
        "last_name": "Morel",
        "phone": "06 12 34 56 78",
        "email": "",
        "licence_number": "AM2025-17",
        "licence_from": "2024-01-01",
        "licence_until": "2034-12-31",
        "licensed_places": "4",
        "commune": service.communes.get().pk,
        "house": "",
        "address": "",
    } | fields


def step(member, name):
    return reverse("families:network_step", args=[member.pk, name])


def test_a_coordinator_records_a_childminder_then_brings_her_in(client, coordinator, service):
    client.force_login(coordinator)
    response = client.post(CREATE, licence_of(service))
    provider = Provider.objects.get()
    member = provider.network_memberships.get()
    assert response["Location"] == provider.get_absolute_url()
    assert (provider.name, provider.caf, member.status) == ("Claire Morel", service.caf, "wish")
    assert (provider.lat, provider.lon) == (provider.commune.lat, provider.commune.lon)
    client.post(step(member, "check_licence"))
    client.post(step(member, "join"))
    member.refresh_from_db()
    assert (member.status, member.joined_on) == ("member", timezone.localdate())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"licence_until": "2023-01-01"}, "échu"),
        ({"licence_from": "2035-01-01"}, "après avoir commencé"),
        ({"licensed_places": "0"}, "au moins une place"),
        ({"phone": "12"}, "dix chiffres"),
        ({"commune": "93048"}, "choix valide"),
    ],
)
def test_a_wrong_licence_is_explained_and_nothing_is_lost(
    client, coordinator, service, neighbour, fields, words
):
    client.force_login(coordinator)
    page = text_of(client.post(CREATE, licence_of(service, **fields)))
    assert words in page.lower() or words in page
    assert "AM2025-17" in page
    assert not Childminder.objects.filter(licence_number="AM2025-17").exists()


def test_the_same_licence_is_not_recorded_twice(client, coordinator, service):
    client.force_login(coordinator)
    client.post(CREATE, licence_of(service))
    page = text_of(client.post(CREATE, licence_of(service)))
    assert "porte déjà ce numéro d’agrément" in page
    assert Childminder.objects.count() == 1


@pytest.mark.parametrize("persona", ["adviser", "director"])
def test_only_a_coordinator_records_childminders(request, client, persona):
    client.force_login(request.getfixturevalue(persona))
    assert client.get(CREATE).status_code == 403


def test_each_coordinator_sees_her_own_network(client, coordinator, claire, neighbour):
    client.force_login(neighbour)
    page = text_of(client.get(NETWORK))
    assert "Sonia Haddad" in page and "Claire" not in page
    member = claire.network_memberships.get()
    assert client.get(claire.get_absolute_url()).status_code == 404
    assert client.post(step(member, "leave")).status_code == 404


def test_the_list_shows_the_hours_of_the_month(client, coordinator, claire):
    ff.make_referral("accepted", provider=claire)
    client.force_login(coordinator)
    page = text_of(client.get(NETWORK))
    assert "sur 50 h" in page and "<meter" in page


def test_the_network_asks_as_much_for_one_as_for_ten(
    client, coordinator, service, claire, django_assert_num_queries
):
    client.force_login(coordinator)
    ff.make_referral("accepted", provider=claire)
    client.get(NETWORK)
    with CaptureQueriesContext(connection) as one:
        client.get(NETWORK)
    for number in range(9):
        other = ff.make_network_member(f"Autre {number}", service=service)
        ff.make_referral("accepted", provider=other)
    with django_assert_num_queries(len(one)):
        client.get(NETWORK)


def test_an_adviser_reads_a_first_name_and_a_commune(client, adviser, claire):
    client.force_login(adviser)
    page = text_of(client.get(claire.get_absolute_url()))
    assert "Claire" in page and "Paris 20e" in page
    for hidden in ("Morel", "rue des Lilas", "AM0", claire.childminder.licence_number):
        assert hidden not in page


def test_an_adviser_does_not_read_a_childminder_outside_the_network(
    client, adviser, claire, coordinator
):
    client.force_login(adviser)
    assert client.get(claire.get_absolute_url()).status_code == 200
    leave_network(claire.network_memberships.get(), by=coordinator, on=timezone.localdate())
    assert client.get(claire.get_absolute_url()).status_code == 404


def test_the_coordinator_validates_on_one_page(client, coordinator, claire):
    referral = ff.make_referral("to_validate", provider=claire)
    client.force_login(coordinator)
    url = reverse("families:referral_validate", args=[referral.pk])
    page = text_of(client.get(url))
    for words in ("Vérifications", "CASF, art. L. 214-7", "Février 2026", "Valider la situation"):
        assert words in page
    assert page.count("<meter") >= 13
    talked = {"is_tariff_talked": "on", "tariff_talked_on": timezone.localdate()}
    client.post(url, talked)
    referral.refresh_from_db()
    assert (referral.status, referral.validated_at is not None) == ("sent", True)
    assert client.get(url).status_code == 302


def test_a_situation_above_the_cap_is_not_validated_as_it_stands(client, coordinator, claire):
    referral = ff.make_referral(
        "to_validate", provider=claire, slots=ff.SIX_HOURS_TWICE, from_on=date(2027, 2, 1)
    )
    client.force_login(coordinator)
    page = text_of(client.get(reverse("families:referral_validate", args=[referral.pk])))
    assert "Mars 2027 : 54 h prévues, le plafond est de 50 h" in page
    assert "mardi 30 mars" in page and "Valider la situation" not in page
    talked = {"is_tariff_talked": "on", "tariff_talked_on": timezone.localdate()}
    client.post(reverse("families:referral_validate", args=[referral.pk]), talked)
    referral.refresh_from_db()
    assert referral.status == Referral.Status.TO_VALIDATE


def test_another_coordinator_validates_nothing_here(client, claire, neighbour):
    referral = ff.make_referral("to_validate", provider=claire)
    client.force_login(neighbour)
    assert client.get(reverse("families:referral_validate", args=[referral.pk])).status_code == 404
    assert client.post(reverse("families:referral_validate", args=[referral.pk])).status_code == 404


def test_the_page_of_a_provider_shows_its_calendar_and_its_label(client, director, facility):
    ff.make_labelled(facility)
    today = timezone.localdate()
    facility.closures.create(first_day=today, last_day=today + timedelta(days=3))
    client.force_login(director)
    page = text_of(client.get(facility.get_absolute_url()))
    for words in ("labellisé", "8 h – 18 h 30", "fermé", "Fermeture du"):
        assert words in page


def test_the_states_of_the_network_are_filters(client, coordinator, claire, service):
    ff.make_network_member("Sonia Haddad", service=service, status=NetworkMember.Status.WISH)
    client.force_login(coordinator)
    page = text_of(client.get(NETWORK + "?status=wish"))
    assert "Sonia Haddad" in page and "Claire Morel" not in page


def test_whoever_answers_for_a_childminder_without_a_service_is_her_caf(caf, caf_agent):
    alone = ff.make_network_member("Léa Seule")
    Childminder.objects.filter(pk=alone.pk).update(service=None)
    alone = Provider.objects.select_related("childminder", "caf").get(pk=alone.pk)
    assert people_who_answer(alone, on=ff.ON) == [caf_agent]
    assert people_of_providers([alone], on=ff.ON) == {alone.pk: [caf_agent.pk]}
