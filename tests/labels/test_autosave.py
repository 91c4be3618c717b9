"""A section saved as it is typed: what holds is kept, what does not is said, nothing is lost."""

import re

import pytest
from django.urls import reverse

from avip.workflow import edit
from labels.models import LabelApplication
from tests import factories as f
from tests.labels.factories import ON, Status, make_application, make_draft


@pytest.fixture
def draft(facility, director, client):
    client.force_login(director)
    return make_draft(facility, by=director, complete=False)


def autosave(client, application, section, answers, seen=None):
    """What the page sends while one types."""
    url = reverse("labels:application_section", args=[application.pk, section])
    seen = application.revision if seen is None else seen
    return client.post(url, {"seen": seen, **answers}, headers={"Accept": "application/json"})


def test_what_is_typed_is_saved_and_the_page_told_when(client, draft):
    answer = autosave(client, draft, "capacite", {"licensed_capacity": "24"}).json()
    draft.refresh_from_db()
    assert draft.licensed_capacity == 24
    assert answer["seen"] == draft.revision == 1
    assert re.fullmatch(r"Enregistré à \d+\xa0h(\xa0\d\d)?", answer["said"])


def test_a_wrong_answer_is_said_in_words_and_the_others_are_kept(client, draft):
    answers = {"licensed_capacity": "0", "planned_periods": "Toute l’année."}
    answer = autosave(client, draft, "capacite", answers).json()
    assert (
        "Capacité autorisée, en places\xa0: La capacité autorisée est d’au moins une"
        in (answer["said"])
    )
    draft.refresh_from_db()
    assert (draft.licensed_capacity, draft.planned_periods) == (None, "Toute l’année.")


def test_hours_that_contradict_each_other_wait_together(client, draft):
    autosave(client, draft, "horaires", {"opens": "08:00", "closes": "18:00"})
    draft.refresh_from_db()
    answers = {"opens": "19:00", "closes": "18:00", "open_days": ["0"]}
    answer = autosave(client, draft, "horaires", answers)
    assert "vient après l’ouverture" in answer.json()["said"]
    draft.refresh_from_db()
    assert f"{draft.opens:%H:%M}" == "08:00"
    assert draft.open_days == [0]


def test_commitments_are_saved_as_they_are_typed(client, draft):
    autosave(client, draft, "engagements", {"how_C1": "Avec la Mission"})
    draft.refresh_from_db()
    autosave(client, draft, "engagements", {"how_C1": "Avec la Mission locale."})
    assert draft.commitments.get().how == "Avec la Mission locale."
    draft.refresh_from_db()
    autosave(client, draft, "engagements", {"how_C1": ""})
    assert draft.commitments.get().how == ""


def test_a_page_left_behind_overwrites_nothing_and_says_who_wrote(client, draft, facility):
    colleague = f.make_user("Rémi", "Collègue", member_of=facility)
    with edit(draft, by=colleague, seen=0, fields=["licensed_capacity"]):
        draft.licensed_capacity = 31
    response = autosave(client, draft, "capacite", {"licensed_capacity": "24"}, seen=0)
    assert response.status_code == 409
    assert "modifié entre-temps par Rémi Collègue" in response.json()["said"]
    draft.refresh_from_db()
    assert draft.licensed_capacity == 31


def test_what_was_saved_while_its_answer_was_lost_is_not_a_conflict(client, draft):
    answers = {"licensed_capacity": "24", "planned_periods": "Toute l’année."}
    autosave(client, draft, "capacite", answers, seen=0)
    response = autosave(client, draft, "capacite", answers, seen=0)
    draft.refresh_from_db()
    assert response.status_code == 200
    assert response.json()["seen"] == draft.revision == 1


def test_a_dossier_handed_over_meanwhile_is_no_longer_written(client, facility, director):
    application = make_application(Status.SUBMITTED, facility, by=director)
    client.force_login(director)
    response = autosave(client, application, "capacite", {"licensed_capacity": "99"})
    assert response.status_code == 409
    assert "ne se modifie plus" in response.json()["said"]
    application.refresh_from_db()
    assert application.licensed_capacity == 24


@pytest.mark.parametrize("seen", ["", "x"])
def test_a_page_that_does_not_say_what_it_showed_saves_nothing(client, draft, seen):
    assert autosave(client, draft, "capacite", {"licensed_capacity": "24"}, seen).status_code == 400
    draft.refresh_from_db()
    assert draft.licensed_capacity is None


def test_the_director_of_another_creche_saves_nothing(client, draft, other_facility):
    other = f.make_user("Luc", "Autre", member_of=other_facility)
    make_draft(other_facility, by=other)
    client.force_login(other)
    assert autosave(client, draft, "capacite", {"licensed_capacity": "9"}).status_code == 404
    assert not LabelApplication.objects.filter(licensed_capacity=9).exists()


def test_the_sections_announce_what_is_saved_and_the_documents_do_not(client, draft):
    url = reverse("labels:application_section", args=[draft.pk, "capacite"])
    page = client.get(url).content.decode()
    assert "data-autosave" in page and 'role="status"' in page
    assert "Brouillon, pas encore déposé" in page
    url = reverse("labels:application_section", args=[draft.pk, "documents"])
    assert "data-autosave" not in client.get(url).content.decode()


def test_a_plain_save_still_goes_back_to_the_dossier(client, draft):
    url = reverse("labels:application_section", args=[draft.pk, "capacite"])
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    response = client.post(url, {"seen": 0}, headers={"Accept": browser})
    assert response.url == draft.get_absolute_url()
    assert draft.created_at.date() == ON
