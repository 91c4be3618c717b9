"""What a Caf and a crèche set up without anybody's help: gestionnaires, services, who signs."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse

from partners import invitations, organisations
from partners.models import Invitation, MunicipalService, Operator, User
from tests import factories as f

pytestmark = pytest.mark.django_db

SIREN = "732829320"
PAGE = reverse("partners:organisations")


@pytest.fixture
def manager(client, caf_manager):
    client.force_login(caf_manager)
    return caf_manager


def text(response):
    return response.content.decode().replace("\xa0", " ")


def again(user):
    """The same person at her next page: her memberships are read again."""
    return User.objects.get(pk=user.pk)


def test_a_caf_opens_a_gestionnaire_and_invites_its_first_person(
    client, manager, facility, other_facility
):
    url = reverse("partners:operator_attach")
    page = text(client.get(url))
    assert str(facility) in page and str(other_facility) not in page
    data = {"name": "Association Les Rames", "siren": "732 829 320", "facilities": facility.pk}
    page = text(client.post(url, data, follow=True))
    operator = Operator.objects.get()
    assert operator.siren == SIREN and "Inviter sa première personne" in page
    facility.facility.refresh_from_db()
    assert facility.facility.operator == operator
    first = invitations.invite(
        operator, by=again(manager), email="a@example.fr", first_name="A", last_name="B"
    )
    assert first.is_admin
    f.make_user(member_of=operator, is_admin=True)
    assert operator not in invitations.organisations_open_to(again(manager))


def test_a_gestionnaire_known_by_its_siren_is_not_made_again(client, manager, facility):
    known = f.make_operator(siren=SIREN)
    data = {"name": "Autre nom", "siren": SIREN, "facilities": facility.pk}
    client.post(reverse("partners:operator_attach"), data)
    facility.facility.refresh_from_db()
    assert facility.facility.operator == known and Operator.objects.count() == 1


def test_the_creches_of_another_caf_are_not_attached(client, manager, facility, other_facility):
    data = {"name": "Association", "siren": SIREN, "facilities": other_facility.pk}
    response = client.post(reverse("partners:operator_attach"), data)
    assert response.context["form"].errors.keys() == {"facilities"}
    data = data | {"siren": "732829321", "facilities": facility.pk}
    assert "SIREN n’existe pas" in text(client.post(reverse("partners:operator_attach"), data))
    with pytest.raises(PermissionDenied):
        organisations.attach_to_operator([other_facility], name="A", siren=SIREN, by=manager)
    assert not Operator.objects.exists()


def test_a_caf_opens_a_municipal_service_by_the_codes_of_its_communes(client, caf, manager):
    f.make_commune("75056", "Paris", postal_codes="75001 75020")
    f.make_commune(parent_code="75056")
    f.make_commune("75112", "Paris 12e", parent_code="75056", postal_codes="75012")
    url = reverse("partners:service_open")
    data = {"caf": caf.pk, "kind": "rpe", "name": "Relais de l’Est", "communes": "75020, 75112"}
    assert "75999" in text(client.post(url, data | {"communes": "75020 75999"}))
    assert not MunicipalService.objects.exists()
    page = text(client.post(url, data, follow=True))
    service = MunicipalService.objects.get()
    assert {commune.code for commune in service.communes.all()} == {"75120", "75112"}
    assert service.caf == caf and "Relais de l’Est" in page
    assert service in invitations.organisations_open_to(again(manager))


def test_only_the_administrators_of_a_caf_open_organisations(client, caf, caf_agent, director):
    for person in (caf_agent, director):
        client.force_login(person)
        for name in ("organisations", "operator_attach", "service_open"):
            assert client.get(reverse(f"partners:{name}")).status_code == 403
        with pytest.raises(PermissionDenied):
            organisations.open_service(caf=caf, kind="rpe", name="R", communes=[], by=person)


def test_a_caf_invites_the_first_director_of_an_imported_creche(caf_manager, caf, other_facility):
    imported = f.make_facility("Importée", caf=caf)
    operator = f.make_operator()
    run = f.make_facility("Gérée", caf=caf, operator=operator)
    f.make_user(member_of=operator)
    open_to = invitations.organisations_open_to(caf_manager)
    assert imported in open_to and run not in open_to and other_facility not in open_to
    first = invitations.invite(
        imported, by=caf_manager, email="a@example.fr", first_name="A", last_name="B"
    )
    assert first.is_admin
    f.make_user(member_of=imported)
    assert imported not in invitations.organisations_open_to(caf_manager)


def test_a_creche_says_who_decides_and_who_signs(client, director, facility, caf_agent):
    url = reverse("partners:facility", args=[facility.pk])
    client.force_login(director)
    assert url in text(client.get(reverse("partners:team")))
    data = {"admits": "commission", "signs": "director", "delegation": "par délégation"}
    client.post(url, data)
    facility.facility.refresh_from_db()
    found = facility.facility
    assert (found.admits, found.signs, found.delegation) == (
        "commission",
        "director",
        "par délégation",
    )
    assert "pas de gestionnaire" in text(client.post(url, data | {"signs": "operator"}))
    for person in (caf_agent, f.make_user(member_of=facility)):
        client.force_login(person)
        assert client.post(url, data).status_code == 403


def test_a_childminder_and_a_foreign_creche_have_no_such_page(
    client, director, other_facility, childminder, coordinator
):
    for person, provider in ((director, other_facility), (coordinator, childminder)):
        client.force_login(person)
        url = reverse("partners:facility", args=[provider.pk])
        assert client.get(url).status_code == 404


def test_a_national_reader_comes_in_by_invitation(client, capsys):
    who = {"first_name": "Inès", "last_name": "Roy"}
    call_command("createnational", "Ines@cnaf.example.fr", **who)
    path = re.search(r"http://[^/]+(/\S+)", capsys.readouterr().out).group(1)
    assert "le suivi national" in text(client.get(path, follow=True))
    answer = who | {"password": "quatre rames sur la rivière"}
    client.post(reverse("partners:invitation_accept"), answer)
    reader = User.objects.get(email="ines@cnaf.example.fr")
    assert reader.reach.national and not reader.memberships.get().is_admin
    with pytest.raises(CommandError, match="fait déjà partie"):
        call_command("createnational", "ines@cnaf.example.fr", **who)
    assert Invitation.objects.count() == 1
