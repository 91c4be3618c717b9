"""The mails of a label's life, and the departures that come due."""

from avip import jobs, outbox
from avip.templatetags.words import fr_date
from avip.workflow import StepRefused
from labels.models import Label, Letter
from labels.notifications import link, send
from labels.permissions import follows_label
from labels.workflow import leave
from partners.models import User


def mail_about_label(kind, words):
    """Register the mail that tells somebody about a label she may still see.

    `words(label, person)` gives what the mail says: subject, lead, text, action, before; None when
    there is nothing to say any more.
    """

    @outbox.handler(kind)
    def handle(row):
        person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
        label = seen_label(person, row.object_id)
        said = words(label, person) if label else None
        if said:
            tell_about(row, person, label, **said)

    return handle


def seen_label(person, pk):
    """The label, if this person may still see it; None otherwise."""
    if person is None:
        return None
    return Label.objects.visible_to(person).filter(pk=pk).select_related("caf", "provider").first()


def tell_about(row, person, label, *, subject, lead, text="", action="Voir le label", before=""):
    """The one mail about a label: what happens, what to do, by when, why it comes."""
    follows = follows_label(person, label)
    send(
        row,
        person.email,
        "labels/email/label",
        subject=subject,
        lead=lead,
        text=text,
        action_label=action,
        action_before=before,
        action_url=link("labels:label_detail", label.pk),
        why=f"vous travaillez à la {label.caf}"
        if follows
        else f"vous travaillez pour la crèche {label.provider}",
    )


# What the mail says of each letter: the reasons stay in the letter.
Kind = Letter.Kind
ABOUT_LETTERS = {
    Kind.SUSPENDED: ("Votre label est suspendu", "La Caf suspend votre label."),
    Kind.LIFTED: ("La suspension de votre label est levée", "Votre label compte de nouveau."),
    Kind.NOTICE: ("Votre label\xa0: une mise en demeure", "La Caf vous met en demeure."),
    Kind.NOTICE_CLOSED: ("La mise en demeure est close", "Votre label continue."),
    Kind.WITHDRAWN: ("Votre label est retiré", "La Caf a retiré votre label."),
}


@outbox.handler("labels.letter_sent")
def mail_letter(row):
    """A letter of the label's life waits for the crèche on its page."""
    letter = Letter.objects.get(pk=row.object_id)
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    label = seen_label(person, letter.label_id)
    if label is None:
        return
    subject, lead = ABOUT_LETTERS[letter.kind]
    asks = letter.kind == Kind.NOTICE
    tell_about(
        row,
        person,
        label,
        subject=subject,
        lead=lead,
        text="Le courrier de la Caf, avec ses motifs, est sur la page du label.",
        action="Lire et répondre" if asks else "Lire le courrier",
        before=f"Répondez avant le {letter.facts['reply_by']}." if asks else "",
    )


def _notice_replied(label, person):
    return {
        "subject": "Une crèche répond à votre mise en demeure",
        "lead": f"La crèche {label.provider} a répondu.",
        "text": "Lisez sa réponse, puis dites ce que vous décidez.",
        "action": "Lire la réponse",
    }


def _leaving(label, person):
    if label.status == Label.Status.RELINQUISHED:
        lead = f"La crèche {label.provider} a rendu son label."
    elif label.leaves_on:
        lead = f"La crèche {label.provider} rend son label le {fr_date(label.leaves_on)}."
    else:
        lead = f"La crèche {label.provider} garde finalement son label."
    return {
        "subject": "Le départ d’une crèche du label",
        "lead": lead,
        "text": "Les contrats déjà signés avec des familles continuent jusqu’à leur terme.",
    }


def _reservations_lifted(label, person):
    lifted = fr_date(label.reservations_lifted_on)
    return {
        "subject": "Les réserves de votre label sont levées",
        "lead": f"La Caf a levé les réserves de votre label le {lifted}.",
        "text": "Vous n’avez rien à faire.",
    }


mail_about_label("labels.notice_replied", _notice_replied)
mail_about_label("labels.leaving", _leaving)
mail_about_label("labels.reservations_lifted", _reservations_lifted)


@jobs.daily("labels.leave")
def let_creches_leave(on):
    """Close the labels that a crèche gives back from that day on."""
    done = 0
    for label in Label.objects.filter(status__in=Label.LIVE, leaves_on__lte=on):
        try:
            leave(label, on=on)
        except StepRefused:  # kept after all in between
            continue
        done += 1
    return f"{done} labels rendus"
