"""A label is withdrawn: the notice, the reply, the decision of another person, the QR code."""

import pytest

from labels.documents import verification_url
from labels.models import Label
from tests import factories as f
from tests.browser.walk import PHONE, link_in_last_mail_to
from tests.labels.factories import Status, make_application

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def people(browser, clock):
    clock.reaches(2026, 3, 2, 11)
    caf = f.make_caf()
    creche = f.make_facility(caf=caf)
    people = {
        "director": f.make_user("Nadia", "Benali", member_of=creche, quality="directrice"),
        "officer": f.make_user("Sophie", "Laurent", member_of=caf, quality="chargée de conseil"),
        "manager": f.make_user("Marc", "Dubois", member_of=caf, role="manager"),
    }
    make_application(
        Status.GRANTED,
        creche,
        by=people["director"],
        agent=people["officer"],
        decider=people["manager"],
    )
    return people


def test_a_label_is_withdrawn_from_the_notice_to_the_certificate_scanned(
    browser, worker, clock, people
):
    worker.delivers()
    label = Label.objects.get()
    manager = browser.window_of(people["manager"])
    director = browser.window_of(people["director"], size=PHONE)
    officer = browser.window_of(people["officer"])
    visitor = browser.window(size=PHONE)
    visitor.opens(verification_url(label)).sees("Ce label est en cours.")

    manager.arrives().opens(label.get_absolute_url())
    manager.follows("Mettre en demeure")
    manager.sees("C’est le premier pas avant un retrait")
    manager.fills("Ce que vous constatez", "Aucune famille depuis six mois. <b>Expliquez-vous.</b>")
    manager.presses("Envoyer la mise en demeure")
    manager.sees("mis en demeure")
    worker.delivers()

    director.arrives().sees("La Caf vous met en demeure")
    director.opens(link_in_last_mail_to(people["director"].email))
    assert director.downloads("Mise en demeure, 02/03/2026").startswith(b"%PDF")
    director.follows("Répondre", within="Prochaine action")
    director.fills("Votre réponse", "Nous fermons la section des bébés.")
    assert not director.sticks_out()
    director.presses("Envoyer la réponse")
    director.sees("Nous fermons la section des bébés.")
    worker.delivers()

    # Whoever gave notice does not decide alone.
    manager.arrives().follows("Décider")
    manager.follows("Retirer le label")
    manager.sees("une autre personne de votre Caf décide du retrait")
    officer.arrives().follows("Décider")
    officer.sees("Nous fermons la section des bébés.")
    officer.follows("Retirer le label")
    officer.sees("tribunal administratif", "Les contrats d’engagement déjà signés")
    officer.fills("Les motifs", "La crèche n’accueillera plus de famille au titre du label.")
    officer.presses("Retirer le label")
    officer.sees("Ce label a pris fin")
    worker.delivers()

    director.opens(link_in_last_mail_to(people["director"].email))
    assert director.downloads("Label retiré, 02/03/2026").startswith(b"%PDF")
    visitor.opens(verification_url(label))
    visitor.sees("Ce label a été retiré", "Cette attestation ne vaut plus.")
    assert not visitor.sticks_out()
