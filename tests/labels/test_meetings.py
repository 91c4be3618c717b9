"""The network's meetings: announced to labelled crèches, answered, held, told in time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.meetings import day_of, ics_of, participation
from labels.models import Label, MeetingInvitation, NetworkMeeting
from reporting.todo import todo
from tests import factories as f
from tests.labels.factories import AT, ON, a_pdf

Status = NetworkMeeting.Status
DAY = date(2026, 3, 23)


def make_label(provider, **fields):
    dates = {"granted_on": ON, "starts_on": ON, "ends_on": date(2029, 3, 1)}
    return Label.objects.create(provider=provider, caf=provider.caf, **dates | fields)


def make_meeting(caf, by, *, day=DAY, **fields):
    starts = datetime(day.year, day.month, day.day, 13, 0, tzinfo=UTC)
    words = {"title": "Bilan du réseau", "place": "Salle du conseil"}
    times = {"starts_at": starts, "ends_at": starts + timedelta(hours=2)}
    return workflow.plan_meeting(caf, by=by, at=AT, **times | words | fields)


def make_announced(caf, by, **fields):
    meeting = make_meeting(caf, by, **fields)
    workflow.announce(meeting, by=by, on=ON, at=AT)
    return meeting


def make_held(caf, by, came=(), **fields):
    meeting = make_announced(caf, by, **fields)
    present = meeting.invitations.filter(provider__in=came).values_list("pk", flat=True)
    workflow.record_attendance(meeting, by=by, present=list(present), on=day_of(meeting), at=AT)
    return meeting


@pytest.fixture
def labelled(facility, director):
    make_label(facility)
    return facility


@pytest.fixture
def meeting(caf, caf_agent, labelled):
    return make_announced(caf, caf_agent)


def own(meeting, provider):
    return meeting.invitations.get(provider=provider)


def sent():
    outbox.deliver_due()
    return mail.outbox


def test_every_creche_labelled_that_day_is_invited_and_nobody_else(
    caf, caf_agent, labelled, other_facility, childminder
):
    make_label(f.make_facility("Suspendue", caf=caf), status="suspended")
    make_label(f.make_facility("Finie", caf=caf), starts_on=ON, ends_on=DAY - timedelta(days=1))
    last_day = f.make_facility("Dernier jour", caf=caf)
    make_label(last_day, ends_on=DAY)
    make_label(other_facility)
    f.make_facility("Sans label", caf=caf)
    meeting = make_announced(caf, caf_agent)
    assert {one.provider for one in meeting.invitations.all()} == {labelled, last_day}
    assert meeting.status == Status.PLANNED


def test_each_person_is_written_to_once_with_what_to_do_and_the_calendar(
    caf, caf_agent, labelled, director, settings
):
    operator = f.make_operator()
    runner = f.make_user("Paul", "Girard", member_of=operator)
    for name in ("Une", "Deux"):
        make_label(f.make_facility(name, caf=caf, operator=operator))
    meeting = make_announced(caf, caf_agent)
    messages = sent()
    assert sorted(m.to[0] for m in messages) == sorted([director.email, runner.email])
    text = messages[0].body
    assert "lundi 23\xa0mars\xa02026, de 14\xa0h à 16\xa0h, Salle du conseil" in text
    assert reverse("labels:meeting_detail", args=[meeting.pk]) in text and "reunion.ics" in text
    assert messages[0].subject == "Réunion du réseau : venez-vous ?"


def test_hours_are_those_of_the_caf_overseas_too(db):
    caf = f.make_caf("974", "Caf de La Réunion", time_zone="Indian/Reunion")
    agent = f.make_user("Lise", "Hoarau", member_of=caf)
    creche = f.make_facility("Les Filaos", caf=caf)
    f.make_user("Rita", "Payet", member_of=creche)
    make_label(creche, ends_on=date(2026, 3, 24))
    starts = datetime(2026, 3, 23, 20, 30, tzinfo=UTC)  # half past midnight there, the day after
    meeting = make_announced(caf, agent, starts_at=starts, ends_at=starts + timedelta(hours=1))
    assert day_of(meeting) == date(2026, 3, 24)
    assert "mardi 24\xa0mars\xa02026, de 0\xa0h\xa030" in sent()[0].body


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"day": ON - timedelta(days=1)}, "déjà passée"),
        ({"place": "", "link": ""}, "lieu ou un lien"),
    ],
)
def test_what_nobody_could_attend_is_not_announced(caf, caf_agent, labelled, fields, said):
    meeting = make_meeting(caf, caf_agent, **fields)
    with pytest.raises(StepRefused, match=said):
        workflow.announce(meeting, by=caf_agent, on=ON)


def test_without_a_labelled_creche_there_is_nobody_to_invite(caf, caf_agent):
    with pytest.raises(StepRefused, match="Aucune crèche"):
        make_announced(caf, caf_agent)


def test_announcing_twice_writes_once(meeting, caf_agent):
    with pytest.raises(StepRefused):
        workflow.announce(meeting, by=caf_agent, on=ON)
    assert Outbox.objects.filter(kind="labels.meeting_invited").count() == 1


def test_a_creche_answers_and_may_change_its_mind_until_the_day(meeting, labelled, director):
    invitation = own(meeting, labelled)
    workflow.answer(invitation, by=director, comes=True, on=ON, at=AT)
    workflow.answer(invitation, by=director, comes=False, on=DAY, at=AT)
    invitation.refresh_from_db()
    assert (invitation.comes, invitation.answered_by) == (False, director)
    with pytest.raises(StepRefused, match="passée"):
        workflow.answer(invitation, by=director, comes=True, on=DAY + timedelta(days=1))


def test_nobody_answers_for_another(meeting, labelled, caf_agent, other_director, director):
    director.is_hijacked = True
    for person in (caf_agent, other_director, director):
        with pytest.raises(PermissionDenied):
            workflow.answer(own(meeting, labelled), by=person, comes=True, on=ON)


def test_a_change_is_told_to_those_invited_and_invites_the_newly_labelled(
    meeting, caf, caf_agent, labelled, director
):
    sent().clear()
    late = f.make_facility("Tardive", caf=caf)
    newcomer = f.make_user("Nina", "Neuve", member_of=late)
    make_label(late)
    seen = meeting.revision
    workflow.update_meeting(
        meeting, by=caf_agent, seen=seen, on=ON, place="Mairie du 20e", title=meeting.title
    )
    told = {message.to[0]: message for message in sent()}
    assert set(told) == {director.email, newcomer.email}
    assert "Mairie du 20e" in told[director.email].body
    assert "ce qui change" in told[director.email].subject
    assert "venez-vous" in told[newcomer.email].subject


def test_a_draft_is_changed_without_a_word_and_a_stale_page_is_refused(caf, caf_agent):
    meeting = make_meeting(caf, caf_agent)
    workflow.update_meeting(meeting, by=caf_agent, seen=0, on=ON, title="Autre titre")
    assert not Outbox.objects.exists() and meeting.title == "Autre titre"
    with pytest.raises(StepRefused, match="modifié entre-temps"):
        workflow.update_meeting(meeting, by=caf_agent, seen=0, on=ON, title="Encore")


def test_an_announced_meeting_refuses_a_stale_page_too(meeting, caf_agent):
    """Nobody is told of what one agent wrote over the other without having seen it."""
    seen = meeting.revision
    workflow.update_meeting(meeting, by=caf_agent, seen=seen, on=ON, place="Mairie")
    with pytest.raises(StepRefused, match="modifié entre-temps"):
        workflow.update_meeting(meeting, by=caf_agent, seen=seen, on=ON, place="Gymnase")
    meeting.refresh_from_db()
    assert meeting.place == "Mairie"


def test_a_cancelled_meeting_is_told_and_moves_no_more(meeting, caf_agent, director, labelled):
    sent().clear()
    workflow.cancel_meeting(meeting, by=caf_agent, on=ON, reasons="Grève")
    (message,) = sent()
    assert message.subject == "Réunion du réseau annulée" and message.to == [director.email]
    with pytest.raises(StepRefused, match="annulée"):
        workflow.answer(own(meeting, labelled), by=director, comes=True, on=ON)
    with pytest.raises(StepRefused):
        workflow.record_attendance(meeting, by=caf_agent, present=[], on=DAY)


def test_a_mail_about_a_meeting_cancelled_meanwhile_does_not_invite(meeting, caf_agent):
    workflow.cancel_meeting(meeting, by=caf_agent, on=ON)
    assert [message.subject for message in sent()] == ["Réunion du réseau annulée"]


def test_attendance_is_noted_from_the_day_on_and_may_be_put_right(
    meeting, caf, caf_agent, labelled
):
    ids = [own(meeting, labelled).pk]
    with pytest.raises(StepRefused, match="attendez ce jour"):
        workflow.record_attendance(meeting, by=caf_agent, present=ids, on=DAY - timedelta(days=1))
    workflow.record_attendance(meeting, by=caf_agent, present=[], on=DAY)
    assert own(meeting, labelled).came is False
    workflow.record_attendance(meeting, by=caf_agent, present=ids, on=DAY)
    assert own(meeting, labelled).came is True and meeting.status == Status.HELD


def test_participation_counts_the_meetings_held_since_a_day(caf, caf_agent, labelled):
    make_held(caf, caf_agent, came=[labelled])
    make_held(caf, caf_agent, day=DAY + timedelta(days=30))
    make_announced(caf, caf_agent, day=DAY + timedelta(days=60))
    part = participation(labelled, ON)
    assert (part.attended, part.invited) == (1, 2)
    assert participation(labelled, DAY + timedelta(days=1)).invited == 1


def test_the_calendar_file_holds_the_meeting_and_says_when_it_is_cancelled(meeting, caf_agent):
    event = Calendar.from_ical(ics_of(meeting, "https://avip.example.fr/")).walk("VEVENT")[0]
    assert event["dtstart"].dt == meeting.starts_at
    assert (event["summary"], event["location"]) == ("Bilan du réseau", "Salle du conseil")
    first = event["sequence"]
    workflow.cancel_meeting(meeting, by=caf_agent, on=ON)
    after = Calendar.from_ical(ics_of(meeting, "https://avip.example.fr/")).walk("VEVENT")[0]
    assert after["status"] == "CANCELLED" and after["sequence"] > first
    assert after["uid"] == event["uid"]


def test_only_the_caf_calls_its_meetings(caf, caf_agent, other_caf_agent, director):
    for person in (other_caf_agent, director):
        with pytest.raises(PermissionDenied):
            make_meeting(caf, person)


def test_a_draft_is_the_cafs_alone(client, caf, caf_agent, director, labelled, other_caf_agent):
    meeting = make_meeting(caf, caf_agent)
    for person, status in [(caf_agent, 200), (director, 404), (other_caf_agent, 404)]:
        client.force_login(person)
        assert client.get(meeting.get_absolute_url()).status_code == status


def future(days=20):
    return timezone.localdate() + timedelta(days=days)


def answers(**fields):
    return {
        "title": "Bilan <b>annuel</b>",
        "day": future().isoformat(),
        "starts": "14:00",
        "ends": "16:00",
        "place": "Mairie",
    } | fields


def test_the_agent_prepares_announces_and_the_director_answers(
    client, caf_agent, labelled, director
):
    client.force_login(caf_agent)
    page = client.post(reverse("labels:meeting_create"), answers(), follow=True)
    assert "Bilan &lt;b&gt;annuel" in page.content.decode()
    meeting = NetworkMeeting.objects.get()
    client.post(reverse("labels:meeting_step", args=[meeting.pk, "announce"]))
    client.force_login(director)
    assert "Bilan" in str(todo(director, timezone.now()))
    page = client.get(meeting.get_absolute_url()).content.decode()
    assert "Nous venons" in page
    address = reverse(
        "labels:meeting_answer", args=[meeting.pk, own(meeting, labelled).pk, "vient"]
    )
    assert "C’est noté" in client.post(address, follow=True).content.decode()
    assert own(meeting, labelled).comes is True
    client.force_login(caf_agent)
    assert "1\xa0vient sur 1" in client.get(reverse("labels:meeting_list")).content.decode()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"ends": "13:00"}, "ends"),
        ({"place": ""}, "place"),
        ({"day": "2020-01-01"}, "day"),
        ({"link": "javascript:alert(1)", "place": ""}, "link"),
        ({"title": ""}, "title"),
    ],
)
def test_a_meeting_that_does_not_hold_is_refused_and_kept_as_typed(
    client, caf_agent, fields, field
):
    client.force_login(caf_agent)
    response = client.post(reverse("labels:meeting_create"), answers(agenda="Mon ordre", **fields))
    assert list(response.context["form"].errors) == [field]
    assert "Mon ordre" in response.content.decode()


def test_attendance_and_minutes_on_the_page(client, caf, caf_agent, labelled, director):
    meeting = make_announced(caf, caf_agent)
    NetworkMeeting.objects.filter(pk=meeting.pk).update(
        starts_at=timezone.now() - timedelta(days=1), ends_at=timezone.now()
    )
    client.force_login(caf_agent)
    assert "qui est venu" in str(todo(caf_agent, timezone.now()))
    page = reverse("labels:meeting_attendance", args=[meeting.pk])
    client.post(page, {"present": [str(own(meeting, labelled).pk)]})
    assert own(meeting, labelled).came is True
    attach = reverse("labels:meeting_minutes_attach", args=[meeting.pk])
    refused = client.post(attach, {"file": SimpleUploadedFile("cr.pdf", b"du texte")})
    assert "n’est pas un PDF" in refused.content.decode()
    client.post(attach, {"file": SimpleUploadedFile("cr.pdf", a_pdf())})
    client.force_login(director)
    assert "Compte rendu" in client.get(meeting.get_absolute_url()).content.decode()
    minutes = client.get(reverse("labels:meeting_minutes", args=[meeting.pk]))
    assert minutes.content.startswith(b"%PDF")


def test_a_creche_sees_neither_the_answers_of_the_others_nor_their_names(
    client, caf, caf_agent, labelled, director
):
    other = f.make_facility("La Voisine", caf=caf)
    make_label(other)
    meeting = make_announced(caf, caf_agent)
    client.force_login(director)
    page = client.get(meeting.get_absolute_url()).content.decode()
    assert "La Voisine" not in page
    answer = reverse("labels:meeting_answer", args=[meeting.pk, own(meeting, other).pk, "vient"])
    assert client.post(answer).status_code == 404


def test_what_has_moved_on_says_so(client, caf, caf_agent, labelled):
    meeting = make_announced(caf, caf_agent, day=future())
    workflow.cancel_meeting(meeting, by=caf_agent, on=ON)
    client.force_login(caf_agent)
    page = client.get(reverse("labels:meeting_update", args=[meeting.pk]), follow=True)
    assert "n’est plus possible\xa0: annulée" in page.content.decode()


def test_as_many_queries_for_thirty_meetings_as_for_three(client, caf, caf_agent, labelled):
    client.force_login(caf_agent)

    def queries(count):
        for number in range(count):
            make_announced(caf, caf_agent, day=DAY + timedelta(days=number))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("labels:meeting_list"))
        return len(captured)

    queries(3)
    assert queries(0) == queries(27)


def test_the_page_of_a_meeting_costs_the_same_for_thirty_creches(client, caf, caf_agent):
    client.force_login(caf_agent)

    def queries(count):
        for number in range(count):
            make_label(f.make_facility(f"C{number}", caf=caf))
        meeting = make_announced(caf, caf_agent)
        with CaptureQueriesContext(connection) as captured:
            client.get(meeting.get_absolute_url())
        return len(captured)

    queries(3)
    assert queries(0) == queries(27)
    assert MeetingInvitation.objects.count() == 3 + 3 + 30
