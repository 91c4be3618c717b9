"""Small screens, keyboards and browsers without scripts: the daily acts work there too."""

from datetime import date

import pytest

from families.workflow.declarations import open_month
from tests import factories as f
from tests.browser.walk import PHONE
from tests.factories import PASSWORD
from tests.families.factories import make_contract, make_labelled, make_referral

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  // The calendar button inside a date field is the browser's own, and so is its mark.
  const seen = style.outlineStyle !== "none" || !one.matches(":focus");
  const words = one.ariaLabel ?? one.labels?.[0]?.innerText ?? one.innerText;
  return {words, seen};
}"""


@pytest.fixture
def creche(browser, clock):
    clock.reaches(2026, 1, 12, 11)
    return make_labelled(f.make_facility())


@pytest.fixture
def director(creche):
    return f.make_user("Nadia", "Benali", member_of=creche, quality="directrice", is_admin=True)


def tabs_to(window, words):
    """Press Tab until these words have the focus, which always shows."""
    for _ in range(60):
        window.page.keyboard.press("Tab")
        focused = window.page.evaluate(FOCUSED)
        assert focused["seen"], f"the focus does not show on {focused['words']}"
        if words in " ".join(focused["words"].split()):
            return window.page.keyboard
    raise AssertionError(f"no Tab reaches {words}")


def test_a_director_signs_in_and_answers_a_request_without_a_mouse(browser, creche, director):
    make_referral(provider=creche)
    window = browser.window_of(director)
    window.opens("/connexion/")
    tabs_to(window, "Adresse électronique").type(director.email)
    tabs_to(window, "Mot de passe")
    tabs_to(window, "Mot de passe").type(PASSWORD)
    window.page.keyboard.press("Enter")
    window.sees_title("À traiter")
    tabs_to(window, "Aller au contenu").press("Enter")
    tabs_to(window, "Répondre").press("Enter")
    window.sees("Ce qui est demandé")
    tabs_to(window, "Accepter").press("Enter")
    window.sees_title("Accepter cette famille")
    tabs_to(window, "Papiers à apporter").type("carnet de santé à montrer")
    tabs_to(window, "Accepter").press("Enter")
    window.sees("La place est gardée")


def test_a_refused_form_gives_the_focus_to_its_errors(browser, creche, director):
    referral = make_referral(provider=creche)
    window = browser.window_of(director)
    window.arrives().opens(f"/demandes/{referral.pk}/refuser/")
    window.presses("Refuser")
    focused = window.page.evaluate(FOCUSED)
    assert "à corriger" in focused["words"]


def test_a_place_is_accepted_on_a_phone_without_scripts(browser, creche, director):
    make_referral(provider=creche)
    window = browser.window_of(director, size=PHONE, scripts=False)
    window.arrives().follows("Répondre")
    window.follows("Accepter", within="Prochaine action")
    window.presses("Accepter")
    window.sees("La place est gardée")


def test_a_month_is_declared_on_a_phone_without_scripts(browser, creche, director, clock):
    make_contract("active", provider=creche)
    clock.reaches(2026, 3, 2)
    open_month(creche, date(2026, 2, 1), on=date(2026, 3, 2))
    window = browser.window_of(director, size=PHONE, scripts=False)
    window.arrives().follows("Faire le point")
    window.fills_all({"Enfants présents": "12", "Heures d’accueil de tous": "1250"})
    window.presses("Déclarer le mois")
    window.sees_title("Février 2026 est déclaré")
