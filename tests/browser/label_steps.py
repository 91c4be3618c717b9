"""The first steps: the crèche asks for the label, the Caf reviews, the committee decides."""

from labels.charter import COMMITMENTS
from reporting.demo.label_story import blank_pdf
from tests.browser.walk import link_in_last_mail_to


def director_drafts_the_application(director):
    """The sections, the two legal documents, her answers read again, then submitted."""
    director.arrives().follows("Demandes de label")
    director.follows("Demander le label")
    director.presses("Ouvrir le dossier")
    director.sees("Brouillon, pas encore déposé")
    section(
        director,
        "La crèche",
        within={"quartier prioritaire": "Non"},
        choices={"Type d’établissement": "crèche collective"},
    )
    section(
        director,
        "Gestionnaire et direction",
        texts={"Nom du gestionnaire": "Ville de Paris", "Nom de la directrice": "Nadia Benali"},
    )
    section(
        director,
        "Places et enfants accueillis",
        texts={
            "Enfants de moins de trois ans accueillis": "26",
            "Parmi eux, enfants Avip": "7",
            "À quelles périodes": "Toute l’année, entrées possibles chaque lundi.",
        },
    )
    section(
        director,
        "Horaires d’ouverture",
        texts={"Heure d’ouverture": "08:00", "Heure de fermeture": "18:30"},
        within={"Jours d’ouverture": "lundi mardi mercredi jeudi vendredi"},
    )
    section(
        director,
        "Référent familles",
        texts={
            "Nom du référent familles": "Nadia Benali",
            "Sa fonction dans la crèche": "directrice",
        },
    )
    director_takes_the_commitments(director)
    director.follows("Pièces à joindre")
    for kind in ("Règlement de fonctionnement", "Projet d’établissement"):
        director.joins(kind, blank_pdf())
    director.presses("Enregistrer")
    director.sees("tout est rempli")


def section(director, title, *, texts=None, choices=None, within=None):
    """Fill in one section and come back to the dossier."""
    director.follows(title)
    director.sees_title(title)
    director.fills_all(texts or {})
    for label, choice in (choices or {}).items():
        director.selects(label, choice)
    for question, answers in (within or {}).items():
        director.ticks(*answers.split(), within=question)
    director.presses("Enregistrer")
    director.sees(f"« {title} » est enregistré")


def director_takes_the_commitments(director):
    director.follows("Engagements de la charte")
    for commitment in COMMITMENTS:
        director.ticks("Oui", within=f"{commitment.code}. {commitment.title}")
        director.fills(commitment.question, "Écrit au projet d’établissement, revu chaque année.")
    director.presses("Enregistrer")


def director_submits(director):
    director.follows("Vérifier vos réponses")
    director.sees_title("Vérifiez vos réponses").sees(
        "Toute l’année, entrées possibles chaque lundi."
    )
    director.presses("Déposer la demande")
    director.sees_title("Votre demande est déposée")


def officer_asks_for_a_correction(officer):
    officer.arrives().sees("Demande de label déposée")
    officer.follows("Instruire")
    officer.presses("Prendre en charge")
    officer.sees("Engagements de la charte", "Écrit au projet d’établissement, revu chaque année.")
    officer.follows("Demander une correction")
    officer.fills("Que doit corriger la crèche", "Le règlement joint est celui de 2021.")
    officer.presses("Envoyer la demande")
    officer.sees("corriger son dossier")


def director_corrects(director):
    director.arrives().follows("Corriger")
    director.sees("Le règlement joint est celui de 2021.")
    director.follows("Pièces à joindre")
    director.joins("Règlement de fonctionnement", blank_pdf())
    director.presses("Enregistrer")
    director.follows("Vérifier et renvoyer")
    director.presses("Renvoyer le dossier corrigé")
    director.sees_title("Votre demande est renvoyée")


def officer_declares_it_ready(officer):
    officer.arrives().follows("Reprendre")
    officer.sees("reçue")
    officer.follows("Proposer au comité")
    officer.ticks("Accorder le label", within="Que proposez-vous au comité")
    officer.fills("Vos motifs", "Dossier complet, partenariat déjà noué avec la Mission Locale.")
    officer.presses("Proposer au comité")
    officer.sees("saisir la décision du comité : une autre personne que celle qui a instruit")


def manager_records_the_decision(manager, decided_on):
    """Another member of the Caf than the one who reviewed: two people for one decision."""
    manager.arrives().follows("Décider")
    manager.sees("Dossier complet, partenariat déjà noué avec la Mission Locale.")
    manager.follows("Saisir la décision")
    manager.fills("Date du comité", decided_on)
    manager.ticks("Accorder le label", within="Décision du comité")
    manager.presses("Enregistrer la décision")
    manager.sees("label accordé")


def director_receives_the_certificate(director):
    """By the link of her mail."""
    director.arrives()
    director.opens(link_in_last_mail_to(director.user.email))
    return director.downloads("Attestation de label")
