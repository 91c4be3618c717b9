"""Accueil ponctuel: dated hours, no contract, held for these days alone, apart from the quota."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip.workflow import StepRefused
from families.models import AvipContract, Placement, Referral
from families.notifications.referrals import close_stays
from families.occasional import stays_between
from families.workflow import referrals
from partners.models import Closure
from tests import factories as f
from tests.families import factories as ff
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
Status = Referral.Status
TOMORROW = ff.ON + timedelta(days=1)


def reasons_of(refusal):
    return " ".join(refusal.value.reasons).replace("\u00a0", " ")


def mornings(count, first=TOMORROW):
    return [(first + timedelta(days=n), time(9), time(12)) for n in range(count)]


def test_it_runs_without_a_contract_and_its_places_are_held_for_its_days_alone():
    stay = ff.make_stay("confirmed")
    assert stay.status == Status.CONFIRMED and not AvipContract.objects.exists()
    assert [(h.from_on, h.until, h.half_day) for h in stay.holds.all()] == [
        (TOMORROW, TOMORROW, "am")
    ]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (mornings(8), "au plus 5 jours"),
        ([], "au moins un jour"),
        ([(ff.ON - timedelta(days=1), time(9), time(12))], "est passé"),
        ([(TOMORROW, time(12), time(9))], "l’heure de fin vient après"),
        ([(TOMORROW, time(9), time(12)), (TOMORROW, time(11), time(13))], "se chevauchent"),
        ([(date(2026, 4, 6), time(9), time(12))], "Fermé"),  # Easter Monday
    ],
)
def test_hours_that_cannot_be_asked_for_are_refused_in_words(days, words):
    provider = ff.make_labelled(f.make_facility())
    household = ff.make_household()
    with pytest.raises(StepRefused) as refusal:
        referrals.send(
            household,
            provider=provider,
            children=household.children.all(),
            kind="occasional",
            days=days,
            by=ff.make_adviser(household.agency),
            on=ff.ON,
        )
    assert words in reasons_of(refusal)


def test_hours_during_a_closure_are_refused():
    provider = ff.make_labelled(f.make_facility())
    Closure.objects.create(provider=provider, first_day=TOMORROW, last_day=TOMORROW)
    with pytest.raises(StepRefused) as refusal:
        ff.make_stay(provider=provider)
    assert "Fermé" in reasons_of(refusal)


def test_one_place_is_not_given_twice_on_the_same_morning():
    provider = ff.make_labelled(f.make_facility())
    ff.make_offer(provider, places=1)
    ff.make_stay("accepted", provider=provider)
    other = ff.make_stay(provider=provider)
    with pytest.raises(StepRefused) as refusal:
        ff.accept(other)
    assert "vient d’être prise" in reasons_of(refusal)
    ff.make_stay("accepted", provider=provider, days=mornings(1, TOMORROW + timedelta(days=1)))


def test_a_childminders_coordinator_validates_it_first():
    stay = ff.make_stay(provider=ff.make_network_member())
    assert stay.status == Status.TO_VALIDATE
    ff.validate(stay)
    assert stay.status == Status.SENT


def test_it_neither_waits_nor_changes_hours_nor_closes_the_search_for_a_lasting_place():
    lasting = ff.make_referral()
    stay = ff.make_stay("accepted", household=lasting.household, adviser=lasting.adviser)
    referrals.confirm(stay, by=stay.adviser, on=ff.ON, how="par téléphone")
    lasting.refresh_from_db()
    assert lasting.status == Status.SENT
    other = ff.make_stay()
    with pytest.raises(StepRefused):
        referrals.put_on_waiting_list(other, by=ff.director_of(other.provider), on=ff.ON)


def test_the_night_after_its_last_day_it_is_over_and_its_hours_are_asked_for():
    stay = ff.make_stay("confirmed")
    assert close_stays(TOMORROW).startswith("0 ")
    assert close_stays(TOMORROW + timedelta(days=1)).startswith("1 ")
    assert close_stays(TOMORROW + timedelta(days=1)).startswith("0 ")
    stay.refresh_from_db()
    assert stay.status == Status.STAYED


def test_its_hours_are_counted_apart_and_never_in_the_quota():
    stay = ff.make_stay("stayed")
    with pytest.raises(PermissionDenied):
        referrals.confirm_hours(stay, by=stay.adviser, on=ff.ON, minutes=[150])
    referrals.confirm_hours(stay, by=ff.director_of(stay.provider), on=ff.ON, minutes=[150])
    month = date(2026, 1, 1), date(2026, 1, 31)
    assert stays_between([stay.provider], *month) == (1, 150)
    assert not Placement.objects.exists()
    with pytest.raises(StepRefused):
        referrals.mark_placed(ff.make_stay("confirmed"), on=ff.ON)


def test_hours_of_another_day_than_24_are_refused():
    stay = ff.make_stay("stayed")
    with pytest.raises(StepRefused):
        referrals.confirm_hours(stay, by=ff.director_of(stay.provider), on=ff.ON, minutes=[25 * 60])


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def family(today):
    agency = f.make_agency()
    adviser = ff.make_adviser(agency)
    return ff.make_household(agency, adviser=adviser, births=[today - timedelta(days=300)])


def open_day(today):
    """A weekday soon that no public holiday closes, for the test's own day."""
    from partners.calendars import public_holidays

    day = today + timedelta(days=1)
    while day.weekday() > 4 or day in public_holidays("75", day.year):
        day += timedelta(days=1)
    return day


def test_the_adviser_finds_who_is_open_and_asks_in_two_pages(family, today):
    creche = ff.make_labelled(f.make_facility("Ouverte"))
    closed = ff.make_labelled(f.make_facility("Fermée ce jour"))
    day = open_day(today)
    Closure.objects.create(provider=closed, first_day=day, last_day=day)
    client = signed_in(family.adviser)
    search = reverse("families:occasional_search", args=[family.pk])
    html = text_of(client.get(search, {"day": day.isoformat()}))
    assert "Ouverte" in html and "Fermée ce jour" not in html
    url = reverse("families:occasional_create", args=[family.pk, creche.pk])
    child = family.children.get().pk
    data = {"children": [child], "day_0": day, "starts_0": "09:00", "ends_0": "12:00"}
    assert "au moins un enfant" in text_of(client.post(url, data | {"children": []}))
    response = client.post(url, data | {"is_urgent": "on"})
    referral = Referral.objects.get()
    assert response["Location"] == referral.get_absolute_url()
    assert referral.is_urgent and referral.kind == "occasional"


def test_the_director_reads_it_first_without_the_reason(family, today):
    creche = ff.make_labelled(f.make_facility())
    director = ff.director_of(creche)
    day = open_day(today)
    stay = ff.make_stay(
        provider=creche,
        household=family,
        adviser=family.adviser,
        on=today,
        at=timezone.now(),
        days=[(day, time(9), time(12))],
    )
    client = signed_in(director)
    html = text_of(client.get("/"))
    assert "Accueil urgent" in html and "entretien" not in html
    page = text_of(client.get(stay.get_absolute_url()))
    assert "Accueil ponctuel, sans contrat" in page and "liste d’attente" not in page


def test_the_receiver_confirms_the_hours_on_a_page(family):
    stay = ff.make_stay("stayed", household=family, adviser=family.adviser)
    client = signed_in(ff.director_of(stay.provider))
    url = reverse("families:referral_hours", args=[stay.pk])
    assert client.get(url).status_code == 200
    name = f"hours_{stay.days.get().pk}"
    client.post(url, {name: "2,5"})
    assert stay.days.get().declared_minutes == 150
