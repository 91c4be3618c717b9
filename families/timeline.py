"""Where a referral stands, in words: its stages, its history, who must act now."""

from datetime import timedelta

from django.urls import reverse

from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date, fr_datetime, short_name
from families.models import Referral
from families.permissions import answers, dispatches, manages, orients, validates
from families.places import rules_of
from families.workflow.referral_steps import done_words
from partners.permissions import is_hijacked

Kind, Status = Referral.Kind, Referral.Status
OVER = {
    Status.REFUSED,
    Status.EXPIRED,
    Status.CANCELLED,
    Status.DECLINED,
    Status.OBSOLETE,
    Status.TRANSFERRED,
    Status.NO_SHOW,
    Status.STAYED,
}


def history_of(referral):
    """Every step, oldest first, for `_history.html` and the stages."""
    return [
        {
            "at": change.at,
            "by": change.by,
            "step": change.step,
            "label": done_words(change.step),
            "comment": change.comment,
        }
        for change in referral.history.select_related("user", "link")
    ]


def stages_of(referral, history):
    """What was done, what goes on, what comes next."""
    items = [
        {
            "state": "done",
            "label": change["label"],
            "detail": f"{fr_date(change['at'])}, {change['by']}",
        }
        for change in history
    ]
    if referral.status in OVER:
        return items
    if referral.status == Status.TO_DISPATCH:
        counter = f"Reçue par le guichet unique\xa0: {referral.counter}"
        items.append(_stage("now", counter, referral.answer_due_at))
    elif referral.status == Status.TO_VALIDATE:
        items.append(_stage("now", "Validation par la coordination", referral.answer_due_at))
    elif referral.status == Status.SENT:
        items.append(_stage("now", "Réponse du mode d’accueil", referral.answer_due_at))
    elif referral.status == Status.WAITING_LIST:
        items.append(_stage("now", "En liste d’attente"))
    elif referral.status == Status.SHORTLISTED:
        day = fr_date(referral.commission_on)
        items.append(_stage("now", f"Commission du {day}", referral.answer_due_at))
    elif referral.status in {Status.ACCEPTED, Status.HOURS_PROPOSED}:
        items.append(_stage("now", "Réponse de la famille", confirm_before(referral)))
    if referral.status == Status.CONFIRMED and referral.kind == Kind.REGULAR:
        items.append(_stage("now", "Contrat à signer par tous"))
    if referral.status != Status.PLACED:
        items.append(
            {
                "state": "next",
                "label": "Premier jour d’accueil",
                "detail": fr_date(referral.from_on),
            }
        )
    return items


def confirm_before(referral):
    """Until when the adviser should note the family's yes or no."""
    return referral.answered_at + timedelta(days=SCHEDULES["family_confirmation_days"])


def _stage(state, label, before=None):
    return {
        "state": state,
        "label": label,
        "detail": f"avant le {fr_datetime(before)}" if before else "",
    }


def next_act(referral, user, contract):
    """Who must act now, for `_next_act.html`; None when nothing is awaited."""
    if is_hijacked(user):
        return None

    def page(name):
        return reverse(f"families:referral_{name}", args=[referral.pk])

    if referral.status == Status.TO_DISPATCH:
        return _act_at_the_counter(referral, user, page)
    if referral.status in {Status.TO_VALIDATE, Status.SENT}:
        return _act_before_the_answer(referral, user, page)
    if referral.status == Status.SHORTLISTED:
        return _act_around_the_commission(referral, user, page)
    if referral.status == Status.HOURS_PROPOSED:
        return _act_on_other_hours(referral, user, page)
    if referral.status == Status.WAITING_LIST:
        return _act_on_the_waiting_list(referral, user, page)
    if referral.status == Status.ACCEPTED:
        return _act_before_the_family_says_yes(referral, user, page)
    if referral.status == Status.CONFIRMED:
        return _act_before_the_contract(referral, user, contract)
    if referral.status == Status.STAYED:
        return _act_after_the_stay(referral, user, page)
    if orients(user, referral) and referral.status in LOOK_ELSEWHERE:
        return _look_elsewhere(referral)
    if orients(user, referral) and referral.status in {Status.CANCELLED, Status.TRANSFERRED}:
        return _tell(referral)
    return None


LOOK_ELSEWHERE = {Status.REFUSED, Status.EXPIRED, Status.NO_SHOW}


def _act_at_the_counter(referral, user, page):
    due = referral.answer_due_at
    if dispatches(user, referral):
        return {
            "text": "adresser cette famille à la crèche, ou à une autre de vos places.",
            "deadline": due,
            "url": page("dispatch"),
            "action": "Adresser la demande",
        }
    return {
        "who": referral.counter,
        "text": "adresser la demande à la crèche\xa0: elle est reçue par le guichet unique.",
        "deadline": due,
    }


def _act_around_the_commission(referral, user, page):
    day = fr_date(referral.commission_on)
    if answers(user, referral):
        return {
            "text": f"répondre après la commission du {day}.",
            "deadline": referral.answer_due_at,
            "url": page("accept"),
            "action": "Accepter",
        }
    told = _tell(referral) if orients(user, referral) else None
    return told or {
        "who": referral.provider.public_name,
        "text": f"répondre après la commission du {day}.",
    }


def _act_on_other_hours(referral, user, page):
    if orients(user, referral):
        return {
            "text": "demander à la famille si ces horaires lui conviennent, et noter sa réponse.",
            "deadline": confirm_before(referral),
            "url": page("other_hours"),
            "action": "Noter la réponse",
        }
    return {"who": referral.agency, "text": "recueillir la réponse de la famille."}


def _act_after_the_stay(referral, user, page):
    if any(row.declared_minutes is None for row in referral.days.all()):
        if manages(user, referral.provider):
            return {
                "text": "confirmer les heures de cet accueil ponctuel.",
                "url": page("hours"),
                "action": "Confirmer les heures",
            }
        return {"who": referral.provider.public_name, "text": "confirmer les heures."}
    return None


def _act_before_the_answer(referral, user, page):
    due = referral.answer_due_at
    if validates(user, referral) and referral.status == Status.TO_VALIDATE:
        return {
            "text": "dire si cette situation convient à la place et à l’agrément.",
            "deadline": due,
            "url": page("validate"),
            "action": "Examiner la situation",
        }
    if answers(user, referral):
        return {
            "text": "répondre à cette famille\xa0: "
            + (
                "accepter, mettre en liste d’attente ou refuser."
                if referral.kind == Kind.REGULAR
                else "accepter ou refuser."
            ),
            "deadline": due,
            "url": page("accept"),
            "action": "Accepter",
        }
    if referral.counter and orients(user, referral) and not referral.told_at:
        return _tell(referral)
    if referral.status == Status.TO_VALIDATE:
        who = "la Caf" if referral.escalated_at else "la coordination"
        return {"who": who, "text": "valider la situation.", "deadline": due}
    return {"who": referral.provider.public_name, "text": "répondre.", "deadline": due}


def _act_on_the_waiting_list(referral, user, page):
    if answers(user, referral):
        return {
            "text": "accepter dès qu’une place se libère, ou refuser si elle ne viendra pas.",
            "url": page("accept"),
            "action": "Accepter",
        }
    if orients(user, referral):
        return _tell(referral) or {
            "who": referral.provider.public_name,
            "text": "proposer une place dès qu’elle se libère. "
            "Vous pouvez chercher ailleurs en attendant.",
        }
    return None


def _act_before_the_family_says_yes(referral, user, page):
    if orients(user, referral):
        return {
            "text": "demander à la famille si elle prend la place, et noter sa réponse.",
            "deadline": confirm_before(referral),
            "url": page("confirm"),
            "action": "Noter la réponse",
        }
    return {"who": referral.agency, "text": "recueillir la réponse de la famille."}


def _act_before_the_contract(referral, user, contract):
    if contract or referral.kind == Kind.OCCASIONAL:
        return None
    if _waits_for_coordinator(referral) and not validates(user, referral):
        text = "proposer le contrat\xa0: ses jours et ses heures sont validés avec lui."
        return {"who": "la coordination", "text": text}
    if orients(user, referral) or manages(user, referral.provider):
        return {
            "text": "proposer le contrat\xa0: l’accueil compte à partir de la dernière signature.",
            "deadline": referral.from_on,
            "url": reverse("families:contract_propose", args=[referral.pk]),
            "action": "Proposer le contrat",
        }
    return None


def _waits_for_coordinator(referral):
    """A family that the coordinator proposed herself came without its hours."""
    if referral.validated_at or not referral.provider.is_childminder:
        return False
    return rules_of(referral).childminder_requires_validation


def _look_elsewhere(referral):
    search = f"{reverse('families:search')}?famille={referral.household_id}"
    told = _tell(referral)
    if told:
        return told
    return {
        "text": "chercher une autre place avec la famille.",
        "url": search,
        "action": "Chercher une place",
    }


def _tell(referral):
    if referral.told_at:
        return None
    parent = next(iter(referral.household.parents.all()), None)
    return {
        "text": f"prévenir {short_name(parent) or 'la famille'} de cette réponse.",
        "step": {
            "label": "La famille est prévenue",
            "url": reverse("families:referral_step", args=[referral.pk, "tell_family"]),
        },
    }
