"""Where a dossier stands, in words: its stages, its history, who must act now."""

from django.urls import reverse

from avip.templatetags.words import count_of, fr_date
from labels.ending import end_warnings
from labels.models import LabelApplication
from labels.permissions import applies, decides, has_reviewed, is_orphaned, other_deciders
from labels.talk import correction_target
from labels.workflow import APPLICATION, LABEL, open_confirmation

A = LabelApplication.Status

OPENED = {
    "open": "Brouillon ouvert",
    "grant": "Label accordé",
    "take_over": "Label repris",
    "plan": "Préparation commencée",
}

# What the Caf writes for itself and its committee.
KEPT_BY_THE_CAF = {
    "reassign",
    "take_over",
    "declare_ready",
    "ask_confirmation",
    "recall_decision",
    "decline_confirmation",
    "lift_reservations",
}

STAGES = [
    ("Brouillon", {A.DRAFT}, ("open",)),
    ("Dépôt", {A.SUBMITTED}, ("submit",)),
    ("Instruction par la Caf", {A.UNDER_REVIEW, A.CORRECTION_REQUESTED}, ("start_review",)),
    ("Comité", {A.READY, A.ON_AGENDA, A.TO_CONFIRM}, ("declare_ready",)),
    (
        "Décision",
        set(),
        ("grant", "grant_with_reservations", "defer", "refuse", "withdraw", "dismiss"),
    ),
]


def history_of(dossier, workflow, *, for_caf=True):
    """Every step of a dossier, for `_history.html`; the Caf's own words for the Caf alone."""
    rows = dossier.history.select_related("user")
    if workflow is APPLICATION:
        rows = rows.select_related("user", "confirmation")
    return [
        {
            "at": row.at,
            "by": row.by,
            "step": row.step,
            "label": _done(workflow, row.step),
            "comment": row.comment if for_caf or row.step not in KEPT_BY_THE_CAF else "",
        }
        for row in rows
    ]


def _done(workflow, name):
    step = workflow.steps.get(name)
    return (step.done or step.label) if step else OPENED.get(name, name)


def application_stages(application, history):
    """The stages of an application: done, now, next."""
    latest = {change["step"]: change for change in history}
    names = [stage for stage, _, _ in STAGES]
    current = next(
        (index for index, (_, states, _) in enumerate(STAGES) if application.status in states),
        len(names) - 1,
    )
    closed = not application.is_open
    items = []
    for index, (name, _, steps) in enumerate(STAGES):
        change = next((latest[step] for step in steps if step in latest), None)
        state = "done" if index < current or closed else "now" if index == current else "next"
        if closed and change is None:
            continue  # a stage that this dossier never reached
        last = closed and index == len(names) - 1
        detail = f"{fr_date(change['at'])}, {change['by']}" if change and state != "next" else ""
        if state == "now" and application.status == A.CORRECTION_REQUESTED:
            detail = "correction demandée à la crèche"
        items.append({"state": state, "label": change["label"] if last else name, "detail": detail})
    return items


def label_stages(label, on):
    """The life of a label: granted, each step taken, its end."""
    items = [
        {
            "state": "done",
            "label": change["label"],
            "detail": f"{fr_date(change['at'])}, {change['by']}",
        }
        for change in history_of(label, LABEL)
    ]
    if label.status in label.LIVE:
        turn = label.history.filter(target=label.status).exclude(source=label.status).last()
        if label.status != label.Status.ACTIVE and turn == label.history.last():
            items[-1]["state"] = "now"
        else:
            since = label.starts_on if label.status == label.Status.ACTIVE else turn.at
            items.append(
                {
                    "state": "now" if label.starts_on <= on else "next",
                    "label": f"Label {label.get_status_display()}",
                    "detail": f"depuis le {fr_date(since)}",
                }
            )
        items += [
            {"state": "next", "label": words, "detail": fr_date(day)}
            for day, words in _to_come(label, on)
        ]
    return items


def _to_come(label, on):
    """The days ahead of a label that runs, the nearest first."""
    last_day = label.leaves_on or label.ends_on
    announced = [day for day, _ in end_warnings(label.ends_on) if on < day < last_day]
    lifted = label.reservations_lifted_on
    days = [
        (None if lifted else label.reservations_due_on, "Réserves à lever"),
        (announced[0] if announced else None, "Rappel de la fin du label"),
        (label.leaves_on, "Départ annoncé par la crèche"),
        (label.ends_on, "Fin du label"),
    ]
    if label.status == label.Status.NOTICE_GIVEN and not label.notice_replied_at:
        days.append((label.notice_reply_due_on, "Réponse attendue de la crèche"))
    return sorted((day, words) for day, words in days if day)


def next_act(application, user, on, missing):
    """Who must act now on this application, for `_next_act.html`; None once it is closed."""
    if not application.is_open:
        return None
    if applies(user, application):
        return _act_of_applicant(application, missing)
    return _act_of_caf(application, user, on)


def _act_of_applicant(application, missing):
    check = reverse("labels:application_check", args=[application.pk])
    if application.status == A.CORRECTION_REQUESTED:
        return _act_of_correction(application, check)
    if application.awaits_attachment:
        return {
            "who": f"la {application.caf}",
            "text": "confirmer que vous travaillez dans cette crèche. "
            "Vous pouvez remplir votre dossier en attendant.",
        }
    if application.status == A.DRAFT:
        count = len(missing)
        left = f"il reste {count_of(count, 'point')} à remplir" if count else "tout est rempli"
        return {
            "text": f"remplir votre dossier, puis le déposer\xa0: {left}.",
            "url": check,
            "action": "Vérifier vos réponses",
        }
    if application.status == A.ON_AGENDA:
        committee = application.agenda_items.get(settled_at=None).committee
        return {
            "who": f"la {application.caf}",
            "text": f"faire passer votre demande au comité du {fr_date(committee.held_on)}. "
            "Vous recevrez la décision par courriel.",
        }
    if application.status in (A.READY, A.TO_CONFIRM):
        return {
            "who": f"la {application.caf}",
            "text": "faire passer votre demande en comité. Vous recevrez la décision par courriel.",
        }
    return {
        "who": f"la {application.caf}",
        "text": "étudier votre demande. Un courriel vous prévient s’il faut la corriger.",
    }


def _act_of_correction(application, check):
    """Straight to the form while a remark waits there; then the answers, to send them back."""
    correction = application.open_correction
    page, *args = correction_target(application, correction) if correction else (None,)
    remarks_left = application.field_comments.filter(status="open", sent_at__isnull=False)
    straight = page == "labels:application_section" and remarks_left.exists()
    return {
        "text": "corriger votre dossier, puis le renvoyer à la Caf.",
        "deadline": correction.due_on if correction else None,
        "url": reverse(page, args=args) if straight else check,
        "action": "Corriger" if straight else "Vérifier et renvoyer",
    }


def _act_of_caf(application, user, on):
    def page(name):
        return reverse(f"labels:application_{name}", args=[application.pk])

    def step(name):
        return {
            "label": APPLICATION.steps[name].label,
            "url": reverse("labels:application_step", args=[application.pk, name]),
        }

    if application.awaits_attachment:
        return {
            "text": f"dire si {application.opened_by} travaille bien dans cette crèche.",
            "step": step("attach"),
        }
    if application.status in APPLICATION.steps["reassign"].sources and is_orphaned(application, on):
        return {
            "text": f"prendre la suite de {application.reviewer}, qui a quitté votre Caf.",
            "step": {
                "label": "Prendre la suite",
                "url": reverse("labels:application_step", args=[application.pk, "take_over"]),
            },
        }
    if application.status == A.SUBMITTED:
        return {"text": "prendre ce dossier en charge.", "step": step("start_review")}
    if application.status == A.UNDER_REVIEW:
        return {
            "text": "comparer les réponses aux engagements, puis proposer une décision au comité.",
            "url": page("ready"),
            "action": "Proposer au comité",
        }
    if application.status == A.CORRECTION_REQUESTED:
        correction = application.open_correction
        return {
            "who": "la crèche",
            "text": "corriger son dossier.",
            "deadline": correction.due_on if correction else None,
        }
    if application.status == A.TO_CONFIRM:
        confirmation = open_confirmation(application)
        return {
            "who": confirmation or "la personne qui confirme",
            "text": "confirmer la décision par son lien.",
        }
    if application.status == A.ON_AGENDA:
        item = application.agenda_items.select_related("committee").get(settled_at=None)
        return {
            "text": f"se prononcer au comité du {fr_date(item.committee.held_on)}.",
            "url": reverse("labels:agenda_item", args=[item.committee_id, item.pk]),
            "action": "Voir à l’ordre du jour",
        }
    return _act_of_committee(application, user, on, page)


def _act_of_committee(application, user, on, page):
    others = [membership.user for membership in other_deciders(application, on)]
    if decides(user, application) or (not others and has_reviewed(user, application)):
        return {
            "text": "saisir la décision du comité.",
            "url": page("decision"),
            "action": "Saisir la décision",
        }
    return {
        "who": " ou ".join(str(person) for person in others[:3]),
        "text": "saisir la décision du comité\xa0: une autre personne que celle qui a instruit.",
    }
