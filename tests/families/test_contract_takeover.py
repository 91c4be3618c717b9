"""A contract that runs on paper: taken over in one screen, counted from then on, never claimed."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import AvipContract, ContractVersion, Household, Signature
from families.planning import planned_days
from families.proposal import last_day_of_renewal
from families.schedules import schedule_of
from families.verification import say_contract
from families.workflow import contracts
from families.workflow.takeovers import Paper, take_over
from labels.rules import rules_for
from partners.calendars import Calendar
from tests import factories as base
from tests.families import factories as f
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db

ON = date(2026, 2, 11)
START, END = date(2026, 1, 5), date(2026, 4, 4)


@pytest.fixture
def household():
    household = f.make_household()
    household.adviser = f.make_adviser(household.agency)
    household.save()
    return household


def record(household, *, by=None, number=1, start_on=START, end_on=END, **fields):
    provider = fields.pop("provider", None) or f.make_labelled(base.make_facility())
    f.director_of(provider)
    return take_over(
        household,
        provider=provider,
        children=household.children.all(),
        paper=Paper(start_on, end_on, f.NEED, number, b"%PDF-1.4"),
        by=by or household.adviser,
        on=ON,
        at=f.AT + timedelta(days=30),
    )


def test_it_is_active_and_counts_from_the_day_it_is_taken_over(household):
    contract = record(household)
    placement = contract.placements.get()
    assert (contract.status, contract.taken_over) == ("active", True)
    assert (placement.status, placement.start_on, placement.counts_from) == ("running", START, ON)
    found = planned_days(schedule_of([contract]), Calendar(), date(2026, 2, 16), date(2026, 2, 22))
    assert list(found.values()) == [210, 510]


def test_it_claims_no_electronic_signature(household):
    contract = record(household)
    version = contract.version
    assert not Signature.objects.exists() and not version.is_fully_signed
    assert "Personne ne l’a signé électroniquement" in version.html
    assert not Outbox.objects.filter(kind="families.contract_pdf").exists()
    said = say_contract(contract, ON)
    assert said.word == "repris" and "signé sur papier" in said.sentence
    assert "Signé par tous" not in dict(said.facts)


def test_the_other_party_is_told(household):
    contract = record(household)
    row = Outbox.objects.get(kind="families.contract_taken_over")
    assert row.recipient_id == str(f.director_of(contract.provider).pk)


def test_its_renewal_is_signed_as_any_other(household):
    contract = record(household)
    version = contracts.renew(contract, by=contract.adviser, on=ON, at=f.AT)
    assert version.status == "to_sign" and version.signatories_expected == 3
    f.sign_all(version, on=ON, at=f.AT)
    version.contract.refresh_from_db()
    assert version.contract.status == "active" and version.contract.number == 2


def test_a_second_of_its_chain_has_no_renewal_left(household):
    contract = record(household, number=2)
    assert contract.previous is None and contract.renewals_left == 0
    with pytest.raises(StepRefused):
        contracts.renew(contract, by=contract.adviser, on=ON, at=f.AT)
    rules = rules_for(contract.caf, START)
    children = list(contract.children.all())
    assert last_day_of_renewal(contract, children, rules) == date(2026, 7, 4)


def test_it_stops_like_any_other_and_the_family_is_told(household):
    contract = record(household)
    contracts.terminate(contract, by=contract.adviser, on=ON, reason="autre accueil", at=f.AT)
    assert Outbox.objects.filter(kind="families.parent_stopped").count() == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"start_on": ON + timedelta(days=1)}, "qui court aujourd’hui"),
        ({"end_on": ON - timedelta(days=1)}, "qui court aujourd’hui"),
        ({"number": 3}, "rang de celui-ci"),
        ({"end_on": date(2028, 9, 1)}, "entre à l’école"),
        ({"start_on": date(2025, 6, 1)}, "n’était pas né"),
    ],
)
def test_what_cannot_be_on_the_paper_is_refused(household, fields, why):
    with pytest.raises(StepRefused) as refusal:
        record(household, **fields)
    assert why in " ".join(refusal.value.reasons)


def test_the_same_child_twice_and_a_provider_without_label_are_refused(household):
    record(household)
    with pytest.raises(StepRefused) as refusal:
        record(household)
    assert "se chevauchent" in " ".join(refusal.value.reasons)
    with pytest.raises(StepRefused) as refusal:
        record(f.make_household(household.agency), provider=base.make_facility("Sans label"),
               by=household.adviser)  # fmt: skip
    assert "ne porte pas le label" in " ".join(refusal.value.reasons)


def test_strangers_take_nothing_over(household):
    for by in (
        f.make_adviser(base.make_agency("Ailleurs")),
        base.make_user(member_of=base.make_caf()),
    ):
        with pytest.raises(PermissionDenied):
            record(household, by=by)


def test_the_database_still_refuses_force_without_signatures():
    contract = f.make_contract("to_sign")
    with pytest.raises(IntegrityError), transaction.atomic():
        ContractVersion.objects.filter(contract=contract).update(status="in_force")


def paper():
    import io

    import pikepdf

    data = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page()
    document.save(data)
    return SimpleUploadedFile("contrat.pdf", data.getvalue(), content_type="application/pdf")


def test_the_screen_takes_a_known_family_or_a_new_one(household):
    today = timezone.localdate()
    provider = f.make_labelled(base.make_facility())
    dates = {
        "provider": provider.pk,
        "start_on": today - timedelta(days=30),
        "end_on": today + timedelta(days=30),
        "number": 1,
        "starts_0_0": "09:00",
        "ends_0_0": "16:00",
    }
    page = reverse("families:contract_takeover")
    client = signed_in(household.adviser)
    known = f"{page}?famille={household.pk}"
    assert "Reprendre un contrat papier" in text_of(client.get(known))
    children = [child.pk for child in household.children.all()]
    answer = client.post(known, dates | {"children": children, "scan": paper()}, follow=True)
    assert "repris" in text_of(answer)
    new = {
        "first_name": "Awa",
        "last_name": "Sow",
        "situation": "training",
        "place": household.commune.name,
        "notice_given_on": today,
        "notice_channel": "in_person",
        "child_0": "Lina",
        "born_0": today - timedelta(days=400),
        "agency": household.agency.pk,
    }
    director = signed_in(f.director_of(provider))
    answer = director.post(page, dates | new | {"scan": paper()}, follow=True)
    assert AvipContract.objects.filter(taken_over=True).count() == 2, answer.context["form"].errors
    assert Household.objects.filter(parents__last_name="Sow").exists()
