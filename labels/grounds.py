"""What a decision of the committee must say: why it refuses, until when it reserves or defers.

No text lists the grounds of a refusal: ours follow the commitments of the charter.
"""

from labels.models import LabelApplication

Proposal = LabelApplication.Proposal

# Written as they are in the decision: what the crèche read stays what it says.
GROUNDS = [
    "La part d’enfants que la crèche prévoit d’accueillir au titre du label est insuffisante.",
    "Le projet d’établissement ou le règlement de fonctionnement ne prévoit pas cet accueil.",
    "Le partenariat avec les acteurs de l’emploi et de l’insertion n’est pas établi.",
    "L’accueil et le suivi des familles, ou le référent familles, ne sont pas assurés.",
    "La place durable, après l’emploi ou la formation, n’est pas garantie.",
    "Les horaires ou l’accueil d’urgence ne répondent pas aux besoins des familles.",
    "La participation au réseau et au bilan annuel n’est pas acquise.",
    "Autre motif, précisé ci-dessous.",
]

# The words that each decision carries besides its reasons.
WORDS = {
    Proposal.GRANT_WITH_RESERVATIONS: "reservations_due_on",
    Proposal.DEFER: "deferred_until",
    Proposal.REFUSE: "refusal_grounds",
}
EMPTY = {"refusal_grounds": [], "reservations_due_on": None, "deferred_until": None}


def kept_words(decision, words) -> dict:
    """The words that go with this decision; those of another one are dropped."""
    own = WORDS.get(decision)
    return EMPTY | ({own: words[own]} if own and words.get(own) else {})


def missing_words(decision, *, reasons, after, **words) -> dict:
    """What this decision lacks: {field: sentence}. Its dates come after the committee’s."""
    found = {}
    if decision != Proposal.GRANT and not reasons.strip():
        found["reasons"] = "Écrivez les motifs\xa0: la crèche les recevra."
    own = WORDS.get(decision)
    given = words.get(own)
    if own == "refusal_grounds":
        if not given:
            found[own] = "Cochez au moins un motif de refus."
    elif own and (given is None or given <= after):
        what = {
            "reservations_due_on": "Indiquez, après le comité, la date où lever les réserves.",
            "deferred_until": "Indiquez, après le comité, la date du nouvel examen.",
        }
        found[own] = what[own]
    return found
