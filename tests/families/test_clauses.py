"""The local clauses of a Caf: written by its responsable, dated, printed as typed."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import Error, transaction

from avip.workflow import StepRefused
from families.clauses import articles_of, version_of, write_clauses
from families.models import LocalClauses
from tests import factories as base
from tests.families import factories as f

pytestmark = pytest.mark.django_db

BEFORE = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)


def write(caf, text, *, on=date(2026, 1, 5), valid_from=None, at=BEFORE, by=None):
    by = by or base.make_user(member_of=caf, role="manager")
    return write_clauses(caf, by=by, on=on, valid_from=valid_from or on, text=text, at=at)


def test_what_is_typed_is_printed_as_text_in_articles_of_the_caf():
    referral = f.make_referral("confirmed")
    write(referral.caf, "Prévenir la veille <b>avant midi</b>.\n\nUn point chaque mois.")
    version = f.make_contract(referral=referral).version
    html = version.html
    assert "10.1. Prévenir la veille &lt;b&gt;avant midi&lt;/b&gt;." in html
    assert "10.2. Un point chaque mois." in html
    assert "Article 11. Les signatures" in html
    assert "clauses locales du 5\xa0janvier\xa02026 (version 1)" in html


def test_without_clauses_the_national_text_stands_alone():
    html = f.make_contract().version.html
    assert "clauses-locales" not in html and "Article 10. Les signatures" in html


def test_a_proposal_uses_the_clauses_of_its_own_day():
    referral = f.make_referral("confirmed")
    write(referral.caf, "Avant.")
    write(referral.caf, "Ensuite.", valid_from=date(2026, 1, 13))
    assert "10.1. Avant." in f.make_contract(referral=referral).version.html  # 12 January


def test_the_clauses_of_another_caf_are_not_printed():
    write(base.make_caf("94", "Caf du Val-de-Marne"), "Ailleurs.")
    assert "Ailleurs" not in f.make_contract().version.html


def test_clauses_taken_back_print_nothing_and_keep_their_history():
    referral = f.make_referral("confirmed")
    write(referral.caf, "Prévenir.")
    empty = write(referral.caf, "", at=datetime(2026, 1, 3, 9, 0, tzinfo=UTC))
    assert version_of(empty) == 2
    assert "clauses-locales" not in f.make_contract(referral=referral).version.html


@pytest.mark.parametrize("role", ["officer", "director", "adviser"])
def test_the_responsable_of_the_caf_alone_writes_them(role):
    caf = base.make_caf()
    by = {
        "officer": lambda: base.make_user(member_of=caf),
        "director": lambda: f.director_of(base.make_facility()),
        "adviser": lambda: f.make_adviser(),
    }[role]()
    with pytest.raises(PermissionDenied):
        write(caf, "Non.", by=by)


def test_a_day_that_has_passed_is_refused():
    with pytest.raises(StepRefused):
        write(base.make_caf(), "Trop tard.", valid_from=date(2026, 1, 4))


def test_the_database_keeps_every_version():
    clauses = write(base.make_caf(), "Prévenir.")
    with pytest.raises(Error), transaction.atomic():
        LocalClauses.objects.filter(pk=clauses.pk).update(text="Autre")


def test_an_empty_line_separates_two_articles():
    assert articles_of("Un\r\nsuite\r\n\r\n\r\nDeux\n") == [["Un", "suite"], ["Deux"]]
