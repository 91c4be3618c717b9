"""The next steps: a family finds a place, contracts are signed, the month is declared."""

from tests.browser.walk import (
    PHONE,
    Window,
    code_in_last_text_to,
    link_in_last_mail_to,
    texts_to,
)


def adviser_records_the_family(adviser, *, name, child, birth_date, phone, email=""):
    """The minimum, and that the family knows what is done with it."""
    adviser.arrives().follows("Familles")
    adviser.follows("Inscrire une famille")
    first_name, last_name = name.split()
    adviser.fills_all(
        {
            "Prénom du parent": first_name,
            "Nom du parent": last_name,
            "Téléphone mobile": phone,
            "Courriel": email,
            "Commune ou code postal": "75020",
        }
    )
    first_child = adviser.group("Enfant 1")
    first_child.fills("Prénom", child)
    first_child.fills("Date de naissance", birth_date)
    adviser.ticks("En recherche d’emploi", within="Situation")
    adviser.ticks("Le parent élève seul")
    adviser.fills("Information remise le", "2026-01-14")
    adviser.ticks("Remise et expliquée", within="Comment l’information")
    adviser.presses("Inscrire la famille")
    adviser.sees_title(name)


def adviser_finds_a_place(adviser, place, *, half_days, from_on):
    """Labelled places around the family's home, by their public names; the one it chooses."""
    adviser.follows("Chercher une place", within="Prochaine action")
    adviser.fills("À partir du", from_on)
    adviser.ticks(*half_days)
    adviser.presses("Chercher")
    adviser.follows(f"Envoyer une demande à {place}")


def adviser_sends_the_referral(adviser, hours):
    for day, (starts, ends) in hours.items():
        adviser.fills(f"{day}, de", starts)
        adviser.fills(f"{day}, à", ends)
    adviser.presses("Envoyer la demande")
    adviser.sees("La demande est partie")


def director_accepts(director):
    director.arrives().follows("Répondre")
    director.sees("Le nom de la famille se lit une fois la place acceptée")
    director.does_not_see("Diallo")
    director.follows("Accepter", within="Prochaine action")
    director.fills("Premier rendez-vous, le jour", "2026-01-26")
    director.fills("Premier rendez-vous, l’heure", "09:00")
    director.fills("Papiers à apporter", "carnet de santé à montrer")
    director.presses("Accepter")
    director.sees("La place est gardée", "Fatoumata")


def adviser_notes_that_the_family_says_yes(adviser, provider):
    adviser.arrives().row(provider).follows("Prévenir la famille")
    adviser.follows("Noter la réponse")
    adviser.sees("À lui dire")
    adviser.ticks("Par téléphone")
    adviser.presses("La famille dit oui")
    adviser.sees("La place est à elle")


def coordinator_records_a_childminder(coordinator):
    """She wishes, her licence is checked, she joins."""
    coordinator.arrives().follows("Réseau")
    coordinator.follows("Noter une assistante maternelle")
    coordinator.fills_all(
        {
            "Prénom": "Claire",
            "Nom": "Morel",
            "Téléphone": "06 00 00 00 02",
            "Numéro d’agrément": "075-2041",
            "Agréée depuis le": "2024-03-01",
            "Agrément valable jusqu’au": "2029-02-28",
            "Places agréées": "3",
            "Adresse": "12 rue des Lilas",
        }
    )
    coordinator.presses("Noter son souhait")
    coordinator.sees("Son souhait est noté")


def childminder_joins_the_network(coordinator):
    coordinator.presses("Agrément vérifié")
    coordinator.presses("Entrer dans le réseau")
    coordinator.sees("labellisé")


def coordinator_validates_the_situation(coordinator):
    """On one page: the planned hours of each month against the cap."""
    coordinator.arrives().follows("Examiner")
    coordinator.sees_title("Cette situation convient-elle")
    coordinator.sees("Heures prévues, mois par mois", "Février 2026", "plafond de 50 h par mois")
    coordinator.ticks("Le tarif a été évoqué")
    coordinator.presses("Valider la situation")


def coordinator_answers_for_her(coordinator):
    coordinator.follows("Accepter")
    coordinator.presses("Accepter")
    coordinator.sees("La place est gardée")


def adviser_proposes_the_contract(adviser, provider):
    """From the family's yes; the text is frozen, nobody has signed."""
    adviser.arrives().row(provider).follows("Proposer le contrat")
    adviser.fills("Jours de familiarisation", "3")
    adviser.presses("Proposer à la signature")
    adviser.sees("le texte est figé", "0 signature sur 3")


def director_signs(director):
    """In her own account, the password asked again."""
    director.arrives().follows("Lire et signer")
    director.follows("Lire et signer", within="Prochaine action")
    director.sees("L’essentiel")
    director.ticks("J’ai lu et je suis d’accord")
    director.presses("Signer", exact=True)
    director.confirms_password()
    director.sees("La signature de Nadia Benali est enregistrée")


def adviser_signs(adviser, provider, *, password_asked):
    adviser.arrives().row(provider).follows("Lire et signer")
    adviser.follows("Lire et signer", within="Prochaine action")
    adviser.ticks("J’ai lu et je suis d’accord")
    adviser.presses("Signer", exact=True)
    if password_asked:
        adviser.confirms_password()


def adviser_sends_the_link(adviser):
    adviser.follows("Envoyer un lien")
    adviser.ticks("Courriel")
    adviser.presses("Envoyer le lien")
    adviser.sees("Le lien part")


def parent_signs_on_her_phone(browser, worker, *, email, phone) -> Window:
    """By the link of a mail that names nobody, and a code that came the other way."""
    parent = browser.window(size=PHONE)
    parent.opens(link_in_last_mail_to(email))
    parent.sees_title("Un document vous attend").does_not_see("Diallo", "Issa")
    parent.presses("Continuer")
    parent.sees("Recevoir mon code").does_not_see("Diallo", "Issa")
    parent.presses("Recevoir mon code")
    worker.delivers()
    parent.fills("Code reçu", code_in_last_text_to(phone))
    parent.presses("Continuer")
    parent.sees("Ce que vous signez", "Issa", "Lire tout le contrat")
    assert not parent.sticks_out()
    parent.ticks("J’ai lu et je suis d’accord")
    parent.presses("Signer", exact=True)
    parent.sees("Vous avez signé le", "Tout le monde a signé")
    return parent


def parent_downloads_her_copy(parent):
    parent.opens("/p/ma-page/")
    parent.sees("Mon contrat", "Mon prochain rendez-vous", "Mon conseiller")
    assert not parent.sticks_out()
    return parent.downloads("Télécharger mon exemplaire")


def director_has_the_same_file(director, family, sealed):
    director.arrives().follows("Contrats")
    director.follows(family)
    assert director.downloads("Contrat signé et scellé") == sealed


def signs_on_the_spot(professional, worker, name, *, phone):
    """On the professional's screen, with the code that the signatory's telephone received."""
    professional.follows(f"Faire signer sur place : {name}")
    professional.presses("Envoyer le code")
    before = len(texts_to(phone))
    worker.delivers()
    assert len(texts_to(phone)) == before + 1
    professional.ticks("J’ai lu et je suis d’accord")
    professional.fills("Code reçu", code_in_last_text_to(phone))
    professional.presses("Signer", exact=True)
    professional.sees_title("Contrat de")


def anybody_verifies(visitor, address, pdf):
    """By the address of the QR code, then with the file, then with the same file touched."""
    visitor.opens(address)
    visitor.sees_title("Contrat d’engagement réciproque").sees("valide")
    visitor.does_not_see("Diallo", "Issa", "Benali")
    visitor.joins("Ou le fichier PDF", pdf)
    visitor.presses("Vérifier")
    visitor.sees("Ce fichier est l’original : pas un octet n’a changé")
    middle = len(pdf) // 3
    touched = pdf[:middle] + bytes([pdf[middle] ^ 1]) + pdf[middle + 1 :]
    visitor.joins("Ou le fichier PDF", touched)
    visitor.presses("Vérifier")
    visitor.sees("Ce fichier a été modifié")


def director_declares_the_month(director, *, children, hours):
    """Two numbers; the line of her AVIP child is already there."""
    director.arrives().follows("Faire le point")
    director.sees("Issa").fills("Enfants présents", children)
    director.fills("Heures d’accueil de tous ces enfants", hours)
    director.presses("Déclarer le mois")
    director.sees_title("Février 2026 est déclaré")


def officer_reads_the_quota(officer, creche, *, figures, rate):
    """The Caf's page: one labelled crèche, two running contracts, the quota of its month."""
    officer.arrives().follows("Pilotage")
    officer.sees_title("Pilotage du label").sees(creche, figures, rate)
