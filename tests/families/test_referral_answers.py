"""Other hours, the commission, a family that never came, requests that go on."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import AvipContract, Referral
from families.workflow import contracts, no_shows, referrals
from families.workflow.siblings import revive_after_lapses
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
Status = Referral.Status


def reasons_of(refusal):
    return " ".join(refusal.value.reasons).replace("\u00a0", " ")


def held(referral):
    return referral.holds.filter(released_at=None)


def test_the_family_takes_the_other_hours_and_the_place_is_held():
    referral = ff.make_referral("hours_proposed")
    assert referral.status == Status.HOURS_PROPOSED and not held(referral).exists()
    referrals.take_hours(referral, by=referral.adviser, on=ff.ON)
    assert referral.status == Status.ACCEPTED
    assert {slot.weekday for slot in referral.slots.all()} == {ff.TUESDAY, ff.THURSDAY}
    assert {hold.weekday for hold in held(referral)} == {ff.TUESDAY, ff.THURSDAY}
    assert Outbox.objects.filter(kind="families.referral_hours_taken").exists()


def test_other_hours_may_be_declined():
    referral = ff.make_referral("hours_proposed")
    referrals.decline(referral, by=referral.adviser, on=ff.ON)
    assert referral.status == Status.DECLINED


def test_other_hours_that_somebody_took_meanwhile_are_said_to_be_gone():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=1)
    referral = ff.make_referral("hours_proposed", provider=creche)
    ff.make_referral("accepted", provider=creche)
    with pytest.raises(StepRefused) as refusal:
        referrals.take_hours(referral, by=referral.adviser, on=ff.ON)
    assert "vient d’être prise" in reasons_of(refusal)
    referral.refresh_from_db()
    assert referral.status == Status.HOURS_PROPOSED
    assert len(referral.slots.all()) == len(ff.NEED)


def test_a_childminders_other_hours_come_from_her_coordinator_within_the_cap():
    claire = ff.make_network_member()
    herself = f.make_user("Claire", "Morel", member_of=claire)
    referral = ff.make_referral("sent", provider=claire)
    with pytest.raises(PermissionDenied):
        ff.propose_hours(referral, by=herself)
    with pytest.raises(StepRefused) as refusal:
        ff.propose_hours(referral, slots=[(day, time(8), time(18)) for day in range(5)])
    assert "plafond" in reasons_of(refusal)
    ff.propose_hours(referral, slots=ff.FOUR_HOURS_ONCE)
    assert referral.status == Status.HOURS_PROPOSED


def test_only_a_facility_with_a_commission_presents_a_family_to_it():
    referral = ff.make_referral()
    with pytest.raises(StepRefused) as refusal:
        referrals.shortlist(
            referral, by=ff.director_of(referral.provider), on=ff.ON, commission_on=ff.FROM_ON
        )
    assert "aucune commission" in reasons_of(refusal)


def test_a_commission_stops_the_clock_and_says_yes_from_its_day_on():
    referral = ff.make_referral("shortlisted")
    assert referral.answer_due_at.date() > referral.commission_on
    with pytest.raises(StepRefused) as refusal:
        ff.accept(referral)
    assert "20 janvier 2026" in reasons_of(refusal)
    ff.accept(referral, on=date(2026, 1, 20))
    assert referral.status == Status.ACCEPTED


def two_requests(first="accepted", second="accepted", **fields):
    household = ff.make_household()
    adviser = ff.make_adviser(household.agency)
    return [
        ff.make_referral(
            status,
            household=household,
            adviser=adviser,
            provider=ff.make_labelled(f.make_facility(name)),
            **fields,
        )
        for status, name in ((first, "Un"), (second, "Deux"))
    ]


@pytest.mark.parametrize("was", ["sent", "accepted", "waiting_list", "hours_proposed"])
@pytest.mark.parametrize("fall", ["decline", "cancel"])
def test_when_the_confirmed_place_falls_the_others_go_back_to_where_they_were(was, fall):
    first, second = two_requests(second=was)
    referrals.confirm(first, by=first.adviser, on=ff.ON, how="par téléphone")
    second.refresh_from_db()
    assert second.status == Status.OBSOLETE
    getattr(referrals, fall)(first, by=first.adviser, on=ff.ON)
    second.refresh_from_db()
    assert second.status == was and second.told_at is None
    assert held(second).exists() is (was == "accepted")


def test_an_acceptance_whose_place_is_gone_asks_the_receiver_again():
    first, second = two_requests()
    ff.make_offer(second.provider, places=1)
    referrals.confirm(first, by=first.adviser, on=ff.ON, how="par téléphone")
    ff.make_referral("accepted", provider=second.provider)
    referrals.decline(first, by=first.adviser, on=ff.ON, at=ff.AT + timedelta(days=1))
    second.refresh_from_db()
    assert second.status == Status.SENT
    assert second.answer_due_at > ff.AT + timedelta(days=1)


def test_a_request_whose_first_day_is_past_or_whose_creche_lost_its_label_stays_closed():
    first, second = two_requests(second="sent")
    third = ff.make_referral(
        household=first.household,
        adviser=first.adviser,
        provider=ff.make_labelled(f.make_facility("Trois")),
    )
    referrals.confirm(first, by=first.adviser, on=ff.ON, how="par téléphone")
    third.provider.labels.update(ends_on=date(2026, 1, 1))
    Referral.objects.filter(pk=second.pk).update(from_on=ff.ON - timedelta(days=1))
    referrals.decline(first, by=first.adviser, on=ff.ON)
    states = Referral.objects.filter(pk__in=[second.pk, third.pk]).values_list("status", flat=True)
    assert set(states) == {Status.OBSOLETE}


def test_a_contract_that_lapsed_lets_the_other_requests_go_on():
    first, second = two_requests(second="waiting_list")
    referrals.confirm(first, by=first.adviser, on=ff.ON, how="par téléphone")
    contract = ff.make_contract(referral=first)
    later = contract.start_on + timedelta(days=31)
    Referral.objects.filter(pk=second.pk).update(from_on=later + timedelta(days=30))
    assert revive_after_lapses(on=later) == 0
    contracts.lapse(contract, on=later)
    assert revive_after_lapses(on=later) == 1
    assert revive_after_lapses(on=later) == 0
    second.refresh_from_db()
    assert second.status == Status.WAITING_LIST


def test_never_came_frees_the_place_and_signals_who_waits_first():
    creche = ff.make_labelled(f.make_facility())
    ff.director_of(creche)
    referral = ff.make_referral("confirmed", provider=creche)
    ff.make_referral("waiting_list", provider=creche)
    first = ff.make_referral(
        "waiting_list", provider=creche, household=ff.make_household(in_qpv=True)
    )
    no_shows.no_show(referral, by=ff.director_of(creche), on=ff.FROM_ON)
    assert referral.status == Status.NO_SHOW and not held(referral).exists()
    freed = Outbox.objects.filter(kind="families.referral_place_freed")
    assert {row.object_id for row in freed} == {str(first.pk)}


@pytest.mark.parametrize("status", ["to_sign", "active"])
def test_never_came_stops_the_contract_in_its_first_days(status):
    contract = ff.make_contract(status)
    referral = contract.referral
    no_shows.no_show(referral, by=referral.adviser, on=contract.start_on + timedelta(days=2))
    contract.refresh_from_db()
    assert referral.status == Status.NO_SHOW
    assert contract.status in {AvipContract.Status.CANCELLED, AvipContract.Status.TERMINATED}
    assert not held(referral).exists()


def test_never_came_is_not_said_of_a_family_that_has_been_there_for_weeks():
    contract = ff.make_contract("active")
    with pytest.raises(StepRefused) as refusal:
        no_shows.no_show(
            contract.referral,
            by=contract.referral.adviser,
            on=contract.start_on + timedelta(days=40),
        )
    assert "premiers jours" in reasons_of(refusal)


def test_a_label_lost_leaves_what_runs_alone_and_starts_nothing_new():
    contract = ff.make_contract("active")
    waiting = ff.make_referral("waiting_list", provider=contract.provider)
    contract.provider.labels.update(ends_on=date(2026, 2, 10))
    with pytest.raises(StepRefused):
        ff.accept(waiting, on=date(2026, 2, 11))
    contract.refresh_from_db()
    assert contract.status == AvipContract.Status.ACTIVE
    assert Referral.objects.get(pk=contract.referral_id).status == Status.PLACED


def test_any_colleague_acts_on_the_requests_of_an_adviser_who_left():
    referral = ff.make_referral("accepted")
    colleague = f.make_user("Odile", "Marchand", member_of=referral.agency)
    referral.adviser.memberships.update(ends_on=date(2026, 1, 1))
    gone = type(referral.adviser).objects.get(pk=referral.adviser_id)
    with pytest.raises(PermissionDenied):
        referrals.confirm(referral, by=gone, on=ff.ON, how="par téléphone")
    referrals.confirm(referral, by=colleague, on=ff.ON, how="par téléphone")
    assert referral.status == Status.CONFIRMED


def test_the_rules_are_those_of_the_caf_of_the_provider():
    montreuil = f.make_commune("93048", "Montreuil", kind="commune", postal_codes="93100")
    caf = f.make_caf("93", "Caf de la Seine-Saint-Denis")
    elsewhere = ff.make_labelled(f.make_facility(caf=caf, commune=montreuil))
    referral = ff.make_referral(provider=elsewhere)
    assert referral.caf == caf != referral.household.caf
    mine = f.make_user("Agent", "Paris", member_of=f.make_caf())
    theirs = f.make_user("Agent", "Bobigny", member_of=caf)
    seen = [Referral.objects.visible_to(p).filter(pk=referral.pk).exists() for p in (mine, theirs)]
    assert seen == [False, True]
