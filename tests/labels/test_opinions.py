"""A member reads the dossiers and gives her opinions by her link; the quorum counts them."""

import io
from datetime import UTC, datetime, timedelta

import pikepdf
import pytest
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.models import LabelCommittee, Opinion
from labels.opinions import counts_of, taking_part
from partners.tokens import make_token
from tests.labels.sittings import DAY, SAT, THEN, V, make_decided, make_sitting

LIST = reverse("labels:opinion_form")


@pytest.fixture
def committee(caf, caf_agent):
    """Convened for next week, with two dossiers."""
    on = timezone.localdate() + timedelta(days=7)
    return make_sitting(caf, agent=caf_agent, count=2, held_on=on)


@pytest.fixture
def member(committee):
    return committee.members.get(name="Ida Vasseur")


def open_link(client, member):
    token = make_token("labels.opinion", member.pk)
    return client.get(reverse("labels:opinion_link", args=[token]), follow=True)


def page_of(item):
    return reverse("labels:opinion_item", args=[item.pk])


def test_the_link_leaves_by_mail_and_opens_the_dossiers(client, committee, member, mailoutbox):
    row = Outbox.objects.get(kind="labels.convened", object_id=str(member.pk))
    assert outbox.deliver(row.pk)
    [mail] = mailoutbox
    assert mail.to == [member.email]
    assert make_token("labels.opinion", member.pk) in mail.body
    assert "Crèche" not in mail.subject
    response = open_link(client, member)
    assert response.redirect_chain == [(LIST, 302)]
    assert client.session["committee_member"] == member.token_sha256
    page = response.content.decode()
    assert "Crèche 1" in page and "Crèche 2" in page and "2\xa0dossiers sans avis" in page


def test_reading_changes_nothing_and_each_opinion_leads_to_the_next(client, committee, member):
    open_link(client, member)
    first, second = committee.agenda.all()
    assert client.get(page_of(first)).status_code == 200
    assert not Opinion.objects.exists()
    said = client.post(page_of(first), {"value": V.FAVOURABLE, "comment": "Solide."})
    assert said.url == page_of(second)
    said = client.post(page_of(second), {"value": V.INTERESTED})
    assert said.url == LIST
    assert list(member.opinions.values_list("value", flat=True)) == [V.FAVOURABLE, V.INTERESTED]
    client.post(page_of(first), {"value": V.UNFAVOURABLE})
    assert member.opinions.get(item=first).value == V.UNFAVOURABLE
    assert client.post(page_of(first), {}).status_code == 200


def test_a_member_reaches_the_dossiers_of_her_committee_alone(client, caf, caf_agent, member):
    other = make_sitting(caf, agent=caf_agent, held_on=member.committee.held_on)
    open_link(client, member)
    assert client.get(page_of(other.agenda.get())).status_code == 404
    assert client.post(page_of(other.agenda.get()), {"value": "favourable"}).status_code == 404


@pytest.mark.parametrize("token", ["", "inconnu"])
def test_an_unknown_link_says_so(client, db, token):
    if token:
        client.get(reverse("labels:opinion_link", args=[token]))
    assert "ne s’ouvre pas" in client.get(LIST).content.decode()
    assert client.get(reverse("labels:opinion_pack")).status_code == 404


def test_a_member_who_is_removed_opens_nothing_any_more(client, committee, member, caf_agent):
    open_link(client, member)
    workflow.remove_member(member, by=caf_agent)
    assert "ne s’ouvre pas" in client.get(LIST).content.decode()


def test_no_opinion_is_taken_once_the_committee_is_over(client, caf, caf_agent, caf_manager):
    committee = make_decided(caf, agent=caf_agent, held_on=timezone.localdate())
    member, item = committee.members.first(), committee.agenda.get()
    workflow.close_committee(committee, by=caf_manager, on=timezone.localdate())
    page = open_link(client, member).content.decode()
    assert "ne reçoit plus d’avis" in page
    assert client.get(page_of(item)).url == LIST
    with pytest.raises(StepRefused):
        workflow.give_opinion(member, item, value="favourable", on=DAY)


def test_a_cancelled_committee_says_so(client, committee, member, caf_agent):
    workflow.cancel_committee(committee, by=caf_agent, on=timezone.localdate())
    assert "annulé" in open_link(client, member).content.decode()


def test_an_old_link_reads_nothing(client, committee, member):
    LabelCommittee.objects.filter(pk=committee.pk).update(
        held_on=timezone.localdate() - timedelta(days=61)
    )
    page = open_link(client, member).content.decode()
    assert "n’est plus valable" in page and "Crèche 1" not in page


def test_a_written_consultation_ends_with_its_day(client, caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, kind="written")
    member, item = committee.members.first(), committee.agenda.get()
    with pytest.raises(StepRefused, match="terminée"):
        workflow.give_opinion(member, item, value="favourable", on=DAY + timedelta(days=1))
    workflow.give_opinion(member, item, value="favourable", on=DAY, at=THEN)
    assert taking_part(committee) == 1


def test_a_written_consultation_ends_at_midnight_overseas(client, caf, caf_agent, monkeypatch):
    """Nine in the evening in Guadeloupe is the next day in Paris: the member still answers."""
    caf.time_zone = "America/Guadeloupe"
    caf.save()
    committee = make_sitting(caf, agent=caf_agent, kind="written")
    member, item = committee.members.first(), committee.agenda.get()
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: midnight + timedelta(hours=1))
    open_link(client, member)
    client.post(page_of(item), {"value": "favourable", "comment": ""})
    assert item.opinions.get().value == V.FAVOURABLE
    monkeypatch.setattr(timezone, "now", lambda: midnight + timedelta(hours=5))
    client.post(page_of(item), {"value": "unfavourable", "comment": ""})
    assert item.opinions.get().value == V.FAVOURABLE


def test_an_interested_member_does_not_count_for_that_dossier(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, count=2)
    first, second = committee.agenda.all()
    for member, value in zip(committee.members.all(), [V.INTERESTED, V.FAVOURABLE], strict=False):
        workflow.give_opinion(member, first, value=value, **SAT)
    counts = counts_of(committee, [first, second])
    assert (counts[first.pk].voters, counts[second.pk].voters) == (2, 3)
    assert str(counts[first.pk]) == "1\xa0favorable et 1\xa0membre intéressé"
    assert str(counts[second.pk]) == "aucun avis"


def test_a_written_opinion_counts_and_an_abstention_too(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, kind="written")
    item = committee.agenda.get()
    values = [V.ABSTAINS, V.INTERESTED, V.RESERVED]
    for member, value in zip(committee.members.all(), values, strict=True):
        workflow.give_opinion(member, item, value=value, **SAT)
    assert counts_of(committee, [item])[item.pk].voters == 2
    assert taking_part(committee) == 3


def test_the_caf_notes_what_was_said_in_session(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent)
    item = committee.agenda.get()
    ida, jeanne, omar = committee.members.order_by("name")
    workflow.give_opinion(ida, item, value=V.FAVOURABLE, comment="Bien.", **SAT)
    workflow.note_opinions(
        item,
        by=caf_agent,
        opinions={ida.pk: (V.FAVOURABLE, "Bien."), jeanne.pk: (V.RESERVED, "À suivre.")},
    )
    assert item.opinions.get(member=ida).noted_by is None
    assert item.opinions.get(member=jeanne).noted_by == caf_agent
    assert not item.opinions.filter(member=omar).exists()


def test_the_pack_has_a_bookmark_for_each_dossier(committee, client, member):
    workflow.move_item(committee.agenda.last(), 1, by=committee.opened_by)
    first, second = Outbox.objects.filter(kind="labels.committee_pack").order_by("created_at")
    Outbox.objects.filter(pk=first.pk).update(created_at=first.created_at - timedelta(days=1))
    outbox.deliver(first.pk)
    committee.refresh_from_db()
    assert committee.pack is None  # a later agenda is to come
    outbox.deliver(second.pk)
    committee.refresh_from_db()
    with (
        pikepdf.open(io.BytesIO(bytes(committee.pack.data))) as pdf,
        pdf.open_outline() as outline,
    ):
        titles = [entry.title for entry in outline.root]
    assert titles == ["Dossier de séance", "1. Crèche 2", "2. Crèche 1"]
    open_link(client, member)
    assert client.get(reverse("labels:opinion_pack")).content.startswith(b"%PDF-")
