"""What has changed in a crèche since its committee approved it."""

from labels.models import LabelApplication
from partners.models import Facility

Block = LabelApplication.Block

# What is compared, under which words, and which block of an amendment it belongs to.
COMPARED = {
    "facility_name": ("Nom de la crèche", ""),
    "siret": ("SIRET", ""),
    "address": ("Adresse", ""),
    "facility_type": ("Type", ""),
    "funding": ("Financement", ""),
    "licensed_capacity": ("Capacité autorisée", Block.CAPACITY),
    "hours": ("Horaires d’une semaine ordinaire", Block.HOURS),
    "operator_name": ("Gestionnaire", Block.MANAGER),
}
CHOICES = {
    "facility_type": dict(Facility.Type.choices),
    "funding": dict(Facility.Funding.choices),
}
DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def known_of(provider) -> dict:
    """The crèche's record today, in the words of a dossier."""
    facility = provider.facility
    days = {}
    for row in provider.opening_hours.all():
        days.setdefault((row.opens, row.closes), []).append(row.weekday)
    # The dossier describes an ordinary week: the hours kept on most days.
    (opens, closes), weekdays = max(
        days.items(), key=lambda item: len(item[1]), default=((None, None), [])
    )
    return {
        "facility_name": provider.name,
        "siret": facility.siret or "",
        "address": facility.address,
        "facility_type": facility.type,
        "funding": facility.funding,
        "operator_name": facility.operator.name if facility.operator else "",
        "operator_siren": facility.operator.siren if facility.operator else "",
        "licensed_capacity": facility.licensed_capacity,
        "in_qpv": facility.in_qpv or None,  # only what was ticked is known
        "opens": opens,
        "closes": closes,
        "open_days": weekdays,
    }


def changes_of_fact(label) -> list[dict]:
    """What no longer is as approved: [{what, approved, now, block}], in French words.

    Only what the committee has seen and the record says today is compared: what either leaves
    out has not changed.
    """
    if not label.approved or label.provider.is_childminder:
        return []
    known = known_of(label.provider)
    approved, now = _comparable(label.approved), _comparable(known)
    return [
        {"what": what, "approved": approved[name], "now": now[name], "block": block}
        for name, (what, block) in COMPARED.items()
        if approved[name] and now[name] and approved[name] != now[name]
    ]


def _comparable(facts):
    """The facts as they are shown, so that what reads the same is the same."""
    shown = {}
    for name in COMPARED:
        value = _week(facts) if name == "hours" else facts.get(name)
        shown[name] = CHOICES.get(name, {}).get(value, str(value or "").strip())
    return shown


def _week(facts):
    opens, closes, days = (facts.get(name) for name in ("opens", "closes", "open_days"))
    if not (opens and closes and days):
        return ""
    return f"{', '.join(DAYS[day] for day in sorted(days))}, de {_hour(opens)} à {_hour(closes)}"


def _hour(value):
    """« 7 h 30 », from a time or from the text that a dossier keeps."""
    text = value if isinstance(value, str) else f"{value:%H:%M}"
    hour, minute = text.split(":")[:2]
    return f"{int(hour)}\xa0h" + (f"\xa0{minute}" if minute != "00" else "")
