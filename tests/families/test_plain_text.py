"""« Copier pour mon logiciel »: plain text, with what its reader may read."""

import pytest

from tests import factories as base
from tests.families import factories as f
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


def test_the_contract_is_copied_with_names_by_its_parties(live):
    page = text_of(signed_in(live.adviser).get(live.get_absolute_url()))
    assert "Copier pour mon logiciel" in page
    assert "Parent : Fatoumata Diallo" in page and "Jours et heures : lundi" in page


def test_the_caf_copies_no_name(live):
    page = text_of(signed_in(base.make_user(member_of=live.caf)).get(live.get_absolute_url()))
    assert "Diallo" not in page


def test_a_request_is_copied_without_a_name_before_it_is_accepted(of_today):
    referral = f.make_referral("sent", **of_today)
    director = signed_in(f.director_of(referral.provider))
    page = text_of(director.get(referral.get_absolute_url()))
    assert "Copier pour mon logiciel" in page and "Fatoumata" not in page


def test_the_family_is_copied_by_its_agency(live):
    page = text_of(signed_in(live.adviser).get(live.household.get_absolute_url()))
    assert "Parent : Fatoumata Diallo" in page and "Enfant : Issa" in page
