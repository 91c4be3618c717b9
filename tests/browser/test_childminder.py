"""A childminder’s whole way on telephones: wish, member, request, validation, contract, hours."""

import pytest

from partners.models import Provider
from tests import factories as f
from tests.browser import family_steps as family
from tests.browser.walk import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CHILDMINDER = "Claire Morel"
MOTHER = {"phone": "0600000001", "email": "fatoumata@example.fr"}


@pytest.fixture
def people(browser, clock):
    """An adviser and a coordinator, each with a telephone in hand."""
    clock.reaches(2026, 1, 5)
    caf = f.make_caf()
    service = f.make_service(caf=caf)
    adviser = f.make_user("Karim", "Belkacem", member_of=f.make_agency(), quality="conseiller")
    coordinator = f.make_user("Anne", "Petit", member_of=service, quality="coordinatrice")
    return [browser.window_of(user, size=PHONE) for user in (adviser, coordinator)]


def she_joins_the_network(coordinator):
    """Her wish is noted, her licence checked; she is a member."""
    family.coordinator_records_a_childminder(coordinator)
    family.childminder_joins_the_network(coordinator)
    assert not coordinator.sticks_out()
    coordinator.arrives().follows("Réseau")
    coordinator.sees("il reste 50 h")
    assert not coordinator.sticks_out()


def her_account(browser):
    """She has an account of her own, and a telephone."""
    provider = Provider.objects.get(name=CHILDMINDER)
    user = f.make_user("Claire", "Morel", member_of=provider, quality="assistante maternelle")
    return browser.window_of(user, size=PHONE)


def a_family_asks_for_her_place(adviser):
    family.adviser_records_the_family(
        adviser, name="Fatoumata Diallo", child="Issa", birth_date="2025-02-10", **MOTHER
    )
    family.adviser_finds_a_place(adviser, "Claire", half_days=["jeudi matin"], from_on="2026-02-05")
    family.adviser_sends_the_referral(adviser, {"Jeudi": ("08:30", "12:30")})


def she_accepts(childminder):
    """Once the situation is validated, and not before."""
    childminder.arrives().follows("Répondre")
    childminder.follows("Accepter", within="Prochaine action")
    childminder.presses("Accepter")
    childminder.sees("La place est gardée")
    assert not childminder.sticks_out()


def she_signs(childminder):
    """In her own account, the password asked again."""
    childminder.arrives().follows("Lire et signer")
    childminder.follows("Lire et signer", within="Prochaine action")
    childminder.sees("L’essentiel", "vous êtes son employeur", "Pajemploi")
    childminder.ticks("J’ai lu et je suis d’accord")
    childminder.presses("Signer", exact=True)
    childminder.confirms_password()
    childminder.sees(f"La signature de {CHILDMINDER} est enregistrée")


def she_declares_her_hours_in_one_press(childminder):
    childminder.arrives().sees("16 h prévues")
    assert not childminder.sticks_out()
    childminder.presses("Comme prévu")
    childminder.sees_title("Février 2026 est déclaré").sees("il reste 34 h")
    assert not childminder.sticks_out()


def test_from_a_wish_to_hours_declared_on_telephones(browser, people, clock, worker):
    adviser, coordinator = people
    she_joins_the_network(coordinator)
    childminder = her_account(browser)

    clock.reaches(2026, 1, 14)
    a_family_asks_for_her_place(adviser)
    worker.delivers()
    childminder.arrives().does_not_see("Répondre")
    family.coordinator_validates_the_situation(coordinator)
    worker.delivers()
    she_accepts(childminder)
    family.adviser_notes_that_the_family_says_yes(adviser, CHILDMINDER)

    clock.reaches(2026, 1, 19)
    family.adviser_proposes_the_contract(adviser, CHILDMINDER)
    she_signs(childminder)
    family.adviser_signs(adviser, CHILDMINDER, password_asked=True)
    family.adviser_sends_the_link(adviser)
    worker.delivers()
    family.parent_signs_on_her_phone(browser, worker, **MOTHER)
    worker.delivers()

    clock.reaches(2026, 3, 2)
    worker.ticks()
    she_declares_her_hours_in_one_press(childminder)
