"""Interviews are the agency's alone; points and ticks say that the accompaniment goes on."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip.workflow import StepRefused
from families.models import AccompanimentTick, CoordinationPoint, Interview
from families.workflow import interviews
from tests import factories as people
from tests.families import factories as f
from tests.families.declared import make_labelled_facility, make_placement
from tests.families.factories import director_of
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    today = timezone.localdate()
    return make_placement(
        make_labelled_facility(),
        start_on=today - timedelta(days=40),
        end_on=today + timedelta(days=50),
    ).contract


def held(contract, day, **fields):
    return interviews.note(
        contract, by=contract.adviser, on=day, held_on=day, was_held=True, **fields
    )


def test_the_agency_alone_sees_interviews(contract, caf_agent):
    interview = held(contract, timezone.localdate(), next_step="cv")
    operator = people.make_user("Ali", "Haddad", member_of=people.make_operator())
    assert Interview.objects.visible_to(contract.adviser).get() == interview
    for person in [director_of(contract.provider), caf_agent, operator]:
        assert not Interview.objects.visible_to(person).exists()
    seen = text_of(signed_in(contract.adviser).get(contract.get_absolute_url()))
    hidden = text_of(signed_in(director_of(contract.provider)).get(contract.get_absolute_url()))
    assert "travailler le CV" in seen
    assert "travailler le CV" not in hidden and "ntretien" not in hidden


def test_the_creche_and_a_stranger_note_no_interview(contract, caf_agent):
    for person in [director_of(contract.provider), caf_agent]:
        with pytest.raises(PermissionDenied):
            interviews.note(contract, by=person, on=date.today(), held_on=date.today(), was_held=1)


def test_an_interview_is_planned_then_noted(contract):
    client, adviser = signed_in(contract.adviser), contract.adviser
    day = timezone.localdate() + timedelta(days=3)
    client.post(
        url("interview_plan", contract), {"planned_at_0": f"{day}", "planned_at_1": "10:00"}
    )
    interview = Interview.objects.get()
    assert (interview.was_held, interview.by) == (None, adviser)
    assert "Fatoumata D." in text_of(client.get(reverse("families:interview_list")))
    page = url("interview_note", contract, interview.pk)
    assert "le jour même ou après" in text_of(
        client.post(page, {"was_held": "yes", "held_on": f"{day}", "next_step": ""})
    )
    today = timezone.localdate()
    client.post(page, {"was_held": "no", "held_on": f"{today}", "next_step": ""})
    interview.refresh_from_db()
    assert (interview.was_held, interview.held_on, interview.next_step) == (False, today, "")


def test_more_than_the_rule_in_a_week_warns_and_forbids_nothing(contract):
    monday = timezone.localdate() - timedelta(days=7 + timezone.localdate().weekday())
    for offset in range(2):
        held(contract, monday + timedelta(days=offset))
    assert interviews.warning_of(contract, monday) == ""
    held(contract, monday + timedelta(days=2))
    assert "3 entretiens" in interviews.warning_of(contract, monday).replace("\xa0", " ")
    assert contract.interviews.count() == 3


def test_a_point_is_noted_by_either_side_and_once_a_day(contract):
    today = timezone.localdate()
    for person in [contract.adviser, director_of(contract.provider)]:
        interviews.hold_point(contract, by=person, on=today, held_on=today)
    assert CoordinationPoint.objects.count() == 1
    with pytest.raises(StepRefused):
        interviews.hold_point(
            contract, by=contract.adviser, on=today, held_on=today + timedelta(days=1)
        )


def test_several_families_are_confirmed_in_one_press_and_once_a_month(contract):
    other = make_placement(
        contract.provider,
        household=contract.household,
        start_on=contract.start_on,
        end_on=contract.end_on,
    ).contract
    stranger = make_placement(
        contract.provider,
        household=f.make_household(people.make_agency("Ailleurs")),
        start_on=contract.start_on,
        end_on=contract.end_on,
    ).contract
    client, page = signed_in(contract.adviser), reverse("families:tick_many")
    data = {"contract": [contract.pk, other.pk, stranger.pk]}
    assert "Choisissez au moins une famille" in text_of(client.post(page, {}, follow=True))
    for _ in range(2):
        client.post(page, data)
    ticked = set(AccompanimentTick.objects.values_list("contract", flat=True))
    assert ticked == {contract.pk, other.pk}
    assert AccompanimentTick.objects.first().month.day == 1


def test_a_month_that_has_not_begun_is_not_confirmed(contract):
    with pytest.raises(StepRefused):
        interviews.tick(
            [contract], by=contract.adviser, on=date(2026, 3, 31), month=date(2026, 4, 1)
        )


def test_a_planned_interview_of_the_past_is_refused(contract):
    past = timezone.make_aware(datetime(2020, 1, 1, 9))
    with pytest.raises(StepRefused, match="passé"):
        interviews.plan(contract, by=contract.adviser, on=date(2026, 1, 1), planned_at=past)
