"""Indicator I17: who is in the network, hours against the cap, situations and their delay."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median

from dateutil.relativedelta import relativedelta
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from avip.templatetags.words import NBSP, count_of, fr_month, hours
from families.hours_page import MINUTES, say_hours
from families.models import (
    DeclarationLine,
    MonthlyDeclaration,
    Placement,
    Referral,
    ReferralStatusChange,
)
from families.situations import planned_in_month
from labels.models import NetworkMember, NetworkMemberStatusChange
from labels.rules import rules_for
from partners.calendars import month_bounds
from partners.models import Provider
from reporting.network.masking import Figure, mask, total_is_small

DECLARED = [MonthlyDeclaration.Status.SUBMITTED, MonthlyDeclaration.Status.LOCKED]
Status = Referral.Status


@dataclass(frozen=True)
class Month:
    """The hours of one month over all the network, against what its members may give."""

    month: date
    planned: int | None  # None: of too few people to be published
    declared: int | None
    cap: int  # minutes: members that month × the rule
    members: int
    declarations: int  # months declared…
    expected: int  # … of those opened
    over: int  # childminders above the cap
    caring: int = 0  # childminders with planned hours

    @property
    def label(self):
        return fr_month(self.month)

    @property
    def cells(self) -> list:
        """One line of the exported table."""
        return [
            self.label,
            say_hours(self.planned),
            say_hours(self.declared),
            say_hours(self.cap),
            self.members,
            self.declarations,
            self.expected,
            self.over,
        ]


@dataclass(frozen=True)
class Figures:
    """Everything the page of figures shows; parts of one total are in one list."""

    people: list
    left: list
    months: list
    situations: list
    reasons: list


MONTH_COLUMNS = (
    "Mois",
    "Heures prévues",
    "Heures déclarées",
    "Heures possibles (membres × plafond)",
    "Membres du réseau",
    "Mois déclarés",
    "Mois à déclarer",
    "Au-dessus du plafond",
)


def network_figures(scope, at: datetime, *, least=0) -> Figures:
    """The figures of this scope; counts under `least` are masked, hours of too few people too."""
    months = months_of(scope, timezone.localtime(at).date())
    if least:
        months = [_masked(month, least) for month in months if month.members >= least]
    situations, reasons = situations_of(scope, at)
    left = _left(scope)
    if total_is_small(left, least):
        left = []
    if total_is_small(situations[:-1], least):
        situations, reasons = situations[-1:], []
    # The refusals are parts of a count of the table above: masked there, not listed here.
    refused = mask(situations[:-1], least)
    if total_is_small(reasons, least) or any(
        figure.count is None for figure in refused if figure.label == OUTCOMES["refused"][0]
    ):
        reasons = []
    return Figures(
        people=[mask([figure], least)[0] for figure in _people(scope)],
        left=mask(left, least),
        months=months,
        situations=refused + mask_delay(situations, least),
        reasons=mask(reasons, least),
    )


def _masked(month, least):
    """Hours of too few childminders are not published."""
    return replace(
        month,
        planned=month.planned if month.caring >= least else None,
        declared=month.declared if month.declarations >= least else None,
    )


def mask_delay(situations, least):
    """The median is not said of a handful of situations."""
    delay = situations[-1]
    return [delay] if (delay.of or 0) >= least else []


def _people(scope):
    members, since, until = scope.members, scope.since, scope.until
    present = Q(joined_on__lte=until) & (Q(left_on=None) | Q(left_on__gte=since))
    within = (scope.begins, scope.ends)

    def people(where=None):
        return Count("provider", filter=where, distinct=True)

    known = members.aggregate(
        known=people(),
        asked=people(Q(asked_at__range=within)),
        wishing=people(
            Q(wish_on__range=(since, until))
            | Q(wish_on=None, created_at__range=within)
            & ~Q(status__in=[NetworkMember.Status.ASKED, NetworkMember.Status.DECLINED])
        ),
        at_the_end=people(Q(joined_on__lte=until) & (Q(left_on=None) | Q(left_on__gt=until))),
        present=people(present),
        left=people(Q(left_on__range=(since, until))),
    )
    declined = NetworkMemberStatusChange.objects.filter(
        dossier__in=members, target=NetworkMember.Status.DECLINED, at__range=within
    )
    active = (
        Placement.objects.during(since, until)
        .filter(provider__in=members.filter(present).values("provider"))
        .aggregate(n=Count("provider", distinct=True))["n"]
    )
    every = "assistante maternelle connue,assistantes maternelles connues"
    return [
        Figure(
            "Sollicitées",
            known["asked"],
            known["known"],
            every,
            "À qui l’on a demandé, sur la période, si elles souhaitent rejoindre le réseau.",
        ),
        Figure(
            "Souhaitent rejoindre le réseau",
            known["wishing"],
            known["known"],
            every,
            "Dont le souhait porte une date de la période.",
        ),
        Figure(
            "Ne le souhaitent pas",
            declined.aggregate(n=Count("dossier__provider", distinct=True))["n"],
            known["known"],
            every,
            "Qui ont répondu non sur la période.",
        ),
        Figure(
            "Membres du réseau",
            known["at_the_end"],
            known["known"],
            every,
            "Entrées au plus tard le dernier jour de la période, et pas encore parties ce jour-là.",
        ),
        Figure(
            "Avec un accueil en cours",
            active,
            known["present"],
            "membre sur la période,membres sur la période",
            "Qui ont accueilli un enfant sous contrat au moins un jour de la période.",
        ),
        Figure(
            "Ont quitté le réseau",
            known["left"],
            known["present"],
            "membre sur la période,membres sur la période",
            "Dont le départ est daté de la période ; les raisons sont ci-dessous.",
        ),
    ]


def _left(scope):
    gone = scope.members.filter(left_on__range=(scope.since, scope.until))
    counts = Counter(gone.order_by().values_list("leave_reason", flat=True))
    total, labels = sum(counts.values()), dict(NetworkMember.LeaveReason.choices)
    return [
        Figure(labels.get(reason, "raison non notée"), n, total, "départ")
        for reason, n in counts.most_common()
    ]


def months_of(scope, today: date) -> list[Month]:
    """Each month of the period: past ones as they were opened, this one as it is planned."""
    first, last = scope.since.replace(day=1), scope.until
    lines = DeclarationLine.objects.filter(
        declaration__provider__in=scope.members.values("provider"),
        declaration__caf__in=scope.members.values("caf"),  # not what she did for another Caf
        declaration__month__range=(first, last),
    )
    by_month = defaultdict(list)
    for month, status, planned, declared in (
        lines.order_by()
        .values("declaration__month", "declaration__provider", "declaration__status")
        .annotate(planned=Sum("planned_minutes"), declared=Sum("declared_minutes"))
        .values_list("declaration__month", "declaration__status", "planned", "declared")
    ):
        by_month[month].append((status in DECLARED, planned, declared))
    opened = dict(_opened(scope, first, last, Q()))
    done = dict(_opened(scope, first, last, Q(status__in=DECLARED)))
    spans = list(scope.members.exclude(joined_on=None).values_list("joined_on", "left_on"))
    found, month = [], first
    while month <= last:
        end = month_bounds(month)[1]
        cap = rules_for(scope.caf, end).childminder_hours_month_cap * MINUTES
        members = sum(joined <= end and (not left or left >= month) for joined, left in spans)
        rows = by_month[month]
        planned, caring = sum(row[1] for row in rows), sum(row[1] > 0 for row in rows)
        if month == today.replace(day=1) and month not in opened:
            now = _planned_now(scope, month)
            planned, caring = sum(now), sum(minutes > 0 for minutes in now)
        found.append(
            Month(
                month,
                planned,
                sum(declared for is_done, _, declared in rows if is_done),
                cap * members,
                members,
                done.get(month, 0),
                opened.get(month, 0),
                sum(is_done and declared > cap for is_done, _, declared in rows),
                caring,
            )
        )
        month += relativedelta(months=1)
    return found


def _opened(scope, first, last, more):
    return (
        MonthlyDeclaration.objects.filter(
            more,
            provider__in=scope.members.values("provider"),
            caf__in=scope.members.values("caf"),
            month__range=(first, last),
        )
        .order_by()
        .values_list("month")
        .annotate(n=Count("pk"))
    )


def _planned_now(scope, month):
    providers = (
        Provider.objects.filter(
            pk__in=scope.members.filter(caf=F("provider__caf")).values("provider")
        )
        .select_related("caf")
        .prefetch_related("opening_hours", "closures")
    )
    return list(planned_in_month(list(providers), month).values())


def situations_of(scope, at: datetime):
    """(figures whose last is the median delay, refusals by reason) of situations to validate."""
    referrals = list(
        Referral.objects.filter(
            provider__in=scope.members.values("provider"), sent_at__range=(scope.begins, scope.ends)
        ).only("status", "sent_at", "answer_due_at", "validated_at", "refusal_reason")
    )
    left = _left_validation(referrals)
    outcomes, delays, reasons = Counter(), [], Counter()
    for referral in referrals:
        target, moment = left.get(referral.pk, (referral.status, None))
        outcome = _outcome(referral, target, at)
        outcomes[outcome] += 1
        if outcome in ("validated", "refused") and (moment or referral.validated_at):
            delays.append((moment or referral.validated_at) - referral.sent_at)
        if outcome == "refused":
            reasons[referral.refusal_reason] += 1
    total = len(referrals)
    what = "situation reçue sur la période,situations reçues sur la période"
    figures = [
        Figure(label, outcomes[name], total, what, definition)
        for name, (label, definition) in OUTCOMES.items()
    ]
    answered = len(delays)
    figures.append(
        Figure(
            "Délai médian d’une réponse",
            answered,
            answered,
            "situation validée ou refusée,situations validées ou refusées",
            "La moitié des réponses a pris moins de temps, nuits et fins de semaine comprises.",
            say_delay(median(delays)) if delays else "–",
        )
    )
    labels = dict(Referral.RefusalReason.choices)
    what = "situation refusée,situations refusées"
    refused = [
        Figure(labels.get(reason, "sans raison"), n, outcomes["refused"], what)
        for reason, n in reasons.most_common()
    ]
    return figures, refused


OUTCOMES = {
    "validated": ("Validées", "La coordination a dit que la famille et l’offre s’accordent."),
    "refused": ("Refusées", "La coordination a refusé, avec une raison."),
    "silent": ("Sans réponse", "Le délai est passé sans que la coordination ait répondu."),
    "moved": ("Retirées ou transmises", "La famille ou son conseiller y a renoncé avant."),
    "waiting": ("En attente", "Le délai de réponse court encore."),
}


def _left_validation(referrals):
    """{referral: (target, moment)} of the first step out of « à valider »."""
    changes = ReferralStatusChange.objects.filter(
        dossier__in=referrals, source=Status.TO_VALIDATE
    ).exclude(target__in=["", Status.TO_VALIDATE])
    found = {}
    for pk, target, moment in changes.order_by("at", "pk").values_list("dossier", "target", "at"):
        found.setdefault(pk, (target, moment))
    return found


def _outcome(referral, target, at):
    if referral.validated_at or target == Status.SENT:
        return "validated"
    if target == Status.REFUSED:
        return "refused"
    if target == Status.EXPIRED:
        return "silent"
    if target in Referral.NOT_HERS_YET:
        return "silent" if referral.answer_due_at < at else "waiting"
    return "moved"


def say_delay(delay: timedelta) -> str:
    """« 5 h », « 2 j 4 h »."""
    days, left = delay.days, delay.seconds // 60
    if not days:
        return hours(left) or "moins d’une minute"
    rest = hours(left - left % 60)
    return f"{count_of(days, 'jour')}{f'{NBSP}{rest}' if rest and left >= 60 else ''}"
