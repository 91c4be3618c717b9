"""The committee closes: all its decisions leave together, or none; two persons, always."""

from django.db import transaction

from avip import outbox
from avip.workflow import StepRefused, moment
from labels.models import AgendaItem, DecisionConfirmation, LabelApplication, Opinion
from labels.permissions import closes, is_party_to_agenda
from labels.workflow.applications import APPLICATION
from labels.workflow.committees import COMMITTEE
from labels.workflow.confirmations import ask_confirmation, subject_that_waits_for
from labels.workflow.decisions import carry_out, write_decision


def close_committee(committee, *, by, on, confirmer=None, at=None):
    """Close the committee; the confirmation it waits for, or None when its decisions have left.

    Whoever reviewed one of its dossiers does not close it: another agent of the Caf does. Where
    there is none, `confirmer`, a member who sat, confirms by a link. Raises StepRefused otherwise.
    """
    if closes(by, committee):
        with COMMITTEE.take("close", committee, by=by, on=on, at=at):
            committee.closed_by = by
            _carry_all_out(committee, by=by, on=on, at=at)
        return None
    with COMMITTEE.take("ask_confirmation", committee, by=by, on=on, at=at):
        if confirmer is None or confirmer.pk not in {one.pk for one in confirmers(committee, by)}:
            raise StepRefused(
                "Deux personnes décident\xa0: indiquez un membre qui a siégé, sans intérêt dans "
                "aucun dossier, qui n’en a instruit aucun et ne travaille pour aucune crèche."
            )
        committee.closed_by = by
        return ask_confirmation(
            committee,
            name=confirmer.name,
            quality=confirmer.organisation,
            email=confirmer.email,
            at=at,
        )


def confirmers(committee, by):
    """The members who may confirm: they sat, have no interest in a dossier, reviewed none."""
    open_items = committee.agenda.filter(settled_at=None)
    given = Opinion.objects.filter(item__in=open_items)
    interested = given.filter(value=Opinion.Value.INTERESTED)
    sat = committee.members.exclude(pk__in=interested.values("member"))
    if committee.kind == committee.Kind.WRITTEN:
        sat = sat.filter(pk__in=given.values("member"))
    else:
        sat = sat.filter(is_present=True)
    return [member for member in sat if not is_party_to_agenda(committee, member.email, by)]


@transaction.atomic
def confirm_closing(confirmation, *, on, at=None):
    """The member confirms all the decisions of the session: they leave."""
    committee = subject_that_waits_for(confirmation, at)
    with COMMITTEE.take("confirm", committee, by=confirmation, on=on, at=at):
        _carry_all_out(committee, by=confirmation, on=on, at=at)
        confirmation.confirmed_at = moment(at)
        confirmation.save(update_fields=["confirmed_at"])


@transaction.atomic
def decline_closing(confirmation, *, on, reasons, at=None):
    """The member does not recognise these decisions: the Caf takes them up again."""
    committee = subject_that_waits_for(confirmation, at)
    with COMMITTEE.take(
        "decline_confirmation", committee, by=confirmation, on=on, at=at, comment=reasons
    ):
        confirmation.declined_at = moment(at)
        confirmation.save(update_fields=["declined_at"])
        outbox.add(
            "labels.closing_declined",
            committee,
            key=confirmation.pk,
            recipient=committee.closed_by,
            at=at,
        )
        committee.closed_by = None


def recall_closing(committee, *, by, on, at=None):
    """Take the decisions back before anybody has confirmed them; the link opens nothing."""
    with COMMITTEE.take("recall_decision", committee, by=by, on=on, at=at):
        committee.confirmations.close(moment(at))
        committee.closed_by = None


def _carry_all_out(committee, *, by, on, at):
    """Each dossier still on the agenda gets its decision; those that left meanwhile are skipped.

    Dossiers are locked in the order of their keys, before the agenda is read again: whoever
    withdraws at this moment comes first, or too late.
    """
    waiting = committee.agenda.filter(settled_at=None)
    applications = LabelApplication.objects.filter(pk__in=waiting.values("application"))
    list(applications.order_by("pk").select_for_update(of=("self",), no_key=True))
    items = waiting.select_related("application").order_by("application_id")
    refused = []
    for item in items:
        try:
            _decide(item, committee, by=by, on=on, at=at)
        except StepRefused as refusal:
            name = item.application.facility_name
            refused += [f"{name}\xa0: {reason}" for reason in refusal.reasons]
    if refused:
        raise StepRefused(*refused)
    committee.closed_at = moment(at)
    outbox.add("labels.minutes", committee, key=committee.pk, at=at)


def _decide(item, committee, *, by, on, at):
    application = item.application
    with APPLICATION.take(item.decision, application, by=by, on=on, at=at, comment=item.reasons):
        write_decision(
            application,
            item.decision,
            item.reasons,
            committee.held_on,
            committee.closed_by,
            on,
            at,
            refusal_grounds=item.refusal_grounds,
            reservations_due_on=item.reservations_due_on,
            deferred_until=item.deferred_until,
        )
        if isinstance(by, DecisionConfirmation):
            application.confirmed_at = moment(at)
        carry_out(application, by=by, on=on, at=at)
    AgendaItem.objects.filter(pk=item.pk).update(
        settled_at=moment(at), outcome=application.get_status_display()
    )
