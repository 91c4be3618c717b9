"""A Caf brings its eighteen labels in from its spreadsheet, mistakes included."""

import io

import pytest
from openpyxl import Workbook

from labels.models import Label
from labels.takeover import TITLES
from tests import factories as f

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def spreadsheet(rows):
    book = Workbook()
    for values in (TITLES, *rows):
        book.active.append(values)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_eighteen_labels_come_in_from_a_spreadsheet_with_its_mistakes(
    browser, clock, worker, caf, caf_agent
):
    clock.reaches(2026, 3, 2, 10)
    creches = [f.make_facility(f"Crèche {number:02d}", caf=caf) for number in range(1, 19)]
    rows = [
        [creche.facility.siret, creche.name, "15/01/2025", "", "14/01/2028"] for creche in creches
    ]
    broken = [list(row) for row in rows]
    broken[3][0] = "12345678901234"
    broken[7][0] = broken[6][0]
    broken[11][2] = "31/02/2025"

    agent = browser.window_of(caf_agent)
    agent.arrives()
    agent.follows("Labels", exact=True)
    agent.follows("Reprendre un label accordé avant Avip")
    agent.follows("Importez un tableau")
    agent.joins("Votre tableau", spreadsheet(broken), "reprise.xlsx")
    agent.presses("Voir ce que fera chaque ligne")
    agent.sees_title("Ce que fera chaque ligne")
    agent.sees("15 labels seront repris", "3 lignes sont refusées")
    agent.sees("Le SIRET 12345678901234 n’existe pas", "31/02/2025 n’existe pas")
    agent.sees("Cette crèche est déjà à la ligne 8")
    assert not Label.objects.exists()
    agent.presses("Reprendre ces labels")
    agent.sees("15 labels sont repris")

    # She corrects her file and imports it whole: what is done is not done twice.
    agent.follows("Importer un tableau")
    agent.joins("Votre tableau", spreadsheet(rows), "reprise.xlsx")
    agent.presses("Voir ce que fera chaque ligne")
    agent.sees("3 labels seront repris", "15 lignes sont refusées")
    agent.presses("Reprendre ces labels")
    agent.sees("3 labels sont repris")
    assert Label.objects.filter(taken_over=True).count() == 18

    worker.delivers()
    assert not Label.objects.filter(certificate=None).exists()
    agent.opens("/annuaire/").sees("18 crèches labellisées")
    agent.sees("Crèche 12")
    assert agent.page.locator(".map path").count() == 18
