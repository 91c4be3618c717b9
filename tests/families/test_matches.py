"""Two agencies and one family: the Caf alone is told, and one file keeps everything."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from avip.models import AccessLog
from avip.workflow import StepRefused
from families.matches import find_matches, plain_name, settle
from families.merging import merge
from families.models import AvipContract, Child, Household, HouseholdMatch, Placement, Referral
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
BORN = (date(2025, 6, 15),)


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


@pytest.fixture
def first(agency, adviser):
    """The older file, of our agency."""
    return ff.make_household(agency, adviser=adviser, created_at=ff.AT, births=BORN)


@pytest.fixture
def second(other_agency, other_adviser):
    return ff.make_household(
        other_agency, adviser=other_adviser, created_at=ff.AT + timedelta(days=3), births=BORN
    )


@pytest.fixture
def match(first, second):
    (found,) = find_matches(second)
    return found


@pytest.fixture
def same(match, caf_agent):
    settle(match, verdict="same", by=caf_agent, on=ff.ON)
    return match


def test_the_same_child_and_parent_in_two_agencies_is_found_once(first, second):
    (match,) = find_matches(second)
    assert (match.first, match.second, match.caf) == (first, second, second.caf)
    find_matches(first)
    assert HouseholdMatch.objects.count() == 1


@pytest.mark.parametrize(
    ("parent", "phone", "child", "born", "matches"),
    [
        ("Fatou DIALLO", "0711111111", "Issa", BORN[0], True),
        ("Awa Sow", "0600000001", "ISSA", BORN[0], True),
        ("Awa Sow", "0711111111", "Issa", BORN[0], False),
        ("Fatoumata Diallo", "0600000001", "Moussa", BORN[0], False),
        ("Fatoumata Diallo", "0600000001", "Issa", date(2025, 6, 16), False),
    ],
)
def test_what_makes_two_files_alike(first, other_agency, parent, phone, child, born, matches):
    theirs = ff.make_household(other_agency, parent=parent, phone=phone, births=[born])
    theirs.children.update(first_name=child)
    assert bool(find_matches(theirs)) == matches


def test_a_missing_telephone_is_nobody_s(first, other_agency):
    first.parents.update(phone="")
    theirs = ff.make_household(other_agency, parent="Awa Sow", phone="", births=BORN)
    assert find_matches(theirs) == []


def test_accents_and_hyphens_make_no_other_name(first, other_agency):
    first.children.update(first_name="Zoé-Marie")
    theirs = ff.make_household(other_agency, births=BORN)
    theirs.children.update(first_name="zoe marie")
    assert len(find_matches(theirs)) == 1
    assert plain_name("  Éloïse d’Arc ") == "eloise d arc"


def test_a_colleague_s_file_is_no_other_agency_s(first, agency):
    assert find_matches(ff.make_household(agency, births=BORN)) == []


def test_the_caf_is_told_without_a_name(client, caf_agent, match):
    client.force_login(caf_agent)
    assert "Deux agences suivent peut-être la même famille" in text_of(client.get("/", follow=True))
    page = text_of(client.get(reverse("families:match_detail", args=[match.pk])))
    for words in ("Mission Locale de Paris", "Mission Locale de Montreuil", "juin 2025"):
        assert words in page
    for hidden in ("Diallo", "Fatoumata", "Issa", "0600000001", "15 juin"):
        assert hidden not in page.split("<main")[1].split("</main")[0]
    assert AccessLog.objects.filter(kind="families.householdmatch", object_id=match.pk).exists()


def test_both_agencies_read_a_neutral_sentence(client, adviser, other_adviser, match):
    for person, household in [(adviser, match.first), (other_adviser, match.second)]:
        client.force_login(person)
        page = text_of(client.get(household.get_absolute_url()))
        assert "Un autre dossier semble concerner cette famille ; la Caf vérifie." in page
        assert client.get(reverse("families:match_detail", args=[match.pk])).status_code == 404


def test_the_neighbouring_caf_is_told_nothing(client, other_caf_agent, match):
    client.force_login(other_caf_agent)
    url = reverse("families:match_settle", args=[match.pk])
    assert client.post(url, {"verdict": "same"}).status_code == 404
    assert "Paris" not in text_of(client.get(reverse("families:match_list"))).split("<main")[1]
    with pytest.raises(PermissionDenied):
        settle(match, verdict="same", by=other_caf_agent, on=ff.ON)


def test_two_families_are_left_alone_and_not_asked_again(client, caf_agent, adviser, match):
    client.force_login(caf_agent)
    url = reverse("families:match_settle", args=[match.pk])
    client.post(url, {"verdict": "different"})
    match.refresh_from_db()
    assert (match.verdict, match.settled_by) == ("different", caf_agent)
    assert "Déjà répondu" in text_of(client.post(url, {"verdict": "same"}, follow=True))
    (again,) = find_matches(match.second)
    assert again.verdict == "different"
    client.force_login(adviser)
    assert "semble concerner" not in text_of(client.get(match.first.get_absolute_url()))


def test_an_unknown_answer_is_refused(caf_agent, match):
    with pytest.raises(StepRefused):
        settle(match, verdict="peut-être", by=caf_agent, on=ff.ON)


def test_the_older_agency_joins_the_two_files(client, adviser, same):
    first, second = same.first, same.second
    creche = ff.make_labelled(f.make_facility())
    referral = ff.make_referral("accepted", household=second, provider=creche)
    Child.objects.create(household=second, first_name="Alma", birth_date=date(2025, 1, 3))
    client.force_login(adviser)
    assert "Réunir les deux dossiers" in text_of(client.get(first.get_absolute_url()))
    client.post(reverse("families:match_merge", args=[same.pk]))
    second, referral = Household.objects.get(pk=second.pk), Referral.objects.get()
    assert (second.merged_into, referral.household) == (first, first)
    assert {child.first_name for child in first.children.all()} == {"Issa", "Alma"}
    assert referral.children.get() == first.children.get(first_name="Issa")
    assert referral.holds.first().child == referral.children.get()
    assert (referral.agency, referral.history.count()) == (second.agency, 2)


def test_a_contract_follows_the_kept_file_and_stays_with_its_agency(adviser, same):
    contract = ff.make_contract("active", household=same.second)
    merge(same, keep=same.first, by=adviser, on=ff.ON)
    contract = AvipContract.objects.get(pk=contract.pk)
    assert (contract.household, contract.agency) == (same.first, same.second.agency)
    assert Placement.objects.get().child == same.first.children.get()


def test_the_closed_file_is_open_to_nobody(client, adviser, other_adviser, same):
    merge(same, keep=same.first, by=adviser, on=ff.ON)
    client.force_login(other_adviser)
    assert client.get(same.second.get_absolute_url()).status_code == 404
    assert not Household.objects.visible_to(other_adviser).exists()
    with pytest.raises(StepRefused, match="déjà réunis"):
        merge(same, keep=same.first, by=adviser, on=ff.ON)


def test_the_other_agency_still_reads_its_own_contract(client, adviser, other_adviser, same):
    contract = ff.make_contract("active", household=same.second)
    merge(same, keep=same.first, by=adviser, on=ff.ON)
    client.force_login(other_adviser)
    assert client.get(contract.get_absolute_url()).status_code == 200


def test_two_running_contracts_for_one_child_are_not_joined(adviser, same):
    for household in (same.first, same.second):
        ff.make_contract("active", household=household)
    with pytest.raises(StepRefused, match="contrat en cours pour Issa"):
        merge(same, keep=same.first, by=adviser, on=ff.ON)
    assert not Household.objects.exclude(merged_into=None).exists()


def test_two_open_requests_at_one_place_are_not_joined(adviser, same):
    creche = ff.make_labelled(f.make_facility())
    for household in (same.first, same.second):
        ff.make_referral(household=household, provider=creche)
    with pytest.raises(StepRefused, match="en cours pour le même enfant"):
        merge(same, keep=same.first, by=adviser, on=ff.ON)


def test_nothing_is_joined_before_the_caf_has_said_so(client, adviser, match):
    client.force_login(adviser)
    assert client.post(reverse("families:match_merge", args=[match.pk])).status_code == 404
    with pytest.raises(StepRefused, match="La Caf n’a pas dit"):
        merge(match, keep=match.first, by=adviser, on=ff.ON)


def test_the_newer_agency_joins_nothing(client, other_adviser, caf_agent, same):
    for person in (other_adviser, caf_agent):
        client.force_login(person)
        assert client.post(reverse("families:match_merge", args=[same.pk])).status_code == 404
        with pytest.raises(PermissionDenied):
            merge(same, keep=same.first, by=person, on=ff.ON)
