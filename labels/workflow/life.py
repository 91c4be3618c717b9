"""What happens to a label between its first and its last day, and the letters that say so."""

from django.db import transaction

from avip.templatetags.words import fr_date
from avip.workflow import StepRefused, moment
from labels import notifications
from labels.letters import appeal_against, signature_of, write_letter
from labels.models import Label, Letter
from labels.permissions import other_withdrawers
from labels.workflow.labels import LABEL, take_label_step

Kind = Letter.Kind


def suspend(label, *, by, on, reasons, at=None):
    """The label counts no more until the suspension is lifted; the crèche gets the reasons."""
    _refuse_without_words(reasons)
    with LABEL.take("suspend", label, by=by, on=on, at=at, comment=reasons):
        _write(Kind.SUSPENDED, label, by=by, on=on, at=at, reasons=reasons, contested=True)


def lift(label, *, by, on, reasons="", at=None):
    """The suspension is over: the label counts again from that day."""
    with LABEL.take("lift", label, by=by, on=on, at=at, comment=reasons):
        _write(Kind.LIFTED, label, by=by, on=on, at=at, reasons=reasons)


def give_notice(label, *, by, on, reasons, reply_by, at=None):
    """Formal notice: what the crèche must put right, and until which day it may reply.

    Raises StepRefused when no time is left to reply.
    """
    _refuse_without_words(reasons)
    if reply_by <= on:
        raise StepRefused("Laissez à la crèche au moins jusqu’à demain pour répondre.")
    with LABEL.take("give_notice", label, by=by, on=on, at=at, comment=reasons):
        label.notice_reply_due_on = reply_by
        label.notice_reply, label.notice_replied_at = "", None
        facts = {"reply_by": fr_date(reply_by)}
        _write(Kind.NOTICE, label, by=by, on=on, at=at, reasons=reasons, **facts)


def reply_to_notice(label, *, by, on, text, at=None):
    """What the crèche answers; it may add to it until the Caf decides."""
    with LABEL.take("reply_to_notice", label, by=by, on=on, at=at, comment=text):
        label.notice_reply = "\n\n".join(filter(None, [label.notice_reply, text]))
        label.notice_replied_at = moment(at)
        _tell_caf("labels.notice_replied", label, on=on, at=at)


def close_notice(label, *, by, on, reasons="", at=None):
    """The crèche has put things right: the label goes on."""
    with LABEL.take("close_notice", label, by=by, on=on, at=at, comment=reasons):
        facts = {"notice_on": fr_date(last_notice(label).at)}
        label.notice_reply_due_on = label.notice_replied_at = None
        label.notice_reply = ""
        _write(Kind.NOTICE_CLOSED, label, by=by, on=on, at=at, reasons=reasons, **facts)


def withdraw_label(label, *, by, on, reasons, committee="", at=None):
    """The motivated decision that ends the label, and the one granted to follow it.

    Whoever gave notice does not decide alone: a colleague withdraws; where the Caf has nobody else,
    `committee` names the committee that decided. Raises StepRefused otherwise.
    """
    _refuse_without_words(reasons)
    said = f"{reasons}\n\nComité\xa0: {committee}" if committee else reasons
    with LABEL.take("withdraw", label, by=by, on=on, at=at, comment=said):
        others, why = other_withdrawers(label, by, on), decides_alone(label, by, on)
        if why and (others.exists() or not committee.strip()):
            raise StepRefused(why)
        facts = {
            "notice_on": fr_date(last_notice(label).at),
            "reply_by": fr_date(label.notice_reply_due_on),
            "replied_on": fr_date(label.notice_replied_at),
            "committee": committee,
        }
        _write(Kind.WITHDRAWN, label, by=by, on=on, at=at, reasons=reasons, contested=True, **facts)
        for following in _following(label):
            take_label_step("withdraw_following", following, by=None, on=on, at=at)


def decides_alone(label, by, on) -> str:
    """Why `by`, who gave notice, may not withdraw this label alone; empty when she did not."""
    if last_notice(label).user_id != by.pk:
        return ""
    others = [str(membership.user) for membership in other_withdrawers(label, by, on)[:3]]
    if others:
        return (
            "Vous avez mis cette crèche en demeure\xa0: une autre personne de votre Caf décide du "
            f"retrait ({' ou '.join(others)})."
        )
    return (
        "Vous avez mis cette crèche en demeure, et personne d’autre dans votre Caf ne peut décider "
        "du retrait\xa0: indiquez la date et la référence du comité qui l’a décidé."
    )


def last_notice(label):
    """The step by which the crèche was last given notice."""
    return label.history.filter(step="give_notice").last()


def lift_reservations(label, *, by, on, lifted_on, reasons="", at=None):
    """The crèche has done what the committee asked for: the Caf notes it, with its day."""
    if not label.starts_on <= lifted_on <= on:
        raise StepRefused("Les réserves se lèvent entre le début du label et aujourd’hui.")
    with LABEL.take("lift_reservations", label, by=by, on=on, at=at, comment=reasons):
        label.reservations_lifted_on = lifted_on
        notifications.tell_facility(
            "labels.reservations_lifted", label, on=on, key=_act(label), at=at
        )


@transaction.atomic
def relinquish(label, *, by, on, leaves_on, reasons="", at=None):
    """The crèche gives its label back, with the one that follows it: now, or on a later day."""
    if leaves_on < on:
        raise StepRefused("Choisissez aujourd’hui ou un jour à venir.")
    last_day = max(held.ends_on for held in [label, *_following(label)])
    if leaves_on > last_day:
        raise StepRefused(f"Le label finit déjà le {last_day:%d/%m/%Y}.")
    for held in [label, *_following(label)]:
        name = "plan_leaving" if leaves_on > on else "relinquish"
        with LABEL.take(name, held, by=by, on=on, at=at, comment=reasons):
            held.leaves_on = leaves_on
    _tell_caf("labels.leaving", label, on=on, at=at)


@transaction.atomic
def cancel_leaving(label, *, by, on, at=None):
    """The crèche keeps its label after all, until the day it had announced."""
    for held in [label, *_following(label)]:
        if held == label or held.leaves_on:
            with LABEL.take("cancel_leaving", held, by=by, on=on, at=at):
                held.leaves_on = None
    _tell_caf("labels.leaving", label, on=on, at=at)


def leave(label, *, on, at=None):
    """The day that the crèche announced has come."""
    with LABEL.take("leave", label, by=None, on=on, at=at):
        _tell_caf("labels.leaving", label, on=on, at=at)


def _following(label):
    """The labels already granted for after this one."""
    return Label.objects.filter(
        provider=label.provider_id, status__in=Label.LIVE, starts_on__gt=label.ends_on
    )


def _write(kind, label, *, by, on, at, reasons, contested=False, **facts):
    """The letter of this act, and the mail that announces it to the crèche."""
    facts |= {"reasons": reasons, "since": fr_date(on), "ends_on": fr_date(label.ends_on)}
    if contested:
        facts["appeal"] = appeal_against(label.caf, on, moment(at))
    signed_by = signature_of(by, label.caf, on)
    letter = write_letter(kind, on=on, signed_by=signed_by, facts=facts, label=label, at=at)
    notifications.tell_facility("labels.letter_sent", letter, on=on, key=letter.pk, at=at)


def _tell_caf(kind, label, *, on, at):
    notifications.tell_caf(kind, label, on=on, key=_act(label), at=at)


def _act(label):
    """What tells this act from the others about the same label."""
    return f"{label.pk}:{label.revision}"


def _refuse_without_words(reasons):
    if not reasons.strip():
        raise StepRefused("Écrivez les motifs\xa0: la crèche les recevra.")
