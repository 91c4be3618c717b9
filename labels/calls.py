"""When a Caf takes first applications: all year, or in the windows of its calls for projects."""

from avip.templatetags.words import fr_date


def open_call(caf, on):
    """The call for projects of this Caf that takes dossiers on that day, or None."""
    return caf.calls.open_on(on).first()


def next_call(caf, on):
    """The first call that opens after that day, or None."""
    return caf.calls.filter(opens_on__gt=on).order_by("opens_on").first()


def why_closed(caf, on) -> list[str]:
    """Why this Caf takes no first application on that day, in a sentence; nothing when it does."""
    if not caf.takes_calls_only or open_call(caf, on):
        return []
    coming = next_call(caf, on)
    when = (
        f"le prochain est ouvert du {fr_date(coming.opens_on)} au {fr_date(coming.closes_on)}."
        if coming
        else "aucune date n’est annoncée pour l’instant."
    )
    return [f"La {caf} reçoit les demandes de label par appel à projets\xa0: {when}"]
