"""Who may do what to a dossier of the label; they agree with its `visible_to`."""

from django.db.models import Q

from labels.models import (
    ApplicationStatusChange,
    DecisionConfirmation,
    FieldCommentStatusChange,
    LabelApplication,
    LabelCommittee,
)
from partners.models import Facility, Invitation, Membership, User
from partners.permissions import (
    coordinates_childminder,
    is_caf_agent,
    is_caf_manager,
    is_user,
    runs_provider,
)

# The steps that make somebody a reviewer of the dossier, whoever has it in hand afterwards: its
# own, and those of the remarks on its answers.
REVIEW_STEPS = ("start_review", "take_over", "ask_correction", "declare_ready")
REMARK_STEPS = ("open", "close", "reopen")


def applies(by, application):
    """Works for the crèche of this dossier, or for its operator."""
    return runs_provider(by, application.provider)


def is_known_to_caf(provider):
    """Whether the team of this crèche comes from its Caf, and not from an unanswered request.

    A request opens a crèche with a draft that nobody has attached yet: the Caf knows its people
    once it has attached one of its drafts, or invited somebody there itself.
    """
    drafts = LabelApplication.objects.filter(provider=provider)
    invited = Invitation.objects.filter(
        provider=provider,
        accepted_at__isnull=False,
        invited_by__memberships__caf=provider.caf_id,
    )
    return (
        not drafts.filter(attached_at=None).exists()
        or drafts.filter(attached_at__isnull=False).exists()
        or invited.exists()
    )


def reviews(by, application):
    """Agent of the Caf of this dossier; nobody reviews the crèche they work for."""
    return is_caf_agent(by, application) and not applies(by, application)


def has_reviewed(by, application):
    """Whether this person took part in the review, or has it in hand: she does not decide alone."""
    if application.reviewer_id and application.reviewer_id == getattr(by, "pk", None):
        return True
    return _reviewers([application]).filter(pk=getattr(by, "pk", None)).exists()


def decides(by, application):
    """May record the decision now.

    Until the decision is recorded, alone or with the session: a member of the Caf who took no part
    in the review. While it waits for its confirmation: the committee member who was asked.
    """
    if isinstance(by, DecisionConfirmation) and by.committee_id:
        return application.agenda_items.filter(
            settled_at=None,
            committee=by.committee_id,
            committee__status=LabelCommittee.Status.TO_CONFIRM,
            committee__confirmations__in=DecisionConfirmation.objects.waiting().filter(pk=by.pk),
        ).exists()
    if isinstance(by, DecisionConfirmation):
        return (
            application.status == LabelApplication.Status.TO_CONFIRM
            and application.confirmations.waiting().filter(pk=by.pk).exists()
        )
    return (
        application.status in (LabelApplication.Status.READY, LabelApplication.Status.ON_AGENDA)
        and reviews(by, application)
        and not has_reviewed(by, application)
    )


def confirms(by, application):
    """The committee member asked to confirm, and nobody else."""
    return isinstance(by, DecisionConfirmation) and decides(by, application)


def other_deciders(application, on):
    """The memberships of those in the Caf who `decides` would let record it, on that day."""
    in_force = Membership.objects.in_force(on)
    return (
        in_force.filter(caf=application.caf_id)
        .exclude(user__in=_reviewers([application]))
        .exclude(user=application.reviewer_id)
        .exclude(user__in=in_force.filter(_works_for(application)).values("user"))
        .select_related("user")
        .order_by("user__last_name", "user__first_name")
    )


def possible_reviewers(application, on):
    """Who may have this dossier in hand that day: those of its Caf who do not run the crèche."""
    in_force = Membership.objects.in_force(on)
    members = in_force.filter(caf=application.caf_id).values("user")
    its_own = in_force.filter(_works_for(application)).values("user")
    return User.objects.filter(pk__in=members).exclude(pk__in=its_own).order_by("last_name")


def is_orphaned(application, on):
    """Whether its reviewer no longer works for the Caf: a colleague takes over."""
    return (
        application.is_open
        and application.reviewer_id is not None
        and not possible_reviewers(application, on).filter(pk=application.reviewer_id).exists()
    )


def is_party_to(application, email, by):
    """Whether this address is that of `by`, of a reviewer, or of somebody of the crèche."""
    people = User.objects.filter(
        Q(pk=by.pk)
        | Q(pk=application.reviewer_id)
        | Q(pk__in=_reviewers([application]))
        | Q(pk__in=Membership.objects.filter(_works_for(application)).values("user"))
    )
    return people.filter(email__iexact=email.strip()).exists()


def reviews_comment(by, comment):
    """Reviews the dossier that this remark is about."""
    return reviews(by, comment.application)


def answers_comment(by, comment):
    """Works for the crèche that this remark was sent to."""
    return comment.sent_at is not None and applies(by, comment.application)


def _reviewers(applications):
    """The people who took part in the review of one of these dossiers, by a step or a remark."""
    steps = ApplicationStatusChange.objects.filter(dossier__in=applications, step__in=REVIEW_STEPS)
    remarks = FieldCommentStatusChange.objects.filter(
        dossier__application__in=applications, step__in=REMARK_STEPS
    )
    return User.objects.filter(Q(pk__in=steps.values("user")) | Q(pk__in=remarks.values("user")))


def _works_for(application):
    """The memberships in the crèche of this dossier, or in its operator."""
    operator = application.provider.facility.operator_id
    return Q(provider=application.provider_id) | Q(operator__isnull=False, operator=operator)


def runs_committee(by, committee):
    """Agent of the Caf of this committee: prepares it, convenes it, notes what it says."""
    return is_caf_agent(by, committee)


def closes(by, committee):
    """Agent of its Caf who reviewed none of its dossiers and works for none of its crèches."""
    return (
        is_caf_agent(by, committee)
        and not _reviewers(_on_agenda(committee)).filter(pk=by.pk).exists()
        and not _on_agenda(committee)
        .filter(
            Q(reviewer=by)
            | Q(provider__in=by.reach.providers)
            | Q(provider__facility__operator__in=by.reach.operators)
        )
        .exists()
    )


def other_closers(committee, on):
    """The memberships of those in the Caf whom `closes` would let close it, on that day."""
    in_force = Membership.objects.in_force(on)
    return (
        in_force.filter(caf=committee.caf_id)
        .exclude(user__in=_reviewers(_on_agenda(committee)))
        .exclude(user__in=_on_agenda(committee).values("reviewer"))
        .exclude(user__in=in_force.filter(_works_for_agenda(committee)).values("user"))
        .select_related("user")
        .order_by("user__last_name", "user__first_name")
    )


def confirms_committee(by, committee):
    """The committee member asked to confirm all the decisions of the session, and nobody else."""
    return (
        isinstance(by, DecisionConfirmation)
        and committee.status == LabelCommittee.Status.TO_CONFIRM
        and committee.confirmations.waiting().filter(pk=by.pk).exists()
    )


def is_party_to_agenda(committee, email, by):
    """Whether this address is that of `by`, of a reviewer, or of somebody of a crèche of it."""
    people = User.objects.filter(
        Q(pk=by.pk)
        | Q(pk__in=_reviewers(_on_agenda(committee)))
        | Q(pk__in=_on_agenda(committee).values("reviewer"))
        | Q(pk__in=Membership.objects.filter(_works_for_agenda(committee)).values("user"))
    )
    return people.filter(email__iexact=email.strip()).exists()


def _on_agenda(committee):
    open_items = committee.agenda.filter(settled_at=None)
    return LabelApplication.objects.filter(pk__in=open_items.values("application"))


def _works_for_agenda(committee):
    """The memberships in the crèches of the agenda, or in their operators."""
    creches = _on_agenda(committee).values("provider")
    operators = Facility.objects.filter(provider__in=creches, operator__isnull=False)
    return Q(provider__in=creches) | Q(operator__in=operators.values("operator"))


def follows_label(by, label):
    """Agent of the Caf of this label."""
    return is_caf_agent(by, label)


def decides_on_label(by, label):
    """Responsable of the Caf of this label, who does not work for the crèche."""
    return is_caf_manager(by, label) and not holds_label(by, label)


def withdraws_label(by, label):
    """Agent of the Caf of this label, who does not work for the crèche.

    Whoever gave notice does not withdraw alone: the second person may be a colleague.
    """
    return follows_label(by, label) and not holds_label(by, label)


def other_withdrawers(label, by, on):
    """The memberships of those in the Caf, other than `by`, who may withdraw this label."""
    in_force = Membership.objects.in_force(on)
    operator = label.provider.facility.operator_id
    inside = Q(provider=label.provider_id) | Q(operator__isnull=False, operator=operator)
    return (
        in_force.filter(caf=label.caf_id)
        .exclude(user=by)
        .exclude(user__in=in_force.filter(inside).values("user"))
        .select_related("user")
        .order_by("user__last_name", "user__first_name")
    )


def holds_label(by, label):
    """Works for the crèche that holds this label."""
    return runs_provider(by, label.provider)


def runs_meeting(by, meeting):
    """Agent of the Caf that calls this meeting of the network."""
    return is_caf_agent(by, meeting)


def answers_invitation(by, invitation):
    """Works for the crèche that is invited, or for its operator."""
    return runs_provider(by, invitation.provider)


def coordinates_member(by, member):
    """Coordinates the childminder of this membership."""
    return coordinates_childminder(by, member.provider)


def records_childminders(by):
    """Works for a municipal service, or for a Caf, which stands in where there is none."""
    return is_user(by) and bool(by.reach.services or by.reach.cafs)


def may_leave_network(by, member):
    """The childminder herself or her coordinator."""
    return coordinates_member(by, member) or runs_provider(by, member.provider)


def own_caf(user):
    """The Caf whose rules concern this person; None where several or none do."""
    for membership in user.memberships_today:
        place = membership.provider or membership.service or membership
        if place.caf:
            return place.caf
    return None
