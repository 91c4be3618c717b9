"""What a contract needs before it is proposed: its dates by the rules, and why it may not be."""

from datetime import date, time, timedelta
from itertools import pairwise

from avip.jobs import SCHEDULES
from avip.templatetags.words import MONTHS, NBSP, WEEKDAYS, fr_date, fr_day, fr_time, hours
from families.cap import months_against_cap
from families.care import Care, other_care
from families.models import AvipContract, ContractVersion, Placement, ScheduleSlot
from families.places import Period
from families.planning import Schedule, minutes_per_week, planned_days, reasons_of_week
from families.schedules import exceptions_of, followed_by, parts, schedule_of
from families.situations import is_open
from labels.models.labels import labelled_providers
from partners.calendars import age_in_months, calendar_of, end_after_months, month_bounds

WEEK = timedelta(days=6)


def last_day_before_school(birth_date: date, rules) -> date:
    """The eve of school, the year the child reaches its age."""
    day, month = rules.school_last_day.split()
    year = birth_date.year + rules.school_entry_age_years
    return date(year, MONTHS.index(month) + 1, int(day))


def last_day_of_contract(start_on: date, duration_months: int, children, rules) -> date:
    """The earlier of the duration and of the first child's last day before school."""
    school = [last_day_before_school(child.birth_date, rules) for child in children]
    return min([end_after_months(start_on, duration_months), *school])


def last_day_of_renewal(contract, children, rules) -> date:
    """The last day of what follows this contract, counted from the first day of the whole chain.

    Anchored there, ends of months do not drift from one contract to the next.
    """
    first = _first_of(contract)
    months = contract.duration_months * (contract.number - first.number + 2)
    return last_day_of_contract(first.start_on, months, children, rules)


def period_of(contract) -> Period:
    """The days of this contract, then of the renewals stored with it: how long places are held."""
    first = _first_of(contract)
    months = contract.duration_months * (contract.renewals_allowed + 2 - first.number)
    until = end_after_months(first.start_on, months)
    return Period(contract.start_on, contract.end_on, max(until, contract.end_on))


def _first_of(contract):
    while contract.previous:
        contract = contract.previous
    return contract


def reasons_against(contract, children, *, slots, envelope_minutes, rules, on) -> list[str]:
    """Why this contract, not written yet, may not be proposed, in French; empty when it may.

    `slots` are the `Schedule` asked for. A renewal is not a new
    entry: the age at which a first contract may begin does not concern it, the school does.
    """
    provider = contract.provider
    return [
        *_reasons_of_dates(contract, children, rules, on),
        *_reasons_of_provider(provider, contract.start_on),
        *reasons_of_slots(provider, slots, envelope_minutes),
        *reasons_of_exceptions(
            provider, slots, contract.start_on, contract.end_on, envelope_minutes
        ),
        *reasons_of_cap(contract, children, slots, rules),
        *reasons_of_other_contracts(contract, children),
    ]


def _reasons_of_dates(contract, children, rules, on):
    reasons = []
    start_on = contract.start_on
    for child in children:
        age = age_in_months(child.birth_date, start_on)
        school = last_day_before_school(child.birth_date, rules)
        if child.birth_date > start_on:
            reasons.append(f"{child} ne sera pas encore né le {fr_date(start_on)}.")
        elif contract.number == 1 and age >= rules.child_max_age_months:
            reasons.append(
                f"{child} aura {age}\xa0mois le {fr_date(start_on)}\xa0: un premier contrat "
                f"commence avant les {rules.child_max_age_months}\xa0mois de l’enfant."
            )
        elif school < start_on:
            reasons.append(
                f"{child} entre à l’école\xa0: le contrat devrait finir le {fr_date(school)}, "
                f"avant de commencer le {fr_date(start_on)}."
            )
    if start_on <= contract.end_on < on:
        reasons.append(f"Ce contrat serait déjà fini depuis le {fr_date(contract.end_on)}.")
    elif start_on < on - timedelta(days=SCHEDULES["contract_lapse_days"]):
        reasons.append(
            f"Le premier jour remonte à plus de {SCHEDULES['contract_lapse_days']}\xa0jours\xa0: "
            "choisissez une date plus proche."
        )
    return reasons


def _reasons_of_provider(provider, start_on):
    if labelled_providers(start_on).filter(pk=provider.pk).exists():
        return []
    if provider.is_childminder:
        return [
            f"{provider} n’est pas membre du réseau labellisé, ou son agrément ne court plus, "
            f"le {fr_date(start_on)}."
        ]
    return [
        f"{provider} n’a pas de label en cours le {fr_date(start_on)}\xa0: "
        "les contrats signés continuent, aucun nouveau ne commence."
    ]


def reasons_of_slots(provider, slots, envelope_minutes) -> list[str]:
    """Why this week does not fit: empty, overlaps, doors closed, too small an envelope."""
    reasons = reasons_of_week([(slot.weekday, slot.starts, slot.ends) for slot in slots])
    calendar = calendar_of(provider)
    for slot in slots:
        day, opening = WEEKDAYS[slot.weekday], calendar.hours.get(slot.weekday, [])
        if slot.ends <= slot.starts or is_open(calendar, slot):
            continue
        if opening:
            reasons.append(
                f"Le {day}, {interval(slot.starts, slot.ends)} dépasse l’ouverture\xa0: "
                f"{' et '.join(interval(*hours_) for hours_ in opening)}."
            )
        else:
            reasons.append(f"{provider} est fermé le {day}.")
    week = minutes_per_week(slots)
    if not reasons and envelope_minutes < week:
        reasons.append(
            f"L’enveloppe de {hours(envelope_minutes)} par semaine est plus petite que les "
            f"horaires prévus, {hours(week)}."
        )
    return reasons


def reasons_of_exceptions(provider, schedule, first, last, envelope_minutes) -> list[str]:
    """Why these particular days do not fit: outside the contract, doors closed, a week too full."""
    reasons, weeks = [], set()
    calendar = calendar_of(provider)
    for day, intervals in sorted(schedule.exceptions.items()):
        said = f"{fr_day(day)}{NBSP}{day.year}"
        if not first <= day <= last:
            reasons.append(f"Le {said} n’est pas dans les dates du contrat.")
            continue
        for starts, ends in intervals:
            slot = ScheduleSlot(weekday=day.weekday(), starts=starts, ends=ends)
            if calendar.is_closed(day):
                reasons.append(f"Le {said}, c’est fermé (jour férié ou fermeture).")
            elif not is_open(calendar, slot):
                opening = calendar.hours.get(day.weekday(), [])
                hours_ = " et ".join(interval(*pair) for pair in opening) or "fermé"
                reasons.append(
                    f"Le {said}, {interval(starts, ends)} dépasse l’ouverture : {hours_}."
                )
        ordered = sorted(intervals)
        if any(after[0] < before[1] for before, after in pairwise(ordered)):
            reasons.append(f"Le {said}, deux horaires se chevauchent.")
        weeks.add(day - timedelta(days=day.weekday()))
    for monday in sorted(weeks):
        week = sum(planned_days(schedule, calendar, monday, monday + WEEK).values())
        if week > envelope_minutes:
            reasons.append(
                f"La semaine du {fr_day(monday)} ferait {hours(week)}, plus que l’enveloppe de "
                f"{hours(envelope_minutes)} par semaine."
            )
    return reasons


def reasons_of_cap(contract, children, slots, rules, since=None, now=None) -> list[str]:
    """Above the monthly cap of a childminder: each month named, with the days to give up.

    Of the months from `since` on, when the contract has begun. `now` are the hours in force, when
    `slots` wait for signatures.
    """
    if contract.end_on < contract.start_on:
        return []
    since = month_bounds(since or contract.start_on)[0]
    judged = _months(contract, children, slots, rules, contract.end_on, now)
    over = [month for month in judged if month.is_over]
    for month in _months(contract, children, slots, rules, _held_until(contract), now):
        # What may follow gives up days; hours of every week cannot.
        if month.is_over and month.first > contract.end_on and not month.drop:
            over.append(month)
    return [m.sentence[:1].upper() + m.sentence[1:] for m in over if m.first >= since]


def given_up_between(referral, first, last) -> dict:
    """The days without care that the coordinator validated with, as particular days."""
    if referral is None:
        return {}
    return {row.day: [] for row in referral.dropped_days.filter(day__range=(first, last))}


def days_over_cap_later(contract, children, slots, rules) -> list[date]:
    """After the last day, while a renewal may follow: the days that it would have to give up."""
    months = _months(contract, children, slots, rules, _held_until(contract))
    days = [day for month in months if month.is_over for day in month.drop]
    return [day for day in days if day > contract.end_on]


def _held_until(contract):
    return period_of(contract).until if contract.referral_id else contract.end_on


def _months(contract, children, slots, rules, last, now=None):
    """The months of this contract beside all other care there, its former contracts included."""
    provider, first = contract.provider, contract.start_on
    if not provider.is_childminder or not slots:
        return []
    bounds = month_bounds(first)[0], month_bounds(last)[1]
    others = other_care([provider], *bounds, but=contract.referral, but_contract=contract)
    others = others[provider.pk]
    if contract.referral and contract.previous:
        former = contract.referral.contracts.filter(number__lt=contract.number)
        before = schedule_of(former.prefetch_related(*parts()))
        eve = first - timedelta(days=1)
        others.append(Care(before, _first_of(contract).start_on, eve, len(children)))
    pending = (slots,) if now else tuple(_beside_texts_to_sign(contract, slots))
    asked = Care(now or slots, first, last, len(children), pending)
    return months_against_cap(asked, others, calendar_of(provider), rules)


def _beside_texts_to_sign(contract, slots):
    """These hours until all have signed the text that waits for this running contract."""
    if contract.status == AvipContract.Status.ACTIVE:
        waiting = contract.versions.filter(status=ContractVersion.Status.TO_SIGN)
        for version in waiting.prefetch_related("slots", "exceptions"):
            text = Schedule(list(version.slots.all()), exceptions_of(version))
            yield followed_by(slots, text, version.start_on)


def reasons_of_other_contracts(contract, children):
    """One child, one contract at a time; a place kept after a contract counts as well."""
    reasons = []
    first, last = contract.start_on, contract.end_on
    waiting = [AvipContract.Status.TO_SIGN, AvipContract.Status.ACTIVE]
    others = AvipContract.objects.exclude(pk=contract.pk)
    for child in children:
        other = others.filter(
            children=child, status__in=waiting, start_on__lte=last, end_on__gte=first
        ).first()
        # A place kept there gives way to the contract of the same child: a job was lost.
        cared = (
            Placement.objects.filter(child=child)
            .exclude(status=Placement.Status.KEPT, provider=contract.provider_id)
            .during(first, last)
            .first()
        )
        if found := other or cared:
            reasons.append(
                f"{child} a déjà un contrat ou une place du {fr_date(found.start_on)} au "
                f"{fr_date(found.end_on)}\xa0: les dates se chevauchent."
            )
    return reasons


def interval(starts: time, ends: time) -> str:
    """« 8 h 30 – 17 h »."""
    return f"{fr_time(starts)} – {fr_time(ends)}"
