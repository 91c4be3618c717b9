"""A month not declared on its day: who declares hears of it, then the operator, then the Caf."""

from datetime import UTC, date, datetime

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from families.models import MonthlyDeclaration
from families.monthly import remind_of_late_months
from labels.models import LocalRule
from tests import factories as f
from tests.families.declared import AT, make_declaration, make_labelled_facility, submit
from tests.families.factories import director_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return f.make_operator()


@pytest.fixture
def manager(operator):
    return f.make_user("Ali", "Haddad", member_of=operator)


@pytest.fixture
def october(operator, manager):
    return make_declaration(make_labelled_facility(operator=operator))


def written(on):
    """The kinds of what that night writes, and to whom."""
    Outbox.objects.all().delete()
    remind_of_late_months(on)
    return [(row.kind, row.recipient_id) for row in Outbox.objects.all()]


def test_nobody_is_recalled_before_the_day(october):
    assert written(date(2026, 11, 9)) == []


def test_who_declares_is_recalled_on_the_day_then_the_operator(october, manager):
    director = str(director_of(october.provider).pk)
    assert written(date(2026, 11, 10)) == [("families.month_late", director)]
    assert written(date(2026, 11, 15)) == [("families.month_late_above", str(manager.pk))]


def test_each_is_written_to_once(october):
    for day in (10, 11, 12, 15, 16):
        remind_of_late_months(date(2026, 11, day))
    assert Outbox.objects.count() == 2


def test_a_declared_month_recalls_nobody(october):
    submit(october)
    assert written(date(2026, 11, 15)) == []


def test_what_was_declared_before_the_mail_leaves_is_not_recalled(october):
    remind_of_late_months(date(2026, 11, 10))
    submit(october)
    Outbox.objects.update(next_try_at=AT)
    outbox.deliver_due()
    assert [m for m in mail.outbox if "reste à déclarer" in m.subject] == []


def test_the_two_mails_say_what_to_do(october, manager):
    remind_of_late_months(date(2026, 11, 10))
    remind_of_late_months(date(2026, 11, 15))
    Outbox.objects.update(next_try_at=AT)
    outbox.deliver_due()
    first, then = sorted(mail.outbox, key=lambda message: message.to == [manager.email])
    assert first.to == [director_of(october.provider).email] and then.to == [manager.email]
    assert "avant le 10\xa0novembre\xa02026" in first.body
    assert october.get_absolute_url() in first.body and october.get_absolute_url() in then.body


def test_a_month_of_a_quarter_is_late_after_its_quarter(caf, caf_manager):
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
    for month in (7, 8, 9):
        make_declaration(
            MonthlyDeclaration.objects.first().provider if month > 7 else None,
            month=date(2026, month, 1),
            on=date(2026, 10, 2),
        )
    assert written(date(2026, 9, 10)) == []
    assert written(date(2026, 10, 9)) == []
    assert len(written(date(2026, 10, 10))) == 3


@pytest.mark.parametrize(("day", "is_listed"), [(20, False), (22, True)])
def test_the_caf_then_reads_it_in_its_list(client, october, caf_agent, monkeypatch, day, is_listed):
    moment = datetime(2026, 11, day, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(timezone, "localdate", lambda *args: moment.date())
    monkeypatch.setattr(timezone, "now", lambda: moment)
    client.force_login(caf_agent)
    html = client.get(reverse("reporting:todo")).content.decode()
    assert ("octobre\xa02026 n’est pas déclaré" in html) is is_listed
