"""Who opened a crèche by a request holds nothing of it before the Caf has said so."""

import pytest

from labels import filing, workflow
from labels.models import LabelApplication
from labels.requests import attach_person
from partners import invitations
from partners.models import Invitation, Membership, User
from tests import factories as f
from tests.labels.factories import ON, Status, make_application, make_confirmed_request


@pytest.fixture
def squatted(caf):
    """The draft of somebody who typed the SIRET of a crèche; the Caf has answered nothing."""
    return make_confirmed_request(caf, email="faux@example.fr").application


def again(user):
    """The same person at her next page: her memberships are read again."""
    return User.objects.get(pk=user.pk)


def members(provider):
    return {m.user for m in Membership.objects.in_force(ON).filter(provider=provider)}


def test_a_new_draft_after_a_withdrawn_one_still_waits_to_be_attached(squatted, caf_agent):
    author = again(squatted.opened_by)
    workflow.withdraw(squatted, by=author, on=ON)
    new = filing.open_application(squatted.provider, by=author, on=ON)
    assert new != squatted and new.attached_at is None
    workflow.attach(new, by=caf_agent, on=ON)
    workflow.withdraw(new, by=author, on=ON)
    assert filing.open_application(squatted.provider, by=author, on=ON).attached_at


def test_a_dismissed_author_leaves_the_creche_and_opens_nothing_more(squatted, caf_agent):
    author, provider = squatted.opened_by, squatted.provider
    friend = f.make_user("Ami", "Faux", member_of=provider, is_admin=True)
    other = f.make_user("Autre", "Faux", member_of=provider)
    invitations.invite(
        provider, email="x@example.fr", first_name="X", last_name="Y", by=again(author)
    )
    workflow.dismiss(squatted, by=caf_agent, on=ON, reasons="Inconnue.")
    assert not members(provider)
    assert not Invitation.objects.pending().exists()
    f.make_membership(friend, provider)  # however somebody comes back, the Caf answers first
    assert filing.open_application(provider, by=again(friend), on=ON).attached_at is None
    assert other not in members(provider)


def test_dismissing_a_draft_leaves_a_team_that_the_caf_knows(squatted, caf_agent):
    author = again(squatted.opened_by)
    workflow.attach(squatted, by=caf_agent, on=ON)
    colleague = f.make_user("Rose", "Lune", member_of=squatted.provider)
    workflow.withdraw(squatted, by=author, on=ON)
    draft = filing.open_application(squatted.provider, by=author, on=ON)
    LabelApplication.objects.filter(pk=draft.pk).update(attached_at=None)
    workflow.dismiss(draft, by=caf_agent, on=ON, reasons="Partie.")
    assert members(squatted.provider) == {colleague}


@pytest.mark.parametrize("withdrawn", [False, True])
def test_the_first_person_attached_administers_and_the_unknown_author_leaves(
    caf, squatted, caf_agent, withdrawn
):
    author, provider = again(squatted.opened_by), squatted.provider
    if withdrawn:
        workflow.withdraw(squatted, by=author, on=ON)
    request = make_confirmed_request(caf, siret=provider.facility.siret)
    application = attach_person(request, by=caf_agent, on=ON)
    squatted.refresh_from_db()
    assert squatted.status == Status.WITHDRAWN
    assert application != squatted and application.attached_at
    assert members(provider) == {request.user}
    assert request.user.memberships.get().is_admin


def test_an_author_attached_by_a_second_request_keeps_her_draft(caf, squatted, caf_agent):
    author = again(squatted.opened_by)
    request = make_confirmed_request(caf, siret=squatted.provider.facility.siret)
    request.user = author
    request.save()
    assert attach_person(request, by=caf_agent, on=ON) == squatted
    squatted.refresh_from_db()
    assert squatted.attached_at and members(squatted.provider) == {author}


def test_a_person_attached_to_a_creche_the_caf_knows_turns_nobody_out(caf, facility, caf_agent):
    director = f.make_user(member_of=facility, is_admin=True)
    make_application(Status.DRAFT, facility, by=director)
    request = make_confirmed_request(caf, siret=facility.facility.siret)
    attach_person(request, by=caf_agent, on=ON)
    assert members(facility) == {director, request.user}
    assert not request.user.memberships.get().is_admin
