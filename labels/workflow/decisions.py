"""The committee's decision: two persons, in the Caf or by a link."""

from django.db import transaction
from django.utils import timezone

from avip import outbox
from avip.workflow import StepRefused, moment
from labels import notifications
from labels.grounds import EMPTY, kept_words, missing_words
from labels.letters import write_decision_letter
from labels.models import DecisionConfirmation, LabelApplication
from labels.permissions import has_reviewed, is_party_to
from labels.rules import RuleMissing, rules_for, to_json
from labels.workflow.applications import APPLICATION, label_in_the_way, nobody_else_decides
from labels.workflow.confirmations import ask_confirmation, subject_that_waits_for
from labels.workflow.labels import amend_label, grant_label, write_record

# The rules a decision rests on, kept with it as evidence.
DECISION_RULES = ("label_duration_months", "quota_rate", "opening_span_min_hours_day")
GRANTING = (LabelApplication.Proposal.GRANT, LabelApplication.Proposal.GRANT_WITH_RESERVATIONS)


def record_decision(
    application, *, by, on, decision, reasons, decided_on, confirmer=None, at=None, **words
):
    """Write down the committee's decision; the confirmation it waits for, or None when it is final.

    Whoever reviewed does not decide alone: another member of the Caf records it. Where there is
    none, `confirmer` (name, quality, email) confirms by a link: never a reviewer, nor anybody of
    the crèche or its operator. `words` are those of `labels.grounds`. Raises StepRefused otherwise,
    and for a dossier on the agenda of a committee held here: it closes, they all leave.
    """
    decision = LabelApplication.Proposal(decision)
    if not has_reviewed(by, application):
        with APPLICATION.take(decision, application, by=by, on=on, at=at, comment=reasons):
            if application.status == LabelApplication.Status.ON_AGENDA:
                raise StepRefused(
                    "Ce dossier est à l’ordre du jour d’un comité\xa0: "
                    "sa décision part quand le comité se clôt."
                )
            write_decision(application, decision, reasons, decided_on, by, on, at, **words)
            carry_out(application, by=by, on=on, at=at)
        return None
    if confirmer is None:
        reasons_why = nobody_else_decides(application, on)
        raise StepRefused(
            *reasons_why or ["Indiquez le membre du comité qui confirme la décision."]
        )
    with APPLICATION.take("ask_confirmation", application, by=by, on=on, at=at, comment=reasons):
        if is_party_to(application, confirmer["email"], by):
            raise StepRefused(
                "Deux personnes décident\xa0: celle qui confirme n’a pas instruit ce dossier et "
                "ne travaille ni pour la crèche ni pour son gestionnaire."
            )
        write_decision(application, decision, reasons, decided_on, by, on, at, **words)
        return ask_confirmation(application, at=at, **confirmer)


@transaction.atomic
def confirm_decision(confirmation, *, on, at=None):
    """The second person confirms: the decision is taken. Raises StepRefused when it is too late."""
    application = subject_that_waits_for(confirmation, at)
    with APPLICATION.take(application.decision, application, by=confirmation, on=on, at=at):
        confirmation.confirmed_at = application.confirmed_at = moment(at)
        confirmation.save(update_fields=["confirmed_at"])
        carry_out(application, by=confirmation, on=on, at=at)


@transaction.atomic
def decline_confirmation(confirmation, *, on, reasons, at=None):
    """The second person does not recognise the decision: the Caf takes it up again."""
    application = subject_that_waits_for(confirmation, at)
    with APPLICATION.take(
        "decline_confirmation", application, by=confirmation, on=on, at=at, comment=reasons
    ):
        confirmation.declined_at = moment(at)
        confirmation.save(update_fields=["declined_at"])
        notifications.tell_reviewer(
            "labels.declined", application, on=on, key=confirmation.pk, at=at
        )
        _forget_decision(application)


def recall_decision(application, *, by, on, at=None):
    """Take back a decision that nobody has confirmed yet; its link opens nothing any more."""
    with APPLICATION.take("recall_decision", application, by=by, on=on, at=at):
        application.confirmations.close(moment(at))
        _forget_decision(application)


def write_decision(application, decision, reasons, decided_on, by, on, at, **words):
    """What was decided, by whom, with which words and by which rules; raises StepRefused."""
    if decided_on > on:
        raise StepRefused("La date du comité ne peut pas être dans le futur.")
    if decided_on < timezone.localtime(application.submitted_at).date():
        raise StepRefused("Le comité n’a pas pu se prononcer avant le dépôt de la demande.")
    if missing := missing_words(decision, reasons=reasons, after=decided_on, **words):
        raise StepRefused(*missing.values())
    application.decision = decision
    application.decision_reasons = reasons
    application.decided_on = decided_on
    application.decided_by = by
    application.decision_values = _values_used(application.caf, decided_on, moment(at))
    for name, value in kept_words(decision, words).items():
        setattr(application, name, value)


def _values_used(caf, decided_on, known_at):
    rules = rules_for(caf, decided_on, known_at)
    try:
        entries = [rules.entry(key) for key in DECISION_RULES]
    except RuleMissing as missing:
        raise StepRefused(str(missing)) from missing
    return {
        entry.key: {
            "value": to_json(entry.value),
            "reference": entry.reference,
            "since": entry.since.isoformat(),
        }
        for entry in entries
    } | {"known_at": known_at.isoformat()}


def carry_out(application, *, by, on, at):
    """A label and its certificate when it is granted, a letter and a mail to the crèche.

    What the committee approved is then written on the crèche's record.
    """
    label = None
    amends = application.kind == LabelApplication.Kind.AMENDMENT
    person = application.decided_by if isinstance(by, DecisionConfirmation) else by
    if application.decision in GRANTING:
        write_record(application)
    if application.decision in GRANTING and amends:
        amend_label(application, by=person, at=at)
    elif application.decision in GRANTING:
        if reasons := label_in_the_way(application, on):  # taken over since the step was checked
            raise StepRefused(*reasons)
        label = grant_label(application, by=person, at=at)
        outbox.add("labels.certificate", label, key=label.pk, at=at)
    write_decision_letter(application, label=label, by=by, on=on, at=at)
    notifications.tell_facility("labels.decision", application, on=on, key=application.pk, at=at)


def _forget_decision(application):
    application.decision = application.decision_reasons = ""
    application.decided_on = application.decided_by = None
    application.decision_values = {}
    for name, value in EMPTY.items():
        setattr(application, name, value)
