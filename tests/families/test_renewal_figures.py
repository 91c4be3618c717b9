"""The renewal of a label opens by itself, with the figures already known."""

from datetime import date, timedelta

import pytest

from families.models import MonthlyDeclaration, QuotaCheck
from families.renewals import label_figures, open_renewals
from labels import workflow
from labels.models import Label, LabelApplication, MeetingInvitation, NetworkMeeting
from labels.rules import rules_for
from tests import factories as f
from tests.families.declared import make_labelled_facility, make_placement

END = date(2026, 12, 31)
WITHIN = date(2026, 10, 5)  # less than ninety days before
Verdict = QuotaCheck.Verdict


@pytest.fixture
def creche(db):
    return make_labelled_facility(ends_on=END)


def renewals():
    return LabelApplication.objects.filter(kind="renewal")


def values(provider, on=WITHIN):
    label = Label.objects.get(provider=provider)
    found = label_figures(label, on, rules_for(provider.caf, on))
    return {key: figure["value"].replace("\xa0", " ") for key, figure in found.items()}


def make_month(provider, month, verdict=None, status="submitted"):
    declared = {"children_present": 10, "hours_total": 900, "submitted_at": "2026-09-05T08:00Z"}
    declaration = MonthlyDeclaration.objects.create(
        provider=provider,
        caf=provider.caf,
        month=month,
        status=status,
        **(declared if status != "open" else {}),
    )
    if verdict:
        QuotaCheck.objects.create(
            provider=provider,
            caf=provider.caf,
            declaration=declaration,
            month=month,
            checked_at="2026-09-05T08:00Z",
            known_at="2026-09-05T08:00Z",
            avip_children=2,
            all_children=10,
            required_bp=2000,
            rate_bp=2000,
            verdict=verdict,
            inputs_sha256="0" * 64,
        )


@pytest.mark.parametrize(
    ("days", "count"), [(91, 0), (90, 1), (0, 1), (-1, 0)], ids=lambda value: str(value)
)
def test_the_renewal_opens_within_the_notice_of_the_caf(creche, days, count):
    open_renewals(END - timedelta(days=days))
    assert renewals().count() == count


def test_it_opens_once_with_what_is_known(creche):
    open_renewals(WITHIN)
    open_renewals(WITHIN + timedelta(days=1))
    renewal = renewals().get()
    assert renewal.status == "draft" and renewal.current_label.provider == creche
    assert renewal.given_figures["as_of"] == {
        "label": "Chiffres arrêtés au",
        "value": "5\xa0octobre\xa02026",
    }


def test_a_caf_may_ask_earlier_than_the_others(creche, caf_manager):
    from labels.models import LocalRule

    LocalRule.objects.create(
        caf=creche.caf,
        key="label_renewal_notice_days",
        valid_from=date(2026, 1, 1),
        recorded_at="2026-01-01T00:00:00Z",
        value=120,
        reference="Comité du 10 décembre",
        motive="Trois mois ne suffisent pas",
        set_by=caf_manager,
    )
    open_renewals(END - timedelta(days=120))
    assert renewals().exists()


def test_a_label_that_is_followed_or_given_back_is_not_renewed(creche):
    label = Label.objects.get()
    Label.objects.filter(pk=label.pk).update(leaves_on=END)
    open_renewals(WITHIN)
    assert not renewals().exists()
    Label.objects.filter(pk=label.pk).update(leaves_on=None)
    Label.objects.create(
        provider=creche,
        caf=creche.caf,
        granted_on=WITHIN,
        starts_on=END + timedelta(days=1),
        ends_on=date(2029, 12, 31),
    )
    open_renewals(WITHIN)
    assert not renewals().exists()


def test_a_renewal_that_the_creche_withdrew_is_not_opened_again(creche):
    open_renewals(WITHIN)
    director = creche.membership_set.get().user
    workflow.withdraw(renewals().get(), by=director, on=WITHIN)
    open_renewals(WITHIN + timedelta(days=1))
    assert renewals().count() == 1


def test_nothing_happened_is_said_in_words(creche):
    assert values(creche) == {
        "months": "aucun mois à déclarer jusqu’ici",
        "quota": "aucun mois évalué",
        "children": "aucun enfant",
        "contracts": "0",
        "outcomes": "aucun contrat terminé",
        "meetings": "aucune réunion jusqu’ici",
        "as_of": "5 octobre 2026",
    }


def test_the_months_declared_and_their_verdicts(creche):
    make_month(creche, date(2025, 6, 1), Verdict.SHORT)  # too long ago for the quota
    make_month(creche, date(2026, 5, 1), Verdict.NOT_ASSESSABLE)
    make_month(creche, date(2026, 6, 1), Verdict.COMPLIANT)
    make_month(creche, date(2026, 7, 1), Verdict.SHORT)
    make_month(creche, date(2026, 8, 1), status="open")
    found = values(creche)
    assert found["months"] == "4 sur 5 ; manque août 2026"
    assert found["quota"] == "respecté 1 mois sur 2 évalués"


def test_children_contracts_and_outcomes_with_their_denominator(creche):
    other = make_labelled_facility("Ailleurs", siret=f.make_siret())
    first = make_placement(creche)
    make_placement(creche, status="ended", outcome="cdi", ended_on=date(2026, 10, 1))
    make_placement(creche, status="ended", outcome="none", ended_on=date(2026, 10, 1))
    make_placement(creche, status="ended", ended_on=date(2026, 10, 1))
    make_placement(creche, child=first.child, start_on=date(2026, 5, 1), end_on=date(2026, 7, 31))
    make_placement(other)
    found = values(creche)
    assert found["children"] == "4 enfants"
    assert found["contracts"] == "5"
    assert found["outcomes"] == "2 issues connues sur 3, dont 1 positive"


def test_the_meetings_it_came_to(creche, caf_manager):
    for day, came in [(1, True), (8, False)]:
        meeting = NetworkMeeting.objects.create(
            caf=creche.caf,
            title="Réunion du réseau",
            status="held",
            starts_at=f"2026-06-0{day}T08:00Z",
            ends_at=f"2026-06-0{day}T10:00Z",
            opened_by=caf_manager,
        )
        MeetingInvitation.objects.create(meeting=meeting, provider=creche, came=came)
    assert values(creche)["meetings"] == "présente à 1 sur 2"
