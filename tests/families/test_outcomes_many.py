"""Outcomes: recalled from the end, noted for ten families at once, counted with what they share."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from avip.models import Outbox
from families.figures import outcome_figures
from families.follow_up_jobs import remind_of_outcomes
from families.models import AvipContract
from families.workflow import outcomes
from tests.families.declared import make_labelled_facility, make_placement
from tests.families.factories import director_of, make_household
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
END = date(2026, 11, 10)
PAGE = reverse("families:outcome_many")


@pytest.fixture
def over():
    household = make_household(births=())
    provider = make_labelled_facility()
    contracts = [
        make_placement(
            provider, household=household, end_on=END, status="ended", ended_on=END
        ).contract
        for _ in range(3)
    ]
    return contracts


def test_ten_families_are_noted_in_one_save(over):
    client = signed_in(over[0].adviser)
    assert "sur 3\xa0familles" in text_of(client.get(PAGE))
    data = {"contract": [c.pk for c in over]}
    data |= {f"{over[0].pk}-outcome": "cdi", f"{over[1].pk}-outcome": "none"}
    assert client.post(PAGE, data).url == PAGE
    said = list(AvipContract.objects.order_by("outcome").values_list("outcome", flat=True))
    assert said == ["", "cdi", "none"]


def test_a_line_in_error_stays_and_the_others_are_noted(over):
    client = signed_in(over[0].adviser)
    data = {"contract": [c.pk for c in over]}
    data |= {f"{over[0].pk}-outcome": "riche", f"{over[1].pk}-outcome": "none"}
    response = client.post(PAGE, data)
    assert response.status_code == 200 and "riche" in text_of(response)
    assert AvipContract.objects.get(outcome="none") == over[1]


def test_nobody_elses_family_is_noted(over, other_adviser):
    data = {"contract": [over[0].pk, "faux"], f"{over[0].pk}-outcome": "cdi"}
    signed_in(other_adviser).post(PAGE, data)
    assert not AvipContract.objects.exclude(outcome="").exists()


def test_two_clicks_when_there_is_nothing_to_say(over):
    client = signed_in(director_of(over[0].provider))
    page = reverse("families:outcome_record", args=[over[0].pk])
    assert "Terminé, pas de solution à ce jour" in text_of(client.get(page))
    client.post(reverse("families:outcome_quick", args=[over[0].pk, "unknown"]))
    over[0].refresh_from_db()
    assert over[0].outcome == "unknown"


def test_reminders_are_counted_from_the_end_and_leave_once(over):
    adviser, director = over[0].adviser, director_of(over[0].provider)
    remind_of_outcomes(END + timedelta(days=2))
    assert not Outbox.objects.exists()
    for offset in (3, 4, 9):
        remind_of_outcomes(END + timedelta(days=offset))
    written = Outbox.objects.filter(kind="families.outcome_due", object_id=str(over[0].pk))
    assert [row.recipient_id for row in written] == [str(adviser.pk)]
    # The machine was off at ten days: it leaves later, to the director as well, once.
    for offset in (14, 15):
        remind_of_outcomes(END + timedelta(days=offset))
    people = sorted(written.values_list("recipient_id", flat=True))
    assert people == sorted([str(adviser.pk)] * 2 + [str(director.pk)])


def test_a_contract_stopped_before_its_first_day_is_nobodys_exit(over):
    first = over[0]
    AvipContract.objects.filter(pk=first.pk).update(
        status="terminated", ended_on=first.start_on - timedelta(days=1)
    )
    figures = outcome_figures(AvipContract.objects.all(), END)
    assert (figures.of, figures.recorded) == (2, 0)
    assert first not in outcomes.waiting(AvipContract.objects.all())


def test_every_share_comes_with_what_it_is_counted_on(over):
    AvipContract.objects.filter(pk=over[0].pk).update(
        outcome="cdi", still_in_work=True, still_in_work_on=END
    )
    AvipContract.objects.filter(pk=over[1].pk).update(outcome="none")
    figures = outcome_figures(AvipContract.objects.all(), END)
    assert (figures.of, figures.recorded, figures.positive) == (3, 2, 1)
    assert (figures.asked, figures.still_in_work) == (1, 1)
