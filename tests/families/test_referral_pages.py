"""The pages of a referral: who reads what, who acts, what a refusal says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from avip.models import AccessLog
from families.models import Referral
from families.workflow import referrals
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
Status = Referral.Status
LIST = reverse("families:referral_list")


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


def page(name, referral, *more):
    return reverse(f"families:referral_{name}", args=[referral.pk, *more])


@pytest.fixture
def creche(facility):
    return ff.make_labelled(facility)


@pytest.fixture
def household(agency, adviser):
    return ff.make_household(agency, adviser=adviser, single_parent=True)


@pytest.fixture
def sent(creche, household):
    return ff.make_referral(provider=creche, household=household)


def soon(days=30):
    """A referral of today: pages know no other day."""
    today = timezone.localdate()
    return {
        "on": today,
        "at": timezone.now() - timedelta(hours=2),
        "from_on": today + timedelta(days=days),
    }


def test_the_director_reads_ages_and_priority_but_no_name(client, director, sent):
    client.force_login(director)
    html = text_of(client.get(sent.get_absolute_url()))
    assert "Un enfant de 7 mois" in html and "prioritaire" in html and "Mission Locale" in html
    for hidden in ("Diallo", "Fatoumata", "Issa", "monoparentale", "0600000001"):
        assert hidden not in html


def test_the_director_reads_the_name_once_the_place_is_accepted(client, director, sent):
    ff.accept(sent, by=director)
    client.force_login(director)
    html = text_of(client.get(sent.get_absolute_url()))
    assert "Fatoumata Diallo" in html and "Issa" in html


def test_the_caf_reads_no_name_and_no_message(client, caf_agent, creche, household):
    referral = ff.make_referral(
        "confirmed", provider=creche, household=household, message="Entretien lundi"
    )
    client.force_login(caf_agent)
    for url in (referral.get_absolute_url(), LIST):
        html = text_of(client.get(url))
        assert "Les Petits Rameurs" in html
        for hidden in ("Diallo", "Fatoumata", "Issa", "Entretien", "prioritaire"):
            assert hidden not in html


def test_the_adviser_reads_her_childminders_first_name_until_she_accepts(
    client, adviser, household
):
    claire = ff.make_network_member()
    referral = ff.make_referral("sent", provider=claire, household=household)
    client.force_login(adviser)
    for url in (referral.get_absolute_url(), LIST):
        html = text_of(client.get(url))
        assert "Claire" in html and "Morel" not in html
    ff.accept(referral)
    html = text_of(client.get(referral.get_absolute_url()))
    assert "Claire Morel" in html and "rue des Lilas" not in html


def test_every_reading_of_a_request_is_logged(client, director, sent):
    client.force_login(director)
    client.get(sent.get_absolute_url())
    assert AccessLog.objects.get().object_id == sent.pk


@pytest.mark.parametrize("persona", ["other_adviser", "other_director", "other_caf_agent"])
def test_the_neighbours_get_a_404_and_see_their_own(request, client, persona, sent):
    own = {
        "other_adviser": lambda u: ff.make_household(u.memberships.get().agency, adviser=u),
        "other_director": lambda u: None,
        "other_caf_agent": lambda u: None,
    }
    person = request.getfixturevalue(persona)
    household = own[persona](person)
    provider = ff.make_labelled(request.getfixturevalue("other_facility"))
    theirs = ff.make_referral(household=household, provider=provider)
    client.force_login(person)
    assert client.get(theirs.get_absolute_url()).status_code == 200
    assert client.get(sent.get_absolute_url()).status_code == 404
    for name in ("accept", "refuse", "confirm", "validate"):
        assert client.get(page(name, sent)).status_code == 404
    assert client.post(page("step", sent, "cancel")).status_code == 404
    assert sent.get_absolute_url() not in text_of(client.get(LIST))


@pytest.mark.parametrize(
    ("persona", "name", "status"),
    [
        ("director", "accept", 200),
        ("director", "refuse", 200),
        ("director", "confirm", 403),
        ("adviser", "accept", 403),
        ("adviser", "refuse", 403),
        ("caf_agent", "accept", 403),
        ("adviser", "validate", 404),
    ],
)
def test_in_scope_without_the_right_is_403(request, client, persona, name, status, sent):
    client.force_login(request.getfixturevalue(persona))
    assert client.get(page(name, sent)).status_code == status


def test_the_director_accepts_with_what_the_family_must_know(client, director, creche, household):
    referral = ff.make_referral(provider=creche, household=household, **soon())
    client.force_login(director)
    day = (timezone.localdate() + timedelta(days=7)).isoformat()
    response = client.post(
        page("accept", referral),
        {
            "first_appointment_at_0": day,
            "first_appointment_at_1": "10:30",
            "contact_name": "Nadia Benali",
            "papers": "",
        },
    )
    referral.refresh_from_db()
    assert response["Location"] == referral.get_absolute_url()
    assert referral.status == Status.ACCEPTED
    assert timezone.localtime(referral.first_appointment_at).hour == 10


def test_an_appointment_in_the_past_is_refused_and_nothing_is_lost(client, director, sent):
    client.force_login(director)
    html = text_of(
        client.post(
            page("accept", sent),
            {
                "first_appointment_at_0": "2020-01-01",
                "first_appointment_at_1": "10:30",
                "contact_name": "Nadia au portail",
            },
        )
    )
    assert "Ce rendez-vous est passé" in html and "Nadia au portail" in html


def test_a_place_just_taken_is_said_on_the_page(client, director, creche, household):
    ff.make_offer(creche, places=1)
    first, second = (ff.make_referral(provider=creche, **soon()) for _ in range(2))
    ff.accept(first, by=director)
    client.force_login(director)
    html = text_of(client.post(page("accept", second), {"contact_name": "Nadia au portail"}))
    assert "Cette place vient d’être prise" in html and "Nadia au portail" in html


def test_a_page_left_open_too_long_says_what_became_of_the_request(client, director, sent):
    referrals.cancel(sent, by=sent.adviser, on=ff.ON)
    client.force_login(director)
    assert client.get(page("accept", sent), follow=True).redirect_chain
    html = text_of(client.post(page("accept", sent), {"contact_name": "Nadia"}))
    assert "« Accepter » n’est plus possible : annulée" in html


def test_a_refusal_asks_for_its_reason(client, director, sent):
    client.force_login(director)
    assert "obligatoire" in text_of(client.post(page("refuse", sent), {"text": "complet"}))
    client.post(page("refuse", sent), {"reason": "full", "text": "Une place en mai"})
    sent.refresh_from_db()
    assert (sent.status, sent.refusal_text) == (Status.REFUSED, "Une place en mai")


def test_what_is_written_for_the_adviser_is_read_by_the_agency_alone(
    client, director, adviser, caf_agent, sent
):
    referrals.refuse(
        sent, by=director, on=ff.ON, reason="staff", text="deux absences jusqu’en mars"
    )
    for person, reads in ((adviser, True), (director, False), (caf_agent, False)):
        client.force_login(person)
        html = text_of(client.get(sent.get_absolute_url()))
        assert ("deux absences" in html) is reads


def test_the_adviser_notes_the_familys_yes(client, adviser, sent):
    ff.accept(sent)
    client.force_login(adviser)
    client.post(page("confirm", sent), {"how": "en rendez-vous"})
    sent.refresh_from_db()
    assert (sent.status, sent.confirmed_how) == (Status.CONFIRMED, "en rendez-vous")


def test_the_family_may_say_no(client, adviser, sent):
    ff.accept(sent)
    client.force_login(adviser)
    client.post(page("step", sent, "decline"))
    sent.refresh_from_db()
    assert sent.status == Status.DECLINED
    assert not sent.holds.filter(released_at=None).exists()


@pytest.mark.parametrize(
    ("status", "persona", "words"),
    [
        ("sent", "director", "répondre à cette famille"),
        ("sent", "adviser", "Les Petits Rameurs"),
        ("accepted", "adviser", "demander à la famille"),
        ("accepted", "director", "recueillir la réponse"),
        ("waiting_list", "adviser", "prévenir Fatoumata D."),
        ("refused", "adviser", "prévenir Fatoumata D."),
        ("confirmed", "director", "proposer le contrat"),
    ],
)
def test_the_page_says_who_must_act(request, client, creche, household, status, persona, words):
    referral = ff.make_referral(status, provider=creche, household=household)
    client.force_login(request.getfixturevalue(persona))
    assert words in text_of(client.get(referral.get_absolute_url()))


def test_once_told_the_family_looks_elsewhere(client, adviser, creche, household):
    referral = ff.make_referral("refused", provider=creche, household=household)
    client.force_login(adviser)
    client.post(page("step", referral, "tell_family"))
    html = text_of(client.get(referral.get_absolute_url()))
    assert f"/chercher/?famille={household.pk}" in html


def test_an_unknown_step_is_a_404(client, adviser, sent):
    client.force_login(adviser)
    assert client.post(page("step", sent, "accept")).status_code == 404


def asked(provider, household, **fields):
    data = {
        "children": [c.pk for c in household.children.all()],
        "from_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "starts_0": "09:00",
        "ends_0": "12:00",
        "message": "",
    }
    url = reverse("families:referral_create", args=[household.pk, provider.pk])
    return url, data | fields


@pytest.fixture
def young(agency, adviser):
    return ff.make_household(
        agency, adviser=adviser, births=[timezone.localdate() - timedelta(days=300)]
    )


def test_the_adviser_sends_a_family(client, adviser, creche, young):
    client.force_login(adviser)
    url, data = asked(creche, young)
    assert client.get(url).status_code == 200
    response = client.post(url, data)
    referral = Referral.objects.get()
    assert response["Location"] == referral.get_absolute_url()
    assert [str(slot) for slot in referral.slots.all()] == ["lundi 09:00–12:00"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"children": []}, "Choisissez au moins un enfant"),
        ({"ends_0": ""}, "Complétez les heures du lundi"),
        ({"ends_0": "08:00"}, "l’heure de fin vient après"),
        ({"starts_0": "", "ends_0": ""}, "au moins un jour"),
        ({"from_on": "2020-01-06"}, "est passé"),
        ({"from_on": "2999-01-06"}, "une place se demande avant"),
    ],
)
def test_a_request_that_cannot_leave_says_why(client, adviser, creche, young, fields, words):
    client.force_login(adviser)
    url, data = asked(creche, young, message="Bonjour", **fields)
    html = text_of(client.post(url, data))
    assert words in html and "Bonjour" in html
    assert not Referral.objects.exists()


def test_a_child_of_another_family_is_no_choice(client, adviser, creche, young, other_agency):
    stranger = ff.make_household(other_agency).children.get()
    client.force_login(adviser)
    url, data = asked(creche, young, children=[stranger.pk])
    assert client.post(url, data).status_code == 200
    assert not Referral.objects.exists()


def test_a_place_without_a_label_cannot_be_asked(client, adviser, facility, young):
    client.force_login(adviser)
    url, data = asked(facility, young)
    assert client.get(url).status_code == 404
    assert client.post(url, data).status_code == 404


def test_another_agencys_family_cannot_be_sent(client, adviser, young, creche, other_agency):
    client.force_login(adviser)
    url, _ = asked(creche, ff.make_household(other_agency))
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("persona", ["adviser", "director", "caf_agent"])
def test_the_list_asks_as_much_for_one_request_as_for_ten(
    request, client, persona, creche, agency, adviser, django_assert_num_queries
):
    person = request.getfixturevalue(persona)
    client.force_login(person)
    ff.make_referral("accepted", provider=creche, household=ff.make_household(agency))
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    assert len(one) <= 12
    for _ in range(9):
        ff.make_referral("accepted", provider=creche, household=ff.make_household(agency))
    with django_assert_num_queries(len(one)):
        client.get(LIST)


@pytest.mark.parametrize("status", ["sent", "accepted", "confirmed", "refused"])
@pytest.mark.parametrize("persona", ["adviser", "director", "coordinator"])
def test_a_request_is_read_in_few_queries(
    request, client, persona, status, creche, household, service
):
    provider = ff.make_network_member(service=service) if persona == "coordinator" else creche
    referral = ff.make_referral(status, provider=provider, household=household)
    client.force_login(request.getfixturevalue(persona))
    client.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        client.get(referral.get_absolute_url())
    assert len(queries) <= 20


def test_the_list_keeps_its_filters_in_the_address(client, adviser, creche, household):
    ff.make_referral("refused", provider=creche, household=household)
    client.force_login(adviser)
    assert "Fatoumata D." in text_of(client.get(LIST + "?status=refused"))
    assert "Fatoumata D." not in text_of(client.get(LIST + "?status=open"))
    assert "Aucune demande ne correspond" in text_of(client.get(LIST + "?kind=childminder"))


def test_the_member_of_an_operator_answers_for_its_creche(client, caf, household):
    operator = f.make_operator()
    creche = ff.make_labelled(f.make_facility(caf=caf, operator=operator))
    person = f.make_user("Paula", "Roux", member_of=operator)
    referral = ff.make_referral(provider=creche, household=household)
    client.force_login(person)
    assert "répondre à cette famille" in text_of(client.get(referral.get_absolute_url()))
    assert client.get(page("accept", referral)).status_code == 200
