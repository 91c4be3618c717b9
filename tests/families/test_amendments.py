"""A locked month is amended: dated, with its reason; what stood before stays readable."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import QuotaCheck
from families.quota import check_quota
from families.workflow import declarations
from families.workflow.amendments import amend
from labels.models import LocalRule
from tests import factories as f
from tests.families.declared import AT, fresh, make_declared_month, make_labelled_facility
from tests.families.factories import director_of, make_network_member

pytestmark = pytest.mark.django_db

ON = date(2026, 11, 25)
LATER = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LAST_DAY = date(2027, 2, 18)  # 90 days after the lock


@pytest.fixture
def locked():
    """Two AVIP children among thirty, judged short, locked."""
    month = make_declared_month(2, 30)
    check_quota(month, AT)
    declarations.lock(month, on=date(2026, 11, 20), at=AT)
    Outbox.objects.all().delete()
    return month


def change(declaration, present=10, *, by=None, on=ON, reason="Un groupe compté deux fois"):
    return amend(
        declaration,
        by=by or director_of(declaration.provider),
        on=on,
        at=LATER,
        reason=reason,
        children_present=present,
        hours_total=present * 90,
        minutes_by_line={line.pk: line.declared_minutes for line in declaration.lines.all()},
    )


def test_both_numbers_are_kept_with_who_when_and_why(locked):
    amendment = change(locked)
    assert (amendment.before["children_present"], amendment.after["children_present"]) == (30, 10)
    assert (amendment.before["hours_total"], amendment.after["hours_total"]) == (2700, 900)
    assert amendment.before["lines"] == amendment.after["lines"]
    assert amendment.made_by == director_of(locked.provider)
    assert amendment.made_at == LATER
    assert amendment.reason == "Un groupe compté deux fois"
    month = fresh(locked)
    assert (month.status, month.children_present) == ("locked", 10)
    last = month.history.last()
    assert (last.step, last.comment) == ("amend", "Un groupe compté deux fois")


def test_the_quota_is_judged_again_and_both_verdicts_stay(locked):
    before = QuotaCheck.objects.get()
    assert before.verdict == "short"
    amendment = change(locked)
    Outbox.objects.update(next_try_at=AT)
    outbox.deliver_due()
    after = QuotaCheck.objects.get()
    assert (after.verdict, after.rate_bp) == ("compliant", 2000)
    assert amendment.before["quota"]["verdict"] == "short"
    assert amendment.before["quota"]["rate_bp"] == before.rate_bp
    assert amendment.after["quota"]["verdict"] == "compliant"


def test_an_amendment_is_never_rewritten(locked):
    amendment = change(locked)
    for write in (
        lambda: type(amendment).objects.update(reason="autre"),
        lambda: type(amendment).objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_who_declares_amends_until_the_last_day_then_the_caf_alone(locked, caf_agent):
    change(locked, 10, on=LAST_DAY)
    with pytest.raises(StepRefused, match="seule la Caf"):
        change(locked, 12, on=LAST_DAY + timedelta(days=1))
    change(locked, 12, by=caf_agent, on=LAST_DAY + timedelta(days=1))
    assert fresh(locked).children_present == 12


def test_a_neighbour_or_another_caf_may_not(locked, other_caf_agent):
    stranger = director_of(make_labelled_facility("Les Voisins"))
    for by in (stranger, other_caf_agent):
        with pytest.raises(PermissionDenied):
            change(locked, by=by)


def test_a_month_not_yet_locked_is_corrected_not_amended():
    with pytest.raises(StepRefused, match="n’est plus possible"):
        change(make_declared_month(1, 30))


def test_what_the_month_cannot_hold_is_refused_and_nothing_is_kept(locked):
    with pytest.raises(StepRefused, match="ne peut pas être plus petit"):
        change(locked, 1)
    with pytest.raises(StepRefused, match="Rien n’a changé"):
        change(locked, 30)
    assert not locked.amendments.exists()
    assert fresh(locked).children_present == 30


def test_hours_of_a_line_are_amended_and_the_two_numbers_of_a_childminder_follow():
    provider = make_network_member()
    month = make_declared_month(1, None, provider=provider)
    declarations.submit(month, by=director_of(provider), on=date(2026, 11, 2), at=AT)
    declarations.lock(month, on=date(2026, 11, 20))
    line = month.lines.get()
    amendment = amend(
        month,
        by=director_of(provider),
        on=ON,
        reason="Une journée oubliée",
        minutes_by_line={line.pk: 40 * 60},
    )
    assert fresh(month).hours_total == 40
    assert amendment.after["lines"] == {str(line.pk): 2400}
    assert amendment.after["quota"] is None


def test_a_month_of_a_quarter_is_amended_from_the_lock_of_its_quarter(caf, caf_manager):
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
    july = make_declared_month(1, 30, month=date(2026, 7, 1))
    declarations.lock(july, on=date(2026, 10, 20))
    assert declarations.amended_until(july) == date(2027, 1, 18)
    change(july, 20, on=date(2027, 1, 18))
    with pytest.raises(StepRefused):
        change(july, 25, on=date(2027, 1, 19))


def test_who_declares_hears_of_an_amendment_by_the_caf(locked, caf_agent):
    change(locked, by=caf_agent)
    Outbox.objects.update(next_try_at=AT)
    outbox.deliver_due()
    assert [message.to for message in mail.outbox] == [[director_of(locked.provider).email]]
    assert "octobre" in mail.outbox[0].subject and "Awa" not in mail.outbox[0].body


# The page.


@pytest.fixture
def page(client, locked, monkeypatch):
    """The form of who amends, and what is posted on it."""
    monkeypatch.setattr(timezone, "localdate", lambda *args: ON)
    monkeypatch.setattr(timezone, "now", lambda: LATER)

    class Page:
        url = reverse("families:declaration_amend", args=[locked.pk])
        answers = {
            "seen": str(locked.revision),
            "children_present": "10",
            "hours_total": "900",
            "reason": "Un groupe compté deux fois",
        } | {f"line_{line.pk}": "32" for line in locked.lines.all()}

        def get(self, by):
            client.force_login(by)
            return client.get(self.url)

        def post(self, by, **answers):
            client.force_login(by)
            return client.post(self.url, self.answers | answers)

        def month(self):
            return client.get(locked.get_absolute_url()).content.decode()

    return Page()


def test_the_director_amends_and_the_month_lists_it(page, locked):
    director = director_of(locked.provider)
    assert "Awa" in page.get(director).content.decode()
    assert page.post(director).url == locked.get_absolute_url()
    html = page.month()
    assert "Un groupe compté deux fois" in html
    assert "de 30 à 10" in html
    assert "sous le seuil" in html and "conforme" in html


def test_a_reason_is_asked_and_nothing_typed_is_lost(page, locked):
    html = page.post(director_of(locked.provider), reason="").content.decode()
    assert "error-summary" in html and 'value="10"' in html
    assert not locked.amendments.exists()


def test_a_month_changed_meanwhile_is_shown_again(page, locked):
    change(locked, 12)
    html = page.post(director_of(locked.provider)).content.decode()
    assert "modifié entre-temps" in html
    assert fresh(locked).children_present == 12


def test_the_caf_amends_without_reading_a_name(page, caf_agent):
    html = page.get(caf_agent).content.decode()
    assert "18\xa0mois" in html and "Awa" not in html
    assert page.post(caf_agent).status_code == 302
    assert "Awa" not in page.month()


def test_past_the_limit_the_page_says_to_write_to_the_caf(page, locked, monkeypatch):
    director = director_of(locked.provider)
    monkeypatch.setattr(timezone, "localdate", lambda *args: LAST_DAY + timedelta(days=1))
    assert page.get(director).status_code == 302
    assert "seule la Caf" in page.month()


def test_a_neighbour_finds_nothing(page, other_director, other_caf_agent):
    f.make_facility()
    for person in (other_director, other_caf_agent):
        assert page.get(person).status_code == 404
        assert page.post(person).status_code == 404
