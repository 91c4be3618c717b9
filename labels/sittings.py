"""Where a committee stands, in words: who must act now, its stages."""

from django.urls import reverse

from avip.templatetags.words import count_of, fr_date
from labels.models import LabelCommittee
from labels.permissions import closes, other_closers
from labels.workflow import COMMITTEE, open_confirmation

C = LabelCommittee.Status
STAGES = [
    ("Préparation", {C.PLANNED}, ("plan",)),
    ("Convocation", set(), ("convene",)),
    ("Avis et décisions", {C.CONVENED}, ()),
    ("Confirmation par un membre", {C.TO_CONFIRM}, ("ask_confirmation",)),
    ("Décisions parties", set(), ("close", "confirm")),
]


def committee_act(committee, user, on):
    """Who must act now on this committee, for `_next_act.html`; None once it is over."""

    def page(name, *more):
        return reverse(f"labels:committee_{name}", args=[committee.pk, *more])

    if committee.status == C.PLANNED:
        return _act_of_preparation(committee, on, page)
    if committee.status == C.TO_CONFIRM:
        return {
            "who": open_confirmation(committee) or "la personne qui confirme",
            "text": "confirmer les décisions par son lien. Les crèches ne reçoivent rien avant.",
        }
    if committee.status != C.CONVENED:
        return None
    if committee.held_on > on:
        return {
            "who": "chaque membre du comité",
            "text": "lire les dossiers et donner son avis par son lien.",
            "deadline": committee.held_on,
        }
    return _act_of_decision(committee, user, on, page)


def _act_of_preparation(committee, on, page):
    if not committee.agenda.filter(settled_at=None).exists():
        return {
            "text": "inscrire les dossiers prêts à l’ordre du jour.",
            "url": page("agenda"),
            "action": "Inscrire des dossiers",
        }
    missing = committee.quorum - committee.members.count()
    if missing > 0:
        return {
            "text": f"ajouter les membres du comité\xa0: il en manque au moins {missing}.",
            "url": page("members"),
            "action": "Ajouter les membres",
        }
    if committee.held_on < on:
        return {
            "text": "choisir une autre date\xa0: celle-ci est passée.",
            "url": page("update"),
            "action": "Changer la date",
        }
    return {
        "text": "convoquer les membres. Chacun reçoit son lien par courriel.",
        "step": {"label": COMMITTEE.steps["convene"].label, "url": page("step", "convene")},
    }


def _act_of_decision(committee, user, on, page):
    waiting = committee.agenda.filter(settled_at=None, decision="")
    if first := waiting.first():
        return {
            "text": "noter la décision du comité\xa0: "
            f"{count_of(waiting.count(), 'dossier attend,dossiers attendent')} la leur.",
            "url": reverse("labels:agenda_item", args=[committee.pk, first.pk]),
            "action": "Noter les décisions",
        }
    others = [membership.user for membership in other_closers(committee, on)]
    if others and not closes(user, committee):
        return {
            "who": " ou ".join(str(person) for person in others[:3]),
            "text": "clore le comité\xa0: une autre personne que celle qui a instruit.",
        }
    return {
        "text": "clore le comité\xa0: les décisions partent toutes ensemble.",
        "url": page("close"),
        "action": "Clore le comité",
    }


def committee_stages(committee, history):
    """The stages of a committee: done, now, next; a cancelled one stops where it was."""
    latest = {change["step"]: change for change in history}
    if committee.status == C.CANCELLED:
        steps = [("plan", "Préparation"), ("convene", "Convocation"), ("cancel", "Comité annulé")]
        return [_done(label, latest[step]) for step, label in steps if step in latest]
    current = {C.PLANNED: 0, C.CONVENED: 2, C.TO_CONFIRM: 3, C.CLOSED: 5}[committee.status]
    items = []
    for index, (label, _, steps) in enumerate(STAGES):
        change = next((latest[step] for step in steps if step in latest), None)
        if index == 3 and committee.status != C.TO_CONFIRM and change is None:
            continue  # two agents of the Caf: nobody has to confirm
        if index < current:
            items.append(_done(label, change))
        else:
            state = "now" if index == current else "next"
            detail = fr_date(committee.held_on) if index == 2 else ""
            items.append({"state": state, "label": label, "detail": detail})
    return items


def _done(label, change):
    detail = f"{fr_date(change['at'])}, {change['by']}" if change else ""
    return {"state": "done", "label": label, "detail": detail}
