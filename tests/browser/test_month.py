"""The director does her « Point du mois » on a telephone: how many fields, taps and keystrokes."""

import time
from datetime import date

import pytest

from families.models import MonthlyDeclaration, PlaceOffer
from families.workflow.declarations import open_month
from tests import factories as f
from tests.browser.walk import PHONE
from tests.families.factories import make_contract, make_labelled, make_offer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class Hand:
    """What a thumb does on the page, counted."""

    def __init__(self, window):
        self.window = window
        self.taps = self.fields = self.keystrokes = 0

    def taps_link(self, words):
        self.taps += 1
        self.window.follows(words)

    def taps_button(self, words):
        self.taps += 1
        self.window.presses(words)

    def types(self, label, text):
        self.taps += 1
        self.fields += 1
        self.keystrokes += len(text)
        self.window.fills(label, text)


@pytest.fixture
def creche(browser, clock):
    clock.reaches(2026, 1, 12, 11)
    creche = make_labelled(f.make_facility())
    make_offer(creche)
    make_contract("active", provider=creche)
    clock.reaches(2026, 3, 2)
    open_month(creche, date(2026, 2, 1), on=date(2026, 3, 2))
    return creche


@pytest.fixture
def director(creche):
    return f.make_user("Nadia", "Benali", member_of=creche, quality="directrice", is_admin=True)


def test_a_director_does_her_point_of_the_month_on_a_phone(browser, creche, director, clock):
    window = browser.window_of(director, size=PHONE)
    window.arrives()
    hand, began = Hand(window), time.monotonic()
    hand.taps_link("Faire le point")
    window.sees_title("Point du mois, février 2026")
    assert not window.sticks_out()
    hand.types("Enfants présents", "12")
    hand.types("Heures d’accueil de tous", "1250")
    hand.taps_button("Déclarer le mois")
    window.sees_title("Février 2026 est déclaré")
    assert not window.sticks_out()
    hand.taps_button("Encore libre")
    window.sees("Dit le 2 mars 2026")
    seconds = time.monotonic() - began
    print(  # noqa: T201
        f"\nPoint du mois: {hand.taps} taps, {hand.fields} fields, "
        f"{hand.keystrokes} keystrokes, {seconds:.1f} s without the reading"
    )
    assert (hand.taps, hand.fields) == (5, 2)
    assert hand.keystrokes <= 8
    month = MonthlyDeclaration.objects.get()
    assert (month.status, month.children_present, month.hours_total) == ("submitted", 12, 1250)
    assert month.lines.get().declared_minutes == month.lines.get().planned_minutes
    assert PlaceOffer.objects.get().confirmed_on == date(2026, 3, 2)


def test_a_creche_closed_the_whole_month_says_so_in_two_taps(browser, creche, director):
    window = browser.window_of(director, size=PHONE, scripts=False)
    window.arrives()
    hand = Hand(window)
    hand.taps_link("Faire le point")
    hand.taps_button("Fermée tout le mois")
    window.sees_title("Février 2026 est déclaré")
    assert (hand.taps, hand.fields) == (2, 0)
    assert MonthlyDeclaration.objects.get().is_closed


def test_an_operator_declares_its_creches_in_one_grid_on_a_phone(browser, creche, clock):
    operator = f.make_operator()
    creche.facility.operator = operator
    creche.facility.save(update_fields=["operator"])
    person = f.make_user("Ali", "Haddad", member_of=operator)
    window = browser.window_of(person, size=PHONE)
    window.arrives().opens("/declarations/ensemble/?mois=2026-02")
    window.sees_title("Février 2026, toutes vos crèches")
    assert not window.sticks_out()
    window.fills("Enfants présents", "12")
    window.fills("Heures d’accueil", "99999")
    window.presses("Déclarer ces mois")
    window.sees("1 crèche n’est pas déclarée")
    assert not window.sticks_out()
    window.fills("Heures d’accueil", "1250")
    window.presses("Déclarer ces mois")
    window.sees("1 mois déclaré")
    assert MonthlyDeclaration.objects.get().status == "submitted"
