"""The decision clock: from the submission to the decision, stopped while the crèche corrects."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from avip.templatetags.words import count_of, fr_date
from labels.models import Correction, LabelApplication
from labels.rules import RuleMissing, RuleSet

RULE = "label_decision_days"


@dataclass(frozen=True)
class Clock:
    """How long the Caf has had the dossier in its hands, and how long it still has."""

    days_used: int
    days_left: int  # negative once the delay is over
    due_on: date | None  # None while it is stopped: each day of correction pushes it away
    stopped_since: date | None
    to_confirm: bool  # no text was found for the delay

    @property
    def in_words(self) -> str:
        """« encore 12 jours », « en pause », « dépassé de 3 jours »."""
        if self.stopped_since:
            return "en pause"
        if self.days_left < 0:
            return f"dépassé de {count_of(-self.days_left, 'jour')}"
        return f"encore {count_of(self.days_left, 'jour')}" if self.days_left else "aujourd’hui"

    @property
    def sentence(self) -> str:
        """What to expect, for the Caf and the crèche alike."""
        doubt = " (délai à confirmer)" if self.to_confirm else ""
        left = max(self.days_left, 0)
        if self.stopped_since:
            return (
                f"Le délai de décision est arrêté depuis le {fr_date(self.stopped_since)}, le "
                f"temps de la correction\xa0; il restera {count_of(left, 'jour')}{doubt}."
            )
        if self.days_left < 0:
            return f"La décision était attendue avant le {fr_date(self.due_on)}{doubt}."
        return f"Décision attendue avant le {fr_date(self.due_on)}{doubt}."

    @property
    def tone(self) -> str:
        """The colour of its badge."""
        if self.stopped_since:
            return "info"
        return "bad" if self.days_left < 0 else "warn" if self.days_left <= 7 else "info"


def decision_clock(
    application: LabelApplication, corrections: Iterable[Correction], rules: RuleSet, on: date
) -> Clock | None:
    """The clock of a dossier on that day; None before its submission and once it is closed.

    Days are those of the Caf. Without a value of the rule there is no clock.
    """
    if application.submitted_at is None or not application.is_open:
        return None
    try:
        rule = rules.entry(RULE)
    except RuleMissing:
        return None
    zone = ZoneInfo(application.caf.time_zone)
    stopped, since = 0, None
    for correction in corrections:
        asked_on = _day(correction.asked_at, zone)
        if correction.resolved_at is None:
            since, answered_on = asked_on, on
        else:
            answered_on = _day(correction.resolved_at, zone)
        stopped += max((answered_on - asked_on).days, 0)
    began_on = _day(application.submitted_at, zone)
    used = max((on - began_on).days - stopped, 0)
    return Clock(
        days_used=used,
        days_left=rule.value - used,
        due_on=None if since else began_on + timedelta(days=rule.value + stopped),
        stopped_since=since,
        to_confirm=rule.to_confirm,
    )


def age_in_days(application: LabelApplication, on: date) -> int | None:
    """How many days ago it was handed over, corrections included; None for a draft."""
    if application.submitted_at is None:
        return None
    return max((on - _day(application.submitted_at, ZoneInfo(application.caf.time_zone))).days, 0)


def age_steps(rules: RuleSet) -> tuple[int, ...]:
    """The ages worth a filter: a quarter, half and the whole of the delay."""
    try:
        delay = rules.entry(RULE).value
    except RuleMissing:
        return ()
    return tuple(sorted({max(delay // 4, 1), max(delay // 2, 1), delay}))


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return timezone.localtime(moment, zone).date()
