"""The end of a label is announced in time, to the crèche and to its Caf, once."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from avip.models import Outbox
from avip.outbox import deliver
from labels.ending import end_warnings, latest_due
from labels.models import Label
from labels.tasks.warnings import warn_of_ends, warn_of_reservations
from partners.models.territories import OVERSEAS_ZONES
from tests import factories as f
from tests.labels.factories import AT, ON, make_label

END = date(2029, 3, 31)
MONTH = timedelta(days=30)


@pytest.fixture
def label(facility, director, caf_agent):
    return make_label(facility, ends_on=END)


def told(kind="labels.ending"):
    """Which warnings have left, and to how many people."""
    keys = Outbox.objects.filter(kind=kind).values_list("key", flat=True)
    return sorted(key.split(":")[3] for key in keys)


@pytest.mark.parametrize(
    ("on", "name"),
    [
        (date(2028, 9, 30), "m6"),
        (date(2028, 12, 31), "m3"),
        (date(2029, 2, 28), "m1"),
        (date(2029, 3, 31), "d0"),
        (date(2029, 4, 1), "d-1"),
    ],
)
def test_both_are_told_on_each_day_and_once(label, on, name):
    warn_of_ends(on - timedelta(days=40))
    Outbox.objects.all().delete()
    warn_of_ends(on)
    warn_of_ends(on)
    assert told() == [name, name]


@pytest.mark.parametrize("on", [date(2028, 9, 29), date(2028, 11, 15), date(2029, 5, 15)])
def test_nobody_is_told_on_other_days(label, on):
    warn_of_ends(on)
    assert told() == []


def test_after_three_days_off_the_latest_warning_alone_leaves(label):
    warn_of_ends(date(2029, 2, 28))
    warn_of_ends(date(2029, 4, 2))  # off on the last day and the day after
    assert told() == ["d-1", "d-1", "m1", "m1"]


def test_a_label_taken_over_late_skips_what_was_before(facility, director, caf_agent):
    make_label(facility, ends_on=END, created_at="2029-02-10T10:00:00Z")
    warn_of_ends(date(2029, 2, 10))
    assert told() == []
    warn_of_ends(date(2029, 2, 28))
    assert told() == ["m1", "m1"]


def test_a_label_that_is_followed_is_not_announced(label, facility):
    make_label(facility, starts_on=date(2029, 4, 1), ends_on=date(2032, 3, 31))
    warn_of_ends(date(2029, 2, 28))
    assert told() == []


def test_a_label_given_back_before_its_end_is_not_announced(label):
    Label.objects.update(leaves_on=date(2029, 3, 15))
    warn_of_ends(date(2029, 2, 28))
    assert told() == []


@pytest.mark.parametrize("zone", sorted(OVERSEAS_ZONES.values()))
@pytest.mark.parametrize("day", [date(2029, 1, 31), date(2029, 7, 31)])
def test_the_last_day_is_the_same_overseas(zone, day):
    """The job runs at six in Paris: it is the same date in every département."""
    at_six = datetime.combine(day, time(6), tzinfo=ZoneInfo("Europe/Paris"))
    assert at_six.astimezone(ZoneInfo(zone)).date() == day


def test_months_are_those_of_the_calendar():
    warnings = {name: day for day, name in end_warnings(date(2028, 8, 31))}
    assert warnings["m6"] == date(2028, 2, 29)
    assert latest_due(end_warnings(END), date(2029, 3, 2), since=ON) == "m1"


def test_the_mail_speaks_of_the_day_it_leaves(label, director, caf_agent, mailoutbox):
    today = timezone.localdate()
    Label.objects.update(starts_on=today - MONTH, ends_on=today - timedelta(days=1))
    warn_of_ends(today)
    for row in Outbox.objects.filter(kind="labels.ending"):
        assert deliver(row.pk)
    mails = {mail.to[0]: mail for mail in mailoutbox}
    assert "Votre label a fini" in mails[director.email].body
    assert "Le label de la crèche Les Petits Rameurs a fini" in mails[caf_agent.email].body
    assert mails[director.email].subject == "Votre label est fini"


def test_a_warning_that_comes_too_late_to_be_true_is_not_sent(label, facility, mailoutbox):
    warn_of_ends(date(2029, 2, 28))
    make_label(facility, starts_on=date(2029, 4, 1), ends_on=date(2032, 3, 31))
    for row in Outbox.objects.filter(kind="labels.ending"):
        assert deliver(row.pk)
    assert mailoutbox == []


@pytest.mark.parametrize(("days", "names"), [(-31, []), (-30, ["r30"]), (0, ["r0"]), (1, ["r-1"])])
def test_reservations_are_recalled_before_their_day_and_after(
    facility, director, caf_agent, days, names
):
    due = date(2026, 9, 1)
    make_label(facility, reservations="Convention.", reservations_due_on=due, created_at=AT)
    warn_of_reservations(due + timedelta(days=days))
    assert told("labels.reservations_due") == sorted(names * 2)


def test_lifted_reservations_are_left_alone(facility, director, caf_agent):
    due = date(2026, 9, 1)
    make_label(
        facility, reservations="Convention.", reservations_due_on=due, reservations_lifted_on=ON
    )
    warn_of_reservations(due)
    assert told("labels.reservations_due") == []


def test_the_lines_of_both_lists(client, facility, director, caf_agent, caf_manager):
    today = timezone.localdate()
    make_label(
        facility,
        starts_on=today - MONTH,
        ends_on=today + MONTH,
        reservations="Convention.",
        reservations_due_on=today + MONTH,
    )
    other = make_label(
        f.make_facility("Les Mousses", caf=facility.caf),
        starts_on=today - MONTH,
        ends_on=today + 40 * MONTH,
        status="notice_given",
        notice_reply_due_on=today - timedelta(days=1),
    )
    for person, words in [
        (director, ["Votre label finit bientôt", "Réserves à lever"]),
        (caf_agent, ["Un label finit bientôt", "Réserves à lever", "Mise en demeure"]),
    ]:
        client.force_login(person)
        page = client.get("/").content.decode()
        for sentence in words:
            assert sentence in page
    assert other.get_absolute_url() in page
