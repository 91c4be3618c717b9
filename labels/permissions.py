"""Who may do what to a dossier of the label; they agree with its `visible_to`."""

from django.db.models import Q

from labels.models import DecisionConfirmation, LabelApplication
from partners.models import Invitation, Membership, User
from partners.permissions import coordinates, is_caf_agent, is_caf_manager, runs_provider

# The steps that make somebody a reviewer of the dossier.
REVIEW_STEPS = ("start_review", "ask_correction", "declare_ready")


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
    """Whether this person took part in the review: she does not decide alone."""
    return _reviewers(application).filter(user=by).exists()


def decides(by, application):
    """May record the decision now.

    Until the decision is recorded: a member of the Caf who took no part in the review. While it
    waits for its confirmation: the committee member who was asked.
    """
    if isinstance(by, DecisionConfirmation):
        return (
            application.status == LabelApplication.Status.TO_CONFIRM
            and application.confirmations.waiting().filter(pk=by.pk).exists()
        )
    return (
        application.status == LabelApplication.Status.READY
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
        .exclude(user__in=_reviewers(application))
        .exclude(user__in=in_force.filter(_works_for(application)).values("user"))
        .select_related("user")
        .order_by("user__last_name", "user__first_name")
    )


def is_party_to(application, email, by):
    """Whether this address is that of `by`, of a reviewer, or of somebody of the crèche."""
    people = User.objects.filter(
        Q(pk=by.pk)
        | Q(pk=application.reviewer_id)
        | Q(pk__in=_reviewers(application))
        | Q(pk__in=Membership.objects.filter(_works_for(application)).values("user"))
    )
    return people.filter(email__iexact=email.strip()).exists()


def _reviewers(application):
    return application.history.filter(step__in=REVIEW_STEPS).values("user")


def _works_for(application):
    """The memberships in the crèche of this dossier, or in its operator."""
    operator = application.provider.facility.operator_id
    return Q(provider=application.provider_id) | Q(operator__isnull=False, operator=operator)


def follows_label(by, label):
    """Agent of the Caf of this label."""
    return is_caf_agent(by, label)


def decides_on_label(by, label):
    """Responsable of the Caf of this label: suspends, gives notice, withdraws."""
    return is_caf_manager(by, label)


def holds_label(by, label):
    """Works for the crèche that holds this label."""
    return runs_provider(by, label.provider)


def coordinates_member(by, member):
    """Coordinator of the municipal service of this childminder."""
    return coordinates(by, member.provider)


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
