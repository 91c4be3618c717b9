"""Places held by accepted referrals: numbered, by capacity; a childminder's place and hours."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from threading import Barrier

import pytest
from django.db import IntegrityError, connection

from avip.workflow import StepRefused
from families.models import Hold, Referral
from families.places import JUST_TAKEN, keys_of
from families.situations import Care, Situation, months_against_cap, planned_in_month
from families.workflow import contracts, referrals
from labels.models import LocalRule
from labels.rules import rules_for
from partners.calendars import Calendar
from partners.models import Closure
from tests import factories as f
from tests.families import factories as ff

TRIES, PLACES = 20, 5
HOUR = 60


def reasons_of(refusal):
    return " ".join(refusal.value.reasons).replace("\u00a0", " ")


def need(slots):
    return [
        type("Slot", (), {"weekday": d, "starts": s, "ends": e, "minutes": m})
        for d, s, e, m in slots
    ]


SIX_HOURS = need([(1, time(9), time(15), 360), (3, time(9), time(15), 360)])


def test_a_need_touches_half_days():
    slots = need(
        [
            (0, time(8, 30), time(12), 210),
            (1, time(8, 30), time(17), 510),
            (2, time(13), time(17), 240),
        ]
    )
    assert keys_of(slots) == ["0-am", "1-am", "1-pm", "2-pm"]


@pytest.mark.django_db
def test_a_place_is_held_to_the_end_of_the_last_contract_the_rules_allow():
    referral = ff.make_referral("accepted", from_on=date(2026, 2, 2))
    assert {(h.from_on, h.until) for h in referral.holds.all()} == {
        (date(2026, 2, 2), date(2026, 8, 1))
    }
    assert sorted(h.key for h in referral.holds.all()) == ["0-am", "1-am", "1-pm"]


@pytest.mark.django_db
def test_each_child_has_a_place_of_its_own():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=2)
    household = ff.make_household(births=[date(2025, 6, 15), date(2025, 6, 15)])
    referral = ff.make_referral("accepted", provider=creche, household=household)
    numbers = {h.child_id: h.slot_number for h in referral.holds.all()}
    assert sorted(numbers.values()) == [1, 2]


@pytest.mark.django_db
def test_the_last_place_is_given_once():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=1)
    ff.make_referral("accepted", provider=creche)
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("accepted", provider=creche)
    assert reasons_of(refusal) == JUST_TAKEN
    assert Hold.objects.count() == 3


@pytest.mark.django_db
def test_two_families_share_a_place_on_different_half_days():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=1)
    for slots in ([(0, time(9), time(12))], [(0, time(13), time(17))]):
        ff.make_referral("accepted", provider=creche, slots=slots)
    assert set(Hold.objects.values_list("slot_number", flat=True)) == {1}


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["declined", "cancelled"])
def test_a_place_given_back_is_free_for_the_next(status):
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=1)
    first = ff.make_referral("accepted", provider=creche)
    step = {"declined": referrals.decline, "cancelled": referrals.cancel}[status]
    step(first, by=first.adviser, on=ff.ON)
    assert ff.make_referral("accepted", provider=creche).status == Referral.Status.ACCEPTED


@pytest.mark.django_db
def test_a_half_day_that_nobody_offers_is_named():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=3, half_days=["0-am", "1-am"])
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("accepted", provider=creche)
    assert "aucune place mardi après-midi" in reasons_of(refusal)


@pytest.mark.django_db
def test_an_offer_for_other_ages_is_refused_in_words():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=3, min_age_months=18)
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("accepted", provider=creche)
    assert "cet âge" in reasons_of(refusal)


@pytest.mark.django_db
def test_an_offer_that_ends_before_the_contract_is_refused_in_words():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=3, until=date(2026, 3, 31))
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("accepted", provider=creche)
    assert "prolongez-les" in reasons_of(refusal)


@pytest.mark.django_db
def test_an_offer_that_lasts_the_first_contract_holds_until_its_end():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=3, until=date(2026, 5, 31))
    referral = ff.make_referral("accepted", provider=creche)
    assert {h.until for h in referral.holds.all()} == {date(2026, 5, 31)}


@pytest.mark.django_db
def test_an_offer_made_smaller_gives_no_number_below_those_still_held():
    creche = ff.make_labelled(f.make_facility())
    offer = ff.make_offer(creche, places=5)
    for _ in range(5):
        ff.make_referral("accepted", provider=creche)
    offer.places = 2
    offer.save()
    Hold.objects.filter(slot_number__lte=3).update(released_at=ff.AT)
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("accepted", provider=creche)
    assert reasons_of(refusal) == JUST_TAKEN
    Hold.objects.filter(slot_number=5).update(released_at=ff.AT)
    last = ff.make_referral("accepted", provider=creche)
    assert {hold.slot_number for hold in last.holds.all()} == {1}


def standing(referral):
    rows = referral.holds.filter(released_at=None).order_by("from_on", "weekday", "half_day")
    return [(hold.key, hold.from_on, hold.until) for hold in rows]


@pytest.mark.django_db
@pytest.mark.parametrize("with_offer", [True, False], ids=["numbered places", "licensed capacity"])
def test_a_contract_that_starts_earlier_needs_the_place_on_those_days(with_offer):
    creche = ff.make_labelled(f.make_facility(capacity=24 if with_offer else 1))
    if with_offer:
        ff.make_offer(creche, places=1)
    ff.make_referral("accepted", provider=creche, from_on=date(2026, 2, 2))
    later = ff.make_referral("confirmed", provider=creche, from_on=date(2026, 8, 3))
    with pytest.raises(StepRefused) as refusal:
        ff.make_contract(referral=later, start_on=date(2026, 7, 6))
    assert reasons_of(refusal) == JUST_TAKEN
    assert {first for _, first, _ in standing(later)} == {date(2026, 8, 3)}


@pytest.mark.django_db
@pytest.mark.parametrize("with_offer", [True, False], ids=["numbered places", "licensed capacity"])
def test_a_contract_that_starts_later_holds_its_last_months_and_gives_back_the_first(with_offer):
    creche = ff.make_labelled(f.make_facility(capacity=24 if with_offer else 1))
    if with_offer:
        ff.make_offer(creche, places=1)
    contract = ff.make_contract(provider=creche, start_on=date(2026, 4, 6))
    assert {days[1:] for days in standing(contract.referral)} == {
        (date(2026, 4, 6), date(2026, 10, 5))
    }
    with pytest.raises(StepRefused):
        ff.make_referral("accepted", provider=creche, from_on=date(2026, 8, 3))
    short = Hold.objects.filter(from_on__lt=date(2026, 4, 6), released_at=None)
    assert not short.exists()


@pytest.mark.django_db
def test_a_renewal_with_other_hours_keeps_those_of_the_contract_that_runs():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=1)
    contract = ff.make_contract("active", provider=creche, slots=[(0, time(9), time(12))])
    version = contracts.renew(
        contract, by=contract.adviser, on=date(2026, 4, 13), slots=[(3, time(9), time(12))]
    )
    ends, until = date(2026, 5, 1), date(2026, 8, 1)
    assert standing(contract.referral) == [
        ("0-am", ff.FROM_ON, ends),
        ("3-am", version.start_on, until),
    ]


@pytest.mark.django_db
def test_a_childminder_is_judged_again_on_the_days_and_hours_of_the_contract():
    claire = ff.make_network_member()
    ff.make_referral("accepted", provider=claire)
    later = ff.make_referral("confirmed", provider=claire, from_on=date(2026, 8, 3))
    with pytest.raises(StepRefused) as refusal:
        ff.make_contract(referral=later, start_on=date(2026, 7, 7))
    assert "Claire accueille déjà un enfant" in reasons_of(refusal)
    assert ff.make_contract(referral=later).status == "to_sign"


@pytest.mark.django_db
def test_where_no_place_is_blocked_the_licensed_capacity_decides():
    creche = ff.make_labelled(f.make_facility(capacity=2))
    ff.make_referral("accepted", provider=creche)
    ff.make_referral("accepted", provider=creche)
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("accepted", provider=creche)
    assert reasons_of(refusal) == JUST_TAKEN


@pytest.mark.django_db
def test_families_that_follow_one_another_do_not_add_up():
    creche = ff.make_labelled(f.make_facility(capacity=1))
    ff.make_referral("accepted", provider=creche, from_on=date(2026, 2, 2))
    ff.make_referral("accepted", provider=creche, from_on=date(2026, 8, 3))
    with pytest.raises(StepRefused):
        ff.make_referral("accepted", provider=creche, from_on=date(2026, 7, 6))


@pytest.mark.django_db
def test_the_database_itself_refuses_the_same_place_twice():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, places=1)
    hold = ff.make_referral("accepted", provider=creche).holds.first()
    hold.pk = None
    with pytest.raises(IntegrityError, match="hold_place_taken_once"):
        hold.save()


def test_six_hours_on_tuesdays_and_thursdays_pass_the_cap_in_march_2027_only():
    asked = Care(SIX_HOURS, date(2027, 2, 1), date(2027, 3, 31), 1)
    rules = rules_for(None, date(2027, 2, 1))
    february, march = months_against_cap(asked, [], Calendar(), rules)
    assert (february.total, february.is_over) == (48 * HOUR, False)
    assert (march.total, march.is_over) == (54 * HOUR, True)
    assert march.drop == [date(2027, 3, 30)]
    assert "mars 2027 : 54 h prévues, le plafond est de 50 h" in march.sentence.replace(
        "\u00a0", " "
    )


def test_the_hours_of_another_family_count():
    asked = Care(SIX_HOURS, date(2027, 2, 1), date(2027, 2, 28), 1)
    other = Care(need([(4, time(9), time(10), 60)]), date(2027, 1, 1), date(2027, 12, 31), 1)
    (february,) = months_against_cap(asked, [other], Calendar(), rules_for(None, date(2027, 2, 1)))
    assert (february.others, february.total, february.is_over) == (4 * HOUR, 52 * HOUR, True)


def test_days_of_leave_are_not_planned():
    asked = Care(SIX_HOURS, date(2027, 3, 1), date(2027, 3, 31), 1)
    leave = Calendar(closures=[(date(2027, 3, 8), date(2027, 3, 14))])
    (march,) = months_against_cap(asked, [], leave, rules_for(None, date(2027, 3, 1)))
    assert march.total == 42 * HOUR


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "over"), [(720, True), (690, False)])
def test_by_the_monthly_average_the_week_decides(minutes, over):
    caf = f.make_caf()
    LocalRule.objects.create(
        caf=caf,
        key="childminder_cap_method",
        value="monthly_average",
        valid_from=date(2025, 1, 1),
        recorded_at=ff.AT,
        reference="Décision de la Caf",
        motive="Mensualisation",
        set_by=f.make_user("Marc", "Dubois", member_of=caf, role="manager"),
    )
    slots = need([(1, time(8), time(12), minutes)])
    asked = Care(slots, date(2027, 2, 1), date(2027, 3, 31), 1)
    months = months_against_cap(asked, [], Calendar(), rules_for(caf, date(2027, 2, 1)))
    assert {month.is_over for month in months} == {over}
    assert {month.total for month in months} == {round(minutes * 52 / 12)}


@pytest.mark.django_db
def test_a_month_above_the_cap_is_not_validated_and_is_named():
    claire = ff.make_network_member()
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral(
            "sent", provider=claire, slots=ff.SIX_HOURS_TWICE, from_on=date(2027, 2, 1)
        )
    assert "Mars 2027 : 54 h prévues, le plafond est de 50 h" in reasons_of(refusal)
    assert "Sans accueil mardi 30 mars" in reasons_of(refusal)
    assert "Février 2027" not in reasons_of(refusal)
    assert Referral.objects.get().status == Referral.Status.TO_VALIDATE


@pytest.mark.django_db
def test_a_second_family_at_the_same_hours_is_one_too_many():
    claire = ff.make_network_member()
    ff.make_referral("accepted", provider=claire)
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("sent", provider=claire)
    assert "Claire accueille déjà un enfant" in reasons_of(refusal)
    assert "Morel" not in reasons_of(refusal)


@pytest.mark.django_db
def test_twins_pass_the_places_of_a_childminder():
    household = ff.make_household(births=[date(2025, 6, 15), date(2025, 6, 15)])
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("sent", provider=ff.make_network_member(), household=household)
    assert "la demande est pour 2 enfants" in reasons_of(refusal)


@pytest.mark.django_db
def test_a_licence_that_does_not_reach_the_first_day_is_refused():
    claire = ff.make_network_member(licence_until=date(2026, 1, 31))
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("sent", provider=claire)
    assert "ne couvre pas le premier jour" in reasons_of(refusal)


@pytest.mark.django_db
def test_the_hours_of_a_month_are_those_of_every_family_and_of_her_leave():
    claire = ff.make_network_member()
    referral = ff.make_referral("accepted", provider=claire)  # 4 h on Tuesdays from 2 February
    Closure.objects.create(provider=claire, first_day=date(2026, 2, 9), last_day=date(2026, 2, 13))
    assert planned_in_month([claire], date(2026, 2, 1)) == {claire.pk: 3 * 4 * HOUR}
    referrals.cancel(referral, by=referral.adviser, on=ff.ON)
    assert planned_in_month([claire], date(2026, 2, 1)) == {claire.pk: 0}


@pytest.mark.django_db
def test_a_situation_reads_the_database_once_per_fact(django_assert_max_num_queries):
    referral = ff.make_referral("to_validate", provider=ff.make_network_member())
    with django_assert_max_num_queries(24):
        situation = Situation(Referral.objects.get(pk=referral.pk), ff.ON)
        assert situation.reasons == []
        assert len(situation.months) == 6


def race(acts):
    """Run every act at the same instant, each on its own connection; None, or why refused."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(60)
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '120s'")  # whatever else the machine does
            act()
        except StepRefused as refusal:
            return refusal.reasons
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def acceptance_of(referral):
    director = ff.director_of(referral.provider)
    fresh = Referral.objects.get(pk=referral.pk)
    return lambda: ff.accept(fresh, by=director)


def confirmation_of(referral, adviser):
    fresh = Referral.objects.get(pk=referral.pk)
    return lambda: referrals.confirm(fresh, by=adviser, on=ff.ON, how="par téléphone")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_offer", [True, False], ids=["numbered places", "licensed capacity"])
def test_twenty_directors_at_once_fill_five_places_exactly(with_offer, rounds):
    for _ in range(rounds):
        creche = ff.make_labelled(f.make_facility(capacity=60 if with_offer else PLACES))
        if with_offer:
            ff.make_offer(creche, places=PLACES)
        sent = [ff.make_referral(provider=creche) for _ in range(TRIES)]
        refusals = race([acceptance_of(referral) for referral in sent])
        assert refusals.count(None) == PLACES
        assert set(refusals) == {None, (JUST_TAKEN,)}
        assert Referral.objects.filter(provider=creche, status="accepted").count() == PLACES
        assert Hold.objects.filter(provider=creche).count() == PLACES * 3


@pytest.mark.django_db(transaction=True)
def test_no_race_plans_a_childminder_above_her_place_nor_her_cap(rounds):
    rules = rules_for(None, ff.FROM_ON)
    cap = rules.childminder_hours_month_cap * HOUR
    for _ in range(rounds):
        claire = ff.make_network_member()
        # 4 h, each on its own weekday: 16 to 20 h a month, so that two fit and three do not.
        sent = [
            ff.make_referral("to_validate", provider=claire, slots=[(day % 5, time(9), time(13))])
            for day in range(TRIES // 2)
        ]
        refusals = race([lambda one=referral: ff.validate(one) for referral in sent])
        assert refusals.count(None) == 2
        months = [date(2026, month, 1) for month in range(2, 9)]
        assert all(planned_in_month([claire], month)[claire.pk] <= cap for month in months)


@pytest.mark.django_db(transaction=True)
def test_a_family_that_confirms_two_places_at_once_keeps_one(rounds):
    for _ in range(rounds):
        adviser = ff.make_adviser()
        household = ff.make_household(adviser.memberships.get().agency)
        sent = [
            ff.make_referral(
                "accepted",
                household=household,
                adviser=adviser,
                provider=ff.make_labelled(f.make_facility()),
            )
            for _ in range(3)
        ]
        refusals = race([confirmation_of(referral, adviser) for referral in sent])
        assert refusals.count(None) == 1
        states = sorted(
            Referral.objects.filter(household=household).values_list("status", flat=True)
        )
        assert states == ["confirmed", "obsolete", "obsolete"]
        assert Hold.objects.filter(referral__household=household, released_at=None).count() == 3
