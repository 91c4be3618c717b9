"""The pages of a committee: prepared, filled, decided and closed without a word of code."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from labels import workflow
from labels.models import AgendaItem, Label, LabelApplication, LabelCommittee, Opinion
from partners.tokens import make_token
from tests import factories as f
from tests.labels.factories import AT, Status
from tests.labels.sittings import (
    MEMBERS,
    C,
    add_members,
    make_decided,
    make_ready,
    make_sitting,
)

SCRIPT = "<script>alert(1)</script>"


def url(name, committee, *more):
    return reverse(f"labels:{name}", args=[committee.pk, *more])


@pytest.fixture
def agent(client, caf_agent):
    client.force_login(caf_agent)
    return caf_agent


@pytest.fixture
def today():
    return timezone.localdate()


def test_an_agent_prepares_a_committee_from_what_is_ready(client, agent, caf, today):
    ready = make_ready(caf, agent=agent, count=3)
    assert (
        "3\xa0dossiers prêts attendent"
        in client.get(reverse("labels:committee_list")).content.decode()
    )
    form = {"kind": "session", "held_on": today, "quorum": 2, "place": "Salle 1"}
    page = client.post(reverse("labels:committee_create"), form, follow=True)
    committee = LabelCommittee.objects.get()
    assert "inscrire les dossiers prêts" in page.content.decode()
    none = client.post(url("committee_agenda", committee), {})
    assert "Cochez au moins un dossier" in none.content.decode()
    client.post(url("committee_agenda", committee), {"applications": [ready[0].pk]})
    assert committee.agenda.count() == 1
    page = client.post(url("committee_agenda", committee), {"everything": "on"}, follow=True)
    assert committee.agenda.count() == 3
    assert "ajouter les membres du comité" in page.content.decode()
    for name, organisation, email in MEMBERS:
        member = {"name": name, "organisation": organisation, "email": email}
        client.post(url("committee_members", committee), member)
    again = client.post(url("committee_members", committee), member).content.decode()
    assert "déjà membre" in again
    page = client.post(url("committee_step", committee, "convene"), follow=True)
    assert "convoqué" in page.content.decode()
    assert Outbox.objects.filter(kind="labels.convened").count() == 3


def test_a_date_in_the_past_is_refused(client, agent, today):
    form = {"kind": "session", "held_on": today - timedelta(days=1), "quorum": 0}
    page = client.post(reverse("labels:committee_create"), form).content.decode()
    assert "un jour à venir" in page and not LabelCommittee.objects.exists()


def test_members_are_reminded_and_removed(client, agent, caf, today):
    committee = make_sitting(caf, agent=agent, held_on=today)
    member = committee.members.first()
    client.post(url("committee_member", committee, member.pk, "relancer"))
    assert Outbox.objects.filter(kind="labels.convened", object_id=str(member.pk)).count() == 2
    client.post(url("committee_member", committee, member.pk, "retirer"))
    assert committee.members.count() == 2
    assert client.post(url("committee_member", committee, member.pk, "x")).status_code == 404


def test_opinions_are_noted_then_decisions_one_after_the_other(client, agent, caf, today):
    committee = make_sitting(caf, agent=agent, count=2, held_on=today)
    first, second = committee.agenda.all()
    jeanne = committee.members.get(name="Jeanne Comité")
    heard = {f"value_{jeanne.pk}": "favourable", f"comment_{jeanne.pk}": SCRIPT}
    page = client.post(url("agenda_opinions", committee, first.pk), heard, follow=True)
    text = page.content.decode()
    assert "1\xa0favorable" in text and SCRIPT not in text
    seen = page.context["form"]["seen"].value()
    incomplete = client.post(
        url("agenda_item", committee, first.pk), {"decision": "refuse", "seen": seen}
    ).content.decode()
    assert "Cochez au moins un motif" in incomplete and "Écrivez les motifs" in incomplete
    said = client.post(url("agenda_item", committee, first.pk), {"decision": "grant", "seen": seen})
    assert said.url == url("agenda_item", committee, second.pk)
    stale = client.post(
        url("agenda_item", committee, first.pk), {"decision": "grant", "seen": seen}
    ).content.decode()
    assert "a noté une décision entre-temps" in stale
    said = client.post(
        url("agenda_item", committee, second.pk),
        {
            "decision": "refuse",
            "reasons": SCRIPT,
            "refusal_grounds": ["Autre motif, précisé ci-dessous."],
        },
    )
    assert said.url == committee.get_absolute_url()
    text = client.get(url("agenda_item", committee, second.pk)).content.decode()
    assert SCRIPT not in text and "&lt;script&gt;" in text


def test_a_dossier_is_moved_or_taken_off_from_its_page(client, agent, caf, today):
    committee = make_sitting(caf, agent=agent, count=2, held_on=today)
    first, second = committee.agenda.all()
    client.post(url("agenda_move", committee, first.pk, "deplacer"), {"position": 2})
    assert list(committee.agenda.all()) == [second, first]
    page = client.post(url("agenda_move", committee, first.pk, "deplacer"), {}, follow=True)
    assert "Indiquez une place" in page.content.decode()
    client.post(url("agenda_move", committee, first.pk, "retirer"))
    assert committee.agenda.get(pk=first.pk).outcome


def test_another_agent_closes_and_the_minutes_follow(client, caf, caf_agent, caf_manager, today):
    committee = make_decided(caf, agent=caf_agent, count=2, held_on=today)
    client.force_login(caf_agent)
    page = client.get(url("committee_close", committee)).content.decode()
    assert "Marc Dubois" in page and "ne peut pas encore" in page
    client.force_login(caf_manager)
    assert "2\xa0décisions" in client.get(url("committee_close", committee)).content.decode()
    early = client.get(url("committee_minutes", committee))
    assert early.url == committee.get_absolute_url()
    page = client.post(url("committee_close", committee), follow=True).content.decode()
    assert "Le comité est clos" in page and Label.objects.count() == 2
    page = client.post(url("committee_close", committee), follow=True).content.decode()
    assert "n’est plus possible" in page
    outbox.deliver(Outbox.objects.get(kind="labels.minutes").pk)
    minutes = client.get(url("committee_minutes", committee))
    assert minutes.content.startswith(b"%PDF-")


def test_the_only_agent_has_a_member_confirm_on_a_page_of_all_the_decisions(
    client, agent, caf, today
):
    committee = make_decided(caf, agent=agent, count=2, held_on=today)
    AgendaItem.objects.update(reasons=SCRIPT)
    ida = committee.members.get(name="Ida Vasseur")
    page = client.get(url("committee_close", committee)).content.decode()
    assert "Qui confirme les décisions" in page
    page = client.post(url("committee_close", committee), {"confirmer": str(ida.pk)}, follow=True)
    assert "Confirmation attendue" in page.content.decode()
    confirmation = committee.confirmations.get()
    client.logout()
    token = make_token("labels.decision", confirmation.pk)
    page = client.get(reverse("labels:decision_confirm", args=[token]), follow=True)
    text = page.content.decode()
    assert "Crèche 1" in text and "Crèche 2" in text and SCRIPT not in text
    page = client.post(
        reverse("labels:decision_confirm_form"), {"answer": "confirm"}, follow=True
    ).content.decode()
    assert "confirmée" in page
    committee.refresh_from_db()
    assert committee.status == C.CLOSED and Label.objects.count() == 2


def test_the_confirmation_of_a_session_leaves_by_mail_and_may_be_declined(
    client, agent, caf, today, mailoutbox
):
    committee = make_decided(caf, agent=agent, held_on=today)
    confirmer = committee.members.first()
    confirmation = workflow.close_committee(committee, by=agent, on=today, confirmer=confirmer)
    assert outbox.deliver(Outbox.objects.get(kind="labels.confirmation").pk)
    assert "les décisions du comité" in mailoutbox[0].body
    token = make_token("labels.decision", confirmation.pk)
    client.get(reverse("labels:decision_confirm", args=[token]))
    answer = {"answer": "decline", "reasons": "Pas cela."}
    client.post(reverse("labels:decision_confirm_form"), answer)
    committee.refresh_from_db()
    assert committee.status == C.CONVENED
    assert "Pas cela." in client.get(committee.get_absolute_url()).content.decode()


def test_a_cancelled_committee_shows_where_it_stopped(client, agent, caf, today):
    committee = make_sitting(caf, agent=agent, held_on=today)
    page = client.post(url("committee_cancel", committee), {"reasons": "Grève."}, follow=True)
    assert "annulé" in page.content.decode() and "Grève." in page.content.decode()
    moved_on = client.get(url("committee_agenda", committee), follow=True).content.decode()
    assert "n’est plus possible" in moved_on


def test_presence_and_date_are_changed(client, agent, caf, today):
    committee = make_sitting(caf, agent=agent, held_on=today, present=0)
    here = [str(member.pk) for member in committee.members.all()[:2]]
    client.post(url("committee_presence", committee), {"present": here})
    assert committee.members.filter(is_present=True).count() == 2
    committee.refresh_from_db()
    form = {
        "kind": "session",
        "held_on": today + timedelta(days=3),
        "quorum": 2,
        "revision": committee.revision,
    }
    client.post(url("committee_update", committee), form)
    committee.refresh_from_db()
    assert committee.held_on == today + timedelta(days=3)
    stale = client.post(url("committee_update", committee), form).content.decode()
    assert "modifié entre-temps" in stale


@pytest.mark.parametrize(
    "name", ["committee_detail", "committee_close", "committee_agenda", "committee_members"]
)
def test_the_neighbouring_caf_finds_nothing(name, client, caf, other_caf, other_caf_agent):
    committee = make_sitting(caf, agent=f.make_user("Ana", "D", member_of=caf))
    make_sitting(other_caf, agent=other_caf_agent)
    client.force_login(other_caf_agent)
    assert client.get(url(name, committee)).status_code == 404
    assert client.post(url(name, committee)).status_code in (404, 405)


def test_a_creche_has_no_committees(client, director):
    client.force_login(director)
    assert client.get(reverse("labels:committee_list")).status_code == 403
    assert client.get(reverse("labels:committee_create")).status_code == 403


# A long agenda.


def ready_in_bulk(caf, agent, count):
    """So many dossiers ready for the committee, written in sets."""
    model = make_ready(caf, agent=agent)[0]
    creches = [f.make_facility(f"Crèche {n:03}", caf=caf) for n in range(count - 1)]
    copies = []
    for creche in creches:
        copy = LabelApplication.objects.get(pk=model.pk)
        copy.pk, copy._state.adding = None, True
        copy.id = LabelApplication._meta.pk.get_default()
        copy.provider, copy.facility_name, copy.siret = creche, creche.name, creche.facility.siret
        copies.append(copy)
    LabelApplication.objects.bulk_create(copies)
    history = LabelApplication.history.rel.related_model
    history.objects.bulk_create(
        history(
            dossier=copy, step="start_review", source="", target="under_review", at=AT, user=agent
        )
        for copy in copies
    )
    with connection.cursor() as cursor:  # so many rows at once: the planner believes in none
        cursor.execute("ANALYZE labels_labelapplication, partners_provider")


def queries_of(act):
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def test_three_hundred_dossiers_sit_on_one_agenda(client, agent, caf, caf_manager, today):
    ready_in_bulk(caf, agent, 300)
    committee = workflow.plan_committee(caf, by=agent, held_on=today, quorum=1)
    add_members(committee, by=agent)
    everything = {"everything": "on"}
    filling = queries_of(lambda: client.post(url("committee_agenda", committee), everything))
    assert filling < 400 and committee.agenda.count() == 300
    workflow.convene(committee, by=agent, on=today)
    workflow.record_presence(
        committee, by=agent, present={member.pk for member in committee.members.all()}
    )
    client.get(committee.get_absolute_url())
    assert queries_of(lambda: client.get(committee.get_absolute_url())) < 40
    page = client.get(committee.get_absolute_url()).content.decode()
    assert len(page) < 150_000 and "Page 1 sur 6" in page
    client.post(url("committee_step", committee, "follow_proposals"))
    client.force_login(caf_manager)
    client.post(url("committee_close", committee))
    committee.refresh_from_db()
    assert committee.status == C.CLOSED and Label.objects.count() == 300
    assert LabelApplication.objects.filter(status=Status.GRANTED).count() == 300


@pytest.mark.parametrize("count", [3, 30])
def test_a_committee_is_read_in_the_same_number_of_queries(
    client, agent, caf, today, count, django_assert_max_num_queries
):
    ready_in_bulk(caf, agent, count)
    committee = workflow.plan_committee(caf, by=agent, held_on=today, quorum=1)
    ready = LabelApplication.objects.filter(status=Status.READY)
    workflow.put_all_on_agenda(ready, committee=committee, by=agent, on=today)
    add_members(committee, by=agent)
    workflow.convene(committee, by=agent, on=today)
    for item in committee.agenda.all():
        workflow.give_opinion(committee.members.first(), item, value="favourable", on=today)
    assert Opinion.objects.count() == count
    client.get(committee.get_absolute_url())
    with django_assert_max_num_queries(37):
        client.get(committee.get_absolute_url())


def test_the_page_of_a_dossier_on_an_agenda_says_when(client, agent, caf, today):
    committee = make_sitting(caf, agent=agent, held_on=today)
    application = committee.agenda.get().application
    page = client.get(application.get_absolute_url()).content.decode()
    assert "se prononcer au comité du" in page
    client.force_login(application.opened_by)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "faire passer votre demande au comité du" in page
