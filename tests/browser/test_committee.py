"""A committee of twelve dossiers, from its agenda to twelve letters and twelve mails."""

import pytest
from django.core import mail

from labels.models import LabelCommittee, Letter
from tests.browser.walk import PHONE, link_in_last_mail_to
from tests.labels.sittings import make_ready

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MEMBERS = [
    ("Jeanne Comité", "Mission Locale", "jeanne@comite.example.fr"),
    ("Omar Prévôt", "France Travail", "omar@comite.example.fr"),
]


@pytest.fixture
def people(browser, clock, caf, caf_agent, caf_manager):
    """The reviewer of the twelve dossiers, and her colleague."""
    clock.reaches(2026, 3, 10)
    make_ready(caf, agent=caf_agent, count=12)
    return browser.window_of(caf_agent), browser.window_of(caf_manager)


def test_a_committee_of_twelve_dossiers_closes_into_twelve_letters(browser, clock, worker, people):
    officer, manager = people
    officer_convenes(officer)
    worker.delivers()
    clock.reaches(2026, 3, 12)
    jeanne = browser.window(size=PHONE)
    member_gives_two_opinions(jeanne)

    clock.reaches(2026, 3, 20)
    officer_notes_the_session(officer)
    mail.outbox.clear()
    worker.delivers()
    assert not mail.outbox and not Letter.objects.exists()

    manager.arrives().follows("Clore")
    manager.follows("Clore le comité")
    manager.sees("12 décisions", "Trop peu de places prévues.")
    manager.presses("Clore le comité")
    manager.sees("Le comité est clos")
    worker.delivers()
    assert Letter.objects.exclude(document=None).count() == 12
    assert len(mail.outbox) == 12
    assert len({message.to[0] for message in mail.outbox}) == 12
    assert manager.opens(manager.page.url).downloads("Procès-verbal").startswith(b"%PDF-")

    committee = LabelCommittee.objects.get()
    refused = committee.agenda.get(decision="refuse").application
    director = browser.window_of(refused.opened_by)
    director.arrives()
    director.opens(link_in_last_mail_to(director.user.email))
    director.sees("Trop peu de places prévues.")


def officer_convenes(officer):
    officer.arrives().follows("Comités")
    officer.sees("12 dossiers prêts attendent")
    officer.follows("Préparer un comité")
    officer.ticks("Séance", within="Forme")
    officer.fills("Date", "2026-03-20")
    officer.fills("Lieu ou lien", "Salle du conseil")
    officer.fills("Quorum", "2")
    officer.presses("Préparer le comité")
    officer.follows("Inscrire des dossiers")
    officer.presses("Inscrire tous les dossiers prêts")
    officer.sees("12 dossiers sont inscrits")
    officer.follows("Ajouter les membres")
    for name, organisation, email in MEMBERS:
        officer.fills_all({"Nom": name, "Organisme et qualité": organisation, "Courriel": email})
        officer.presses("Ajouter ce membre")
        officer.sees(email)
    officer.follows("Revenir au comité")
    officer.presses("Convoquer le comité")
    officer.sees("lire les dossiers et donner son avis par son lien")


def member_gives_two_opinions(member):
    """On her phone, by the link of her mail."""
    member.opens(link_in_last_mail_to(MEMBERS[0][2]))
    member.sees("12 dossiers sans avis")
    assert not member.sticks_out()
    member.follows("Donner mon avis")
    assert not member.sticks_out()
    member.ticks("Favorable", within="Votre avis")
    member.presses("Donner cet avis")
    member.sees("est enregistré")
    member.ticks("S’abstient, intéressé", within="Votre avis")
    member.presses("Donner cet avis")
    member.follows("Revenir aux dossiers")
    member.sees("10 dossiers sans avis")
    assert member.downloads("Dossier de séance").startswith(b"%PDF-")


def officer_notes_the_session(officer):
    officer.arrives().follows("Clore")
    officer.follows("Noter les présents")
    officer.ticks("Jeanne Comité", "Omar Prévôt", within="Membres présents")
    officer.presses("Enregistrer")
    officer.follows("Noter les décisions")
    officer.ticks("Refuser le label", within="Décision du comité")
    officer.ticks("La part d’enfants que la crèche prévoit", within="Motifs de refus")
    officer.fills("Motifs ou réserves", "Trop peu de places prévues.")
    officer.presses("Noter la décision")
    officer.sees("Dossier 2 sur 12")
    # Jeanne has an interest in the second one: without her, two members are not there.
    officer.presses("Retirer de l’ordre du jour")
    officer.sees("attend un autre comité")
    officer.follows("Inscrire des dossiers")
    officer.presses("Inscrire tous les dossiers prêts")
    officer.presses("Noter « accorder » pour 11 dossiers")
    officer.sees("clore le comité : une autre personne")


def test_the_pages_of_a_committee_fit_a_phone(browser, clock, people):
    clock.reaches(2026, 3, 10)
    officer, _ = people
    officer_convenes(officer)
    address = officer.page.url
    with officer.at(PHONE):
        for link in ("Inscrire des dossiers", "Ajouter ou retirer", "Changer la date", "Crèche 1"):
            officer.opens(address).follows(link)
            assert not officer.sticks_out(), link
        assert not officer.opens(address).sticks_out()
