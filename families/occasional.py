"""An accueil ponctuel: dated hours without a contract, judged and held on those days alone."""

from datetime import date, time

from django.db.models import Exists, OuterRef, Sum

from avip.templatetags.words import NBSP, and_list, count_of, fr_date, fr_day, fr_time
from families.models import PlaceOffer, Referral, ReferralDay
from families.places import Period, hold_places
from families.situations import Situation
from partners.calendars import Calendar, calendar_of

RADIUS_KM, NEAREST, FEW = 15, 60, 12


class DaySlot:
    """One dated interval, as the places of a week read it."""

    def __init__(self, day: date, starts: time, ends: time):
        self.weekday, self.starts, self.ends = day.weekday(), starts, ends


def week_of(days) -> list[tuple]:
    """The dated hours (day, starts, ends) as a week: (weekday, starts, ends), each start once."""
    ends_of = {}
    for day, starts, ends in days:
        key = (day.weekday(), starts)
        ends_of[key] = max(ends, ends_of.get(key, ends))
    return [(weekday, starts, ends) for (weekday, starts), ends in sorted(ends_of.items())]


def reasons_of_days(days, calendar: Calendar, rules, on: date) -> list[str]:
    """Why these dated hours cannot be asked for: none, too many, past, closed, upside down."""
    if not days:
        return ["Indiquez au moins un jour et ses heures."]
    reasons, last = [], {}
    dates = sorted({day for day, _, _ in days})
    if len(dates) > rules.occasional_max_days:
        reasons.append(
            f"Un accueil ponctuel dure au plus {count_of(rules.occasional_max_days, 'jour')}"
            f"{NBSP}; vous en demandez {len(dates)}. Au-delà, demandez une place avec un contrat."
        )
    for day, starts, ends in sorted(days):
        if day < on:
            reasons.append(f"Le {fr_date(day)} est passé.")
        elif calendar.is_closed(day):
            reasons.append(f"Fermé le {fr_day(day)}{NBSP}: choisissez un autre jour.")
        if ends <= starts:
            reasons.append(f"Le {fr_day(day)}, l’heure de fin vient après l’heure de début.")
        elif starts < last.get(day, time.min):
            reasons.append(f"Le {fr_day(day)}, deux horaires se chevauchent.")
        last[day] = max(ends, last.get(day, time.min))
    return reasons


def situation_of(referral, on: date, **facts) -> Situation:
    """What a coordinator checks; of an accueil ponctuel, on its own days and no longer."""
    situation = Situation(referral, on, **facts)
    if referral.kind == Referral.Kind.OCCASIONAL:
        situation.until = max(row.day for row in referral.days.all())
    return situation


def hold_asked(referral, provider, rules):
    """Keep the places asked for: a whole contract’s, or those of the dated days alone."""
    if referral.kind == Referral.Kind.REGULAR:
        return hold_places(referral, provider, rules)
    slots_of = {}
    for row in referral.days.all():
        slots_of.setdefault(row.day, []).append(DaySlot(row.day, row.starts, row.ends))
    return [
        hold
        for day, slots in sorted(slots_of.items())
        for hold in hold_places(referral, provider, rules, slots, Period(day, day, day))
    ]


def say_days(rows, on: date | None = None) -> str:
    """« demain 9 h – 12 h ; jeudi 3 mars 9 h – 12 h », from rows with day, starts, ends."""
    by_day = {}
    for row in sorted(rows, key=lambda row: (row.day, row.starts)):
        by_day.setdefault(row.day, []).append(
            f"{fr_time(row.starts)}{NBSP}–{NBSP}{fr_time(row.ends)}"
        )
    return f"{NBSP}; ".join(
        f"{_say_day(day, on)} {and_list(hours)}" for day, hours in by_day.items()
    )


def _say_day(day, on):
    away = (day - on).days if on else None
    return {0: "aujourd’hui", 1: "demain"}.get(away) or fr_day(day)


def minutes_of(row) -> int:
    """The length of one dated interval."""
    return (row.ends.hour - row.starts.hour) * 60 + row.ends.minute - row.starts.minute


def stays_between(providers, first: date, last: date) -> tuple[int, int]:
    """(families, minutes) of the accueils ponctuels over, counted apart from every quota."""
    rows = ReferralDay.objects.filter(
        referral__provider__in=providers,
        referral__status=Referral.Status.STAYED,
        day__range=(first, last),
    )
    minutes = rows.aggregate(total=Sum("declared_minutes"))["total"] or 0
    return rows.values("referral").distinct().count(), minutes


def open_near(commune, providers, day: date, starts: time, ends: time) -> list:
    """The nearest of these providers that are open at these hours, emergency care first."""
    if commune.lat is None:
        return []
    paused = PlaceOffer.objects.running_on(day).paused_on(day)
    near = (
        providers.near(commune.lat, commune.lon, RADIUS_KM)
        .select_related("commune", "caf", "facility", "childminder")
        .prefetch_related("opening_hours", "closures")
        .annotate(
            takes_emergencies=Exists(
                PlaceOffer.objects.filter(provider=OuterRef("pk"), emergency_care=True).running_on(
                    day
                )
            )
        )
        .exclude(childminder__isnull=False, pk__in=paused.values("provider"))
        .order_by("distance_km", "pk")[:NEAREST]
    )
    found = [one for one in near if _is_open(calendar_of(one), day, starts, ends)]
    return sorted(found, key=lambda one: not one.takes_emergencies)[:FEW]


def _is_open(calendar, day, starts, ends):
    """Unknown hours are taken as open, except on a day of closure."""
    if calendar.is_closed(day):
        return False
    if not any(calendar.hours.values()):
        return True
    return any(opens <= starts and ends <= closes for opens, closes in calendar.intervals(day))
