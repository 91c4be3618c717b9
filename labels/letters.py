"""The letters of the Caf: what they say is frozen with the act, their PDF is made once."""

from avip import outbox
from avip.pdf import render_pdf
from avip.templatetags.words import fr_date
from avip.workflow import moment
from labels.models import DecisionConfirmation, LabelApplication, Letter
from labels.rules import rules_for
from partners.models import Membership, Provider

Kind = Letter.Kind
Application = LabelApplication.Kind
Proposal = LabelApplication.Proposal
Block = LabelApplication.Block

# What the crèche had asked for, as the letter recalls it.
REQUESTS = {
    Application.FIRST: "votre demande de label",
    Application.RENEWAL: "votre demande de renouvellement du label",
    Application.AMENDMENT: "votre demande de modification",
}
TITLES = {
    Kind.GRANTED: "Label accordé",
    Kind.DEFERRED: "Demande ajournée",
    Kind.REFUSED: "Demande refusée",
    Kind.AMENDED: "Modification acceptée",
    Kind.SUSPENDED: "Label suspendu",
    Kind.LIFTED: "Suspension levée",
    Kind.NOTICE: "Mise en demeure",
    Kind.NOTICE_CLOSED: "Mise en demeure close",
    Kind.WITHDRAWN: "Label retiré",
}
DECISIONS = {
    Proposal.GRANT: Kind.GRANTED,
    Proposal.GRANT_WITH_RESERVATIONS: Kind.GRANTED,
    Proposal.DEFER: Kind.DEFERRED,
    Proposal.REFUSE: Kind.REFUSED,
}


def write_letter(kind, *, on, signed_by, facts, application=None, label=None, at=None):
    """The letter of an act about a dossier or a label; its PDF follows once the act is saved.

    `facts` are plain values, already in French words: the letter never reads anything else.
    """
    about = label or application
    letter = Letter.objects.create(
        kind=kind,
        caf=about.caf,
        provider=about.provider,
        application=application,
        label=label,
        issued_on=on,
        created_at=moment(at),
        signed_by=signed_by,
        facts=_parties(about) | facts,
    )
    outbox.add("labels.letter", letter, key=letter.pk, at=at)
    return letter


def write_decision_letter(application, *, label=None, by, on, at=None):
    """The letter of a decision, whoever takes it: granted, amended, deferred or refused."""
    decision = Proposal(application.decision)
    kind = DECISIONS[decision]
    if kind == Kind.GRANTED and application.kind == Application.AMENDMENT:
        kind = Kind.AMENDED
    reserved = decision == Proposal.GRANT_WITH_RESERVATIONS
    facts = {
        "request": REQUESTS[application.kind],
        "submitted_on": fr_date(application.submitted_at),
        "decided_on": fr_date(application.decided_on),
        "reasons": application.decision_reasons,
        "reserved": reserved,
        "reservations_due_on": fr_date(application.reservations_due_on),
        "grounds": [str(ground) for ground in application.refusal_grounds],
        "deferred_until": fr_date(application.deferred_until),
        "blocks": [Block(block).label for block in application.blocks],
    }
    if label:
        facts |= {
            "starts_on": fr_date(label.starts_on),
            "ends_on": fr_date(label.ends_on),
            "code": label.code,
        }
    if reserved or kind == Kind.REFUSED:
        facts["appeal"] = appeal_against(application.caf, on, moment(at))
    return write_letter(
        kind,
        on=on,
        signed_by=_signature_of_decision(application, by, on),
        facts=facts,
        application=application,
        label=label or application.current_label,
        at=at,
    )


def appeal_against(caf, on, known_at):
    """How a crèche contests a decision of that day, and within how long: plain values."""
    delay = rules_for(caf, on, known_at).entry("appeal_delay_months")
    return {"months": delay.value, "reference": delay.reference}


def signature_of(person, caf, on):
    """Name, quality and Caf of somebody who signs for it that day."""
    quality = (
        Membership.objects.in_force(on)
        .filter(user=person, caf=caf)
        .exclude(quality="")
        .values_list("quality", flat=True)
        .first()
    )
    return ", ".join(filter(None, [str(person), quality, caf.name]))


def render_letter(letter) -> bytes:
    """The PDF of a letter, from its frozen facts alone."""
    return render_pdf("labels/pdf/letter.html", letter_context(letter))


def letter_context(letter) -> dict:
    """What the template of the letter is given."""
    return {
        "title": TITLES[letter.kind],
        "caf": letter.facts["caf"],
        "kind": letter.kind,
        "letter": letter,
        "facts": letter.facts,
    }


def _parties(about):
    """Who writes and to whom, as they stand that day."""
    caf = about.caf
    providers = Provider.objects.select_related("facility__operator", "commune")
    provider = providers.get(pk=about.provider_id)
    operator = provider.facility.operator
    return {
        "caf": caf.name,
        "caf_email": caf.email,
        "caf_phone": caf.phone,
        "provider": provider.name,
        "address": provider.facility.address,
        "commune": provider.commune.name,
        "operator": operator.name if operator else "",
    }


def _signature_of_decision(application, by, on):
    recorded = signature_of(application.decided_by, application.caf, on)
    if isinstance(by, DecisionConfirmation):
        return f"{recorded}\xa0; décision confirmée par {by}"
    return recorded
