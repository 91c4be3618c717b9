"""A day ends at midnight where people work, overseas too."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories as f

NIGHT_IN_PARIS = datetime(2026, 3, 1, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "zone", "today"),
    [
        ("974", "Indian/Reunion", date(2026, 3, 2)),
        ("75", "Europe/Paris", date(2026, 3, 1)),
        ("973", "America/Cayenne", date(2026, 3, 1)),
    ],
)
def test_the_day_of_a_page_is_that_of_the_caf(client, monkeypatch, db, code, zone, today):
    caf = f.make_caf(code, "La Caf", time_zone=zone)
    client.force_login(f.make_user("Anne", "Payet", member_of=caf))
    monkeypatch.setattr(timezone, "now", lambda: NIGHT_IN_PARIS)
    assert client.get(reverse("labels:rules")).context["today"] == today


def test_an_adviser_lives_in_the_zone_of_her_agency(db):
    agency = f.make_agency()
    agency.department_code = "972"
    agency.save()
    assert f.make_user("Line", "Cadet", member_of=agency).time_zone == "America/Martinique"


def test_a_request_leaves_its_time_zone_behind(client, db):
    caf = f.make_caf("974", "Caf de La Réunion", time_zone="Indian/Reunion")
    client.force_login(f.make_user("Anne", "Payet", member_of=caf))
    client.get(reverse("labels:rules"))
    assert timezone.get_current_timezone_name() == "Europe/Paris"
