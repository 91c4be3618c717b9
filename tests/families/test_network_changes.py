"""A childminder's card, her move, her departure: what runs goes on, and all are told."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import AvipContract
from families.workflow.leaving import leave, move
from labels.models import NetworkMember
from labels.models.labels import labelled_providers
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
N = NetworkMember.Status
NEW = "AM-2031/7"


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


@pytest.fixture
def elsewhere(caf):
    """Another commune of the same Caf, with its service and its coordinator."""
    commune = f.make_commune("75112", "Paris 12e Arrondissement", postal_codes="75012")
    service = f.make_service("RPE du 12e", caf=caf, communes=[commune])
    f.make_user("Ève", "Autre", member_of=service, quality="coordinatrice")
    return commune


def text_of(response):
    return response.content.decode().replace("\xa0", " ")


def deliver():
    for row in Outbox.objects.filter(done_at=None, kind__contains="childminder_"):
        assert outbox.deliver(row.pk)


def card(provider, **fields):
    licence = provider.childminder
    return {
        "first_name": "Claire",
        "last_name": "Morel",
        "phone": "06 12 34 56 78",
        "email": "claire@example.fr",
        "licence_number": licence.licence_number,
        "licence_department": "",
        "licence_from": "2024-01-01",
        "licence_until": "2036-12-31",
        "licensed_places": "3",
        "house": "",
        "address": "1 rue Neuve",
    } | fields


def test_her_card_is_kept_up_to_date(client, coordinator, claire):
    client.force_login(coordinator)
    url = reverse("families:childminder_update", args=[claire.pk])
    client.post(url, card(claire, last_name="Morel-Petit", house="MAM Les Chats"))
    claire.refresh_from_db()
    licence = claire.childminder
    licence.refresh_from_db()
    assert (claire.name, claire.phone) == ("Claire Morel-Petit", "0612345678")
    assert (licence.licence_until.year, licence.licensed_places) == (2036, 3)
    assert (licence.house, licence.licence_department) == ("MAM Les Chats", "75")


def test_the_licence_of_another_one_is_said_not_doubled(client, coordinator, service, claire):
    other = ff.make_network_member("Sonia Haddad", service=service)
    other.childminder.licence_number = "075-É 12"
    other.childminder.save()
    client.force_login(coordinator)
    url = reverse("families:childminder_update", args=[claire.pk])
    page = text_of(client.post(url, card(claire, licence_number="075e12")))
    assert "Sonia Haddad, Paris 20e" in page and "porte déjà" in page


def test_who_works_for_a_family_creche_is_not_recorded(client, coordinator, service, claire):
    client.force_login(coordinator)
    data = card(claire, licence_number=NEW, in_family_creche="on", service=service.pk)
    data["commune"] = service.communes.get().pk
    page = text_of(client.post(reverse("families:childminder_create"), data))
    assert "passe par la crèche familiale" in page


def test_the_caf_records_where_there_is_no_service(client, caf_agent, claire, elsewhere):
    alone = f.make_commune("75101", "Paris 1er Arrondissement", postal_codes="75001")
    client.force_login(caf_agent)
    data = card(claire, licence_number=NEW, commune=elsewhere.pk)
    assert "choix valide" in text_of(client.post(reverse("families:childminder_create"), data))
    client.post(reverse("families:childminder_create"), data | {"commune": alone.pk})
    member = NetworkMember.objects.get(provider__commune=alone)
    assert (member.status, member.provider.childminder.service) == (N.WISH, None)
    url = reverse("families:network_step", args=[member.pk, "check_licence"])
    client.post(url)
    member.refresh_from_db()
    assert member.status == N.LICENCE_CHECKED


def test_a_move_hands_her_over_with_what_runs(claire, coordinator, elsewhere, mailoutbox):
    contract = ff.make_contract("active", provider=claire)
    f.make_user("Denis", "Collègue", member_of=claire.childminder.service)
    today = timezone.localdate()
    move(claire, elsewhere, by=coordinator, on=today, address="3 rue Neuve")
    claire.refresh_from_db()
    claire.childminder.refresh_from_db()
    assert claire.commune == elsewhere
    assert claire.childminder.service.name == "RPE du 12e"
    assert claire.network_memberships.get().status == N.MEMBER
    contract.refresh_from_db()
    assert contract.status == AvipContract.Status.ACTIVE
    new = claire.childminder.service.membership_set.get().user
    assert AvipContract.objects.visible_to(new).filter(pk=contract.pk).exists()
    old = type(coordinator).objects.get(pk=coordinator.pk)
    assert not AvipContract.objects.visible_to(old).filter(pk=contract.pk).exists()
    deliver()
    assert len(mailoutbox) == 2  # the colleague she leaves, the one she meets
    assert all("Claire" not in mail.subject for mail in mailoutbox)


def test_a_commune_without_a_service_falls_to_the_caf(claire, coordinator, caf_agent, mailoutbox):
    alone = f.make_commune("75101", "Paris 1er Arrondissement", postal_codes="75001")
    move(claire, alone, by=coordinator, on=timezone.localdate())
    claire.childminder.refresh_from_db()
    assert claire.childminder.service is None
    deliver()
    assert [mail.to for mail in mailoutbox] == [[caf_agent.email]]


def test_in_another_caf_she_leaves_this_network(claire, coordinator, other_caf_agent, mailoutbox):
    contract = ff.make_contract("active", provider=claire)
    montreuil = f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485)
    today = timezone.localdate()
    move(claire, montreuil, by=coordinator, on=today)
    member = claire.network_memberships.get()
    assert (member.status, member.leave_reason, member.left_on) == (N.LEFT, "moved", today)
    contract.refresh_from_db()
    assert contract.status == AvipContract.Status.ACTIVE
    deliver()
    assert other_caf_agent.email in [mail.to[0] for mail in mailoutbox]


def test_a_move_where_nobody_uses_avip_is_refused_in_words(claire, coordinator):
    far = f.make_commune("2A004", "Ajaccio", department_code="2A")
    with pytest.raises(StepRefused, match="n’utilise pas Avip"):
        move(claire, far, by=coordinator, on=timezone.localdate())
    claire.refresh_from_db()
    assert claire.commune.code == "75120"


def test_a_neighbour_moves_nobody(claire, elsewhere):
    neighbour = elsewhere.municipal_services.get().membership_set.get().user
    with pytest.raises(PermissionDenied):
        move(claire, elsewhere, by=neighbour, on=timezone.localdate())


def test_moving_is_one_page(client, coordinator, claire, elsewhere):
    client.force_login(coordinator)
    url = reverse("families:childminder_move", args=[claire.pk])
    page = text_of(client.post(url, {"place": "Atlantide", "commune": "", "address": ""}))
    assert "Aucune commune" in page
    client.post(url, {"place": "75012", "commune": "", "address": ""})
    claire.refresh_from_db()
    assert claire.commune == elsewhere


def test_leaving_pauses_her_place_and_tells_who_asked(claire, coordinator, mailoutbox):
    running = ff.make_contract("active", provider=claire)
    offer = ff.make_offer(claire)
    referral = ff.make_referral("to_validate", provider=claire)
    today = timezone.localdate()
    member = claire.network_memberships.get()
    leave(member, by=coordinator, on=today, reason="stopped", words="Retraite.")
    offer.refresh_from_db()
    running.refresh_from_db()
    assert (offer.paused_from, offer.paused_until) == (today, None)
    assert running.status == AvipContract.Status.ACTIVE
    assert not labelled_providers(today).filter(pk=claire.pk).exists()
    deliver()
    assert [mail.to for mail in mailoutbox] == [[referral.adviser.email]]
    assert member.history.latest("pk").comment == "Retraite."


def test_she_is_told_where_she_is_reached(claire, coordinator, monkeypatch):
    claire.phone = "0612345678"
    claire.save()
    sent = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: sent.append((number, text)))
    today = timezone.localdate()
    leave(claire.network_memberships.get(), by=coordinator, on=today, reason="wish")
    (row,) = Outbox.objects.filter(kind="families.network_left")
    outbox.deliver(row.pk)
    ((number, text),) = sent
    assert number == "0612345678" and "départ du réseau" in text and "Claire" not in text


def test_she_leaves_by_herself_with_a_reason(client, claire):
    herself = f.make_user("Claire", "Morel", member_of=claire)
    client.force_login(herself)
    member = claire.network_memberships.get()
    url = reverse("families:network_leave", args=[member.pk])
    client.post(url, {"reason": "", "words": ""})
    member.refresh_from_db()
    assert member.status == N.MEMBER
    client.post(url, {"reason": "wish", "words": ""})
    client.post(url, {"reason": "wish", "words": ""})  # pressed twice
    member.refresh_from_db()
    assert (member.status, member.leave_reason) == (N.LEFT, "wish")


def test_she_says_her_wish_in_her_own_space(client, service):
    claire = f.make_childminder(service=service)
    herself = f.make_user("Claire", "Morel", member_of=claire)
    client.force_login(herself)
    client.post(reverse("families:network_wish", args=[claire.pk]))
    member = claire.network_memberships.get()
    assert (member.status, member.wish_how) == (N.WISH, "account")


def test_those_of_one_house_are_shown_together_each_with_her_place(client, coordinator, service):
    house = "MAM Les Chats"
    claire = ff.make_network_member(service=service, house=house)
    sonia = ff.make_network_member("Sonia Haddad", service=service, house=house)
    ff.make_network_member("Anne Seule", service=service)
    ff.make_offer(sonia)
    client.force_login(coordinator)
    page = text_of(client.get(claire.get_absolute_url()))
    assert "Sonia Haddad</a>, une place offerte" in page and "Anne Seule" not in page
    assert text_of(client.get(reverse("families:network_list"))).count(f"{house}, Paris") == 1


def test_a_foreign_childminder_does_not_exist(client, claire, other_caf):
    montreuil = f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485)
    service = f.make_service("RPE de Montreuil", caf=other_caf, communes=[montreuil])
    person = f.make_user("Lise", "Voisine", member_of=service)
    ff.make_network_member("Sonia Haddad", service=service)
    client.force_login(person)
    for name in ("childminder_update", "childminder_move", "network_wish"):
        assert client.get(reverse(f"families:{name}", args=[claire.pk])).status_code == 404
    for name, args in (("network_ask", []), ("phone_access", ["ouvrir"])):
        url = reverse(f"families:{name}", args=[claire.pk, *args])
        assert client.post(url).status_code == 404
