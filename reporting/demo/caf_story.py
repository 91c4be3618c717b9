"""What the Caf decides for all: its own rules, and the meetings of its network in each state."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from labels import workflow
from labels.local_rules import set_value
from reporting.demo.label_story import at_ten, blank_pdf


def tell(world, today):
    """One rule set for a year, one to come; a meeting in each state, with its answers."""
    _rules(world, today)
    meetings = Meetings(world)
    meetings.held("Bilan de l’année et échanges de pratiques", today - timedelta(days=60))
    meetings.announced("Accueillir en urgence\xa0: nos organisations", today - timedelta(days=2))
    meetings.announced("Préparer la rentrée avec la Mission Locale", today + timedelta(days=20))
    meetings.cancelled("Visite croisée de deux crèches", today + timedelta(days=8))
    meetings.planned("Rencontre avec France Travail", today + timedelta(days=45))


def _rules(world, today):
    year_ago = today - timedelta(days=400)
    set_value(
        world.caf,
        "opening_span_min_hours_day",
        by=world.manager,
        value=11,
        valid_from=year_ago,
        reference="Comité départemental des services aux familles",
        motive="Les emplois du territoire commencent tôt et finissent tard.",
        on=year_ago,
        at=at_ten(year_ago - timedelta(days=10)),
    )
    set_value(
        world.caf,
        "quota_rate",
        by=world.manager,
        value=Decimal("0.25"),
        valid_from=date(today.year + 1, 1, 1),
        reference="Comité de pilotage du label",
        motive="Les demandes des familles dépassent les places depuis deux ans.",
        on=today,
        at=at_ten(today - timedelta(days=30)),
    )


def on_a_weekday(day):
    """The same day, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


class Meetings:
    """Walks meetings through the functions the pages use."""

    def __init__(self, world):
        self.world = world

    def planned(self, title, day):
        """Prepared three weeks before, or yesterday for a day to come."""
        before, day = self._before(day), on_a_weekday(day)
        return workflow.plan_meeting(
            self.world.caf,
            by=self.world.officer,
            at=at_ten(before),
            title=title,
            starts_at=timezone.make_aware(datetime.combine(day, time(14))),
            ends_at=timezone.make_aware(datetime.combine(day, time(16, 30))),
            place="Salle du conseil, 2e étage",
            agenda="Tour de table\nCe qui marche, ce qui bloque\nProchaine rencontre",
        )

    def announced(self, title, day):
        """Some come, some do not, some have not said: the first crèche among them."""
        meeting, before = self.planned(title, day), self._before(day)
        workflow.announce(meeting, by=self.world.officer, on=before, at=at_ten(before))
        asked = meeting.invitations.select_related("provider__facility", "meeting__caf")
        for number, invitation in enumerate(asked.order_by("provider__name")):
            director = self.world.directors[invitation.provider_id]
            if invitation.provider_id != self.world.facilities[0].pk and number % 4:
                answer = {"by": director, "comes": number % 4 < 3}
                workflow.answer(invitation, on=before, at=at_ten(before), **answer)
        return meeting

    def held(self, title, day):
        """Who said so came; the minutes are there."""
        meeting, officer = self.announced(title, day), self.world.officer
        present = list(meeting.invitations.filter(comes=True).values_list("pk", flat=True))
        step = {"by": officer, "on": day, "at": at_ten(day) + timedelta(hours=7)}
        workflow.record_attendance(meeting, present=present, **step)
        workflow.attach_minutes(meeting, data=blank_pdf(), **step)

    def cancelled(self, title, day):
        """Announced, then given up."""
        meeting, before = self.announced(title, day), self._before(day)
        reasons = "Une des crèches ferme pour travaux cette semaine-là."
        step = {"by": self.world.officer, "on": before, "at": at_ten(before)}
        workflow.cancel_meeting(meeting, reasons=reasons, **step)

    def _before(self, day):
        return min(day - timedelta(days=21), self.world.today - timedelta(days=1))
