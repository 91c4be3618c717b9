"""Who is in the file: children each once, a second parent only on request, a minor's guardian."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from avip.models import AccessLog
from families.models import FlagAttestation, Household, HouseholdMatch, Parent, Referral
from tests import factories as f
from tests.families import factories as ff
from tests.families.test_households import changed, file_of, months_ago, text_of

pytestmark = pytest.mark.django_db
CREATE = reverse("families:household_create")


@pytest.fixture
def paris(caf):
    return f.make_commune()


def test_three_children_are_recorded_in_one_page(client, adviser, paris):
    client.force_login(adviser)
    assert text_of(client.get(CREATE)).count("Un enfant de plus") == 3
    client.post(CREATE, file_of(months_ago(3), months_ago(14), months_ago(30)))
    assert Household.objects.get().children.count() == 3


def test_twins_share_a_day(client, adviser, paris):
    client.force_login(adviser)
    client.post(CREATE, file_of(months_ago(9), months_ago(9)))
    assert Household.objects.get().children.count() == 2


@pytest.mark.parametrize("name", ["Issa", "ISSA", " issa"])
def test_the_same_child_twice_is_refused_in_words(client, adviser, paris, name):
    client.force_login(adviser)
    data = file_of(months_ago(9), months_ago(9), **{"children-1-first_name": name})
    page = text_of(client.post(CREATE, data))
    assert "est inscrit deux fois" in page
    assert not Household.objects.exists()


def test_twins_may_begin_on_different_days_in_different_places(adviser, agency):
    household = ff.make_household(agency, adviser=adviser, births=[ff.FROM_ON, ff.FROM_ON])
    household.children.update(birth_date=months_ago(9))
    one, two = household.children.order_by("pk")
    creches = [ff.make_labelled(f.make_facility(name)) for name in ("Une", "Deux")]
    ff.make_referral("confirmed", household=household, provider=creches[0], children=[one])
    later = ff.FROM_ON + timedelta(days=14)
    second = ff.make_referral(
        "confirmed", household=household, provider=creches[1], children=[two], from_on=later
    )
    assert set(Referral.objects.values_list("status", flat=True)) == {"confirmed"}
    assert second.from_on == later


def test_each_flag_says_who_attested_it_and_when(client, adviser, agency, paris):
    client.force_login(adviser)
    client.post(CREATE, file_of(months_ago(9), rsa="on"))
    household = Household.objects.get()
    attested = FlagAttestation.objects.values_list("flag", "value", "attested_by")
    assert set(attested) == {
        ("single_parent", True, adviser.pk),
        ("rsa", True, adviser.pk),
    }
    colleague = ff.make_adviser(agency)
    client.force_login(colleague)
    client.post(
        reverse("families:household_update", args=[household.pk]),
        changed(household, rsa=""),
    )
    latest = FlagAttestation.objects.first()
    assert (latest.flag, latest.value, latest.attested_by) == ("rsa", False, colleague)
    assert FlagAttestation.objects.count() == 3
    page = text_of(client.get(household.get_absolute_url()))
    assert page.count("attesté le") == 2


def test_a_file_has_one_parent_unless_she_asks_for_a_second(client, adviser, paris):
    client.force_login(adviser)
    client.post(CREATE, file_of(months_ago(9)))
    assert Parent.objects.get().is_referring


def person(who, first_name="Moussa", last_name="Diallo", **fields):
    return {f"{who}_first_name": first_name, f"{who}_last_name": last_name} | fields


def test_a_second_parent_and_a_guardian_are_added_then_taken_back(client, adviser, paris):
    client.force_login(adviser)
    both = person("second", second_phone="06 11 11 11 11") | person("guardian", "Awa", "Sow")
    client.post(CREATE, file_of(months_ago(9), **both))
    household = Household.objects.get()
    others = household.parents.filter(is_referring=False)
    assert {(str(p), p.is_representative, p.phone) for p in others} == {
        ("Moussa Diallo", False, "0611111111"),
        ("Awa Sow", True, ""),
    }
    page = text_of(client.get(household.get_absolute_url()))
    assert "second parent, à la demande du premier" in page and "représentant légal" in page
    url = reverse("families:household_update", args=[household.pk])
    assert "Moussa" in text_of(client.get(url))
    client.post(url, changed(household, **person("second", "", "")))
    assert household.parents.get().is_referring


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"second_first_name": "Moussa"}, "Complétez son nom"),
        ({"guardian_last_name": "Sow"}, "Complétez son nom"),
        ({"second_phone": "06 12"}, "dix chiffres"),
    ],
)
def test_another_person_is_complete_or_absent(client, adviser, paris, fields, words):
    client.force_login(adviser)
    assert words in text_of(client.post(CREATE, file_of(months_ago(9), **fields)))
    assert not Household.objects.exists()


def test_who_is_in_a_contract_stays_in_the_file(client, adviser, agency, paris):
    household = ff.make_household(agency, adviser=adviser)
    guardian = Parent.objects.create(
        household=household,
        first_name="Awa",
        last_name="Sow",
        is_referring=False,
        is_representative=True,
    )
    ff.make_contract(household=household)
    client.force_login(adviser)
    url = reverse("families:household_update", args=[household.pk])
    assert "Awa Sow figure dans un contrat" in text_of(client.post(url, changed(household)))
    assert Parent.objects.filter(pk=guardian.pk).exists()


def test_another_agency_s_family_is_found_when_a_file_is_written(
    client, adviser, other_agency, paris
):
    born = months_ago(9)
    theirs = ff.make_household(other_agency, births=[born])
    client.force_login(adviser)
    client.post(CREATE, file_of(born))
    match = HouseholdMatch.objects.get()
    assert (match.first, match.second.agency) == (theirs, adviser.memberships.get().agency)


@pytest.mark.parametrize(
    "page",
    [
        "household_detail",
        "household_update",
        "referral_detail",
        "contract_detail",
        "contract_text",
    ],
)
def test_every_reading_of_a_file_is_logged(client, adviser, agency, page):
    household = ff.make_household(agency, adviser=adviser)
    contract = ff.make_contract("active", household=household)
    read = {"household": household, "referral": contract.referral, "contract": contract}
    dossier = read[page.partition("_")[0]]
    client.force_login(adviser)
    assert client.get(reverse(f"families:{page}", args=[dossier.pk])).status_code == 200
    log = AccessLog.objects.get()
    assert (log.user, log.object_id) == (adviser, dossier.pk)


def test_today_is_the_last_day_a_child_may_be_born(client, adviser, paris):
    client.force_login(adviser)
    client.post(CREATE, file_of(timezone.localdate()))
    assert Household.objects.exists()
