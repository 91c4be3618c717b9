"""The mails to the members of a committee, its pack and its minutes."""

from django.utils import timezone

from avip import outbox
from avip.models import Document, Outbox
from avip.workflow import edit
from labels.committee_documents import render_minutes, render_pack
from labels.meetings import zone_of
from labels.models import CommitteeMember, LabelCommittee
from labels.notifications import link, send
from partners.models import User
from partners.tokens import make_token

C = LabelCommittee.Status


def member_of(row):
    """The member of a row with her committee; None once she sits no more."""
    members = CommitteeMember.objects.select_related("committee__caf")
    return members.filter(pk=row.object_id).first()


@outbox.handler("labels.convened")
def mail_convened(row):
    """The date, and her own link; nothing once the committee is over."""
    member = member_of(row)
    if member is None or member.committee.status != C.CONVENED:
        return
    send(
        row,
        member.email,
        "labels/email/convened",
        member=member,
        committee=member.committee,
        caf=member.committee.caf,
        action_url=link("labels:opinion_link", make_token("labels.opinion", member.pk)),
    )


@outbox.handler("labels.committee_cancelled")
def mail_cancelled(row):
    """There will be no session."""
    member = member_of(row)
    if member is None:
        return
    send(
        row,
        member.email,
        "labels/email/committee_cancelled",
        member=member,
        committee=member.committee,
        caf=member.committee.caf,
    )


@outbox.handler("labels.closing_declined")
def mail_closing_declined(row):
    """The second person did not confirm the decisions: to whoever had noted them."""
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    seen = LabelCommittee.objects.visible_to(person) if person else LabelCommittee.objects.none()
    committee = seen.filter(pk=row.object_id).select_related("caf").first()
    if committee is None:
        return
    send(
        row,
        person.email,
        "labels/email/closing_declined",
        committee=committee,
        caf=committee.caf,
        action_url=link("labels:committee_detail", committee.pk),
    )


@outbox.handler("labels.committee_pack")
def make_pack(row):
    """The pack of the agenda as it is now; an earlier one gives way to a later one."""
    committee = LabelCommittee.objects.select_related("caf").get(pk=row.object_id)
    later = Outbox.objects.filter(
        kind=row.kind, object_id=row.object_id, created_at__gt=row.created_at, done_at=None
    )
    if committee.status != C.CONVENED or later.exists():
        return
    with timezone.override(zone_of(committee)):
        data = render_pack(committee, timezone.localdate())
    with edit(committee, by=None, seen=None, fields=["pack"]):
        committee.pack = Document.objects.write(
            filename=f"dossier-comite-{committee.held_on:%Y-%m-%d}.pdf", data=data
        )


@outbox.handler("labels.minutes")
def make_minutes(row):
    """The minutes of a closed committee, made once."""
    committees = LabelCommittee.objects.select_related("caf", "closed_by", "minutes")
    committee = committees.get(pk=row.object_id)
    if committee.minutes_id:
        return
    with timezone.override(zone_of(committee)):
        data = render_minutes(committee)
    with edit(committee, by=None, seen=None, fields=["minutes"]):
        if committee.minutes_id is None:
            committee.minutes = Document.objects.write(
                filename=f"pv-comite-{committee.held_on:%Y-%m-%d}.pdf", data=data
            )
