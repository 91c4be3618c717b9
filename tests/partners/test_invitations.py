from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.jobs import SCHEDULES
from avip.models import Outbox
from avip.workflow import StepRefused
from partners import invitations
from partners.models import Invitation, Membership, User
from tests import factories as f

pytestmark = pytest.mark.django_db

NEWCOMER = {"email": "Lea.Noel@example.fr", "first_name": "Léa", "last_name": "Noël"}
PASSWORD = "quatre rames sur la rivière"


@pytest.fixture
def invitation(facility, director):
    return invitations.invite(facility, by=director, quality="adjointe", **NEWCOMER)


def path_of(invitation):
    return urlsplit(invitations.link_of(invitation)).path


def expire(invitation):
    Invitation.objects.filter(pk=invitation.pk).update(
        expires_at=timezone.now() - timedelta(minutes=1)
    )


def test_an_invitation_leaves_by_mail_without_a_name_in_its_subject(invitation, mailoutbox):
    outbox.deliver_due()
    mail = mailoutbox[0]
    assert mail.to == ["lea.noel@example.fr"]
    assert "Léa" not in mail.subject and "Rameurs" not in mail.subject
    for text in (mail.body, mail.alternatives[0].content):
        assert invitations.link_of(invitation) in text
        assert "Nadia Benali vous invite" in text


def test_a_link_is_valid_for_the_days_of_the_schedule(invitation):
    days = timedelta(days=SCHEDULES["invitation_days"])
    assert invitation.expires_at - invitation.created_at == days
    assert invitation.is_open(invitation.expires_at - timedelta(seconds=1))
    assert not invitation.is_open(invitation.expires_at)


def test_nobody_invites_where_they_do_not_administer(facility, other_facility, director, caf_agent):
    for by, organisation in [(director, other_facility), (caf_agent, facility)]:
        with pytest.raises(PermissionDenied):
            invitations.invite(organisation, by=by, **NEWCOMER)
    member = f.make_user(member_of=facility)
    with pytest.raises(PermissionDenied):
        invitations.invite(facility, by=member, **NEWCOMER)


def test_an_operator_invites_in_its_creches_and_a_coordinator_for_her_childminders(
    service, childminder
):
    operator = f.make_operator()
    creche = f.make_facility("Les Barques", operator=operator)
    boss = f.make_user(member_of=operator, is_admin=True)
    coordinator = f.make_user(member_of=service, is_admin=True)
    assert invitations.invite(creche, by=boss, **NEWCOMER).provider == creche
    assert invitations.invite(childminder, by=coordinator, **NEWCOMER).provider == childminder


def test_a_caf_invites_the_first_administrator_of_a_partner_and_only_the_first(
    caf_manager, agency, service
):
    first = invitations.invite(agency, by=caf_manager, **NEWCOMER)
    assert first.is_admin  # the first person of an organisation administers it
    f.make_user(member_of=agency, is_admin=True)
    assert invitations.organisations_open_to(caf_manager) == [
        caf_manager.memberships_today[0].caf,
        service,
    ]
    with pytest.raises(PermissionDenied):
        invitations.invite(agency, by=caf_manager, **NEWCOMER | {"email": "autre@example.fr"})


def test_somebody_in_the_team_or_already_invited_is_not_invited_again(
    invitation, facility, director
):
    with pytest.raises(StepRefused, match="attend déjà"):
        invitations.invite(facility, by=director, **NEWCOMER)
    with pytest.raises(StepRefused, match="déjà partie"):
        invitations.invite(facility, by=director, **NEWCOMER | {"email": director.email.upper()})


def test_opening_the_link_changes_nothing_and_takes_the_secret_out_of_the_address(
    client, invitation
):
    response = client.get(path_of(invitation))
    assert response.status_code == 302
    assert response["Location"] == "/invitation/"
    assert response["Referrer-Policy"] == "no-referrer"
    page = client.get("/invitation/")
    assert "Les Petits Rameurs" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert not User.objects.filter(email=invitation.email).exists()
    invitation.refresh_from_db()
    assert invitation.accepted_at is None
    for session in Session.objects.all():
        assert invitations.token_of(invitation) not in str(session.get_decoded())


def test_a_newcomer_chooses_her_password_and_enters_once(client, invitation, facility):
    client.get(path_of(invitation))
    answer = {"first_name": "Léa", "last_name": "Noël", "password": PASSWORD}
    response = client.post("/invitation/", answer)
    assert response.status_code == 302
    user = User.objects.get(email="lea.noel@example.fr")
    membership = user.memberships.get()
    assert (membership.provider, membership.quality) == (facility, "adjointe")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert user.check_password(PASSWORD)
    client.logout()
    client.get(path_of(invitation))
    again = client.post("/invitation/", answer)
    assert again.status_code == 410 and "a déjà servi" in again.content.decode()
    assert user.memberships.count() == 1


@pytest.mark.parametrize("password", ["court", "12345678901234567890", "lea.noel@example.fr"])
def test_a_weak_password_is_refused_and_the_names_are_kept(client, invitation, password):
    client.get(path_of(invitation))
    answer = {"first_name": "Léa-Marie", "last_name": "Noël", "password": password}
    response = client.post("/invitation/", answer)
    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {"password"}
    assert "Léa-Marie" in response.content.decode()
    assert not User.objects.filter(email=invitation.email).exists()


def test_somebody_with_an_account_signs_in_then_accepts(client, facility, director, adviser):
    invitation = invitations.invite(facility, by=director, **NEWCOMER | {"email": adviser.email})
    client.get(path_of(invitation))
    page = client.get("/invitation/").content.decode()
    assert f"{reverse('account_login')}?next=/invitation/" in page
    client.post("/invitation/", {"first_name": "X", "last_name": "Y", "password": PASSWORD})
    assert not adviser.memberships.filter(provider=facility).exists()
    client.force_login(adviser)
    client.get(path_of(invitation))
    client.post("/invitation/")
    assert adviser.memberships.filter(provider=facility).exists()


def test_another_account_is_told_and_takes_nothing(client, invitation, adviser, facility):
    client.force_login(adviser)
    client.get(path_of(invitation))
    assert "Déconnectez-vous" in client.get("/invitation/").content.decode()
    client.post("/invitation/", {"password": PASSWORD})
    assert not Membership.objects.filter(provider=facility, user=adviser).exists()


def test_an_expired_link_asks_for_another_that_goes_to_the_same_address(
    client, invitation, mailoutbox
):
    outbox.deliver_due()
    expire(invitation)
    old = path_of(invitation)
    client.get(old)
    page = client.get("/invitation/")
    assert page.status_code == 410 and "Recevoir un nouveau lien" in page.content.decode()
    client.post(reverse("partners:invitation_accept"), {"password": PASSWORD})
    assert client.get(reverse("partners:invitation_renew")).status_code == 405
    client.post(reverse("partners:invitation_renew"))
    outbox.deliver_due()
    invitation.refresh_from_db()
    assert mailoutbox[-1].to == [invitation.email]
    assert path_of(invitation) in mailoutbox[-1].body and path_of(invitation) != old
    client.get(old)
    assert client.get("/invitation/").status_code == 404
    client.get(path_of(invitation))
    assert client.get("/invitation/").status_code == 200


def test_a_withdrawn_invitation_opens_nothing_and_is_never_renewed(client, invitation):
    client.get(path_of(invitation))
    invitations.withdraw(invitation)
    assert "retirée" in client.get("/invitation/").content.decode()
    client.post(reverse("partners:invitation_renew"))
    answer = {"first_name": "Léa", "last_name": "Noël", "password": PASSWORD}
    assert client.post("/invitation/", answer).status_code == 410
    assert not User.objects.filter(email=invitation.email).exists()
    assert Outbox.objects.filter(kind="partners.invitation").count() == 1


def test_an_unknown_link_says_where_the_right_one_is(client, db):
    client.get("/invitation/nimporte-quoi/")
    page = client.get("/invitation/")
    assert page.status_code == 404 and "dernier courriel" in page.content.decode()


def test_a_late_mail_of_an_invitation_that_has_served_is_not_sent(invitation, mailoutbox):
    invitations.withdraw(invitation)
    outbox.deliver_due()
    assert mailoutbox == []


def test_the_last_administrator_stays(facility, director):
    membership = director.memberships.get()
    today = timezone.localdate()
    with pytest.raises(StepRefused, match="seule personne à administrer"):
        invitations.end_access(membership, by=director, on=today)
    with pytest.raises(StepRefused, match="seule personne à administrer"):
        invitations.change_place(
            membership, by=director, on=today, role="member", quality="", is_admin=False
        )
    f.make_user(member_of=facility, is_admin=True)
    invitations.end_access(membership, by=director, on=today)
    assert not director.memberships.in_force(today).exists()


def test_the_last_administrator_of_a_creche_may_leave_when_its_operator_keeps_it():
    operator = f.make_operator()
    creche = f.make_facility("Les Barques", operator=operator)
    director = f.make_user(member_of=creche, is_admin=True)
    boss = f.make_user(member_of=operator, is_admin=True)
    today = timezone.localdate()
    invitations.end_access(director.memberships.get(), by=boss, on=today)
    assert not director.memberships.in_force(today).exists()


def test_whoever_loses_every_place_is_signed_out_and_another_one_is_not(client, facility, director):
    leaver = f.make_user(member_of=facility)
    client.force_login(leaver)
    team = reverse("partners:team")
    assert client.get(team).status_code == 200
    invitations.end_access(leaver.memberships.get(), by=director, on=timezone.localdate())
    assert client.get(team)["Location"].startswith(reverse("account_login"))


def test_whoever_keeps_another_place_stays_signed_in_without_the_lost_one(
    client, facility, director, agency
):
    leaver = f.make_user(member_of=facility)
    f.make_membership(leaver, agency)
    client.force_login(leaver)
    lost = leaver.memberships.get(provider=facility)
    invitations.end_access(lost, by=director, on=timezone.localdate())
    page = client.get(reverse("partners:team")).content.decode()
    assert "Mission Locale de Paris" in page and "Les Petits Rameurs" not in page


def test_a_place_taken_today_can_be_ended_today(facility, director):
    today = timezone.localdate()
    membership = f.make_membership(f.make_user(), facility, starts_on=today)
    invitations.end_access(membership, by=director, on=today)
    assert not Membership.objects.in_force(today).filter(pk=membership.pk).exists()


def test_whoever_leaves_takes_her_waiting_invitations_with_her(caf, facility, director):
    def waits(organisation, by, email):
        return invitations.invite(
            organisation, by=by, email=email, first_name="A", last_name="B"
        ).email

    today = timezone.localdate()
    f.make_user(member_of=facility, is_admin=True)
    manager = f.make_user(member_of=caf, is_admin=True)
    f.make_user(member_of=caf, is_admin=True)
    f.make_membership(director, other := f.make_facility("Ailleurs"), is_admin=True)
    waits(facility, director, "a@example.fr")
    waits(f.make_agency(), manager, "b@example.fr")
    kept = waits(other, director, "c@example.fr")
    invitations.end_access(director.memberships.get(provider=facility), by=None, on=today)
    invitations.end_access(manager.memberships.get(), by=None, on=today)
    assert [row.email for row in Invitation.objects.pending()] == [kept]
