"""A childminder’s month as a page says it: hours against the cap, day by day what is planned."""

from avip.templatetags.words import and_list, hours, weekday_name
from families.workflow.declarations import days_of
from labels.rules import rules_for
from partners.calendars import month_bounds

MINUTES = 60


def gauge(minutes: int, cap_hours: int, *, note="") -> dict:
    """Minutes of a month against the cap, for `_figure.html`: what is left, or what is above."""
    cap = cap_hours * MINUTES
    over = minutes - cap
    if over > 0:
        said, tone = f"{hours(over)} au-dessus", "warn"
    elif over == 0:
        said, tone = "le plafond est atteint", "info"
    else:
        said, tone = f"il reste {hours(-over)}", "ok"
    return {
        "figure": say_hours(minutes),
        "denominator": f"sur {hours(cap)} par mois au titre du label",
        "missing": said,
        "tone": tone,
        "note": note,
        "value": min(minutes, cap),
        "max": cap,
    }


def say_hours(minutes: int) -> str:
    """« 38 h », « 0 h »."""
    return hours(minutes) if minutes else "0\xa0h"


def hours_context(declaration, lines) -> dict:
    """What the page of a childminder’s month shows beside its lines."""
    rules = rules_for(declaration.caf, month_bounds(declaration.month)[1])
    cap = rules.childminder_hours_month_cap
    is_open = declaration.status == declaration.Status.OPEN
    planned = sum(line.planned_minutes for line in lines)
    declared = sum(line.declared_minutes for line in lines)
    shown = planned if is_open else declared
    days = days_of(declaration)
    for line in lines:
        line.days = say_days_planned(days.get(line.placement_id, {}))
    return {
        "planned": planned,
        "declared": declared,
        "gauge": gauge(shown, cap, note="prévues" if is_open else "déclarées"),
        "over": max(0, shown - cap * MINUTES),
        "cap_hours": cap,
        "as_planned": f"Comme prévu\xa0: {say_hours(planned)}",
        "service": declaration.provider.childminder.service,
    }


def say_days_planned(days: dict) -> list[str]:
    """« mardi 6, 13 et 20 : 5 h », one for each weekday and length of care."""
    found = {}
    for day, minutes in days.items():
        found.setdefault((day.weekday(), minutes), []).append(day.day)
    return [
        f"{weekday_name(weekday)} {and_list(numbers)}\xa0: {hours(minutes)}"
        for (weekday, minutes), numbers in found.items()
    ]
