"""The month: opened from the schedules, declared by the crèche, corrected, locked."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from avip.models import Outbox
from avip.workflow import StepRefused
from families.checks import ChildCare, month_faults
from families.models import MonthlyDeclaration
from families.workflow import declarations
from partners.models import Closure
from tests import factories as f
from tests.families.declared import (
    AT,
    MONTH,
    ON,
    fresh,
    make_declaration,
    make_label_row,
    make_labelled_facility,
    make_placement,
    submit,
)
from tests.families.factories import director_of, make_network_member

pytestmark = pytest.mark.django_db

HOUR = 60


def the_line(declaration):
    return declaration.lines.get()


def test_the_lines_are_filled_in_from_the_schedule():
    provider = make_labelled_facility()
    make_placement(provider)
    line = the_line(make_declaration(provider))
    assert line.planned_minutes == line.declared_minutes == 4 * 8 * HOUR  # the Mondays of October
    assert line.before_signature_minutes == 0


def test_closures_and_public_holidays_are_taken_out():
    provider = make_labelled_facility()
    Closure.objects.create(
        provider=provider, first_day=date(2026, 5, 4), last_day=date(2026, 5, 10)
    )
    make_placement(provider, start_on=date(2026, 5, 1), end_on=date(2026, 7, 31))
    declaration = make_declaration(provider, month=date(2026, 5, 1), on=date(2026, 6, 2))
    # Mondays 4 (closed), 11, 18 and 25 (Whit Monday) of May 2026.
    assert the_line(declaration).planned_minutes == 2 * 8 * HOUR


def test_only_care_with_a_day_in_the_month_has_a_line():
    provider = make_labelled_facility()
    make_placement(provider, start_on=date(2026, 8, 1), end_on=date(2026, 9, 30))
    make_placement(provider, start_on=date(2026, 11, 1), end_on=date(2027, 1, 31))
    last_day = make_placement(provider, start_on=date(2026, 10, 31), end_on=date(2027, 1, 30))
    assert the_line(make_declaration(provider)).placement == last_day


def test_care_before_the_last_signature_is_set_apart():
    provider = make_labelled_facility()
    make_placement(provider, counts_from=date(2026, 10, 13))
    line = the_line(make_declaration(provider))
    assert line.declared_minutes == 4 * 8 * HOUR
    assert line.before_signature_minutes == 2 * 8 * HOUR  # Mondays 5 and 12


def test_less_care_than_planned_is_taken_from_the_counted_hours():
    provider = make_labelled_facility()
    make_placement(provider, counts_from=date(2026, 10, 13))
    declaration = make_declaration(provider)
    submit(declaration, minutes_by_line={the_line(declaration).pk: 20 * HOUR})
    line = the_line(declaration)
    assert (line.declared_minutes, line.before_signature_minutes) == (20 * HOUR, 16 * HOUR)


def test_of_a_month_signed_afterwards_nothing_counts():
    provider = make_labelled_facility()
    make_placement(provider, counts_from=date(2026, 11, 2))
    declaration = make_declaration(provider)
    submit(declaration, minutes_by_line={the_line(declaration).pk: 40 * HOUR})
    assert the_line(declaration).before_signature_minutes == 40 * HOUR


def test_opening_twice_opens_once():
    provider = make_labelled_facility()
    make_placement(provider)
    make_declaration(provider)
    make_declaration(provider)
    assert MonthlyDeclaration.objects.count() == 1
    assert MonthlyDeclaration.objects.get().lines.count() == 1


def test_an_open_month_follows_what_is_signed_later_and_keeps_what_was_typed():
    provider = make_labelled_facility()
    make_placement(provider)
    declaration = make_declaration(provider)
    declaration.lines.update(declared_minutes=10 * HOUR)
    make_placement(provider, counts_from=date(2026, 11, 5))
    make_declaration(provider)
    assert sorted(declaration.lines.values_list("declared_minutes", flat=True)) == [600, 1920]


def test_an_open_month_follows_an_end_that_came_before_it():
    provider = make_labelled_facility()
    placement = make_placement(provider)
    declaration = make_declaration(provider)
    type(placement).objects.update(end_on=date(2026, 9, 15))
    make_declaration(provider)
    assert not declaration.lines.exists()


def test_a_submitted_month_is_left_alone():
    provider = make_labelled_facility()
    make_placement(provider)
    declaration = submit(make_declaration(provider))
    make_placement(provider)
    make_declaration(provider)
    assert declaration.lines.count() == 1


def test_many_months_open_in_the_same_number_of_queries(django_assert_max_num_queries):
    providers = [make_labelled_facility(f"Crèche {n}") for n in range(8)]
    for provider in providers:
        make_placement(provider)
        make_placement(provider)
    with django_assert_max_num_queries(16):
        assert len(declarations.open_months(providers[:1], MONTH, on=ON)) == 1
    with django_assert_max_num_queries(16):
        assert len(declarations.open_months(providers, MONTH, on=ON)) == 7


def test_declaring_keeps_the_numbers_and_asks_for_the_quota_at_once():
    provider = make_labelled_facility()
    make_placement(provider)
    declaration = make_declaration(provider)
    submit(declaration, 30, 2480)
    found = fresh(declaration)
    assert found.status == "submitted"
    assert (found.children_present, found.hours_total) == (30, 2480)
    assert found.history.get().by == str(director_of(provider))
    assert Outbox.objects.get().key == f"families.quota_check:{found.pk}:{found.revision}"


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2026, 9, 30), "n’a pas commencé"),
        (date(2026, 10, 1), "n’est pas fini"),
        (date(2026, 10, 31), "à partir du 1ᵉʳ\xa0novembre\xa02026"),
    ],
)
def test_a_month_is_declared_once_it_is_over(on, words):
    declaration = make_declaration()
    with pytest.raises(StepRefused) as refusal:
        submit(declaration, on=on)
    assert words in refusal.value.reasons[0]


def test_a_month_is_declared_from_the_day_after_its_last():
    assert submit(make_declaration(), on=date(2026, 11, 1)).status == "submitted"


def test_a_month_without_the_label_is_not_declared():
    provider = f.make_facility()
    make_label_row(provider, date(2026, 11, 1), date(2029, 10, 31))
    with pytest.raises(StepRefused, match="n’avait pas le label en octobre"):
        submit(make_declaration(provider))


@pytest.mark.parametrize("status", ["expired", "renewed", "suspended", "notice_given"])
def test_a_month_of_a_label_that_is_over_since_is_still_declared(status):
    provider = f.make_facility()
    make_label_row(provider, date(2024, 1, 1), date(2026, 10, 1), status=status)
    assert submit(make_declaration(provider)).status == "submitted"


def test_a_month_after_a_withdrawal_is_not_declared():
    provider = f.make_facility()
    label = make_label_row(provider, date(2024, 1, 1), date(2027, 1, 1), status="withdrawn")
    type(label).objects.update(edited_at="2026-09-30T10:00Z")
    with pytest.raises(StepRefused, match="n’avait pas le label"):
        submit(make_declaration(provider))


def test_the_same_month_is_not_declared_twice():
    declaration = make_declaration()
    submit(declaration)
    with pytest.raises(StepRefused, match="n’est plus possible\xa0: déclaré"):
        submit(declaration, 12)
    assert fresh(declaration).children_present == 30


def test_a_page_that_showed_another_revision_is_refused_and_says_whose():
    declaration = make_declaration()
    director = director_of(declaration.provider)
    submit(declaration)
    declarations.correct(declaration, by=director, on=ON)
    with pytest.raises(StepRefused, match=f"modifié entre-temps par {director}"):
        submit(declaration, seen=0)


def test_a_child_who_appeared_meanwhile_is_not_declared_blindly():
    provider = make_labelled_facility()
    declaration = make_declaration(provider)
    make_placement(provider)
    with pytest.raises(StepRefused, match="s’est ajouté"):
        submit(declaration, minutes_by_line={})


def test_a_director_of_another_creche_may_not_declare():
    stranger = director_of(make_labelled_facility("Les Voisins"))
    with pytest.raises(PermissionDenied):
        submit(make_declaration(), by=stranger)


def test_its_caf_may_not_declare_for_a_creche(caf_agent):
    with pytest.raises(PermissionDenied):
        submit(make_declaration(), by=caf_agent)


def test_the_operator_declares_for_its_creches():
    operator = f.make_operator()
    declaration = make_declaration(make_labelled_facility(operator=operator))
    submit(declaration, by=f.make_user("Ali", "Haddad", member_of=operator))
    assert fresh(declaration).status == "submitted"


def test_more_avip_children_than_children_is_refused():
    provider = make_labelled_facility()
    make_placement(provider)
    make_placement(provider)
    with pytest.raises(StepRefused, match="2\xa0enfants Avip ont des heures"):
        submit(make_declaration(provider), 1, 100)


def test_more_hours_than_the_month_holds_is_refused():
    # 22 weekdays of October 2026 at 10 h 30: 231 h.
    with pytest.raises(StepRefused, match="231\xa0h d’ouverture font au plus 6\u202f930\xa0h"):
        submit(make_declaration(), 30, 6931)
    assert submit(make_declaration(), 30, 6930).status == "submitted"


def test_more_hours_for_one_child_than_the_opening_of_the_month_is_refused():
    provider = make_labelled_facility()
    make_placement(provider)
    declaration = make_declaration(provider)
    line = the_line(declaration)
    with pytest.raises(StepRefused, match="un enfant ne peut pas y avoir 232\xa0h"):
        submit(declaration, minutes_by_line={line.pk: 232 * HOUR})
    submit(declaration, minutes_by_line={line.pk: 231 * HOUR})
    assert the_line(declaration).declared_minutes == 231 * HOUR


def test_a_refusal_changes_nothing():
    provider = make_labelled_facility()
    make_placement(provider)
    declaration = make_declaration(provider)
    with pytest.raises(StepRefused):
        submit(declaration, 0, 0, minutes_by_line={the_line(declaration).pk: 60})
    found = fresh(declaration)
    assert (found.status, found.children_present) == ("open", None)
    assert the_line(found).declared_minutes == 32 * HOUR
    assert not Outbox.objects.exists()


@pytest.mark.parametrize(
    ("care", "present", "total", "fields"),
    [
        ([], 0, 0, set()),
        ([], 3, 0, {"hours_total"}),
        ([], 0, 1, {"hours_total"}),
        ([("a", 600)], 1, 10, set()),
        ([("a", 659)], 1, 10, set()),  # hours are declared whole
        ([("a", 660)], 1, 10, {"hours_total"}),
        ([("a", 300), ("a", 300)], 1, 10, set()),  # the same child twice
        ([("a", 300), ("b", 300)], 1, 10, {"children_present"}),
        ([("a", 300), ("b", 0)], 1, 10, set()),
        ([("a", 6001)], 1, 100, {"a"}),
    ],
)
def test_what_a_month_of_100_hours_holds(care, present, total, fields):
    lines = [ChildCare(child, child, minutes, True) for child, minutes in care]
    assert set(month_faults(lines, present, total, 100 * HOUR)) == fields


def test_a_kept_child_past_the_age_is_not_among_the_two_numbers():
    kept = ChildCare("a", "a", 600, False)
    assert month_faults([kept], 0, 0, 100 * HOUR) == {}


def test_a_submitted_month_is_corrected_until_the_lock():
    declaration = make_declaration()
    director = director_of(declaration.provider)
    submit(declaration, 30)
    declarations.correct(declaration, by=director, on=ON, at=AT + timedelta(hours=1))
    submit(declaration, 31, at=AT + timedelta(hours=2))
    declarations.lock(declaration, on=date(2026, 11, 20))
    with pytest.raises(StepRefused):
        declarations.correct(declaration, by=director, on=date(2026, 11, 20))
    assert fresh(declaration).children_present == 31
    assert list(declaration.history.values_list("step", flat=True)) == [
        "submit",
        "correct",
        "submit",
        "lock",
    ]


def test_nobody_locks_but_the_application(director):
    assert "lock" not in declarations.DECLARATION.available(
        submit(make_declaration()), director, ON
    )


def test_a_childminder_declares_her_hours_alone():
    provider = make_network_member()
    make_placement(provider)
    declaration = make_declaration(provider)
    declarations.submit(declaration, by=director_of(provider), on=ON)
    found = fresh(declaration)
    assert (found.status, found.children_present, found.hours_total) == ("submitted", 1, 32)
