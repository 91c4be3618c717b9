"""The decision clock: when it starts, stops and runs again."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from labels.clock import age_steps, decision_clock
from labels.models import Correction, LabelApplication
from labels.rules import rules_for
from tests.labels.factories import ON, Status, make_application

pytestmark = pytest.mark.django_db

SUBMITTED = datetime(2026, 3, 2, 9, tzinfo=UTC)


def dossier(status=Status.UNDER_REVIEW, *, submitted_at=SUBMITTED, zone="Europe/Paris"):
    """A dossier that is not in the database: the clock reads nothing else."""
    application = LabelApplication(status=status, submitted_at=submitted_at)
    application._state.fields_cache["caf"] = SimpleNamespace(time_zone=zone)
    return application


def correction(asked_on, answered_on=None):
    def at(day):
        return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    return Correction(asked_at=at(asked_on), resolved_at=at(answered_on) if answered_on else None)


def clock(application, on, *corrections):
    return decision_clock(application, corrections, rules_for(None, ON), on)


def test_the_clock_starts_when_the_dossier_is_handed_over():
    first_day = clock(dossier(), date(2026, 3, 2))
    assert (first_day.days_used, first_day.days_left) == (0, 60)
    assert first_day.due_on == date(2026, 5, 1)
    assert "à confirmer" in first_day.sentence


def test_a_draft_and_a_closed_dossier_have_no_clock():
    assert clock(dossier(Status.DRAFT, submitted_at=None), ON) is None
    assert clock(dossier(Status.GRANTED), ON) is None


def test_the_clock_stops_while_the_creche_corrects():
    asked = correction(date(2026, 3, 12))
    stopped = clock(dossier(), date(2026, 3, 30), asked)
    assert (stopped.days_used, stopped.days_left) == (10, 50)
    assert stopped.stopped_since == date(2026, 3, 12)
    assert stopped.due_on is None
    assert stopped.in_words == "en pause"


def test_the_clock_runs_again_after_each_correction():
    past = [
        correction(date(2026, 3, 12), date(2026, 3, 17)),
        correction(date(2026, 3, 20), date(2026, 3, 22)),
    ]
    running = clock(dossier(), date(2026, 4, 1), *past)
    assert running.days_used == 30 - 5 - 2
    assert running.due_on == date(2026, 5, 8)


def test_the_last_day_and_the_day_after():
    assert clock(dossier(), date(2026, 5, 1)).in_words == "aujourd’hui"
    late = clock(dossier(), date(2026, 5, 4))
    assert late.in_words == "dépassé de 3\xa0jours"
    assert late.tone == "bad"


def test_a_day_is_that_of_the_caf():
    """Two in the morning in Paris is still the day before in Fort-de-France."""
    night = datetime(2026, 3, 3, 1, tzinfo=UTC)
    on = date(2026, 3, 3)
    assert clock(dossier(submitted_at=night), on).days_used == 0
    assert clock(dossier(submitted_at=night, zone="America/Martinique"), on).days_used == 1


def test_the_ages_of_the_filter_come_from_the_delay():
    assert age_steps(rules_for(None, ON)) == (15, 30, 60)


def test_the_creche_and_the_caf_read_the_same_delay(client, facility, director, caf_agent):
    application = make_application(Status.SUBMITTED, facility, by=director)
    for person in (director, caf_agent):
        client.force_login(person)
        page = client.get(application.get_absolute_url())
        assert page.context["clock"].sentence in page.content.decode()
