"""Another text for a contract: what it changes is said; the former stands until all have signed."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import AvipContract, Hold, Signatory
from families.planning import planned_days
from families.schedules import schedule_of
from families.version_diff import changes_of
from families.workflow import contracts
from families.workflow.reminders import remind
from families.workflow.revisions import revise, withdraw_revision
from partners.calendars import Calendar
from tests import factories as base
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url, what_the_form_sends

pytestmark = pytest.mark.django_db

ON = date(2026, 2, 11)
NOW = f.AT + timedelta(days=30)
LATER = date(2026, 2, 23)
TWO_DAYS = [(0, time(8, 30), time(17)), (3, time(8, 30), time(17))]


def change(contract, slots=TWO_DAYS, **fields):
    defaults = {"by": contract.adviser, "on": ON, "at": NOW, "envelope_minutes": 20 * 60}
    return revise(contract, slots=slots, **defaults | fields)


def test_a_running_contract_goes_on_until_all_have_signed_the_new_text():
    contract = f.make_contract("active")
    before = contract.version
    version = change(contract, from_on=LATER)
    before.refresh_from_db()
    assert (before.status, version.status, version.number) == ("in_force", "to_sign", 2)
    f.sign_all(version, on=ON, at=NOW)
    before.refresh_from_db()
    assert (before.status, version.status) == ("superseded", "in_force")
    found = planned_days(schedule_of([contract]), Calendar(), date(2026, 2, 16), date(2026, 3, 1))
    assert {day.weekday() for day in found if day < LATER} == {0, 1}
    assert {day.weekday() for day in found if day >= LATER} == {0, 3}


def test_a_last_signature_after_the_first_day_leaves_the_days_between_as_they_were():
    contract = f.make_contract("active")
    version = change(contract, from_on=date(2026, 2, 16))
    f.sign_all(version, on=LATER, at=NOW + timedelta(days=12))
    found = planned_days(schedule_of([contract]), Calendar(), date(2026, 2, 16), date(2026, 2, 22))
    assert [day.weekday() for day in found] == [0, 1]


def test_what_changes_is_said_in_words():
    contract = f.make_contract("active")
    version = change(contract, from_on=LATER, exceptions=[(date(2026, 3, 2), None, None)])
    said = {row.what: (row.before, row.after) for row in changes_of(version)}
    assert said["Jours et heures"][1] == "lundi et jeudi 8\xa0h\xa030\xa0–\xa017\xa0h"
    assert said["Jours particuliers"] == ("aucun", "lundi 2\xa0mars\xa02026\xa0: pas d’accueil")
    assert said["Premier jour"] == ("2\xa0février\xa02026", "23\xa0février\xa02026")
    assert "Signent" not in said and "Clauses de la Caf" not in said
    assert not changes_of(contract.versions.get(number=1))


def test_before_all_have_signed_the_signatures_received_are_void():
    contract = f.make_contract("to_sign")
    first = contract.version
    f.sign_as(first.signatories.get(role=Signatory.Role.ADVISER))
    version = change(contract, on=f.ON, at=f.AT + timedelta(hours=4), from_on=date(2026, 2, 9))
    first.refresh_from_db()
    contract.refresh_from_db()
    assert (first.status, version.signatures_count) == ("abandoned", 0)
    assert contract.start_on == date(2026, 2, 9) and contract.end_on == date(2026, 5, 8)
    f.sign_all(version)
    contract.refresh_from_db()
    assert contract.status == "active"
    assert contract.versions.filter(status="in_force").get() == version


def test_half_days_are_held_with_the_new_text_and_given_back_with_the_old():
    provider = f.make_labelled(base.make_facility())
    f.make_offer(provider, places=1)
    contract = f.make_contract("active", provider=provider)

    def held(on):
        rows = Hold.objects.filter(released_at=None, from_on__lte=on, until__gte=on)
        return {hold.key for hold in rows}

    version = change(contract, from_on=LATER)
    assert held(LATER) == {"0-am", "1-am", "1-pm", "0-pm", "3-am", "3-pm"}
    f.sign_all(version, on=ON, at=NOW)
    assert held(LATER) == {"0-am", "0-pm", "3-am", "3-pm"}
    assert held(LATER - timedelta(days=1)) == {"0-am", "1-am", "1-pm"}


def test_a_version_withdrawn_gives_its_half_days_back_and_is_told():
    contract = f.make_contract("active")
    version = change(contract, from_on=LATER)
    withdraw_revision(contract, by=f.director_of(contract.provider), on=ON, at=NOW)
    version.refresh_from_db()
    assert version.status == "abandoned"
    assert {h.key for h in Hold.objects.filter(released_at=None, until__gte=LATER)} == {
        "0-am",
        "1-am",
        "1-pm",
    }
    assert Outbox.objects.filter(kind="families.revision_withdrawn").exists()
    with pytest.raises(StepRefused):
        withdraw_revision(contract, by=contract.adviser, on=ON, at=NOW)


def test_a_contract_that_stops_leaves_no_text_waiting():
    contract = f.make_contract("active")
    version = change(contract, from_on=LATER)
    contracts.end(contract, on=contract.end_on + timedelta(days=1), at=NOW)
    version.refresh_from_db()
    assert version.status == "abandoned"


def test_strangers_change_nothing_and_an_ended_contract_neither():
    contract = f.make_contract("active")
    with pytest.raises(PermissionDenied):
        change(contract, by=f.make_contract("active").adviser)
    with pytest.raises(StepRefused):
        change(f.make_contract("ended"))


def test_two_siblings_have_one_contract_and_a_place_each():
    twins = (date(2025, 6, 15), date(2025, 6, 15))
    contract = f.make_contract("active", household=f.make_household(births=twins))
    assert contract.placements.count() == 2 and AvipContract.objects.count() == 1
    assert "Issa (date de naissance" in contract.version.html
    assert "vos enfants" in contract.version.html


def test_the_pages_show_the_changes_before_signing(live):
    client = signed_in(live.adviser)
    sent = what_the_form_sends(client.get(url("contract_revise", live)))
    sent |= {"starts_1_0": "", "ends_1_0": "", "starts_3_0": "09:00", "ends_3_0": "17:00"}
    page = client.post(url("contract_revise", live), sent, follow=True)
    assert "Ce qui change" in text_of(page) and "lundi" in text_of(page)
    assert "Ce qui change" in text_of(client.get(url("contract_sign", live)))
    assert "Maintenant" in text_of(client.get(url("version_diff", live, 2)))
    assert client.get(url("version_diff", live, 9)).status_code == 404


def test_relancer_writes_again_once_and_says_when_it_may_again(live):
    f.sign_as(live.version.signatories.get(role=Signatory.Role.ADVISER))
    Outbox.objects.all().delete()
    client = signed_in(live.adviser)
    page = text_of(client.get(live.get_absolute_url()))
    assert page.index("Relancer") < page.index("Modifier le contrat")
    client.post(url("contract_remind", live))
    assert Outbox.objects.get().kind == "families.contract_reminder"
    assert "de nouveau possible à" in text_of(client.get(live.get_absolute_url()))
    answer = client.post(url("contract_remind", live), follow=True)
    assert "laissez-leur le temps" in text_of(answer)
    assert Outbox.objects.count() == 1


def test_only_the_parties_remind(live):
    with pytest.raises(PermissionDenied):
        remind(live, by=base.make_user(member_of=live.caf), on=ON)
    stranger = signed_in(f.make_contract("active").adviser)
    assert stranger.post(url("contract_remind", live)).status_code == 404
    assert reverse("families:contract_list")
