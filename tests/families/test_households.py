"""The family's file: recorded with little, read by its agency alone, every reading logged."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from avip.models import AccessLog
from families.forms.fields import communes_called
from families.models import Child, Household
from partners.validators import phone_number
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
CREATE = reverse("families:household_create")


@pytest.fixture
def paris(caf):
    """The 20th arrondissement, its city, and a namesake far away."""
    f.make_commune("75056", "Paris", postal_codes="75019|75020", population=2_100_000)
    f.make_commune("71343", "Paris-l’Hôpital", postal_codes="71150", population=285)
    f.make_commune("75119", "Paris 19e Arrondissement", postal_codes="75019", parent_code="75056")
    commune = f.make_commune()
    commune.parent_code = "75056"
    commune.save()
    return commune


def file_of(*births, **fields):
    """What the page posts for a family with these children."""
    data = {
        "first_name": "Fatoumata",
        "last_name": "Diallo",
        "phone": "06 12 34 56 78",
        "email": "",
        "place": "75020",
        "situation": "job_seeker",
        "single_parent": "on",
        "notice_given_on": timezone.localdate().isoformat(),
        "notice_channel": "in_person",
        "children-TOTAL_FORMS": str(max(2, len(births))),
        "children-INITIAL_FORMS": "0",
        "children-MIN_NUM_FORMS": "1",
        "children-MAX_NUM_FORMS": "1000",
    }
    for number, birth_date in enumerate(births):
        data[f"children-{number}-first_name"] = ["Issa", "Alma", "Noé"][number]
        data[f"children-{number}-birth_date"] = birth_date.isoformat()
    return data | fields


def months_ago(months):
    return timezone.localdate() - timedelta(days=round(months * 30.5))


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


def test_a_family_is_recorded_with_its_children_by_its_adviser(client, adviser, agency, paris):
    client.force_login(adviser)
    response = client.post(CREATE, file_of(months_ago(9), months_ago(20)))
    household = Household.objects.get()
    assert response["Location"] == household.get_absolute_url()
    assert (household.agency, household.adviser, household.commune) == (agency, adviser, paris)
    assert household.caf.code == "75"
    assert (household.attested_by, household.attested_on) == (adviser, timezone.localdate())
    assert household.parents.get().phone == "0612345678"
    assert household.children.count() == 2


@pytest.mark.parametrize(
    ("born", "words"),
    [
        (timezone.localdate() + timedelta(days=1), "dans l’avenir"),
        (date(timezone.localdate().year - 3, 1, 1), "une place se demande avant 36 mois"),
    ],
)
def test_a_child_not_born_or_too_old_is_refused_in_words(client, adviser, paris, born, words):
    client.force_login(adviser)
    page = text_of(client.post(CREATE, file_of(born)))
    assert words in page and "Fatoumata" in page
    assert not Household.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("phone", "06 12", "dix chiffres"),
        ("place", "Nulle-Part", "Aucune commune"),
        ("notice_given_on", "2999-01-01", "avant d’ouvrir le dossier"),
        ("situation", "", "obligatoire"),
    ],
)
def test_a_wrong_answer_is_explained_and_nothing_is_lost(
    client, adviser, paris, field, value, words
):
    client.force_login(adviser)
    page = text_of(client.post(CREATE, file_of(months_ago(9), **{field: value})))
    assert words in page and "Diallo" in page
    assert not Household.objects.exists()


def test_a_family_has_at_least_one_child(client, adviser, paris):
    client.force_login(adviser)
    assert client.post(CREATE, file_of()).status_code == 200
    assert not Household.objects.exists()


def test_a_name_shared_by_several_communes_is_chosen_from_a_list(client, adviser, paris):
    client.force_login(adviser)
    page = text_of(client.post(CREATE, file_of(months_ago(9), place="Paris")))
    assert "choisissez la bonne" in page and "Paris 20e Arrondissement (75)" in page
    client.post(CREATE, file_of(months_ago(9), place="Paris", commune="75120"))
    assert Household.objects.get().commune == paris


def test_a_commune_is_found_without_its_accents_nor_hyphens(paris):
    assert [c.code for c in communes_called("paris l’hopital")] == ["71343"]
    assert [c.code for c in communes_called("75020")] == ["75120"]
    assert [c.code for c in communes_called("Paris 19")] == ["75119"]


def test_a_phone_may_be_typed_with_spaces_or_abroad():
    assert phone_number("06 12 34 56 78") == "0612345678"
    assert phone_number("+262 692 12 34 56") == "+262692123456"


def test_a_department_without_a_caf_is_said_in_words(client, adviser, paris):
    f.make_commune("93048", "Montreuil", postal_codes="93100")
    client.force_login(adviser)
    page = text_of(client.post(CREATE, file_of(months_ago(9), place="93100")))
    assert "Aucune Caf" in page


@pytest.mark.parametrize("page", ["household_detail", "household_update"])
def test_the_neighbouring_agency_gets_a_404(client, adviser, other_adviser, other_agency, page):
    theirs = ff.make_household(other_agency, adviser=other_adviser)
    mine = ff.make_household(adviser.memberships.get().agency, adviser=adviser)
    client.force_login(adviser)
    assert client.get(reverse(f"families:{page}", args=[mine.pk])).status_code == 200
    assert client.get(reverse(f"families:{page}", args=[theirs.pk])).status_code == 404


@pytest.mark.parametrize("persona", ["director", "coordinator", "caf_agent"])
def test_nobody_but_the_agency_opens_a_file(request, client, persona, facility):
    household = ff.make_household()
    ff.make_referral(household=household, provider=ff.make_labelled(facility))
    client.force_login(request.getfixturevalue(persona))
    assert client.get(household.get_absolute_url()).status_code == 404
    assert client.get(CREATE).status_code == 403
    assert "Diallo" not in text_of(client.get(reverse("families:household_list")))


def test_every_reading_of_a_file_is_logged(client, adviser, agency):
    household = ff.make_household(agency)
    client.force_login(adviser)
    client.get(household.get_absolute_url())
    log = AccessLog.objects.get()
    assert (log.user, log.object_id, log.kind) == (adviser, household.pk, "families.household")


def changed(household, **fields):
    child = household.children.get()
    return file_of(
        seen=household.revision,
        place=household.commune.name,
        commune=household.commune_id,
        notice_given_on=household.notice_given_on.isoformat(),
        **{
            "children-INITIAL_FORMS": "1",
            "children-0-id": child.pk,
            "children-0-first_name": child.first_name,
            "children-0-birth_date": child.birth_date.isoformat(),
        },
        **fields,
    )


def test_a_colleague_corrects_the_file(client, adviser, agency, paris):
    household = ff.make_household(agency, births=[months_ago(9)])
    client.force_login(adviser)
    client.post(
        reverse("families:household_update", args=[household.pk]),
        changed(household, phone="0699999999"),
    )
    household.refresh_from_db()
    assert household.parents.get().phone == "0699999999"
    assert (household.single_parent, household.attested_by) == (True, adviser)


def test_a_stale_page_is_refused_and_says_by_whom(client, adviser, agency, paris):
    household = ff.make_household(agency, births=[months_ago(9)])
    url = reverse("families:household_update", args=[household.pk])
    client.force_login(adviser)
    stale = changed(household, last_name="Sow")
    client.post(url, changed(household, last_name="Ndiaye"))
    page = text_of(client.post(url, stale))
    assert "modifié entre-temps par Karim Belkacem" in page and "Sow" in page
    assert household.parents.get().last_name == "Ndiaye"


def test_a_child_who_grew_older_does_not_block_the_file(client, adviser, agency, paris):
    household = ff.make_household(agency, births=[months_ago(50)])
    client.force_login(adviser)
    url = reverse("families:household_update", args=[household.pk])
    assert client.post(url, changed(household)).status_code == 302


def test_a_child_of_a_request_stays_in_the_file(client, adviser, agency, paris):
    household = ff.make_household(agency)
    ff.make_referral(household=household, adviser=adviser)
    client.force_login(adviser)
    url = reverse("families:household_update", args=[household.pk])
    data = changed(household, **{"children-0-DELETE": "on"})
    data |= {"children-1-first_name": "Alma", "children-1-birth_date": months_ago(9).isoformat()}
    page = text_of(client.post(url, data))
    assert "figure dans une demande" in page
    assert Child.objects.count() == 1


def test_a_support_agent_who_borrows_an_account_records_nothing(
    client, adviser, paris, monkeypatch
):
    client.force_login(adviser)
    monkeypatch.setattr("families.views.households.is_hijacked", lambda user: True)
    assert client.post(CREATE, file_of(months_ago(9))).status_code == 403
    assert not Household.objects.exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"Vide", "Attend", "Placée"}),
        ("?progress=seeking", {"Vide"}),
        ("?progress=unanswered", {"Attend"}),
        ("?progress=placed", {"Placée"}),
        ("?adviser=mine", {"Vide"}),
    ],
)
def test_the_list_is_filtered_in_the_address(client, adviser, agency, query, expected):
    ff.make_household(agency, parent="Vide Diallo", adviser=adviser)
    for parent, status in [("Attend Diallo", "sent"), ("Placée Diallo", "accepted")]:
        household = ff.make_household(agency, parent=parent)
        ff.make_referral(status, household=household, adviser=adviser)
    client.force_login(adviser)
    page = text_of(client.get(reverse("families:household_list") + query))
    assert {name for name in ("Vide", "Attend", "Placée") if f"{name} D." in page} == expected


def test_the_list_asks_as_much_for_one_family_as_for_ten(
    client, adviser, agency, django_assert_num_queries
):
    url = reverse("families:household_list")
    client.force_login(adviser)
    ff.make_referral(household=ff.make_household(agency), adviser=adviser)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for _ in range(9):
        ff.make_referral(household=ff.make_household(agency), adviser=adviser)
    with django_assert_num_queries(len(one)):
        client.get(url)
