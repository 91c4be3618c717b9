"""A need, an offer and ages as people say them; plain text, for pages and mails alike."""

import unicodedata

from avip.templatetags.words import (
    MONTHS,
    NBSP,
    age_months,
    and_list,
    fr_time,
    half_day,
    weekday_name,
)


def say_schedule(slots) -> str:
    """« lundi et mardi 9 h – 17 h ; jeudi 9 h – 12 h », from slots with weekday, starts, ends."""
    by_day = {}
    for slot in sorted(slots, key=lambda slot: (slot.weekday, slot.starts)):
        by_day.setdefault(slot.weekday, []).append((slot.starts, slot.ends))
    return say_week(by_day)


def say_week(intervals_of) -> str:
    """The same, from {weekday: [(starts, ends)]}, as the hours of a calendar are."""
    by_hours = {}
    for weekday, intervals in sorted(intervals_of.items()):
        hours = and_list(
            f"{fr_time(starts)}{NBSP}–{NBSP}{fr_time(ends)}" for starts, ends in intervals
        )
        by_hours.setdefault(hours, []).append(weekday_name(weekday))
    return f"{NBSP}; ".join(f"{and_list(names)} {hours}" for hours, names in by_hours.items())


def say_days_of_months(days) -> str:
    """« le 30 mars », « les 26 et 30 mars et le 29 avril », from dates."""
    by_month = {}
    for day in sorted(days):
        by_month.setdefault((day.year, day.month), []).append(day)
    parts = []
    for (_, month), dates in by_month.items():
        numbers = and_list("1ᵉʳ" if day.day == 1 else day.day for day in dates)
        article = "les" if len(dates) > 1 else "le"
        parts.append(f"{article} {numbers}{NBSP}{MONTHS[month - 1]}")
    return and_list(parts)


def say_half_days(keys) -> str:
    """« lundi et mardi, jeudi matin », from half-days such as "0-am"; both halves make the day."""
    halves_of = {}
    for key in sorted(keys):
        weekday, half = key.split("-")
        halves_of.setdefault(int(weekday), []).append(half)
    by_halves = {}
    for weekday, halves in halves_of.items():
        by_halves.setdefault(tuple(halves), []).append(weekday_name(weekday))
    parts = []
    for halves, names in by_halves.items():
        when = "" if len(halves) > 1 else f" {half_day(halves[0])}"
        parts.append(f"{and_list(names)}{when}")
    return ", ".join(parts)


def say_ages(children, on) -> str:
    """« un enfant de 19 mois », « deux enfants de 9 mois »: all that may be read of them."""
    ages = [age_months(child.birth_date, on) for child in children]
    if not ages:
        return "aucun enfant"
    how_many = {1: "un enfant", 2: "deux enfants", 3: "trois enfants"}.get(
        len(ages), f"{len(ages)}{NBSP}enfants"
    )
    return f"{how_many} de {and_list(dict.fromkeys(ages))}"


GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
SMS_LENGTH = 160
PLAIN = {"’": "'", "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "œ": "oe", "Œ": "OE"}


def say_in_sms(text) -> str:
    """The text in the 7-bit alphabet of SMS (GSM 03.38), so that 160 characters are one message."""
    plain = "".join(PLAIN.get(character, character) for character in text)
    letters = []
    for character in plain:
        if character not in GSM:
            character = unicodedata.normalize("NFKD", character)[0]
        letters.append(character if character in GSM else "?")
    return "".join(letters)[:SMS_LENGTH]


def say_age_limit(months: int) -> str:
    """« 3 ans », « 30 mois »: an age limit of the rules, said the way people say it."""
    return f"{months // 12}\xa0ans" if months % 12 == 0 else f"{months}\xa0mois"
