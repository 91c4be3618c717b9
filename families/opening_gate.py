"""A childminder's leave given up brings hours back: no month may pass the cap because of it."""

from datetime import date

from dateutil.relativedelta import relativedelta

from avip.templatetags.words import fr_month, hours
from families.cap import months_against_cap
from families.care import Care, other_care
from labels.rules import rules_for
from partners.calendars import Calendar, calendar_of, gate_of_openings, month_bounds

MONTHS_AHEAD = 24  # a contract and those that may follow it end before


@gate_of_openings
def reasons_of_cap_once_open(provider, then: Calendar, on: date) -> list[str]:
    """The months that `then`, with less closed days than today's calendar, brings above the cap."""
    if not provider.is_childminder:
        return []
    first, last = month_bounds(on)[0], month_bounds(on + relativedelta(months=MONTHS_AHEAD))[1]
    care, rules = other_care([provider], first, last)[provider.pk], rules_for(provider.caf, on)
    nobody = Care([], first, last, 0)
    before = months_against_cap(nobody, care, calendar_of(provider), rules)
    after = months_against_cap(nobody, care, then, rules)
    return [
        f"Avec ces jours d’accueil, {fr_month(month.first)} compterait {hours(month.gauge)} "
        f"prévues, le plafond est de {hours(month.cap)}. Voyez d’abord avec une famille pour "
        "réduire ses horaires."
        for month, former in zip(after, before, strict=True)
        if month.is_over and month.total > former.total
    ]
