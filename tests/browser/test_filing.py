"""Filing with the connection lost in the middle: nothing typed is lost, all is saved once back."""

import re

import pytest
from playwright.sync_api import expect

from labels.filing import open_application
from labels.models import LabelApplication
from tests import factories as f

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PERIODS = "À quelles périodes"
OFFLINE = re.compile("Pas de connexion")
SAVED = re.compile("^Enregistré à")


@pytest.fixture
def director(browser, clock):
    """A director in front of the section on places, in a dossier just opened."""
    clock.reaches(2026, 3, 2)
    creche = f.make_facility("Les Petits Rameurs")
    window = browser.window_of(f.make_user("Nadia", "Benali", member_of=creche))
    application = open_application(creche, by=window.user, on=clock.moment.date())
    window.arrives()
    window.opens(f"{application.get_absolute_url()}capacite/")
    window.sees_title("Places et enfants accueillis")
    return window


def says(window, words):
    expect(window.page.locator(".autosave")).to_have_text(words)


def stored():
    return LabelApplication.objects.get().planned_periods


def test_what_is_typed_is_saved_without_pressing_anything(director):
    director.fills(PERIODS, "Toute l’année.")
    says(director, SAVED)
    assert stored() == "Toute l’année."


def test_a_section_left_as_it_was_is_saved_by_its_button(director):
    director.presses("Enregistrer")
    director.sees("« Places et enfants accueillis » est enregistré")


def test_the_connection_is_lost_while_typing_and_comes_back(director):
    director.fills(PERIODS, "Toute l’année")
    says(director, SAVED)
    director.page.context.set_offline(True)
    director.fills(PERIODS, "Toute l’année, sauf août")
    says(director, OFFLINE)
    director.presses("Enregistrer")  # the page is not left for an error of the browser
    says(director, OFFLINE)
    director.fills(PERIODS, "Toute l’année, sauf en août.")
    assert stored() == "Toute l’année"
    director.page.context.set_offline(False)
    says(director, SAVED)
    expect(director._field(PERIODS)).to_have_value("Toute l’année, sauf en août.")
    director.presses("Enregistrer")
    director.sees("« Places et enfants accueillis » est enregistré")
    assert stored() == "Toute l’année, sauf en août."


def test_a_reload_loses_nothing(director):
    def lost(route):
        return route.abort() if route.request.method == "POST" else route.continue_()

    director.page.context.route("**/capacite/", lost)
    director.fills(PERIODS, "Le lundi et le mardi.")
    says(director, OFFLINE)
    director.page.reload()
    expect(director._field(PERIODS)).to_have_value("Le lundi et le mardi.")
    assert stored() == ""
    director.page.context.unroute("**/capacite/", lost)
    says(director, SAVED)
    assert stored() == "Le lundi et le mardi."


def test_two_tabs_never_overwrite_each_other(director):
    other = director.page.context.new_page()
    other.goto(director.page.url)
    director.fills(PERIODS, "Écrit ici.")
    says(director, SAVED)
    other.get_by_label(re.compile(PERIODS)).fill("Écrit là.")
    expect(other.locator(".autosave")).to_have_text(re.compile("modifié entre-temps par Nadia"))
    assert stored() == "Écrit ici."
    other.get_by_role("button", name="Enregistrer").click()
    expect(other.get_by_label(re.compile(PERIODS))).to_have_value("Écrit là.")
    expect(other.get_by_role("alert")).to_contain_text("relisez-la")
    assert stored() == "Écrit ici."
    other.get_by_role("button", name="Enregistrer").click()
    expect(other.get_by_text("est enregistré").first).to_be_visible()
    assert stored() == "Écrit là."


def test_without_scripts_the_button_saves_as_ever(browser, clock):
    clock.reaches(2026, 3, 2)
    creche = f.make_facility("Les Petits Rameurs")
    window = browser.window_of(f.make_user("Nadia", "Benali", member_of=creche), scripts=False)
    application = open_application(creche, by=window.user, on=clock.moment.date())
    window.arrives()
    window.opens(f"{application.get_absolute_url()}capacite/")
    window.fills(PERIODS, "Toute l’année.")
    window.presses("Enregistrer")
    window.sees("« Places et enfants accueillis » est enregistré")
    assert stored() == "Toute l’année."
