"""Her place: its real planning, its pause, its states in words, one at most by the rule."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip.workflow import StepRefused
from families.models import PlaceOffer
from families.offers import pause, resume
from families.place_states import with_state
from labels.workflow.network import leave_network
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
TUESDAYS = [(1, time(8, 30), time(16, 30))]


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


@pytest.fixture
def herself(claire):
    return f.make_user("Claire", "Morel", member_of=claire)


def planning(**fields):
    return {
        "from_on": "2027-03-02",
        "min_age_months": "0",
        "seen": "0",
        "starts_1_0": "08:30",
        "ends_1_0": "16:30",
    } | fields


def create(provider):
    return reverse("families:offer_create", args=[provider.pk])


def own_place(provider):
    return reverse("families:own_place", args=[provider.pk])


def step(offer, name):
    return reverse("families:place_step", args=[offer.pk, name])


def state(offer, on=ff.ON):
    (found,) = with_state(PlaceOffer.objects.filter(pk=offer.pk), on)
    words = f"{found.state.words} {found.state.detail}".strip().replace("\u00a0", " ")
    return found.state.kind, words


def test_she_describes_her_real_week_and_its_half_days_follow(client, herself, claire):
    client.force_login(herself)
    assert client.get(create(claire)).status_code == 200
    data = planning(starts_1_1="17:00", ends_1_1="18:00", date_0="2027-03-09")
    data |= {"date_1": "2027-03-16", "starts_on_1": "09:00", "ends_on_1": "12:00"}
    response = client.post(create(claire), data)
    assert response["Location"] == own_place(claire)
    offer = PlaceOffer.objects.get()
    assert offer.half_days == ["1-am", "1-pm"] and offer.places == 1
    assert [str(slot) for slot in offer.slots.all()] == ["mardi 08:30–16:30", "mardi 17:00–18:00"]
    assert [(row.day.day, row.starts) for row in offer.days.all()] == [(9, None), (16, time(9))]
    page = text_of(client.get(own_place(claire)))
    for words in (
        "8 h 30 – 16 h 30",
        "jamais",
        "Mardi 9 mars : pas d’accueil",
        "Mardi 16 mars : 9 h – 12 h",
        "libre dès le 2 mars 2027",
    ):
        assert words in page, words


def test_what_is_changed_replaces_what_was_said(client, herself, claire):
    offer = ff.make_planning(claire, TUESDAYS, dates=[(date(2035, 3, 6), None, None)])
    client.force_login(herself)
    page = text_of(client.get(offer.get_absolute_url()))
    assert "2035-03-06" in page and "08:30" in page
    client.post(
        offer.get_absolute_url(),
        planning(starts_1_0="", ends_1_0="", **{"starts_3_0": "08:00", "ends_3_0": "12:00"}),
    )
    offer.refresh_from_db()
    assert offer.half_days == ["3-am"] and not offer.days.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"starts_1_1": "16:00", "ends_1_1": "18:00"}, "Deux horaires se chevauchent le mardi"),
        ({"starts_2_0": "12:00", "ends_2_0": "09:00"}, "L’heure de fin vient après 12 h"),
        ({"ends_1_0": ""}, "Complétez les heures : le mardi"),
        ({"starts_1_0": "", "ends_1_0": ""}, "au moins un jour et ses heures"),
        ({"until": "2027-01-01"}, "La fin ne peut pas précéder le début"),
        ({"date_0": "2020-03-09"}, "Ce jour est passé"),
        ({"starts_on_0": "09:00", "ends_on_0": "12:00"}, "de quel jour il s’agit"),
        ({"date_0": "2027-03-09", "date_1": "2027-03-09"}, "déjà sur une autre ligne"),
        ({"min_age_months": "9", "max_age_months": "3"}, "après l’âge minimum"),
    ],
)
def test_a_planning_that_makes_no_sense_is_refused_and_kept(client, herself, claire, fields, words):
    client.force_login(herself)
    page = text_of(client.post(create(claire), planning(note="Maison avec jardin", **fields)))
    assert words in page and "Maison avec jardin" in page
    assert not PlaceOffer.objects.exists()


def test_a_second_place_is_refused_unless_it_follows_the_first(client, herself, claire):
    ff.make_planning(claire, TUESDAYS, until=date(2027, 6, 30))
    client.force_login(herself)
    page = text_of(client.post(create(claire), planning()))
    assert "1 place au plus" in page and "jusqu’au 30 juin 2027" in page and "16:30" in page
    assert client.post(create(claire), planning(from_on="2027-07-01")).status_code == 302
    assert PlaceOffer.objects.count() == 2


def test_a_stale_planning_is_refused(client, herself, claire):
    offer = ff.make_planning(claire, TUESDAYS)
    client.force_login(herself)
    client.post(offer.get_absolute_url(), planning())
    page = text_of(client.post(offer.get_absolute_url(), planning(note="Autre")))
    assert "modifié entre-temps par Claire Morel" in page and "Autre" in page


def test_her_coordinator_keeps_it_and_the_caf_where_there_is_no_service(
    client, coordinator, caf_agent, adviser, other_director, claire
):
    offer = ff.make_planning(claire, TUESDAYS)
    for person, status in [
        (coordinator, 200),
        (caf_agent, 403),
        (adviser, 403),
        (other_director, 404),
    ]:
        client.force_login(person)
        for url in (own_place(claire), offer.get_absolute_url()):
            assert client.get(url).status_code == status
    claire.childminder.service = None
    claire.childminder.save(update_fields=["service"])
    client.force_login(caf_agent)
    assert client.get(own_place(claire)).status_code == 200
    assert client.post(step(offer, "libre"))["Location"] == own_place(claire)


def test_the_menu_leads_her_to_her_place(client, herself, claire, director):
    client.force_login(herself)
    assert client.get(reverse("families:my_place"))["Location"] == own_place(claire)
    client.force_login(director)
    assert client.get(reverse("families:my_place")).status_code == 404


def test_a_place_is_open_held_taken_paused_then_closed(claire, herself):
    offer = ff.make_planning(claire, [*TUESDAYS, (3, time(9), time(12))])
    assert state(offer) == ("open", "libre")
    later = ff.make_planning(ff.make_network_member("B C"), TUESDAYS, from_on=date(2026, 3, 2))
    assert state(later) == ("open", "libre dès le 2 mars 2026")
    slots = [(1, time(9), time(14))]
    referral = ff.make_referral("confirmed", provider=claire, slots=slots)
    assert state(offer) == (
        "open",
        "libre jeudi matin Le reste du temps, retenue pour une famille.",
    )
    offer.slots.filter(weekday=3).delete()
    PlaceOffer.objects.filter(pk=offer.pk).update(half_days=["1-am", "1-pm"])
    assert state(offer) == ("held", "retenue pour une famille")
    contract = ff.make_contract("active", referral=referral)
    ends = f"{contract.end_on:%Y}"
    kind, words = state(offer)
    assert kind == "taken" and words.startswith("prise jusqu’au") and words.endswith(ends)
    pause(offer, by=herself, on=ff.ON, until=date(2026, 4, 1))
    kind, words = state(offer)
    assert (kind, words.split(" L’accueil")[0]) == ("paused", "en pause jusqu’au 1ᵉʳ avril 2026")
    assert "L’accueil en cours continue" in words
    assert state(offer, date(2026, 4, 2))[0] == "taken"
    member = claire.network_memberships.get()
    leave_network(member, by=ff.coordinator_of(claire), on=ff.ON)
    assert state(offer)[0] == "closed"


def test_states_ask_one_query_however_many_places(claire, django_assert_num_queries):
    for number in range(3):
        ff.make_planning(ff.make_network_member(f"Nom{number} X"), TUESDAYS)
    with django_assert_num_queries(1):
        assert len(with_state(PlaceOffer.objects.all(), ff.ON)) == 3


def test_a_paused_place_takes_no_new_request_and_its_contract_goes_on(claire, herself, service):
    offer = ff.make_planning(claire, TUESDAYS)
    slots = [(1, time(9), time(12))]
    contract = ff.make_contract("active", provider=claire, slots=slots)
    waiting = ff.make_referral("to_validate", provider=claire, slots=[(1, time(13), time(16))])
    pause(offer, by=herself, on=ff.ON)
    contract.refresh_from_db()
    assert contract.status == "active" and contract.referral.holds.filter(released_at=None).exists()
    with pytest.raises(StepRefused, match="en pause"):
        ff.validate(waiting)
    with pytest.raises(StepRefused, match="en pause"):
        ff.make_referral(provider=claire, slots=slots)
    resume(offer, by=herself, on=ff.ON)
    ff.validate(waiting)
    assert waiting.status == "sent"


def test_a_pause_that_ends_before_the_first_day_stops_nobody(claire, herself):
    offer = ff.make_planning(claire, TUESDAYS)
    pause(offer, by=herself, on=ff.ON, until=ff.FROM_ON - timedelta(days=1))
    assert ff.make_referral(provider=claire, slots=[(1, time(9), time(12))]).status == "sent"


def test_pausing_and_resuming_are_two_presses(client, herself, claire):
    offer = ff.make_planning(claire, TUESDAYS)
    client.force_login(herself)
    url = reverse("families:place_pause", args=[offer.pk])
    assert client.get(url).status_code == 200
    assert not PlaceOffer.objects.exclude(paused_from=None).exists()
    assert "commencé" in text_of(client.post(url, {"until": "2020-01-01"}))
    client.post(url, {"until": ""})
    client.post(url, {"until": ""})  # pressed twice
    offer.refresh_from_db()
    assert (offer.paused_from, offer.paused_until) == (timezone.localdate(), None)
    assert "en pause" in text_of(client.get(own_place(claire)))
    assert "reprenez-la" in text_of(client.post(step(offer, "libre"), follow=True))
    client.post(step(offer, "reprendre"))
    client.post(step(offer, "reprendre"))
    offer.refresh_from_db()
    assert (offer.paused_from, offer.confirmed_on) == (None, timezone.localdate())


def test_nobody_else_pauses_it(client, adviser, caf_agent, other_director, claire):
    offer = ff.make_planning(claire, TUESDAYS)
    for person, status in [(adviser, 403), (caf_agent, 403), (other_director, 404)]:
        client.force_login(person)
        for url in (reverse("families:place_pause", args=[offer.pk]), step(offer, "reprendre")):
            assert client.post(url).status_code == status
        with pytest.raises(PermissionDenied):
            pause(offer, by=person, on=ff.ON)
