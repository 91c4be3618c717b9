"""The ends: reminders sent once, contracts that stop, outcomes; the nights of the months."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families.checks import contracts_ending, contracts_over
from families.models import AvipContract, MonthlyDeclaration, Placement
from families.monthly import lock_declared_months, months_to_open, open_last_month
from families.nightly import end_contracts
from families.notifications.contract_ends import remind_of_contract_ends
from families.workflow import outcomes
from labels.models import LocalRule
from partners.models import Closure
from tests import factories as f
from tests.families.declared import (
    make_declaration,
    make_declared_month,
    make_labelled_facility,
    make_placement,
)
from tests.families.factories import director_of, make_network_member

pytestmark = pytest.mark.django_db

END = date(2026, 11, 30)


@pytest.fixture
def contract():
    return make_placement(make_labelled_facility(), end_on=END).contract


@pytest.fixture
def today(monkeypatch):
    """Let the day be the one given, for pages and mails."""

    def be(day):
        monkeypatch.setattr(timezone, "localdate", lambda *args: day)
        now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: now)

    return be


def nights(first, last, *, off=()):
    """The nightly job on each day, except those when the machine is off."""
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day not in off:
            remind_of_contract_ends(day)


def delays():
    """The reminders written, by delay, once per person."""
    return sorted(int(key.split(":")[2]) for key in Outbox.objects.values_list("key", flat=True))


# What is due.


@pytest.mark.parametrize(
    ("days_before", "due"),
    [(31, None), (30, 30), (16, 30), (15, 15), (8, 15), (7, 7), (1, 7), (0, 0), (-1, None)],
)
def test_the_reminder_due_is_the_latest_whose_date_has_come(contract, days_before, due):
    found = contracts_ending(END - timedelta(days=days_before))
    assert [reminder.days for reminder in found] == ([] if due is None else [due])


@pytest.mark.parametrize("status", ["to_sign", "ended", "terminated", "cancelled", "lapsed"])
def test_only_a_running_contract_is_announced(contract, status):
    AvipContract.objects.update(status=status, ended_on=END)
    assert contracts_ending(END) == []


def test_a_renewed_contract_is_not_announced(contract):
    make_placement(
        contract.provider,
        child=contract.children.get(),
        start_on=END + timedelta(days=1),
        end_on=date(2027, 2, 28),
        previous=contract,
        number=2,
    )
    assert contracts_ending(END) == []


def test_a_renewal_still_to_sign_does_not_silence_the_reminders(contract):
    AvipContract.objects.create(
        household=contract.household,
        provider=contract.provider,
        agency=contract.agency,
        caf=contract.caf,
        duration_months=3,
        renewals_allowed=1,
        start_on=END + timedelta(days=1),
        end_on=date(2027, 2, 28),
        status="to_sign",
        previous=contract,
        number=2,
    )
    assert len(contracts_ending(END)) == 1


# Each reminder once.


def test_each_reminder_leaves_once_to_the_adviser_and_to_the_creche(contract):
    nights(END - timedelta(days=40), END + timedelta(days=10))
    assert delays() == [0, 0, 7, 7, 15, 15, 30, 30]
    people = {str(contract.adviser.pk), str(director_of(contract.provider).pk)}
    assert set(Outbox.objects.values_list("recipient_id", flat=True)) == people


def test_after_three_days_off_each_reminder_still_leaves_once(contract):
    off = {END - timedelta(days=days) for days in (31, 30, 29, 16, 15, 14)}
    nights(END - timedelta(days=40), END, off=off)
    assert delays() == [0, 0, 7, 7, 15, 15, 30, 30]


def test_a_reminder_never_sent_is_replaced_by_the_one_of_the_day(contract):
    nights(END - timedelta(days=6), END - timedelta(days=6))
    assert delays() == [7, 7]


def test_where_the_adviser_has_left_her_colleagues_are_told(contract):
    colleague = f.make_user("Odile", "Marchand", member_of=contract.agency)
    contract.adviser.memberships.update(ends_on=date(2026, 1, 1))
    remind_of_contract_ends(END)
    assert str(colleague.pk) in Outbox.objects.values_list("recipient_id", flat=True)
    assert str(contract.adviser.pk) not in Outbox.objects.values_list("recipient_id", flat=True)


def test_a_creche_without_people_is_told_through_its_operator():
    operator = f.make_operator()
    manager = f.make_user("Ali", "Haddad", member_of=operator)
    provider = make_labelled_facility(operator=operator)
    director_of(provider).memberships.all().delete()
    make_placement(provider, end_on=END)
    remind_of_contract_ends(END)
    assert str(manager.pk) in Outbox.objects.values_list("recipient_id", flat=True)


def test_a_childminder_without_an_account_is_told_through_her_coordinator():
    provider = make_network_member()
    make_placement(provider, end_on=END)
    remind_of_contract_ends(END)
    assert str(director_of(provider).pk) in Outbox.objects.values_list("recipient_id", flat=True)


def test_the_mail_says_what_to_do_by_when_and_carries_the_link(contract, mailoutbox, today):
    today(END - timedelta(days=15))
    remind_of_contract_ends(END - timedelta(days=15))
    outbox.deliver_due()
    assert len(mailoutbox) == 2
    for mail in mailoutbox:
        assert mail.subject == "Un contrat finit le 30 novembre 2026"
        assert contract.get_absolute_url() in mail.body
        assert "dans 15\xa0jours" in mail.body and "renouvelez-le avant cette date" in mail.body
        child, parent = contract.children.get(), contract.household.parents.get()
        assert child.first_name not in mail.body and parent.last_name not in mail.body
    to_adviser = next(mail for mail in mailoutbox if contract.adviser.email in mail.to)
    assert "notez l’issue du contrat en deux clics" in to_adviser.body


def test_no_mail_leaves_for_a_contract_stopped_meanwhile(contract, mailoutbox, today):
    today(END)
    remind_of_contract_ends(END)
    AvipContract.objects.update(status="terminated", ended_on=END)
    outbox.deliver_due()
    assert mailoutbox == []
    assert not Outbox.objects.filter(done_at=None).exists()


def test_the_reminders_cost_the_same_for_one_contract_and_for_ten(django_assert_max_num_queries):
    provider = make_labelled_facility()
    for _ in range(10):
        make_placement(provider, end_on=END)
    with django_assert_max_num_queries(12):
        remind_of_contract_ends(END)


# The end, and what came of it.


def test_the_day_after_its_last_the_contract_ends_and_its_outcome_is_awaited(contract):
    end_contracts(END)
    end_contracts(END + timedelta(days=1))
    contract.refresh_from_db()
    assert (contract.status, contract.ended_on) == ("ended", END)
    assert Placement.objects.get().status == "ended"
    assert "record" in outcomes.OUTCOME.available(contract, contract.adviser, END)
    assert not contracts_over(END + timedelta(days=9)).exists()


@pytest.fixture
def ended(contract):
    end_contracts(END + timedelta(days=1))
    contract.refresh_from_db()
    return contract


def test_either_professional_party_notes_the_outcome(ended):
    for person in [ended.adviser, director_of(ended.provider)]:
        outcomes.record(ended, by=person, on=END, outcome="cdi")
    assert (ended.outcome, ended.status) == ("cdi", "ended")
    assert [change.step for change in ended.history.all()] == ["end", "record", "record"]


def test_a_stranger_and_the_caf_may_not_note_it(ended, caf_agent, other_adviser, other_director):
    for person in [caf_agent, other_adviser, other_director]:
        with pytest.raises(PermissionDenied):
            outcomes.record(ended, by=person, on=END, outcome="cdi")


def test_a_running_contract_has_no_outcome(contract):
    with pytest.raises(StepRefused, match="en cours"):
        outcomes.record(contract, by=contract.adviser, on=END, outcome="cdi")


def test_a_renewed_contract_waits_for_the_next_one(ended):
    make_placement(
        ended.provider,
        child=ended.children.get(),
        start_on=END + timedelta(days=1),
        end_on=date(2027, 2, 28),
        previous=ended,
        number=2,
    )
    with pytest.raises(StepRefused, match="a été renouvelé"):
        outcomes.record(ended, by=ended.adviser, on=END, outcome="cdi")


def test_an_outcome_that_is_not_in_the_list_is_refused(ended):
    with pytest.raises(StepRefused):
        outcomes.record(ended, by=ended.adviser, on=END, outcome="riche")


def test_the_outcome_is_noted_in_two_clicks(client, ended):
    client.force_login(ended.adviser)
    url = reverse("families:outcome_record", args=[ended.pk])
    assert "Emploi en CDI" in client.get(url).content.decode()
    assert client.post(url, {"outcome": "training"}).url == ended.get_absolute_url()
    ended.refresh_from_db()
    assert ended.outcome == "training"
    assert "Déjà noté le" in client.get(url).content.decode()


def test_without_a_choice_the_page_says_so(client, ended):
    client.force_login(ended.adviser)
    response = client.post(reverse("families:outcome_record", args=[ended.pk]), {})
    assert "Choisissez ce qui correspond le mieux." in response.content.decode()


def test_a_party_stops_the_contract_early_with_a_reason(client, contract, today):
    today(date(2026, 10, 15))
    client.force_login(director_of(contract.provider))
    url = reverse("families:contract_end", args=[contract.pk])
    assert "Dites pourquoi en une phrase." in client.post(url, {}).content.decode()
    client.post(url, {"reason": "La famille déménage."})
    contract.refresh_from_db()
    assert (contract.status, contract.end_reason) == ("terminated", "La famille déménage.")
    assert contract.ended_on == date(2026, 10, 15)


def test_neighbours_find_neither_page(client, ended, other_adviser, other_director, caf_agent):
    for name in ["families:outcome_record", "families:contract_end"]:
        url = reverse(name, args=[ended.pk])
        for person, status in [(other_adviser, 404), (other_director, 404), (caf_agent, 403)]:
            client.force_login(person)
            assert client.get(url).status_code == client.post(url, {}).status_code == status


# The nights of the months.


def test_the_first_night_of_a_month_opens_the_last_one_and_tells_once(mailoutbox, today):
    today(date(2026, 11, 4))
    provider = make_labelled_facility()
    make_placement(provider)
    f.make_facility("Sans label")
    for day in [date(2026, 11, 1), date(2026, 11, 1), date(2026, 11, 4)]:
        open_last_month(day)
    declaration = MonthlyDeclaration.objects.get()
    assert (declaration.month, declaration.provider) == (date(2026, 10, 1), provider)
    outbox.deliver_due()
    (mail,) = mailoutbox
    assert mail.subject == "Point du mois : octobre 2026"
    assert declaration.get_absolute_url() in mail.body
    assert "Avant le 10\xa0novembre\xa02026." in mail.body
    assert "moins de 3\xa0ans" in mail.body


def test_a_childminder_of_the_network_has_her_month_too():
    member = make_network_member()
    f.make_childminder("Hors réseau")
    open_last_month(date(2026, 11, 1))
    assert MonthlyDeclaration.objects.get().provider == member


def test_a_provider_closed_all_month_has_nothing_to_declare():
    provider = make_labelled_facility()
    Closure.objects.create(
        provider=provider, first_day=date(2026, 8, 1), last_day=date(2026, 8, 31)
    )
    open_last_month(date(2026, 9, 1))
    assert not MonthlyDeclaration.objects.exists()


def test_a_label_of_this_month_has_no_last_month():
    make_labelled_facility(starts_on=date(2026, 11, 1))
    open_last_month(date(2026, 11, 2))
    assert not MonthlyDeclaration.objects.exists()


@pytest.mark.parametrize(
    ("on", "period", "months"),
    [
        (date(2026, 1, 1), "month", [(2025, 12)]),
        (date(2026, 3, 31), "month", [(2026, 2)]),
        (date(2026, 1, 15), "quarter", [(2025, 10), (2025, 11), (2025, 12)]),
        (date(2026, 3, 31), "quarter", [(2025, 10), (2025, 11), (2025, 12)]),
        (date(2026, 4, 1), "quarter", [(2026, 1), (2026, 2), (2026, 3)]),
    ],
)
def test_the_months_to_open_follow_the_rhythm_of_the_rule(on, period, months):
    assert [(m.year, m.month) for m in months_to_open(on, period)] == months


def test_a_caf_that_declares_by_quarter_opens_three_months_at_once(caf, caf_manager):
    LocalRule.objects.create(
        caf=caf,
        key="declaration_period",
        value="quarter",
        valid_from=date(2026, 1, 1),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        reference="Décision",
        motive="Rythme local",
        set_by=caf_manager,
    )
    make_labelled_facility()
    open_last_month(date(2026, 10, 1))
    assert MonthlyDeclaration.objects.count() == 3


@pytest.mark.parametrize(
    ("on", "status"),
    [
        (date(2026, 11, 19), "submitted"),
        (date(2026, 11, 20), "locked"),
        (date(2026, 12, 3), "locked"),
    ],
)
def test_a_submitted_month_is_locked_from_the_day_of_the_schedule(on, status):
    declaration = make_declared_month(1, 30)
    still_open = make_declaration(make_labelled_facility("Les Iris"))
    lock_declared_months(on)
    lock_declared_months(on)
    assert MonthlyDeclaration.objects.get(pk=declaration.pk).status == status
    assert MonthlyDeclaration.objects.get(pk=still_open.pk).status == "open"
    assert declaration.history.filter(step="lock").count() == (status == "locked")


def test_the_lock_of_a_month_waits_for_its_own_day():
    november = make_declared_month(1, 30, month=date(2026, 10, 1))
    lock_declared_months(date(2026, 10, 25))
    assert MonthlyDeclaration.objects.get(pk=november.pk).status == "submitted"
