"""What the mails about a referral say, by kind and by state: neutral words, no name of a child."""

from dataclasses import dataclass

from avip.templatetags.words import fr_date, fr_datetime
from families.models import Referral
from families.occasional import say_days
from families.wording import say_schedule

Status = Referral.Status


@dataclass(frozen=True)
class News:
    """One mail: its subject, what happens, what to do, the button, by when, why it comes."""

    title: str
    lead: str
    text: str
    action: str
    why: str
    before: str = ""


def answered(referral) -> News:
    """To the adviser: what the receiver answered, or that nobody did."""
    last = referral.history.last()
    counter = last and Status.TO_DISPATCH in {last.source, last.target}
    name = f"Le guichet unique ({referral.counter})" if counter else referral.provider.public_name
    family = f"la famille que vous avez orientée le {fr_date(referral.sent_at)}"
    key = referral.status if referral.status in _ANSWERS else "other"
    if counter and (referral.status, "counter") in _ANSWERS:
        key = referral.status, "counter"
    title, lead, text = _ANSWERS[key]
    return News(
        title,
        lead.format(name=name, family=family),
        " ".join(filter(None, [text, _details(referral)])),
        "Voir la réponse",
        "Vous recevez ce courriel parce que vous avez orienté cette famille.",
    )


_TITLE = "Votre demande de place a reçu une réponse"
_ANSWERS = {
    Status.ACCEPTED: (
        _TITLE,
        "{name} a une place pour {family}.",
        "Prévenez la famille\xa0: la place n’est à elle que lorsqu’elle a dit oui et que vous "
        "l’avez noté.",
    ),
    Status.HOURS_PROPOSED: (
        _TITLE,
        "{name} propose d’autres horaires à {family}.",
        "Voyez avec elle s’ils lui conviennent, puis notez sa réponse.",
    ),
    Status.SHORTLISTED: (
        _TITLE,
        "{name} présente à sa commission {family}.",
        "Prévenez la famille\xa0; elle peut attendre ou chercher ailleurs avec vous.",
    ),
    Status.WAITING_LIST: (
        _TITLE,
        "{name} met en liste d’attente {family}.",
        "Prévenez la famille\xa0; elle peut attendre ou chercher ailleurs avec vous.",
    ),
    Status.EXPIRED: (
        "Pas de réponse à votre demande de place",
        "{name} n’a pas répondu à temps pour {family}.",
        "Prévenez la famille et cherchez une autre place avec elle.",
    ),
    Status.TRANSFERRED: (
        "Votre demande de place est transmise",
        "{name} ne peut pas accueillir {family}\xa0; la demande est passée à un autre "
        "mode d’accueil.",
        "Prévenez la famille. La nouvelle demande est dans votre liste.",
    ),
    Status.REFUSED: (
        _TITLE,
        "{name} ne peut pas accueillir {family}.",
        "Prévenez la famille et cherchez une autre place avec elle.",
    ),
    (Status.SENT, "counter"): (
        "Votre demande de place est chez la crèche",
        "{name} a transmis à la crèche la demande pour {family}.",
        "Prévenez la famille\xa0: la réponse de la crèche est attendue.",
    ),
    (Status.TRANSFERRED, "counter"): (
        "Votre demande de place est transmise",
        "{name} adresse {family} à une autre de ses places.",
        "Prévenez la famille. La nouvelle demande est dans votre liste.",
    ),
    (Status.REFUSED, "counter"): (
        _TITLE,
        "{name} ne peut adresser à aucune place {family}.",
        "Prévenez la famille et cherchez une autre place avec elle.",
    ),
    "other": (
        "Une demande de place reprend",
        "La demande à {name} reprend pour {family}\xa0: l’autre place n’est plus la sienne.",
        "Prévenez la famille\xa0: une nouvelle réponse est attendue.",
    ),
}


def _details(referral) -> str:
    """What the family must know to come; a childminder’s address comes with the contract."""
    if referral.status == Status.HOURS_PROPOSED:
        hours = say_schedule(referral.counter_slots.all())
        return f"Horaires proposés\xa0: {hours}, à partir du {fr_date(referral.counter_from_on)}."
    if referral.status == Status.SHORTLISTED:
        return f"La commission se réunit le {fr_date(referral.commission_on)}."
    if referral.status != Status.ACCEPTED:
        return ""
    meeting = fr_datetime(referral.first_appointment_at) or "à convenir"
    facts = [f"Premier rendez-vous\xa0: {meeting}."]
    if not referral.provider.is_childminder and referral.provider.facility.address:
        facts.append(f"Adresse\xa0: {referral.provider.facility.address}.")
    facts.append(f"Demander\xa0: {referral.contact_name}.")
    if referral.papers:
        facts.append(f"À apporter\xa0: {referral.papers}.")
    return " ".join(facts)


def _to_receiver(referral):
    if referral.status == Status.TO_DISPATCH:
        return (
            "Vous recevez ce courriel parce que vous adressez aux crèches les demandes reçues par "
            f"le guichet unique ({referral.counter})."
        )
    name = referral.provider.public_name
    return f"Vous recevez ce courriel parce que vous répondez aux demandes adressées à {name}."


def reminder(referral) -> News:
    """Half of the delay is spent."""
    return News(
        "Une famille attend votre réponse",
        f"La demande de place du {fr_date(referral.sent_at)} de {referral.agency} "
        "attend votre réponse.",
        "Acceptez, mettez en liste d’attente ou refusez\xa0: la famille saura où elle en est.",
        "Répondre",
        _to_receiver(referral),
        f"Répondez avant le {fr_datetime(referral.answer_due_at)}.",
    )


def escalated(referral) -> News:
    """Most of the delay is spent: somebody beside or above can still answer."""
    return News(
        "Une demande de place est restée sans réponse jusqu’ici",
        f"{_who_is_silent(referral)} n’a pas encore répondu à {referral.agency}, "
        f"pour une place à partir du {fr_date(referral.from_on)}.",
        "Vous pouvez répondre à sa place. Sans réponse, la famille sera orientée ailleurs.",
        "Répondre",
        _to_receiver(referral),
        f"Répondez avant le {fr_datetime(referral.answer_due_at)}.",
    )


def _who_is_silent(referral):
    if referral.status == Status.TO_DISPATCH:
        return f"Le guichet unique ({referral.counter})"
    return referral.provider.public_name


def validation_reminder(referral) -> News:
    """To the coordinators: half of their delay is spent."""
    return _validation(
        referral,
        "Une situation attend votre validation",
        "Validez, refusez en disant pourquoi, ou proposez une autre assistante maternelle.",
        f"vous coordonnez le réseau dont {referral.provider.public_name} est membre",
    )


def deputy(referral) -> News:
    """To the service that stands in."""
    return _validation(
        referral,
        "Une situation attend une validation",
        "Votre service supplée celui qui coordonne d’habitude et n’a pas encore répondu\xa0: "
        "vous pouvez valider ou refuser.",
        "votre service est le suppléant de celui qui coordonne",
    )


def to_the_caf(referral) -> News:
    """To the Caf: no coordinator answers, or there is none."""
    return _validation(
        referral,
        "Une situation attend une validation",
        "Personne n’a encore répondu dans sa commune\xa0: vous pouvez valider, refuser, ou "
        "proposer une autre assistante maternelle, sans lire le nom de la famille.",
        "votre Caf coordonne quand la commune ne répond pas",
    )


def _validation(referral, title, text, why) -> News:
    return News(
        title,
        f"{referral.agency} demande une place chez {referral.provider.public_name}, "
        f"à partir du {fr_date(referral.from_on)}.",
        text,
        "Examiner la situation",
        f"Vous recevez ce courriel parce que {why}.",
        f"Répondez avant le {fr_datetime(referral.answer_due_at)}.",
    )


def hours_taken(referral) -> News:
    """The family takes the other hours."""
    return News(
        "Les horaires que vous proposez conviennent",
        f"La famille prend les horaires proposés, à partir du {fr_date(referral.from_on)}.",
        "La place lui est gardée\xa0; sa confirmation suit.",
        "Voir la demande",
        _to_receiver(referral),
    )


def revived(referral) -> News:
    """A request without an object goes on."""
    return News(
        "Une demande de place reprend",
        f"La demande du {fr_date(referral.sent_at)} de {referral.agency} reprend là où elle "
        f"en était\xa0: {referral.get_status_display()}.",
        "L’autre place de cette famille n’est plus la sienne.",
        "Voir la demande",
        _to_receiver(referral),
    )


def place_freed(referral) -> News:
    """A place is given back: who waits first, in the order of the list."""
    return News(
        "Une place se libère\xa0: une famille attend",
        f"Une place vient de se libérer chez {referral.provider.public_name}. La première "
        f"famille de la liste d’attente la demande depuis le {fr_date(referral.sent_at)}.",
        "Les familles prioritaires viennent d’abord, puis la date de la demande. Si la place "
        "ne lui convient pas, passez à la suivante.",
        "Répondre à cette famille",
        _to_receiver(referral),
    )


def no_show(referral) -> News:
    """Nobody came."""
    return News(
        "Une place est rendue",
        f"La famille attendue à partir du {fr_date(referral.from_on)} chez "
        f"{referral.provider.public_name} n’est jamais venue.",
        "La place est de nouveau libre. S’il y avait un contrat, il s’arrête.",
        "Voir la demande",
        "Vous recevez ce courriel parce que vous suivez cette demande.",
    )


def stayed(referral) -> News:
    """The accueil ponctuel is over."""
    return News(
        "Un accueil ponctuel est terminé\xa0: confirmez ses heures",
        f"L’accueil ponctuel demandé par {referral.agency} est terminé "
        f"({say_days(referral.days.all())}).",
        "Confirmez les heures en un clic\xa0; elles sont comptées à part du quota.",
        "Confirmer les heures",
        _to_receiver(referral),
    )
