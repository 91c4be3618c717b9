"""An adviser on her phone: from a new family to a request sent, and how much that asks of her."""

import sys

import pytest

from families.models import Referral
from tests import factories as f
from tests.browser.walk import PHONE
from tests.families import factories as ff

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# What her fingers do, added up from page to page.
COUNT = """
const add = name => sessionStorage.setItem(name, 1 + Number(sessionStorage.getItem(name)));
addEventListener("click", event => {
  if (event.target.closest("a, button, summary, [type=checkbox], [type=radio]")) add("clicks");
}, true);
addEventListener("change", event => {
  if (!event.target.matches("[type=checkbox], [type=radio]")) add("fields");
}, true);
"""
FIELDS, CLICKS = 8, 12  # at most


def counted(window, name):
    return int(window.page.evaluate("name => sessionStorage.getItem(name)", name) or 0)


@pytest.fixture
def adviser(browser, clock):
    clock.reaches(2026, 1, 14, 10)
    ff.make_offer(ff.make_labelled(f.make_facility()))
    ff.make_offer(ff.make_labelled(f.make_facility("La Farandole")))
    f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485, postal_codes="93100")
    user = f.make_user("Karim", "Belkacem", member_of=f.make_agency(), quality="conseiller")
    window = browser.window_of(user, size=PHONE)
    window.arrives()
    window.page.add_init_script(COUNT)
    return window


def records_the_family(adviser):
    adviser.opens("/familles/").follows("Inscrire une famille")
    adviser.fills_all(
        {
            "Prénom du parent": "Fatoumata",
            "Nom du parent": "Diallo",
            "Téléphone mobile": "06 00 00 00 01",
            "Commune ou code postal": "75020",
        }
    )
    child = adviser.group("Enfant 1")
    child.fills("Prénom", "Issa")
    child.fills("Date de naissance", "2025-06-15")
    adviser.ticks("En recherche d’emploi", within="Situation")
    adviser.ticks("Le parent élève seul")
    adviser.fills("Information remise le", "2026-01-14")
    adviser.ticks("Remise et expliquée", within="Comment l’information")
    assert not adviser.sticks_out()
    adviser.presses("Inscrire la famille")
    adviser.sees_title("Fatoumata Diallo")


def test_from_a_new_family_to_a_request_sent(adviser, capsys):
    records_the_family(adviser)
    adviser.follows("Chercher une place", within="Prochaine action")
    adviser.fills("À partir du", "2026-02-02")
    adviser.ticks("lundi matin", "mardi matin")
    adviser.presses("Chercher")
    adviser.sees("Les Petits Rameurs")
    assert not adviser.sticks_out()
    adviser.follows("Envoyer une demande à Les Petits Rameurs")
    adviser.presses("Envoyer la demande")
    adviser.sees("La demande est partie")
    fields, clicks = counted(adviser, "fields"), counted(adviser, "clicks")
    with capsys.disabled():
        sys.stdout.write(f"\nnew family to request sent: {fields} fields, {clicks} clicks\n")
    assert 0 < fields <= FIELDS and 0 < clicks <= CLICKS
    assert Referral.objects.get().slots.count() == 2


def test_the_same_request_goes_to_two_places_in_one_go(adviser):
    records_the_family(adviser)
    adviser.follows("Chercher une place", within="Prochaine action")
    adviser.fills("À partir du", "2026-02-02")
    adviser.ticks("lundi matin")
    adviser.presses("Chercher")
    for place in ("Les Petits Rameurs", "La Farandole"):
        adviser.row(place).ticks("Choisie par la famille")
    adviser.presses("Envoyer la même demande")
    adviser.sees_title("La même demande à plusieurs")
    assert not adviser.sticks_out()
    adviser.presses("Envoyer", exact=True)
    adviser.sees("2 demandes sont parties")
    assert Referral.objects.count() == 2
