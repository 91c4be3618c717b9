"""The other way in: a family proposed to an agency by who met it or already hosts it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.workflow import StepRefused
from families.models import Household, HouseholdMatch, Referral, TakeUp
from families.workflow import takeups
from tests import factories as f
from tests.families import factories as ff
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
Status = TakeUp.Status
TODAY = timezone.localdate()


@pytest.fixture
def agency():
    return f.make_agency()


@pytest.fixture
def adviser(agency):
    return ff.make_adviser(agency)


@pytest.fixture
def creche():
    return ff.make_labelled(f.make_facility())


def proposed(agency, *, by, provider=None, **fields):
    family = {
        "first_name": "Aminata",
        "last_name": "Keita",
        "phone": "0600000009",
        "commune": f.make_commune(),
        "child_first_name": "Sami",
        "child_birth_date": TODAY - timedelta(days=300),
        "notice_given_on": TODAY,
    }
    return takeups.propose_follow_up(
        by=by, on=TODAY, agency=agency, caf=f.make_caf(), provider=provider, **family | fields
    )


def test_the_agency_takes_up_a_family_already_hosted_and_its_contract_may_be_proposed(
    agency, adviser, creche
):
    takeup = proposed(
        agency, by=ff.director_of(creche), provider=creche, is_hosted=True, from_on=TODAY
    )
    household = takeups.take_up(takeup, by=adviser, on=TODAY, situation="job_seeker")
    referral = household.referrals.get()
    assert referral.status == Referral.Status.CONFIRMED
    assert (referral.provider, referral.agency) == (creche, agency)
    assert [c.first_name for c in household.children.all()] == ["Sami"]
    contract = ff.make_contract(
        referral=referral,
        start_on=TODAY + timedelta(days=3),
        slots=ff.NEED,
        on=TODAY,
        at=timezone.now(),
    )
    assert contract.status == "to_sign"


def test_the_caf_hears_that_another_agency_follows_the_family_already(agency, adviser, creche):
    known = ff.make_household(agency=f.make_agency("Ailleurs"))
    known.children.update(first_name="Sami", birth_date=TODAY - timedelta(days=300))
    known.parents.update(last_name="Keita")
    takeup = proposed(agency, by=ff.director_of(creche), provider=creche)
    household = takeups.take_up(takeup, by=adviser, on=TODAY, situation="training")
    match = HouseholdMatch.objects.get()
    assert {match.first, match.second} == {known, household}


def test_no_copy_stays_in_the_proposal_once_answered(agency, adviser, creche):
    taken, declined, cancelled = (
        proposed(agency, by=ff.director_of(creche), provider=creche) for _ in range(3)
    )
    takeups.take_up(taken, by=adviser, on=TODAY, situation="training")
    takeups.decline(declined, by=adviser, on=TODAY, reason="Autre secteur")
    takeups.cancel(cancelled, by=ff.director_of(creche), on=TODAY)
    for takeup in TakeUp.objects.all():
        kept = " ".join(str(value) for value in vars(takeup).values())
        for word in ("Aminata", "Keita", "Sami", "0600000009"):
            assert word not in kept
        assert (takeup.child_birth_date.month, takeup.child_birth_date.day) == (1, 1)


def test_a_caf_proposes_a_family_without_a_place(agency, adviser):
    agent = f.make_user("Agent", "Caf", member_of=f.make_caf())
    household = takeups.take_up(
        proposed(agency, by=agent), by=adviser, on=TODAY, situation="job_seeker"
    )
    assert not household.referrals.exists()


def test_who_may_propose(agency, adviser, creche):
    claire = ff.make_network_member()
    herself = f.make_user("Claire", "Morel", member_of=claire)
    stranger = ff.director_of(ff.make_labelled(f.make_facility("Ailleurs")))
    for by, provider in ((adviser, creche), (stranger, creche), (herself, claire), (herself, None)):
        with pytest.raises(PermissionDenied):
            proposed(agency, by=by, provider=provider)
    assert proposed(agency, by=ff.coordinator_of(claire), provider=claire)


def test_only_the_agency_answers_and_only_who_asked_takes_it_back(agency, adviser, creche):
    takeup = proposed(agency, by=ff.director_of(creche), provider=creche)
    with pytest.raises(PermissionDenied):
        takeups.decline(takeup, by=ff.director_of(creche), on=TODAY, reason="non")
    with pytest.raises(PermissionDenied):
        takeups.cancel(takeup, by=adviser, on=TODAY)
    with pytest.raises(StepRefused):
        takeups.decline(takeup, by=adviser, on=TODAY, reason=" ")
    takeups.cancel(takeup, by=ff.director_of(creche), on=TODAY)
    with pytest.raises(StepRefused):
        takeups.take_up(takeup, by=adviser, on=TODAY, situation="job_seeker")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"notice_given_on": TODAY + timedelta(days=1)}, "information"),
        ({"child_birth_date": TODAY + timedelta(days=1)}, "avenir"),
        ({"phone": ""}, "téléphone ou un courriel"),
    ],
)
def test_a_proposal_that_cannot_leave_says_why(agency, creche, fields, words):
    with pytest.raises(StepRefused) as refusal:
        proposed(agency, by=ff.director_of(creche), provider=creche, **fields)
    assert words in " ".join(refusal.value.reasons)


def test_a_child_too_old_for_a_contract_is_said_when_the_family_is_taken_up(
    agency, adviser, creche
):
    takeup = proposed(
        agency,
        by=ff.director_of(creche),
        provider=creche,
        child_birth_date=TODAY - timedelta(days=4 * 365),
    )
    with pytest.raises(StepRefused) as refusal:
        takeups.take_up(takeup, by=adviser, on=TODAY, situation="job_seeker")
    assert "une place se demande avant" in " ".join(refusal.value.reasons)
    assert not Household.objects.exists()


def test_who_sees_a_proposal(agency, adviser, creche):
    director = ff.director_of(creche)
    takeup = proposed(agency, by=director, provider=creche)
    caf_agent = f.make_user("Agent", "Caf", member_of=f.make_caf())
    other_agency = ff.make_adviser(f.make_agency("France Travail Paris"))
    other_creche = ff.director_of(ff.make_labelled(f.make_facility("Ailleurs")))
    people = (director, adviser, caf_agent, other_agency, other_creche)
    seers = [p for p in people if TakeUp.objects.visible_to(p).filter(pk=takeup.pk).exists()]
    assert seers == [director, adviser]
    assert signed_in(other_creche).get(takeup.get_absolute_url()).status_code == 404


def test_the_mails_name_nobody_of_the_family(agency, adviser, creche, mailoutbox):
    takeup = proposed(agency, by=ff.director_of(creche), provider=creche)
    outbox.deliver_due()
    takeups.decline(takeup, by=adviser, on=TODAY, reason="Autre secteur")
    outbox.deliver_due()
    assert [m.to for m in mailoutbox] == [[adviser.email], [ff.director_of(creche).email]]
    for message in mailoutbox:
        everything = message.subject + message.body + message.alternatives[0].content
        assert "Keita" not in everything and "Sami" not in everything


def test_from_the_page_of_the_director_to_the_file_of_the_adviser(agency, adviser, creche):
    client = signed_in(ff.director_of(creche))
    url = reverse("families:takeup_create")
    data = {
        "first_name": "Aminata",
        "last_name": "Keita",
        "phone": "06 00 00 00 09",
        "place": "75020",
        "child_first_name": "Sami",
        "child_birth_date": (TODAY - timedelta(days=300)).isoformat(),
        "provider": creche.pk,
        "is_hosted": "on",
        "notice_given_on": TODAY.isoformat(),
        "agency": agency.pk,
    }
    assert "obligatoire" in text_of(client.post(url, {}))
    response = client.post(url, data)
    takeup = TakeUp.objects.get()
    assert response["Location"] == takeup.get_absolute_url()
    at_work = signed_in(adviser)
    assert "proposée en suivi" in text_of(at_work.get("/"))
    assert "Aminata" in text_of(at_work.get(takeup.get_absolute_url()))
    response = at_work.post(
        reverse("families:takeup_accept", args=[takeup.pk]), {"situation": "job_seeker"}
    )
    assert response["Location"] == Household.objects.get().get_absolute_url()
    assert "Le nom et les coordonnées" in text_of(client.get(takeup.get_absolute_url()))


def test_who_asked_reads_the_refusal_among_what_waits(agency, adviser, creche):
    director = ff.director_of(creche)
    takeup = proposed(agency, by=director, provider=creche)
    at_work = signed_in(adviser)
    url = reverse("families:takeup_decline", args=[takeup.pk])
    assert signed_in(director).get(url).status_code == 403
    at_work.post(url, {"reason": "Autre secteur"})
    assert "Autre secteur" in text_of(signed_in(director).get("/"))
