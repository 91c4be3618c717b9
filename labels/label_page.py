"""What the page of a label shows to whom: who must act, the steps one may take."""

from django.urls import reverse

from labels.models import LabelApplication
from labels.permissions import follows_label, holds_label
from labels.workflow import LABEL

# The page of each step that asks for words, in the order they are offered.
PAGES = {
    "lift_reservations": "labels:label_reservations",
    "close_notice": "labels:label_notice_close",
    "withdraw": "labels:label_withdraw",
    "lift": "labels:label_lift",
    "suspend": "labels:label_suspend",
    "give_notice": "labels:label_notice",
    "reply_to_notice": "labels:label_reply",
    "relinquish": "labels:label_relinquish",
}


def actions_on(label, user, on):
    """The steps this person may take now, each with its page."""
    open_steps = LABEL.available(label, user, on)
    if label.leaves_on:  # the page shows the announced day, and how to give it up
        open_steps.pop("relinquish", None)
    return [
        {"label": open_steps[name].label, "url": reverse(page, args=[label.pk])}
        for name, page in PAGES.items()
        if name in open_steps
    ]


def act_on(label, user, on):
    """Who must act now on this label, for `_next_act.html`; None when nobody need."""
    if not label.is_live:
        return None
    mine = holds_label(user, label)
    if label.status == label.Status.NOTICE_GIVEN:
        return _act_on_notice(label, mine, follows_label(user, label), on)
    if label.reservations_due_on and not label.reservations_lifted_on:
        return {
            "who": "" if mine else "la crèche",
            "text": "lever les réserves, puis le dire à la Caf, qui le note ici.",
            "deadline": label.reservations_due_on,
        }
    return _act_on_renewal(label, mine)


def _act_on_notice(label, mine, follows, on):
    if not label.notice_replied_at and on <= label.notice_reply_due_on:
        return {
            "who": "" if mine else "la crèche",
            "text": "répondre à la mise en demeure.",
            "deadline": label.notice_reply_due_on,
            "url": reverse("labels:label_reply", args=[label.pk]) if mine else "",
            "action": "Répondre",
        }
    return {
        "who": "" if follows and not mine else f"la {label.caf}",
        "text": "lire la réponse, puis clore la mise en demeure ou retirer le label."
        if label.notice_replied_at
        else "clore la mise en demeure ou retirer le label\xa0: le délai de réponse est passé.",
    }


def _act_on_renewal(label, mine):
    drafts = label.later_applications.filter(
        kind=LabelApplication.Kind.RENEWAL, status=LabelApplication.Status.DRAFT
    )
    renewal = drafts.first()
    if renewal is None:
        return None
    return {
        "who": "" if mine else "la crèche",
        "text": "déposer le renouvellement avant la fin du label.",
        "deadline": label.ends_on,
        "url": renewal.get_absolute_url() if mine else "",
        "action": "Reprendre le renouvellement",
    }
