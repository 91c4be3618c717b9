"""The chain on real pages: eight people, from a label application to a verified PDF."""

import shutil
import subprocess

import pytest

from families.seal import verify
from tests import factories as f
from tests.browser import family_steps as family
from tests.browser import label_steps as label

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CRECHE, CHILDMINDER = "Les Petits Rameurs", "Claire Morel"
MOTHER = {"phone": "0600000001", "email": "fatoumata@example.fr"}
CHILDMINDER_PHONE, SECOND_MOTHER_PHONE = "0600000002", "0600000003"


@pytest.fixture
def people(browser, clock):
    """The five who have an account, each in a window of her own."""
    clock.reaches(2026, 1, 5)
    caf = f.make_caf()
    creche = f.make_facility(CRECHE, caf=caf)
    service = f.make_service(caf=caf)
    users = [
        f.make_user("Nadia", "Benali", member_of=creche, quality="directrice", is_admin=True),
        f.make_user("Sophie", "Laurent", member_of=caf, quality="chargée de conseil"),
        f.make_user(
            "Marc", "Dubois", member_of=caf, quality="responsable", role="manager", is_admin=True
        ),
        f.make_user("Karim", "Belkacem", member_of=f.make_agency(), quality="conseiller"),
        f.make_user("Anne", "Petit", member_of=service, quality="coordinatrice"),
    ]
    return [browser.window_of(user) for user in users]


def test_from_a_label_application_to_a_verified_contract_and_its_quota(
    browser, people, clock, worker, tmp_path
):
    director, officer, manager, adviser, coordinator = people

    # The crèche asks for the label, the Caf reviews, another member records the decision.
    label.director_drafts_the_application(director)
    label.director_submits(director)
    clock.reaches(2026, 1, 7)
    worker.delivers()
    label.officer_asks_for_a_correction(officer)
    clock.reaches(2026, 1, 8)
    worker.delivers()
    label.director_corrects(director)
    clock.reaches(2026, 1, 12)
    label.officer_declares_it_ready(officer)
    clock.reaches(2026, 1, 13)
    worker.delivers()
    label.manager_records_the_decision(manager, "2026-01-13")
    worker.delivers()
    certificate = label.director_receives_the_certificate(director)
    assert certificate.startswith(b"%PDF-")

    # A family is recorded, finds the crèche, is accepted, says yes.
    clock.reaches(2026, 1, 14)
    family.adviser_records_the_family(
        adviser, name="Fatoumata Diallo", child="Issa", birth_date="2025-02-10", **MOTHER
    )
    family.adviser_finds_a_place(
        adviser, CRECHE, half_days=["lundi matin", "mardi matin"], from_on="2026-02-02"
    )
    family.adviser_sends_the_referral(
        adviser, {"Lundi": ("08:30", "16:30"), "Mardi": ("08:30", "12:30")}
    )
    worker.delivers()
    clock.reaches(2026, 1, 15)
    family.director_accepts(director)
    worker.delivers()
    family.adviser_notes_that_the_family_says_yes(adviser, CRECHE)

    # A childminder joins the network; a situation is validated, then accepted.
    clock.reaches(2026, 1, 16)
    family.coordinator_records_a_childminder(coordinator)
    family.childminder_joins_the_network(coordinator)
    family.adviser_records_the_family(
        adviser,
        name="Mélissa Terrasson",
        child="Alma",
        birth_date="2024-11-04",
        phone=SECOND_MOTHER_PHONE,
    )
    family.adviser_finds_a_place(adviser, "Claire", half_days=["jeudi matin"], from_on="2026-02-05")
    family.adviser_sends_the_referral(adviser, {"Jeudi": ("08:30", "12:30")})
    worker.delivers()
    family.coordinator_validates_the_situation(coordinator)
    family.coordinator_answers_for_her(coordinator)
    family.adviser_notes_that_the_family_says_yes(adviser, CHILDMINDER)

    # The crèche's contract: in their accounts, and by link and code on the mother's telephone.
    clock.reaches(2026, 1, 19)
    family.adviser_proposes_the_contract(adviser, CRECHE)
    family.director_signs(director)
    family.adviser_signs(adviser, CRECHE, password_asked=True)
    family.adviser_sends_the_link(adviser)
    worker.delivers()
    mother = family.parent_signs_on_her_phone(browser, worker, **MOTHER)
    worker.delivers()
    sealed = family.parent_downloads_her_copy(mother)

    # The same sealed file for all, verified by whoever holds it.
    family.director_has_the_same_file(director, "Fatoumata D.", sealed)
    address = director.address_of("Vérifier ce contrat")
    family.anybody_verifies(browser.window(), address, sealed)
    assert worker.runs(verify, sealed).valid
    assert_poppler_agrees(sealed, tmp_path)

    # The childminder's contract: she and the mother sign on a professional's screen.
    family.adviser_proposes_the_contract(adviser, CHILDMINDER)
    family.adviser_signs(adviser, CHILDMINDER, password_asked=False)
    family.signs_on_the_spot(adviser, worker, "Mélissa Terrasson", phone=SECOND_MOTHER_PHONE)
    adviser.sees("La signature de Mélissa Terrasson est enregistrée")
    coordinator.arrives().follows("Contrats")
    coordinator.follows("Mélissa T.")
    family.signs_on_the_spot(coordinator, worker, "Claire Morel", phone=CHILDMINDER_PHONE)
    coordinator.sees("Tout le monde a signé")

    # February is over: it is declared, its quota checked, the Caf reads it.
    clock.reaches(2026, 3, 2)
    worker.ticks()
    family.director_declares_the_month(director, children="5", hours="520")
    clock.reaches(2026, 3, 3)
    worker.ticks()
    family.officer_reads_the_quota(officer, CRECHE, figures="1 sur 5", rate="20 %")


def assert_poppler_agrees(sealed, folder):
    """Another reader's opinion of the same bytes, where it is installed."""
    if shutil.which("pdfsig") is None:
        return
    path = folder / "contrat.pdf"
    path.write_bytes(sealed)
    said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True).stdout
    assert "Signature is Valid." in said
    assert "Total document signed" in said
