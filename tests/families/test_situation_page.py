"""The page on which a coordinator validates, and those she may propose instead."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from avip.workflow import StepRefused
from families.models import Hold, Referral, ResponseTime
from families.other_childminders import SHOWN, candidates
from families.situations import Situation, planned_in_month
from families.workflow import referrals
from labels.rules import rules_for
from partners.models import Childminder
from tests import factories as f
from tests.families import factories as ff
from tests.families.pages import read, signed_in

pytestmark = pytest.mark.django_db
Status = Referral.Status
FEBRUARY = date(2027, 2, 1)


def words(refusal):
    return " ".join(refusal.value.reasons).replace("\u00a0", " ")


def page(referral, name="validate"):
    return reverse(f"families:referral_{name}", args=[referral.pk])


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


def asked(provider, slots=ff.FOUR_HOURS_ONCE, status="to_validate", **fields):
    """Of today, for the first Monday of February 2027."""
    today = timezone.localdate()
    fields = {"on": today, "at": timezone.now() - timedelta(hours=6), "from_on": FEBRUARY} | fields
    births = [FEBRUARY - timedelta(days=400)]
    household = fields.pop("household", None) or ff.make_household(births=births)
    return ff.make_referral(status, provider=provider, household=household, slots=slots, **fields)


def talked(**fields):
    return {"is_tariff_talked": "on", "tariff_talked_on": timezone.localdate()} | fields


def test_the_page_shows_need_place_checks_and_thirteen_months(claire, coordinator):
    html = read(signed_in(coordinator).get(page(asked(claire))))
    for said in ("Distance", "même commune", "Agrément", "Vérifications", "Reste", "a été évoqué"):
        assert said in html
    assert html.count("<meter") == 13


def test_the_tariff_is_talked_over_before_validation(claire, coordinator):
    referral, client = asked(claire), signed_in(coordinator)
    for given in ({}, {"is_tariff_talked": "on"}, {"tariff_talked_on": timezone.localdate()}):
        assert client.post(page(referral), given).status_code == 200
    tomorrow = timezone.localdate() + timedelta(days=1)
    html = read(client.post(page(referral), talked(tariff_talked_on=tomorrow)))
    assert "pas encore venue" in html
    with pytest.raises(StepRefused) as refusal:
        referrals.validate(referral, by=coordinator, on=timezone.localdate())
    assert "parlez du tarif" in words(refusal)
    client.post(page(referral), talked())
    referral.refresh_from_db()
    assert (referral.status, referral.tariff_talked_on) == (Status.SENT, timezone.localdate())


def test_validating_holds_the_place_that_she_then_finds_held(claire, coordinator):
    referral = asked(claire)
    signed_in(coordinator).post(page(referral), talked())
    held = set(referral.holds.values_list("pk", flat=True))
    assert held and planned_in_month([claire], FEBRUARY)[claire.pk] == 4 * 4 * 60
    ff.accept(referral, by=coordinator, on=timezone.localdate())
    assert set(referral.holds.values_list("pk", flat=True)) == held


def test_a_month_above_the_cap_is_validated_without_its_days_in_one_press(claire, coordinator):
    referral, client = asked(claire, ff.SIX_HOURS_TWICE), signed_in(coordinator)
    html = read(client.get(page(referral)))
    assert "Mars 2027 : 54 h prévues, le plafond est de 50 h" in html
    assert "Valider sans le 30 mars, le 29 avril, le 29 juin et le 29 juillet" in html
    days = "2027-03-30 2027-04-29 2027-06-29 2027-07-29"
    assert f'value="{days}"' in html
    client.post(page(referral), talked(without=days))
    referral.refresh_from_db()
    assert referral.status == Status.SENT and referral.dropped_days.count() == 4


def test_days_shown_before_another_family_came_are_looked_at_again(claire, coordinator):
    referral, client = asked(claire, ff.SIX_HOURS_TWICE), signed_in(coordinator)
    asked(claire, [(4, time(9), time(10))], "sent")
    days = "2027-03-30 2027-04-29 2027-06-29 2027-07-29"
    html = read(client.post(page(referral), talked(without=days)))
    assert "Mars 2027 : 52 h prévues" in html and "jeudi 25 mars" in html
    assert "Valider sans le 25 février, les 25 et 30 mars" in html
    assert not referral.dropped_days.exists()
    assert client.post(page(referral), talked(without="demain")).status_code == 200


@pytest.mark.parametrize(
    "step", ["refuse", "cancel", "expire", "put_on_waiting_list", "transfer", "make_obsolete"]
)
def test_the_place_held_is_released_when_the_request_ends(claire, coordinator, service, step):
    referral = asked(claire, status="sent")
    today = timezone.localdate()
    who = {"by": coordinator, "on": today}
    match step:
        case "refuse":
            referrals.refuse(referral, reason="full", **who)
        case "cancel":
            referrals.cancel(referral, by=referral.adviser, on=today)
        case "expire":
            referrals.expire(referral, on=today)
        case "put_on_waiting_list":
            referrals.put_on_waiting_list(referral, **who)
        case "transfer":
            sonia = ff.make_network_member("Sonia Haddad", service=service)
            referrals.transfer(referral, sonia, **who)
        case "make_obsolete":
            creche = ff.make_labelled(f.make_facility())
            other = ff.make_referral(
                "accepted", provider=creche, household=referral.household, from_on=FEBRUARY
            )
            referrals.confirm(other, by=other.adviser, on=today, how="par téléphone")
    assert not Hold.objects.filter(referral=referral, released_at=None).exists()
    asked(claire, status="sent")


def test_a_request_that_comes_back_to_a_place_given_meanwhile_is_validated_again(
    claire, coordinator
):
    referral, today = asked(claire, status="sent"), timezone.localdate()
    creche = ff.make_labelled(f.make_facility())
    other = ff.make_referral(
        "accepted", provider=creche, household=referral.household, from_on=FEBRUARY
    )
    referrals.confirm(other, by=other.adviser, on=today, how="par téléphone")
    asked(claire, status="sent")
    referrals.decline(other, by=other.adviser, on=today)
    referral.refresh_from_db()
    assert (referral.status, referral.validated_at) == (Status.TO_VALIDATE, None)


def test_a_request_that_comes_back_to_a_free_place_finds_it_held(claire):
    referral, today = asked(claire, status="sent"), timezone.localdate()
    creche = ff.make_labelled(f.make_facility())
    other = ff.make_referral(
        "accepted", provider=creche, household=referral.household, from_on=FEBRUARY
    )
    referrals.confirm(other, by=other.adviser, on=today, how="par téléphone")
    referrals.decline(other, by=other.adviser, on=today)
    referral.refresh_from_db()
    assert referral.status == Status.SENT and referral.validated_at
    assert referral.holds.filter(released_at=None).exists()


def test_other_hours_proposed_and_taken_go_through_the_same_checks(claire, coordinator):
    referral = asked(claire, status="sent")
    today = timezone.localdate()
    ff.propose_hours(referral, by=coordinator, on=today, slots=[(3, time(9), time(13))])
    assert not referral.holds.filter(released_at=None).exists()
    asked(claire, [(3, time(9), time(13))], "sent")
    with pytest.raises(StepRefused) as refusal:
        referrals.take_hours(referral, by=referral.adviser, on=today)
    assert "accueille déjà un enfant" in words(refusal)


def test_licensed_places_full_are_said_to_be_those_of_her_licence(claire, monkeypatch):
    Childminder.objects.filter(pk=claire.pk).update(licensed_places=1)
    rules = rules_for(claire.caf, FEBRUARY)
    monkeypatch.setitem(rules.__dict__, "childminder_max_places", 2)
    asked(claire, status="sent")
    second = Referral.objects.get(pk=asked(claire).pk)
    reasons = Situation(second, timezone.localdate(), rules=rules).reasons
    assert "c’est le plus que permet son agrément" in " ".join(reasons)


def test_two_situations_for_one_place_are_validated_once(claire, coordinator):
    first, second = asked(claire), asked(claire)
    client = signed_in(coordinator)
    client.post(page(first), talked())
    html = read(client.post(page(second), talked()))
    assert "Claire accueille déjà un enfant" in html


def test_an_expired_licence_is_said_and_another_childminder_proposed(claire, coordinator):
    Childminder.objects.filter(pk=claire.pk).update(licence_until=date(2027, 1, 31))
    html = read(signed_in(coordinator).get(page(asked(claire))))
    assert "ne couvre pas le premier jour" in html
    assert "Valider la situation" not in html
    assert "Proposer une autre assistante maternelle" in html


def test_a_place_on_pause_takes_no_new_family_and_keeps_the_one_it_has(claire, coordinator):
    offer = ff.make_offer(claire)
    running = asked(claire, status="accepted")
    offer.paused_from, offer.paused_until = date(2027, 1, 1), date(2027, 12, 31)
    offer.save()
    with pytest.raises(StepRefused) as refusal:
        asked(claire, [(3, time(9), time(13))], "sent")
    assert "est en pause jusqu’au 31 décembre 2027" in words(refusal)
    referrals.confirm(running, by=running.adviser, on=timezone.localdate(), how="par téléphone")
    assert running.holds.filter(released_at=None).exists()


def test_half_days_that_she_does_not_offer_are_not_validated(claire):
    ff.make_offer(claire, half_days=["0-am"])
    with pytest.raises(StepRefused) as refusal:
        asked(claire, status="sent")
    assert "aucune place mardi" in words(refusal)


@pytest.fixture
def network(service, claire):
    """Near and free, near and nearly full, far, and out: her licence ends."""
    paris = claire.commune
    far = f.make_commune("75116", "Paris 16e", lat=48.8604, lon=2.2620)
    found = {name: ff.make_network_member(f"{name} N", service=service) for name in "ABCD"}
    asked(found["B"], [(3, time(9), time(15))], "sent")
    found["C"].commune, found["C"].lat, found["C"].lon = far, far.lat, far.lon
    found["C"].save()
    Childminder.objects.filter(pk=found["D"].pk).update(licence_until=date(2027, 1, 31))
    assert found["A"].commune == paris
    return found


def test_the_others_are_ranked_by_fit_distance_and_hours_left(claire, coordinator, network):
    referral = asked(claire)
    found = candidates(referral, coordinator, timezone.localdate())
    assert [one.provider.name for one in found] == ["A N", "B N", "C N"]
    assert found[0].minutes_left > found[1].minutes_left


def test_of_two_equals_the_one_who_answers_fast_comes_first(claire, coordinator, service):
    slow = ff.make_network_member("Ava Slow", service=service)
    fast = ff.make_network_member("Zoé Fast", service=service)
    for provider, minutes in ((slow, 2000), (fast, 60)):
        ResponseTime.objects.create(
            provider=provider,
            median_minutes=minutes,
            answers=9,
            asked=9,
            measured_on=timezone.localdate(),
        )
    found = candidates(asked(claire), coordinator, timezone.localdate())
    assert [one.provider for one in found] == [fast, slow]


def test_who_passes_the_cap_is_shown_after_with_the_days_to_drop(claire, coordinator, network):
    referral = asked(claire, ff.SIX_HOURS_TWICE)
    Referral.objects.filter(pk=referral.pk).update(from_on=date(2027, 3, 1))
    html = read(signed_in(coordinator).get(page(referral, "other_childminder")))
    assert "Sans accueil le 30 mars" in html and "avec des jours à retirer" in html


def test_a_deputy_reads_no_full_name_among_those_she_may_propose(claire, service, caf):
    service.deputy = f.make_service("RPE voisin", caf=caf)
    service.save()
    lise = f.make_user("Lise", "Roy", member_of=service.deputy)
    ff.make_network_member("Sonia Haddad", service=service)
    referral = asked(claire)
    Referral.objects.update(deputy_at=timezone.now())
    html = read(signed_in(lise).get(page(referral, "other_childminder")))
    assert "à Sonia<" in html and "Haddad" not in html


def test_one_press_passes_the_request_on_and_tells_everybody(claire, coordinator, network):
    referral = asked(claire)
    client = signed_in(coordinator)
    client.get(page(referral, "other_childminder"))
    response = client.post(page(referral, "transfer"), {"to_provider": network["A"].pk})
    following = Referral.objects.get(transferred_from=referral)
    assert following.provider == network["A"] and following.status == Status.TO_VALIDATE
    assert response["Location"] == page(following)
    referral.refresh_from_db()
    assert (referral.status, referral.told_at) == (Status.TRANSFERRED, None)


def test_nobody_passes_a_request_on_outside_her_network(claire, coordinator):
    montreuil = f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485)
    service = f.make_service("RPE voisin", communes=[montreuil])
    stranger = ff.make_network_member("Sonia Haddad", service=service)
    referral = asked(claire)
    signed_in(coordinator).post(page(referral, "transfer"), {"to_provider": stranger.pk})
    assert not Referral.objects.filter(transferred_from=referral).exists()


def test_nobody_else_is_an_empty_state_that_says_what_to_do(claire, coordinator):
    html = read(signed_in(coordinator).get(page(asked(claire), "other_childminder")))
    assert "Personne d’autre ne peut accueillir" in html


def test_thirty_others_cost_as_many_queries_as_three(
    claire, coordinator, service, django_assert_num_queries
):
    def add(number):
        other = ff.make_network_member(f"Autre {number}", service=service)
        asked(other, [(3, time(9), time(11))], "accepted")

    referral = asked(claire)
    assert coordinator.reach.services  # read once for a page
    for number in range(3):
        add(number)
    referral = Referral.objects.select_related("provider__childminder").get(pk=referral.pk)
    with CaptureQueriesContext(connection) as three:
        assert len(candidates(referral, coordinator, timezone.localdate())) == 3
    for number in range(3, 30):
        add(number)
    referral = Referral.objects.select_related("provider__childminder").get(pk=referral.pk)
    with django_assert_num_queries(len(three)):
        assert len(candidates(referral, coordinator, timezone.localdate())) == SHOWN
