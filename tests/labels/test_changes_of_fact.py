"""What has changed in a crèche since the committee approved it."""

from datetime import time

import pytest

from labels.changes import changes_of_fact
from labels.models import Label
from partners.models import Operator
from tests.labels.factories import Status, make_application, make_label


@pytest.fixture
def label(facility, director, caf_agent, caf_manager):
    facility.opening_hours.all().delete()
    facility.facility.operator = Operator.objects.create(name="Ville de Paris")
    facility.facility.save()
    make_application(Status.GRANTED, facility, by=director, agent=caf_agent, decider=caf_manager)
    return Label.objects.get()


def changes(label):
    label = Label.objects.get(pk=label.pk)
    return {
        change["what"]: (change["approved"], change["now"]) for change in changes_of_fact(label)
    }


def test_nothing_has_changed_the_day_it_is_granted(label):
    assert label.approved
    assert changes(label) == {}


def test_each_fact_is_compared_with_the_record(label, facility):
    record = facility.facility
    record.refresh_from_db()
    record.licensed_capacity, record.facility_type = 30, "multi"
    record.address, record.type = "8 quai de la Loire", "multi"
    record.operator.name = "Association Pirouette"
    record.operator.save()
    record.save()
    facility.opening_hours.update(closes=time(19))
    found = changes(label)
    assert found["Capacité autorisée"] == ("24", "30")
    assert found["Adresse"] == ("3 rue des Rames", "8 quai de la Loire")
    assert found["Gestionnaire"] == ("Ville de Paris", "Association Pirouette")
    assert found["Horaires d’une semaine ordinaire"] == (
        "lun., mar., mer., jeu., ven., de 7\xa0h\xa030 à 18\xa0h\xa030",
        "lun., mar., mer., jeu., ven., de 7\xa0h\xa030 à 19\xa0h",
    )
    assert set(found) == {
        "Capacité autorisée",
        "Adresse",
        "Gestionnaire",
        "Type",
        "Horaires d’une semaine ordinaire",
    }


def test_what_the_record_does_not_say_has_not_changed(label, facility):
    facility.facility.refresh_from_db()
    facility.facility.licensed_capacity = None
    facility.facility.address = ""
    facility.facility.save()
    assert changes(label) == {}


def test_a_label_without_approved_facts_has_no_change(facility):
    assert changes_of_fact(make_label(facility)) == []


def test_the_creche_is_offered_an_amendment_the_caf_only_sees(client, label, director, caf_agent):
    Label.objects.get().provider.facility.__class__.objects.update(licensed_capacity=30)
    for person, offered in [(director, True), (caf_agent, False)]:
        client.force_login(person)
        page = client.get(label.get_absolute_url()).content.decode()
        assert "Ce qui a changé depuis la décision" in page
        assert ("déposer une modification" in page) is offered
