"""A correction round trip with a remark on an answer; the reviewer uses the keyboard alone."""

import pytest

from labels.models import FieldComment
from tests import factories as f
from tests.labels.factories import Status, make_application

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FAR = 250  # presses of Tab after which a page has no such control


class Keyboard:
    """The hands of the reviewer: Tab, Enter, arrows and letters; she never touches a mouse."""

    def __init__(self, window):
        self.window, self.keys = window, window.page.keyboard

    def reaches(self, words):
        """Tab until the control that says these words has the focus."""
        for _ in range(FAR):
            self.keys.press("Tab")
            said = self.window.page.evaluate(
                """() => {
                  const one = document.activeElement;
                  const label = one.labels && one.labels[0];
                  return (label || one).textContent.replace(/\\s+/g, " ").trim();
                }"""
            )
            if said.startswith(words):
                return self
        raise AssertionError(f"no way to « {words} » with the keyboard")

    def unfolds(self, words):
        """Open what is folded under these words."""
        self.reaches(words).keys.press("Enter")

    def enters(self, words):
        """Follow the link or press the button that says these words: another page comes."""
        self.reaches(words)
        with self.window.page.expect_navigation():
            self.keys.press("Enter")

    def writes(self, label, text):
        """Write in the field of this label."""
        self.reaches(label)
        self.keys.type(text)


def test_a_remark_goes_to_the_creche_and_comes_back_corrected(browser, clock, worker):
    clock.reaches(2026, 3, 3)
    caf = f.make_caf()
    creche = f.make_facility("Les Petits Rameurs", caf=caf)
    nadia = f.make_user("Nadia", "Benali", member_of=creche, quality="directrice", is_admin=True)
    sophie = f.make_user("Sophie", "Laurent", member_of=caf, quality="chargée de conseil")
    f.make_user("Marc", "Dubois", member_of=caf, quality="responsable", role="manager")
    application = make_application(Status.SUBMITTED, creche, by=nadia)
    officer, director = browser.window_of(sophie), browser.window_of(nadia)

    # The reviewer, by the keyboard: takes it in hand, writes a remark, asks for a correction.
    officer.arrives()
    officer.opens(application.get_absolute_url())
    hands = Keyboard(officer)
    hands.enters("Prendre en charge")
    officer.sees("comparer les réponses aux engagements")
    hands.unfolds("Écrire une remarque : Périodes")
    hands.writes("Votre remarque sur", "Et en août ?")
    hands.enters("Ajouter la remarque")
    officer.sees("pas encore envoyée")
    hands.enters("Demander une correction")
    officer.sees_title("Demander une correction")
    officer.sees("Et en août ?")
    hands.writes("Que doit corriger la crèche", "Précisez vos périodes d’accueil.")
    hands.enters("Envoyer la demande")
    officer.sees("corriger son dossier")

    # The director: straight to the form, she corrects and says so, then sends it back.
    worker.delivers()
    director.arrives().follows("Corriger")
    director.follows("Corriger", exact=True)
    director.sees_title("Places et enfants accueillis")
    director.sees("Et en août ?")
    director.fills("À quelles périodes", "Toute l’année sauf en août.")
    director.presses("Enregistrer")
    director.sees("est enregistré")
    director.follows("Périodes")
    director.fills("Votre réponse", "La crèche ferme.")
    director.presses("Marquer comme corrigé")
    director.sees("marquée comme corrigée")
    director.follows("Votre dossier")
    director.follows("Vérifier et renvoyer")
    director.presses("Renvoyer le dossier corrigé")
    director.sees_title("Votre demande est renvoyée")

    # The reviewer reads it again, closes her remark and proposes a decision.
    worker.delivers()
    officer.opens(application.get_absolute_url())
    officer.sees("corrigé, à relire", "Toute l’année sauf en août.", "La crèche ferme.")
    hands.enters("Clore la remarque")
    officer.does_not_see("corrigé, à relire")
    hands.enters("Proposer au comité")
    hands.reaches("Accorder le label")
    officer.page.keyboard.press("Space")
    hands.writes("Vos motifs", "Dossier complet.")
    hands.enters("Proposer au comité")
    officer.sees("saisir la décision du comité")
    application.refresh_from_db()
    assert application.status == Status.READY
    assert FieldComment.objects.get().status == FieldComment.Status.CLOSED
