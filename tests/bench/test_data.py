import pytest

from families.models import AvipContract, Placement, QuotaCheck
from labels.models import Label, LabelApplication
from tests.bench.data import load
from tests.bench.size import SMALL


@pytest.fixture
def country(db):
    return load(SMALL)


def test_the_measured_rows_are_accepted_by_the_database(country):
    assert AvipContract.objects.count() == SMALL.contracts
    assert Label.objects.running_on(country.today).count() == SMALL.facilities
    assert QuotaCheck.objects.count() == SMALL.facilities * SMALL.declared_months - 1
    assert Placement.objects.exists()


def test_the_viewed_people_see_as_many_rows_as_announced(country):
    adviser, officer = country.people["adviser"], country.people["caf_officer"]
    assert AvipContract.objects.visible_to(adviser).count() == SMALL.viewed_contracts
    assert LabelApplication.objects.visible_to(officer).count() == SMALL.viewed_applications
