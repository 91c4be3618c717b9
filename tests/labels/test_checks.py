"""What a dossier lacks, and what the rules say of it."""

from datetime import date, time

import pytest

from labels.charter import COMMITMENTS
from labels.checks import SECTIONS, advisory_checks, application_missing
from labels.rules import rules_for
from tests.labels.factories import ON, make_draft


def findings(application, on=ON):
    return {f.label: f for f in advisory_checks(application, rules_for(application.caf, on))}


def test_a_complete_dossier_lacks_nothing(facility, director):
    assert application_missing(make_draft(facility, by=director), ON) == []


def test_an_empty_dossier_lacks_something_in_every_section(facility, director):
    draft = make_draft(facility, by=director, complete=False)
    missing = application_missing(draft, ON)
    assert [*dict.fromkeys(item.section for item in missing)] == list(SECTIONS)
    assert len({(item.section, item.field) for item in missing}) == len(missing)


def test_zero_planned_children_is_an_answer(facility, director):
    draft = make_draft(facility, by=director, planned_avip_children=0)
    assert application_missing(draft, ON) == []


@pytest.mark.parametrize(
    "answer", [{"agrees": None, "how": "Ainsi."}, {"agrees": True, "how": " "}]
)
def test_a_commitment_half_answered_is_asked_again(facility, director, answer):
    draft = make_draft(facility, by=director)
    draft.commitments.filter(code="C3").update(**answer)
    assert [item.field for item in application_missing(draft, ON)] == ["how_C3"]


def test_a_dossier_in_order_raises_nothing(facility, director):
    found = advisory_checks(make_draft(facility, by=director), rules_for(facility.caf, ON))
    assert all(finding.ok for finding in found)
    assert all(finding.reference for finding in found)


@pytest.mark.parametrize(
    ("children", "avip", "enough", "said"),
    [
        (46, 9, False, "19,56\xa0%"),
        (46, 10, True, "21,73\xa0%"),
        (50, 10, True, "20\xa0%"),
        (51, 10, False, "en demande 11"),
    ],
)
def test_the_planned_share_is_compared_exactly(facility, director, children, avip, enough, said):
    draft = make_draft(facility, by=director, planned_children=children, planned_avip_children=avip)
    finding = findings(draft)["Part d’enfants Avip prévue"]
    assert finding.ok == enough
    assert said in finding.sentence
    assert "L. 214-7" in finding.reference


def test_the_share_is_that_of_the_day(facility, director):
    draft = make_draft(facility, by=director, planned_children=100, planned_avip_children=25)
    label = "Part d’enfants Avip prévue"
    assert findings(draft, date(2017, 1, 1))[label].ok
    assert not findings(draft, date(2016, 12, 31))[label].ok


@pytest.mark.parametrize(
    ("closes", "enough"), [(time(17, 29), False), (time(17, 30), True), (time(18, 30), True)]
)
def test_the_opening_span_is_advice(facility, director, closes, enough):
    draft = make_draft(facility, by=director, closes=closes)
    assert findings(draft)["Amplitude d’ouverture"].ok == enough


def test_a_commitment_not_taken_is_shown_to_the_reviewer_and_blocks_nothing(facility, director):
    draft = make_draft(facility, by=director)
    draft.commitments.filter(code="C8").update(agrees=False)
    assert application_missing(draft, ON) == []
    assert "C8" in findings(draft)["Engagement non pris"].sentence


def test_every_commitment_has_its_reference():
    assert [c.code for c in COMMITMENTS] == [f"C{n}" for n in range(1, 14)]
    assert all(c.reference and c.question.endswith("?") for c in COMMITMENTS)


def test_a_rule_without_value_says_so_instead_of_a_default(facility, director):
    found = findings(make_draft(facility, by=director), date(2016, 4, 30))
    assert not found["Règle sans valeur"].ok
    assert "n’a pas de valeur" in found["Règle sans valeur"].sentence


def test_more_avip_children_than_places_is_noticed(facility, director):
    draft = make_draft(facility, by=director, licensed_capacity=5, planned_avip_children=7)
    assert not findings(draft)["Enfants Avip et capacité"].ok
