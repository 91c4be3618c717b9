"""Filters that write dates, delays, figures and states the way French people say them.

Each returns plain text, never marked safe, and an empty string when there is nothing to say.
"""

from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta
from django import template
from django.utils import timezone

register = template.Library()

NBSP = "\u00a0"
THIN = "\u202f"  # between thousands

# fmt: off
MONTHS = [
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
]
SHORT_MONTHS = [
    "janv.", "févr.", "mars", "avr.", "mai", "juin",
    "juil.", "août", "sept.", "oct.", "nov.", "déc.",
]
# fmt: on
WEEKDAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
HALF_DAYS = {
    "morning": "matin",
    "am": "matin",
    "afternoon": "après-midi",
    "pm": "après-midi",
    "day": "journée",
}

# What each state asks of the eye, whatever the dossier: fine, to be done, or gone wrong. The others
# (a draft, what somebody else is dealing with, what is over) ask nothing. A word goes with each.
TONES = {
    "ok": """accepted active compliant confirmed done granted in_force kept locked member placed
        renewed running signed taken_up validated""",
    "warn": """correction_requested deferred granted_with_reservations licence_checked
        not_assessable notice_given on_agenda to_confirm to_dispatch open proposed ready short
        shortlisted_for_commission to_sign to_validate wish""",
    "bad": "expired failed lapsed missing refused suspended withdrawn",
}
TONE_OF = {status: tone for tone, statuses in TONES.items() for status in statuses.split()}


def _day_number(day):
    return "1ᵉʳ" if day == 1 else str(day)


def _local(value):
    """Aware moments in local time; dates and times as they are."""
    return (
        timezone.localtime(value)
        if isinstance(value, datetime) and timezone.is_aware(value)
        else value
    )


@register.filter
def fr_date(value):
    """« 11 février 2027 », « 1ᵉʳ mars 2027 », from a date or a moment."""
    if not value:
        return ""
    on = _local(value)
    return f"{_day_number(on.day)}{NBSP}{MONTHS[on.month - 1]}{NBSP}{on.year}"


@register.filter
def fr_day(value):
    """« lundi 1ᵉʳ mars »."""
    if not value:
        return ""
    on = _local(value)
    return f"{WEEKDAYS[on.weekday()]} {_day_number(on.day)}{NBSP}{MONTHS[on.month - 1]}"


@register.filter
def fr_month(value):
    """« janvier 2027 »."""
    if not value:
        return ""
    on = _local(value)
    return f"{MONTHS[on.month - 1]}{NBSP}{on.year}"


@register.filter
def brief_day(value, year=None):
    """« 8 févr. », with its year when `year` is another one."""
    if not value:
        return ""
    on = _local(value)
    ending = "" if year in (None, on.year) else f"{NBSP}{on.year}"
    return f"{_day_number(on.day)}{NBSP}{SHORT_MONTHS[on.month - 1]}{ending}"


@register.filter
def short_date(value):
    """« 11/02/2027 »."""
    if not value:
        return ""
    on = _local(value)
    return f"{on.day:02}/{on.month:02}/{on.year:04}"


@register.filter
def fr_time(value):
    """« 8 h 30 », « 9 h », from a time or a moment."""
    if not isinstance(value, datetime | time):  # midnight is a time like any other
        return ""
    at = _local(value)
    return f"{at.hour}{NBSP}h" + (f"{NBSP}{at.minute:02}" if at.minute else "")


@register.filter
def fr_datetime(value):
    """« 11 février 2027 à 8 h 30 »."""
    return f"{fr_date(value)} à {fr_time(value)}" if value else ""


@register.filter
def time_left(deadline, now=None):
    """How long somebody still has, or since when it is late.

    A moment: « Encore 2 j 4 h », « Avant 16 h 30 » (today), « Avant le 10 mars » (over a week),
    « Depuis 16 h 30 » (missed today), « Depuis le 8 févr. ».
    A date: « Aujourd’hui », « Demain », « Avant le 10 févr. », « Depuis le 8 févr. ».
    """
    if not deadline:
        return ""
    now = _local(now or timezone.now())
    today = now.date() if isinstance(now, datetime) else now
    if not isinstance(deadline, datetime):
        return _days_left(deadline, today)
    deadline = _local(deadline)
    if not isinstance(now, datetime):
        return _days_left(deadline.date(), today)
    left = deadline - now
    if deadline.date() == today:
        return f"{'Avant' if left > timedelta() else 'Depuis'} {fr_time(deadline)}"
    if left <= timedelta() or left >= timedelta(days=7):
        return _days_left(deadline.date(), today)
    hours_left = left.seconds // 3600
    if left.days == 0:
        return f"Encore {max(hours_left, 1)}{NBSP}h"
    ending = f" {hours_left}{NBSP}h" if hours_left else ""
    return f"Encore {left.days}{NBSP}j{ending}".replace(" ", NBSP)


def _days_left(deadline, today):
    if deadline == today:
        return "Aujourd’hui"
    if deadline == today + timedelta(days=1):
        return "Demain"
    return f"{'Avant' if deadline > today else 'Depuis'} le {brief_day(deadline, today.year)}"


@register.filter
def is_urgent(deadline, now=None):
    """Whether the deadline is missed, today, or less than a day away: what a page shows in red."""
    if not deadline:
        return False
    now = _local(now or timezone.now())
    if isinstance(deadline, datetime) and isinstance(now, datetime):
        return deadline - now < timedelta(days=1)
    today = now.date() if isinstance(now, datetime) else now
    return (_local(deadline).date() if isinstance(deadline, datetime) else deadline) <= today


@register.filter
def hours(minutes):
    """« 21 h », « 8 h 30 », « 45 min », from a number of minutes."""
    if minutes is None or minutes == "":
        return ""
    minutes = int(minutes)
    sign, minutes = ("−" if minutes < 0 else ""), abs(minutes)
    if 0 < minutes < 60:
        return f"{sign}{minutes}{NBSP}min"
    return f"{sign}{number(minutes // 60)}{NBSP}h" + (
        f"{NBSP}{minutes % 60:02}" if minutes % 60 else ""
    )


OPENING_DAY_MINUTES = 600  # what is said « un jour » of opening time


@register.filter
def opening_delay(minutes):
    """« moins d’une heure », « 5 heures », « 2 jours », from minutes of opening time."""
    if minutes is None or minutes == "":
        return ""
    minutes = int(minutes)
    if minutes < 60:
        return "moins d’une heure"
    if minutes < OPENING_DAY_MINUTES:
        return count_of(round(minutes / 60), "heure")
    return count_of(max(1, round(minutes / OPENING_DAY_MINUTES)), "jour")


@register.filter
def number(value):
    """« 1 200 »: a whole number, its thousands apart."""
    if value is None or value == "":
        return ""
    return f"{int(value):,}".replace(",", THIN).replace("-", "−")


@register.filter
def file_size(size):
    """« 180 Ko », « 1,2 Mo », from a number of bytes."""
    if size is None or size == "":
        return ""
    kilobytes = max(1, round(int(size) / 1000))
    if kilobytes < 1000:
        return f"{kilobytes}{NBSP}Ko"
    whole, tenths = divmod(round(kilobytes / 100), 10)
    return f"{number(whole)}{f',{tenths}' if tenths else ''}{NBSP}Mo"


@register.filter
def percent(basis_points):
    """« 16,67 % » from basis points (1667), not rounded further: a missed rule never looks met."""
    if basis_points is None or basis_points == "":
        return ""
    whole, rest = divmod(int(basis_points), 100)
    decimals = f"{rest:02d}".rstrip("0")
    return f"{number(whole)}{f',{decimals}' if decimals else ''}{NBSP}%"


@register.filter
def plural(count, forms):
    """The word alone: `{{ n|plural:"attend,attendent" }}`. In French, zero and one are singular."""
    singular, _, many = forms.partition(",")
    return singular if count is None or abs(count) < 2 else many.split(",")[0] or f"{singular}s"


@register.filter
def count_of(count, forms):
    """The number and its word: `{{ n|count_of:"place" }}`, `:"cheval,chevaux"`.

    A third form is the whole sentence for zero: `:"enfant,enfants,aucun enfant"`.
    """
    if count is None or count == "":
        return ""
    count = int(count)
    none = forms.split(",")[2:]
    return none[0] if none and count == 0 else f"{number(count)}{NBSP}{plural(count, forms)}"


@register.filter
def age_months(born_on, on=None):
    """« moins d’un mois », « 19 mois », « 2 ans et 3 mois », on a day (today by default)."""
    if not born_on:
        return ""
    age = relativedelta(on or timezone.localdate(), born_on)
    months = age.years * 12 + age.months
    if months < 1:
        return "à naître" if (on or timezone.localdate()) < born_on else "moins d’un mois"
    if months < 24:
        return f"{months}{NBSP}mois"
    years = f"{age.years}{NBSP}ans"
    return f"{years} et {age.months}{NBSP}mois" if age.months else years


@register.filter
def weekday_name(value):
    """« lundi », from a date or from 0 (Monday) to 6."""
    if value is None or value == "":
        return ""
    return WEEKDAYS[value.weekday() if isinstance(value, date) else int(value)]


@register.filter
def half_day(value):
    """« matin », « après-midi » or « journée », from the stored value of a half-day."""
    return HALF_DAYS.get(str(value), value or "")


@register.filter
def and_list(values):
    """« lundi, mardi et jeudi »."""
    *first, last = [str(value) for value in values or () if value] or [""]
    return f"{', '.join(first)} et {last}" if first else last


@register.filter
def addressed(name):
    """« À La Boîte à Nuages », « Aux Petits Rameurs », « Au Nid Pointu »: the article contracts."""
    article, _, rest = str(name).partition(" ")
    contracted = {"Les": "Aux", "Le": "Au"}.get(article)
    return f"{contracted} {rest}" if contracted and rest else f"À {name}"


@register.filter
def short_name(person):
    """« Fatoumata D. », from somebody with a first and a last name, or from the full name."""
    if not person:
        return ""
    first = getattr(person, "first_name", None)
    last = getattr(person, "last_name", "")
    if first is None:
        first, _, last = str(person).partition(" ")
    return f"{first}{NBSP}{last[0].upper()}." if first and last else first or last


@register.filter
def tone(status):
    """The colour of a state: ok, warn, bad, or info when nothing is at stake."""
    return TONE_OF.get(str(status), "info")


@register.filter
def plain(value):
    """A number as a machine reads it, for attributes and addresses: no space, a point."""
    return "" if value is None else str(value)
