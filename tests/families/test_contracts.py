"""Proposed, in force, renewed, over: what the law and the database allow."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip.models import Outbox
from avip.workflow import StepRefused
from families import nightly
from families.models import AvipContract, ContractVersion, Hold, Placement, Signatory
from families.workflow import contracts, declarations
from labels.models import LocalRule
from tests import factories as base
from tests.families import factories as f

pytestmark = pytest.mark.django_db


def propose(referral, **fields):
    """By its adviser, the hours it asks for, a week of 24 hours."""
    defaults = {
        "by": referral.adviser,
        "on": f.ON,
        "start_on": f.FROM_ON,
        "slots": f.NEED,
        "envelope_minutes": 24 * 60,
    }
    return contracts.propose(referral, **defaults | fields)


def refused(call, *args, **kwargs):
    with pytest.raises(StepRefused) as refusal:
        call(*args, **kwargs)
    return " ".join(refusal.value.reasons)


def test_a_proposal_freezes_the_text_and_lists_who_signs():
    version = propose(f.make_referral("confirmed"))
    assert version.status == "to_sign" and version.contract.status == "to_sign"
    assert version.html and len(version.text_sha256) == 64
    assert [s.role for s in version.signatories.order_by("role")] == ["adviser", "care", "parent"]
    assert version.signatories_expected == 3


def test_duration_and_renewals_are_those_of_the_caf_on_the_first_day():
    referral = f.make_referral("confirmed")
    boss = base.make_user(member_of=referral.caf, role="manager")
    for key, value in (("contract_duration_months", 6), ("contract_max_renewals", 2)):
        LocalRule.objects.create(
            caf=referral.caf,
            key=key,
            value=value,
            valid_from=date(2026, 2, 1),
            reference="délibération",
            set_by=boss,
        )
    contract = propose(referral).contract
    assert (contract.duration_months, contract.renewals_allowed) == (6, 2)
    assert contract.end_on == date(2026, 8, 1)


def test_three_months_from_30_november_end_on_27_february():
    referral = f.make_referral("confirmed", on=date(2025, 11, 10), from_on=date(2025, 12, 1))
    version = propose(referral, on=date(2025, 11, 20), start_on=date(2025, 11, 30))
    assert version.end_on == date(2026, 2, 27)


def test_the_contract_ends_on_31_august_of_the_year_the_first_child_turns_three():
    household = f.make_household(births=[date(2023, 12, 20), date(2025, 6, 15)])
    referral = f.make_referral(
        "confirmed", household=household, on=date(2026, 6, 1), from_on=date(2026, 7, 6)
    )
    version = propose(referral, on=date(2026, 6, 8), start_on=date(2026, 7, 6))
    assert version.end_on == date(2026, 8, 31)


def test_after_that_31_august_no_contract_begins():
    household = f.make_household(births=[date(2023, 12, 20)])
    referral = f.make_referral(
        "confirmed", household=household, on=date(2026, 6, 1), from_on=date(2026, 7, 6)
    )
    sentence = refused(propose, referral, on=date(2026, 8, 20), start_on=date(2026, 9, 7))
    assert "entre à l’école" in sentence and not AvipContract.objects.exists()


def test_a_child_over_age_is_refused_in_months():
    household = f.make_household(births=[date(2023, 3, 1)])
    referral = f.make_referral("confirmed", household=household)
    sentence = refused(propose, referral, on=date(2026, 3, 1), start_on=date(2026, 3, 2))
    assert "36\xa0mois" in sentence


def test_hours_outside_the_opening_are_refused_in_words():
    referral = f.make_referral("confirmed")
    assert "est fermé le samedi" in refused(propose, referral, slots=[(5, time(9), time(12))])
    sentence = refused(propose, referral, slots=[(0, time(7), time(12))])
    assert "dépasse l’ouverture\xa0: 8\xa0h – 18\xa0h\xa030" in sentence
    assert "fin vient après" in refused(propose, referral, slots=[(0, time(12), time(9))])
    both = [(0, time(9), time(12)), (0, time(11), time(15))]
    assert "chevauchent" in refused(propose, referral, slots=both)
    assert "au moins un jour" in refused(propose, referral, slots=[])


def test_an_envelope_smaller_than_the_week_is_refused():
    assert "L’enveloppe de 10\xa0h" in refused(
        propose, f.make_referral("confirmed"), envelope_minutes=600
    )


def test_a_provider_without_its_label_signs_nothing_new():
    referral = f.make_referral("confirmed")
    referral.provider.labels.update(ends_on=date(2026, 1, 31))
    assert "n’a pas de label" in refused(propose, referral)


def test_a_date_without_rules_is_said():
    assert "n’a pas de valeur" in refused(
        propose, f.make_referral("confirmed"), start_on=date(2015, 1, 5)
    )


@pytest.mark.parametrize("status", ["sent", "accepted", "refused", "waiting_list", "placed"])
def test_only_a_confirmed_referral_gives_a_contract(status):
    assert "confirmé" in refused(propose, f.make_referral(status))


def test_a_second_contract_for_a_referral_is_refused():
    referral = f.make_referral("confirmed")
    propose(referral)
    assert "existe déjà" in refused(propose, referral)


def test_a_stale_form_says_by_whom():
    referral = f.make_referral("confirmed")
    with pytest.raises(StepRefused, match="modifié entre-temps par Karim Belkacem"):
        propose(referral, seen=referral.revision - 1)


def test_a_child_has_one_contract_at_a_time():
    household = f.make_household()
    f.make_contract(household=household)
    elsewhere = f.make_labelled(base.make_facility("Les Lucioles"))
    referral = f.make_referral("confirmed", household=household, provider=elsewhere)
    assert "se chevauchent" in refused(propose, referral)
    later = date(2026, 5, 4)
    assert propose(referral, on=date(2026, 4, 20), start_on=later).start_on == later


def test_a_childminder_needs_the_word_of_the_coordinator():
    childminder = f.make_network_member()
    referral = f.make_referral("confirmed", provider=childminder)
    type(referral).objects.filter(pk=referral.pk).update(validated_at=None)
    referral.refresh_from_db()
    sentence = refused(propose, referral, slots=f.FOUR_HOURS_ONCE)
    assert "coordination" in sentence and not AvipContract.objects.exists()


def test_hours_above_the_cap_of_a_childminder_name_the_month_and_the_days():
    referral = f.make_referral("confirmed", provider=f.make_network_member())
    sentence = refused(propose, referral, slots=f.SIX_HOURS_TWICE)
    assert "Mars 2026" in sentence.replace("\xa0", " ") and "Sans accueil" in sentence


def test_a_foreigner_proposes_nothing(other_adviser, caf_agent):
    referral = f.make_referral("confirmed")
    for by in (other_adviser, caf_agent):
        with pytest.raises(PermissionDenied):
            propose(referral, by=by)


def test_the_director_may_propose_as_well():
    referral = f.make_referral("confirmed")
    director = f.director_of(referral.provider)
    version = propose(referral, by=director)
    care = version.signatories.get(role=Signatory.Role.CARE)
    assert (care.name, care.quality) == ("Nadia Benali", "directrice")
    # The others are told; she is on the page already.
    told = Outbox.objects.filter(kind="families.contract_to_sign").values_list(
        "recipient_id", flat=True
    )
    assert list(told) == [str(referral.adviser.pk)]


def test_a_facility_that_leaves_signing_to_its_operator():
    operator = base.make_operator()
    facility = base.make_facility(
        operator=operator, signs="operator", delegation="par délégation du 3 mars"
    )
    boss = base.make_user("Rose", "Gérant", member_of=operator, quality="présidente")
    version = propose(f.make_referral("confirmed", provider=f.make_labelled(facility)))
    care = version.signatories.get(role=Signatory.Role.CARE)
    assert (care.name, care.organisation) == ("Rose Gérant", operator.name)
    assert care.delegation == "par délégation du 3 mars"
    with pytest.raises(PermissionDenied):
        sign = {"method": "account", "text_sha256": version.text_sha256, "on": f.ON}
        contracts.sign(version, signatory=care, by=f.director_of(facility), **sign)
    contracts.sign(version, signatory=care, by=boss, **sign)


def test_the_places_held_follow_the_hours_of_the_contract():
    provider = f.make_labelled(base.make_facility())
    f.make_offer(provider, places=1)
    contract = f.make_contract(provider=provider, slots=[(2, time(9), time(12))])
    assert [h.key for h in Hold.objects.filter(released_at=None)] == ["2-am"]
    contracts.lapse(contract, on=contract.start_on + timedelta(days=31))
    assert not Hold.objects.filter(released_at=None).exists()
    # Proposed again, the place is taken again.
    propose(contract.referral, on=date(2026, 3, 2), start_on=date(2026, 3, 9))
    assert Hold.objects.filter(released_at=None).count() == 3


def test_the_last_signature_opens_a_placement_per_child_and_closes_the_referral():
    household = f.make_household(births=[date(2025, 6, 15), date(2024, 6, 15)])
    contract = f.make_contract("active", household=household)
    assert contract.status == "active"
    assert [p.status for p in Placement.objects.all()] == ["planned", "planned"]
    assert {p.counts_from for p in Placement.objects.all()} == {contract.start_on}
    contract.referral.refresh_from_db()
    assert contract.referral.status == "placed"
    version = contract.versions.get()
    assert version.status == "in_force"
    assert (
        Outbox.objects.filter(kind="families.contract_pdf", object_id=str(version.pk)).count() == 1
    )


def test_a_last_signature_after_the_start_changes_no_date_and_counts_from_that_day():
    contract = f.make_contract()
    late = date(2026, 2, 9)
    f.sign_all(contract.versions.get(), on=late)
    contract.refresh_from_db()
    placement = Placement.objects.get()
    assert (contract.start_on, placement.start_on) == (f.FROM_ON, f.FROM_ON)
    assert (placement.counts_from, placement.status) == (late, "running")


def test_care_begins_on_its_day_and_ends_with_the_contract():
    contract = f.make_contract("active")
    nightly.begin_placements(f.FROM_ON - timedelta(days=1))
    assert Placement.objects.get().status == "planned"
    nightly.begin_placements(f.FROM_ON)
    assert Placement.objects.get().status == "running"
    nightly.end_contracts(contract.end_on)
    contract.refresh_from_db()
    assert contract.status == "active"
    for _ in range(2):
        nightly.end_contracts(contract.end_on + timedelta(days=1))
    contract.refresh_from_db()
    assert (contract.status, contract.ended_on) == ("ended", contract.end_on)
    assert Placement.objects.get().status == "ended"
    assert not Hold.objects.filter(released_at=None).exists()


def test_an_unsigned_contract_is_recalled_then_closed():
    contract = f.make_contract()
    version = contract.versions.get()
    for _ in range(2):
        nightly.recall_unsigned(f.ON + timedelta(days=4))
    reminders = Outbox.objects.filter(kind="families.contract_reminder", object_id=str(version.pk))
    assert reminders.count() == 2  # the director and the adviser, once each
    nightly.lapse_contracts(f.FROM_ON + timedelta(days=30))
    contract.refresh_from_db()
    assert contract.status == "to_sign"
    for _ in range(2):
        nightly.lapse_contracts(f.FROM_ON + timedelta(days=31))
    contract.refresh_from_db()
    version.refresh_from_db()
    assert (contract.status, version.status) == ("lapsed", "abandoned")


def test_a_cancelled_contract_leaves_the_referral_ready_for_another():
    contract = f.make_contract("cancelled")
    assert contract.versions.get().status == "abandoned"
    assert Hold.objects.filter(released_at=None).exists()
    assert propose(contract.referral).contract.pk != contract.pk


def test_a_contract_stopped_early_ends_the_care_that_day_and_says_why():
    contract = f.make_contract("active")
    stop = date(2026, 3, 2)
    director = f.director_of(contract.provider)
    assert "pourquoi" in refused(contracts.terminate, contract, by=director, on=stop, reason=" ")
    contracts.terminate(contract, by=director, on=stop, reason="déménagement")
    placement = Placement.objects.get()
    assert (contract.status, contract.ended_on, placement.end_on) == ("terminated", stop, stop)
    assert placement.status == "ended"
    assert contract.history.last().comment == "déménagement"


def test_a_contract_stopped_before_its_first_day_leaves_no_care():
    contract = f.make_contract("active")
    month = contract.start_on.replace(day=1)
    declaration = declarations.open_month(contract.provider, month, on=contract.start_on)
    assert declaration.lines.count() == 1
    contracts.terminate(contract, by=contract.adviser, on=f.ON, reason="déménagement")
    assert (contract.status, contract.ended_on) == ("terminated", f.ON)
    assert not Placement.objects.exists()
    again = declarations.open_month(contract.provider, month, on=contract.start_on)
    assert again.lines.count() == 0
    assert not Hold.objects.filter(released_at=None).exists()
    # The child is free for another contract on the very same days.
    other = f.make_contract("active", household=contract.household)
    assert other.placements.get().start_on == contract.start_on


def test_a_kept_place_outlives_its_contract():
    contract = f.make_contract("active")
    nightly.begin_placements(f.FROM_ON)
    placement = Placement.objects.get()
    until = date(2028, 8, 31)
    director = f.director_of(contract.provider)
    contracts.keep_place(placement, by=director, on=date(2026, 3, 2), until=until)
    contracts.end(contract, on=contract.end_on + timedelta(days=1))
    placement.refresh_from_db()
    assert (placement.status, placement.end_on) == ("kept", until)


def test_the_database_refuses_force_without_every_party():
    version = f.make_contract().versions.get()
    f.sign_all(version, but=[Signatory.Role.PARENT])
    with (
        pytest.raises(IntegrityError, match="version_in_force_needs_every_party"),
        transaction.atomic(),
    ):
        ContractVersion.objects.filter(pk=version.pk).update(status="in_force", in_force_at=f.AT)


def test_the_database_refuses_a_second_version_in_force():
    version = f.make_contract("active").versions.get()
    copy = {
        name: getattr(version, name)
        for name in (
            "contract", "status", "start_on", "end_on", "envelope_minutes", "html", "text_sha256",
            "proposed_at", "signatories_expected", "care_signed", "parents_signed",
            "adviser_signed", "in_force_at",
        )
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="version_one_in_force"), transaction.atomic():
        ContractVersion.objects.create(number=2, **copy)


def test_the_database_refuses_two_placements_of_a_child_at_once():
    placement = f.make_contract("active").placements.get()
    other = f.make_contract("active", household=f.make_household(), provider=placement.provider)
    with pytest.raises(IntegrityError, match="placement_child_once"), transaction.atomic():
        Placement.objects.create(
            contract=other, child=placement.child, provider=other.provider, caf=other.caf,
            start_on=placement.end_on, end_on=placement.end_on, counts_from=placement.end_on,
        )  # fmt: skip


def test_the_frozen_text_cannot_change():
    version = f.make_contract().versions.get()
    with pytest.raises(Exception, match="frozen_text|Cannot update"), transaction.atomic():
        ContractVersion.objects.filter(pk=version.pk).update(html="autre chose")
