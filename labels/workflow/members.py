"""Who sits in a committee, who came, and what each one thinks of each dossier."""

from django.db import transaction

from avip.workflow import StepRefused, lock, moment
from labels.models import CommitteeMember, LabelCommittee, Opinion
from labels.workflow.committees import invite, preparing
from partners.tokens import make_token, sha256_of

C = LabelCommittee.Status
WHO = ("name", "organisation", "email")


def add_member(committee, *, by, name, organisation, email, at=None):
    """One more member; once the committee is convened, her link leaves at once."""
    with preparing(committee, by=by, at=at):
        if committee.members.filter(email__iexact=email).exists():
            raise StepRefused("Cette personne est déjà membre de ce comité.")
        member = _new_member(committee, name, organisation, email)
        member.save(force_insert=True)
        if committee.status == C.CONVENED:
            invite(member, committee, at=at)
    return member


def copy_members(committee, *, by, on=None, at=None):
    """Those of the latest committee of this Caf who are not here yet: how many came."""
    with preparing(committee, by=by, at=at):
        former = last_with_members(committee)
        if former is None:
            raise StepRefused("Aucun comité précédent n’a de membres.")
        here = {email.lower() for email in committee.members.values_list("email", flat=True)}
        members = [
            _new_member(committee, *[getattr(one, field) for field in WHO])
            for one in former.members.all()
            if one.email.lower() not in here
        ]
        CommitteeMember.objects.bulk_create(members)
        if committee.status == C.CONVENED:
            for member in members:
                invite(member, committee, at=at)
        return len(members)


def last_with_members(committee):
    """The latest other committee of this Caf that has members, or None."""
    others = LabelCommittee.objects.filter(caf=committee.caf_id, members__isnull=False)
    return others.exclude(pk=committee.pk).order_by("-held_on", "-created_at").first()


def remove_member(member, *, by, at=None):
    """She does not sit after all: her link opens nothing any more."""
    committee = member.committee
    with preparing(committee, by=by, at=at):
        if member.opinions.exists():
            raise StepRefused(f"{member} a déjà donné un avis\xa0: il reste au comité.")
        member.delete()


def resend_link(member, *, by, at=None):
    """Send her link to this member again."""
    with preparing(member.committee, by=by, at=at, states=(C.CONVENED,)):
        invite(member, member.committee, at=at)


def record_presence(committee, *, by, present, at=None):
    """Who came: `present` holds the ids of those members."""
    with preparing(committee, by=by, at=at, states=(C.CONVENED,)):
        for member in committee.members.all():
            member.is_present = member.pk in present
            member.save(update_fields=["is_present"])


@transaction.atomic
def give_opinion(member, item, *, value, comment="", on, at=None):
    """A member says what she thinks of a dossier, until the committee closes."""
    committee = member.committee
    lock(committee)
    if committee.status != C.CONVENED:
        raise StepRefused("Ce comité ne reçoit plus d’avis.")
    if committee.kind == LabelCommittee.Kind.WRITTEN and on > committee.held_on:
        raise StepRefused(f"La consultation s’est terminée le {committee.held_on:%d/%m/%Y}.")
    _write_opinion(item, member, value, comment, None, at)


def note_opinions(item, *, by, opinions, at=None):
    """The Caf notes what was said in session: `opinions` is {member id: (value, comment)}.

    What a member has given herself stays, unless she says otherwise now.
    """
    committee = item.committee
    with preparing(committee, by=by, at=at, states=(C.CONVENED,)):
        given = {
            opinion.member_id: (opinion.value, opinion.comment) for opinion in item.opinions.all()
        }
        for member in committee.members.all():
            value, comment = opinions.get(member.pk, ("", ""))
            if value and given.get(member.pk) != (value, comment):
                _write_opinion(item, member, value, comment, by, at)


def _write_opinion(item, member, value, comment, by, at):
    item.refresh_from_db()
    if item.settled_at:
        raise StepRefused(f"Ce dossier n’est plus à l’ordre du jour\xa0: {item.outcome}")
    Opinion.objects.update_or_create(
        item=item,
        member=member,
        defaults={
            "value": Opinion.Value(value),
            "comment": comment,
            "given_at": moment(at),
            "noted_by": by,
        },
    )


def _new_member(committee, name, organisation, email):
    member = CommitteeMember(committee=committee, name=name, organisation=organisation, email=email)
    member.token_sha256 = sha256_of(make_token("labels.opinion", member.pk))
    return member
