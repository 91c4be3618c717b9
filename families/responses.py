"""How long providers take to answer a request, measured each night on a year of answers."""

from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Min, OuterRef, Q, Subquery
from django.utils import timezone

from avip import jobs
from avip.jobs import SCHEDULES
from avip.templatetags.words import NBSP, opening_delay
from families.models import Referral, ReferralStatusChange, ResponseTime
from partners.calendars import Calendar, calendar_of, days
from partners.models import Provider

Status = Referral.Status
ANSWERED = (
    Status.ACCEPTED,
    Status.HOURS_PROPOSED,
    Status.SHORTLISTED,
    Status.WAITING_LIST,
    Status.REFUSED,
    Status.TRANSFERRED,
)
BATCH = 500


@jobs.daily("families.response_times")
def measure_responses(on):
    """Measure every provider that was asked in the last year; forget the others."""
    asked = _asked_by_provider(on)
    ids = list(asked)
    with transaction.atomic():
        ResponseTime.objects.exclude(provider__in=ids).delete()
        for start in range(0, len(ids), BATCH):
            some = Provider.objects.filter(pk__in=ids[start : start + BATCH])
            providers = some.select_related("caf")
            providers = providers.prefetch_related("opening_hours", "closures")
            found = [_measure(provider, asked[provider.pk], on) for provider in providers]
            ResponseTime.objects.bulk_create(
                [row for row in found if row],
                update_conflicts=True,
                unique_fields=["provider"],
                update_fields=["median_minutes", "answers", "asked", "measured_on"],
            )
    return f"{len(asked)} modes d’accueil mesurés"


def is_telling(measure: ResponseTime | None) -> bool:
    """Enough answers to be told to an adviser."""
    return measure is not None and measure.answers >= SCHEDULES["response_time_min_answers"]


def say_response(measure: ResponseTime | None) -> str:
    """« répond en 2 jours »; nothing without enough answers."""
    return f"répond en {opening_delay(measure.median_minutes)}" if is_telling(measure) else ""


def say_share(measure: ResponseTime | None) -> str:
    """« 9 demandes sur 10 ont eu une réponse »; nothing without enough answers."""
    if not is_telling(measure):
        return ""
    return f"{measure.answers}{NBSP}demandes sur {measure.asked} ont eu une réponse"


def minutes_open_between(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Opening minutes from one moment to another; plain minutes without known hours."""
    if end <= start:
        return 0
    if not any(calendar.hours.values()):
        return int((end - start).total_seconds() // 60)
    zone = ZoneInfo(calendar.time_zone)
    total = timedelta()
    for day in days(start.astimezone(zone).date(), end.astimezone(zone).date()):
        for opens, closes in calendar.intervals(day):
            begins = max(datetime.combine(day, opens, zone), start)
            ends = min(datetime.combine(day, closes, zone), end)
            total += max(ends - begins, timedelta())
    return int(total.total_seconds() // 60)


def _asked_by_provider(on: date):
    """{provider: [(received, answered or None)]} of the requests that were to be answered."""
    first = on - timedelta(days=SCHEDULES["response_time_days"])
    answer = (
        ReferralStatusChange.objects.filter(
            dossier=OuterRef("pk"), source=Status.SENT, target__in=ANSWERED
        )
        .order_by()
        .values("dossier")
        .annotate(first=Min("at"))
        .values("first")
    )
    rows = (
        Referral.objects.filter(
            # A childminder is asked once her coordinator has validated the situation.
            Q(provider__kind=Provider.Kind.FACILITY) | Q(validated_at__isnull=False),
            sent_at__date__gte=first,
            sent_at__date__lte=on,
        )
        # Nor was a crèche, as long as the guichet unique had it.
        .exclude(counter__isnull=False, validated_at=None)
        .annotate(first_answer=Subquery(answer))
        .filter(
            Q(first_answer__isnull=False)
            | Q(status=Status.EXPIRED)
            | Q(status=Status.SENT, answer_due_at__lt=timezone.now())
        )
        .values_list("provider", "sent_at", "validated_at", "first_answer")
    )
    asked = {}
    for provider, sent_at, validated_at, answered_at in rows.iterator():
        asked.setdefault(provider, []).append((validated_at or sent_at, answered_at))
    return asked


def _measure(provider, asked, on):
    calendar = calendar_of(provider)
    delays = [
        minutes_open_between(calendar, received, answered)
        for received, answered in asked
        if answered
    ]
    if not delays:
        return None
    return ResponseTime(
        provider=provider,
        median_minutes=round(median(delays)),
        answers=len(delays),
        asked=len(asked),
        measured_on=on,
    )
