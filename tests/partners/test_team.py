import pytest
from django.urls import reverse

from partners import invitations
from partners.models import Invitation, Membership
from tests import factories as f

pytestmark = pytest.mark.django_db

TEAM = "/equipe/"
FORM = {"email": "lea@example.fr", "first_name": "Léa", "last_name": "Noël", "quality": "adjointe"}


@pytest.fixture
def signed_in(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def text(response):
    return response.content.decode().replace("\xa0", " ")


def test_a_member_sees_her_team_and_changes_nothing(signed_in, facility, director):
    member = f.make_user("Rose", "Lune", member_of=facility, quality="éducatrice")
    client = signed_in(member)
    page = text(client.get(TEAM))
    assert "Nadia Benali" in page and "Éducatrice" in page
    assert "Inviter" not in page and "Modifier" not in page
    assert client.get(reverse("partners:invite")).status_code == 403
    for name in ("membership", "membership_end"):
        url = reverse(f"partners:{name}", args=[director.memberships.get().pk])
        assert client.post(url, {"quality": "x"}).status_code == 403


def test_the_team_of_others_does_not_exist(signed_in, director, other_director):
    client = signed_in(director)
    assert "Luc Autre" not in text(client.get(TEAM))
    for name in ("membership", "membership_end"):
        url = reverse(f"partners:{name}", args=[other_director.memberships.get().pk])
        assert client.post(url).status_code == 404


def test_an_administrator_invites_resends_and_withdraws(signed_in, facility, director):
    client = signed_in(director)
    client.post(reverse("partners:invite"), FORM | {"organisation": str(facility.pk)})
    invitation = Invitation.objects.get()
    assert (invitation.provider, invitation.invited_by) == (facility, director)
    page = text(client.get(TEAM))
    assert "Léa Noël" in page and "invitation envoyée" in page
    client.post(reverse("partners:invitation_resend", args=[invitation.pk]))
    invitation.refresh_from_db()
    assert invitation.generation == 2
    client.post(reverse("partners:invitation_withdraw", args=[invitation.pk]))
    invitation.refresh_from_db()
    assert invitation.revoked_at
    assert "Léa Noël" not in text(client.get(TEAM))


def test_an_organisation_typed_by_hand_is_refused(signed_in, director, other_facility):
    client = signed_in(director)
    response = client.post(
        reverse("partners:invite"), FORM | {"organisation": str(other_facility.pk)}
    )
    assert response.context["form"].errors.keys() == {"organisation"}
    assert not Invitation.objects.exists()


def test_a_refused_invitation_keeps_what_was_typed(signed_in, facility, director):
    client = signed_in(director)
    data = FORM | {"organisation": str(facility.pk), "email": director.email}
    page = text(client.post(reverse("partners:invite"), data))
    assert "fait déjà partie" in page and 'value="adjointe"' in page


def test_others_neither_resend_nor_withdraw_an_invitation(
    signed_in, facility, director, other_director
):
    invitation = invitations.invite(
        facility, by=director, email="a@example.fr", first_name="A", last_name="B"
    )
    member = f.make_user(member_of=facility)
    for user, status in [(other_director, 404), (member, 403)]:
        for name in ("invitation_resend", "invitation_withdraw"):
            url = reverse(f"partners:{name}", args=[invitation.pk])
            assert signed_in(user).post(url).status_code == status
    invitation.refresh_from_db()
    assert invitation.generation == 1 and invitation.revoked_at is None


def test_an_administrator_changes_a_place_and_ends_an_access(signed_in, facility, director):
    client = signed_in(director)
    member = f.make_user("Rose", "Lune", member_of=facility)
    membership = member.memberships.get()
    url = reverse("partners:membership", args=[membership.pk])
    client.post(url, {"quality": "adjointe", "is_admin": "on"})
    membership.refresh_from_db()
    assert (membership.quality, membership.is_admin) == ("adjointe", True)
    response = client.post(reverse("partners:membership_end", args=[membership.pk]), follow=True)
    assert "Rose Lune n’a plus accès" in text(response)
    assert client.get(url).status_code == 404


def test_ending_the_last_administrator_is_refused_in_words(signed_in, director):
    client = signed_in(director)
    url = reverse("partners:membership_end", args=[director.memberships.get().pk])
    assert "seule personne à administrer" in text(client.post(url, follow=True))
    url = reverse("partners:membership", args=[director.memberships.get().pk])
    assert "seule personne à administrer" in text(client.post(url, {"quality": "directrice"}))


def test_only_a_caf_has_a_responsable(signed_in, caf, caf_manager, director):
    agent = f.make_user(member_of=caf)
    client = signed_in(caf_manager)
    url = reverse("partners:membership", args=[agent.memberships.get().pk])
    client.post(url, {"quality": "", "role": "manager"})
    assert agent.memberships.get().role == Membership.Role.MANAGER
    page = signed_in(director).get(
        reverse("partners:membership", args=[director.memberships.get().pk])
    )
    assert "role" not in page.context["form"].fields


def test_an_operator_sees_the_teams_of_its_creches(signed_in):
    operator = f.make_operator()
    creches = [f.make_facility(f"Crèche {n}", operator=operator) for n in range(3)]
    f.make_user("Rose", "Lune", member_of=creches[0])
    page = text(signed_in(f.make_user(member_of=operator, is_admin=True)).get(TEAM))
    assert "Rose Lune" in page and "Crèche 2" in page
    assert "Personne n’a encore accès ici" in page


def test_a_longer_team_costs_no_more_queries(
    signed_in, facility, director, django_assert_num_queries, django_assert_max_num_queries
):
    client = signed_in(director)

    def count():
        with django_assert_max_num_queries(40) as seen:
            client.get(TEAM)
        return len(seen)

    f.make_user(member_of=facility)
    invitations.invite(facility, by=director, email="a@a.fr", first_name="A", last_name="B")
    client.get(TEAM)
    one = count()
    for n in range(9):
        f.make_user(member_of=facility)
        invitations.invite(facility, by=director, email=f"a{n}@a.fr", first_name="A", last_name="B")
    assert count() == one


def test_my_account_keeps_my_names_and_a_plausible_telephone(signed_in, director):
    client = signed_in(director)
    url = reverse("partners:account")
    page = text(client.get(url))
    assert "Les Petits Rameurs" in page and reverse("mfa_index") in page
    names = {"first_name": "Nadia", "last_name": "Benali-Roy"}
    client.post(url, names | {"phone": "06 12.34-56 78"})
    director.refresh_from_db()
    assert (director.last_name, director.phone) == ("Benali-Roy", "0612345678")
    page = text(client.post(url, names | {"phone": "12"}))
    assert "Écrivez dix chiffres" in page
    response = client.post(url, names | {"phone": "", "is_staff": "on", "email": "x@x.fr"})
    director.refresh_from_db()
    assert response.status_code == 302 and not director.is_staff


def test_support_in_a_borrowed_account_changes_nothing(signed_in, facility, director):
    client = signed_in(director)
    session = client.session
    session["hijack_history"] = [str(director.pk)]
    session.save()
    assert client.get(TEAM).status_code == 200
    assert client.get(reverse("partners:invite")).status_code == 403
    assert (
        client.post(reverse("partners:account"), {"first_name": "A", "last_name": "B"}).status_code
        == 403
    )
    url = reverse("partners:calendar", args=[facility.pk])
    assert client.post(url, {}).status_code == 403
