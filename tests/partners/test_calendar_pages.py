from datetime import date, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from partners.models import Closure
from tests import factories as f

pytestmark = pytest.mark.django_db

MONDAY, SUNDAY = 0, 6


def text(response):
    return response.content.decode().replace("\xa0", " ")


def url_of(provider, name="calendar"):
    return reverse(f"partners:{name}", args=[provider.pk])


def week(client, provider, **changes):
    """The week as the page shows it, with some fields changed (`d0_0_opens` for `0_0_opens`)."""
    form = client.get(url_of(provider)).context["form"]
    shown = {field.html_name: field.value() or "" for field in form}
    return shown | {name.removeprefix("d"): value for name, value in changes.items()}


@pytest.fixture
def open_page(client, director):
    client.force_login(director)
    return client


def hours_of(provider, weekday):
    rows = provider.opening_hours.filter(weekday=weekday)
    return [(row.opens, row.closes) for row in rows]


def test_a_director_sets_a_break_and_a_closed_day(open_page, facility):
    data = week(
        open_page, facility,
        d0_0_closes="12:00", d0_1_opens="13:30", d0_1_closes="18:00", d4_0_opens="", d4_0_closes="",
    )  # fmt: skip
    response = open_page.post(url_of(facility), data)
    assert response["Location"] == url_of(facility)
    assert hours_of(facility, 0) == [(time(8), time(12)), (time(13, 30), time(18))]
    assert hours_of(facility, 1) == [(time(8), time(18, 30))]
    assert hours_of(facility, 4) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"d0_0_closes": "07:00"}, "L’heure de fermeture vient après 8 h."),
        ({"d0_0_closes": ""}, "Indiquez aussi l’heure de fermeture."),
        ({"d6_0_closes": "12:00"}, "Indiquez aussi l’heure d’ouverture."),
        (
            {"d0_1_opens": "18:00", "d0_1_closes": "19:00"},
            "Le lundi est déjà ouvert jusqu’à 18 h 30.",
        ),
        ({"d0_0_opens": "tôt"}, "Saisissez une heure valide."),
    ],
)
def test_hours_that_make_no_day_are_refused_in_words_and_kept(open_page, facility, change, words):
    before = list(facility.opening_hours.values_list("weekday", "opens", "closes"))
    response = open_page.post(url_of(facility), week(open_page, facility, **change))
    assert response.status_code == 200 and words in text(response)
    for value in change.values():
        assert f'value="{value}"' in text(response) or not value
    assert before == list(facility.opening_hours.values_list("weekday", "opens", "closes"))


def test_a_week_changed_meanwhile_is_shown_again_then_saved(open_page, facility):
    data = week(open_page, facility, d0_0_opens="07:30")
    facility.opening_hours.filter(weekday=MONDAY).update(opens=time(9))
    response = open_page.post(url_of(facility), data)
    assert "modifiés entre-temps" in text(response) and 'value="07:30"' in text(response)
    assert hours_of(facility, 0) == [(time(9), time(18, 30))]
    again = data | {"seen": response.context["form"]["seen"].value()}
    assert open_page.post(url_of(facility), again).status_code == 302
    assert hours_of(facility, 0) == [(time(7, 30), time(18, 30))]


def test_a_closure_is_added_seen_and_taken_out(open_page, facility):
    first = timezone.localdate() + timedelta(days=10)
    data = {"kind": "closure", "first_day": first.isoformat(), "last_day": first.isoformat()}
    open_page.post(url_of(facility, "closure_add"), data)
    closure = facility.closures.get()
    assert (closure.first_day, closure.last_day) == (first, first)
    assert list(open_page.get(url_of(facility)).context["coming"]) == [closure]
    open_page.post(reverse("partners:closure_remove", args=[facility.pk, closure.pk]))
    assert not facility.closures.exists()


def test_past_closures_are_kept_apart(open_page, facility):
    facility.closures.create(first_day=date(2020, 8, 1), last_day=date(2020, 8, 15))
    page = open_page.get(url_of(facility))
    assert page.context["coming"] == [] and len(page.context["past"]) == 1


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2027-08-10", "2027-08-09", "Le dernier jour ne peut pas précéder le premier."),
        ("2027-08-14", "2027-08-20", "déjà enregistrée, du 1ᵉʳ août 2027 au 15 août 2027"),
        ("2027-07-20", "2027-08-01", "déjà enregistrée"),
        ("2027-09-01", "2127-09-01", "un an au plus"),
        ("2027-02-30", "2027-03-01", "Saisissez une date valide."),
    ],
)
def test_days_that_cannot_be_closed_are_refused_in_words(open_page, facility, first, last, words):
    facility.closures.create(first_day=date(2027, 8, 1), last_day=date(2027, 8, 15))
    data = {"kind": "closure", "first_day": first, "last_day": last}
    response = open_page.post(url_of(facility, "closure_add"), data)
    assert response.status_code == 200 and words in text(response)
    assert facility.closures.count() == 1


def test_a_coordinator_keeps_the_calendar_of_her_childminders(client, coordinator, childminder):
    client.force_login(coordinator)
    page = client.get(url_of(childminder, "closure_add"))
    assert page.context["form"].initial["kind"] == Closure.Kind.LEAVE
    data = {"kind": "leave", "first_day": "03/08/2027", "last_day": "20/08/2027"}
    client.post(url_of(childminder, "closure_add"), data)
    assert childminder.closures.get().last_day == date(2027, 8, 20)


def test_those_who_only_see_a_provider_change_nothing_and_others_find_nothing(
    client, facility, other_facility, adviser, caf_agent, other_director, director, childminder
):
    closure = facility.closures.create(first_day=date(2027, 8, 1), last_day=date(2027, 8, 15))
    remove = reverse("partners:closure_remove", args=[facility.pk, closure.pk])
    for user, status in [(adviser, 403), (caf_agent, 403), (other_director, 404)]:
        client.force_login(user)
        for url in (url_of(facility), url_of(facility, "closure_add"), remove):
            assert client.post(url, {}).status_code == status
    client.force_login(director)
    # The closure of a neighbour is not reached through one's own crèche.
    theirs = other_facility.closures.create(first_day=date(2027, 8, 1), last_day=date(2027, 8, 2))
    url = reverse("partners:closure_remove", args=[facility.pk, theirs.pk])
    assert client.post(url).status_code == 404
    assert client.get(url_of(childminder)).status_code == 404
    assert Closure.objects.count() == 2


def test_the_operator_keeps_the_calendar_of_its_creches(client):
    operator = f.make_operator()
    creche = f.make_facility("Les Barques", operator=operator)
    client.force_login(f.make_user(member_of=operator))
    assert client.get(url_of(creche)).status_code == 200
