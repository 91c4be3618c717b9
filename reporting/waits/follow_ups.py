"""What waits in ordinary life and after: a job said, a month to confirm, a place to keep."""

from datetime import timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from avip.jobs import SCHEDULES
from avip.templatetags.words import brief_day, fr_date, fr_month
from families.models import AvipContract, CorrectionRequest, Interview, Placement
from families.workflow import interviews, outcomes, work_checks
from reporting.waits.families import _contracts, _family
from reporting.waits.wait import LATER, MONTH, PERSON, Item, Wait, gives_care, is_agency, run_by

Status = AvipContract.Status
OVER = [Status.ENDED, Status.TERMINATED]


def month_to_confirm(today):
    """This month in its last days, else the one before."""
    soon = today + timedelta(days=SCHEDULES["month_tick_days"])
    return (soon.replace(day=1) - timedelta(days=1)).replace(day=1)


def _to_keep(user, today):
    """A job confirmed, or an outcome of some weeks ago: the place may be kept."""
    since = today - timedelta(days=SCHEDULES["keep_place_days"])
    return (
        _contracts()
        .filter(run_by(user))
        .filter(
            Q(status=Status.ACTIVE, job_confirmed_at__isnull=False)
            | Q(status__in=OVER, outcome__in=work_checks.ASKED, outcome_recorded_on__gte=since)
        )
        .filter(placements__status__in=[Placement.Status.RUNNING, Placement.Status.ENDED])
        .distinct()
        .order_by("end_on")
    )


def _tick_item(contract):
    month = month_to_confirm(timezone.localdate())
    this = month == timezone.localdate().replace(day=1)
    return Item(
        title=f"L’accompagnement de {contract.family} s’est-il poursuivi\xa0?",
        detail=f"{contract.provider}, {fr_month(month)}",
        url=reverse("families:tick_many") + ("" if this else "?mois=dernier"),
        action="Confirmer",
    )


FOLLOW_UPS = [
    Wait(
        PERSON,
        "families:contract_list",
        is_agency,
        lambda user, today: (
            AvipContract.objects.filter(
                agency__in=user.reach.agencies,
                job_said_at__isnull=False,
                job_confirmed_at=None,
                status__in=[Status.ACTIVE, *OVER],
            )
            .select_related("provider")
            .annotate(family=_family("household"))
            .order_by("job_said_at")
        ),
        lambda contract: Item(
            title=f"{contract.family} annonce un emploi\xa0: confirmez-le",
            detail=f"{contract.provider}, dit le {fr_date(contract.job_said_at)}",
            url=reverse("families:job_confirm", args=[contract.pk]),
            action="Confirmer",
        ),
    ),
    Wait(
        PERSON,
        "families:household_list",
        is_agency,
        lambda user, today: (
            CorrectionRequest.objects.filter(
                household__agency__in=user.reach.agencies, done_at=None
            )
            .select_related("household")
            .annotate(family=_family("household"))
            .order_by("asked_at")
        ),
        lambda correction: Item(
            title=f"{correction.family} demande une correction",
            detail=f"À corriger\xa0: {correction.get_what_display()}",
            url=correction.household.get_absolute_url(),
            action="Ouvrir le dossier",
            when=f"depuis le {brief_day(correction.asked_at)}",
        ),
    ),
    Wait(
        PERSON,
        "families:interview_list",
        is_agency,
        lambda user, today: (
            Interview.objects.filter(
                contract__agency__in=user.reach.agencies,
                contract__adviser=user,
                was_held=None,
                planned_at__date__lt=today,
            )
            .select_related("contract__provider")
            .annotate(family=_family("contract__household"))
            .order_by("planned_at")
        ),
        lambda interview: Item(
            title=f"L’entretien avec {interview.family} a-t-il eu lieu\xa0?",
            detail=f"Prévu le {fr_date(interview.planned_at)}",
            url=reverse("families:interview_note", args=[interview.contract_id, interview.pk]),
            action="Noter",
        ),
    ),
    Wait(
        MONTH,
        "families:interview_list",
        is_agency,
        lambda user, today: (
            interviews.to_tick(
                AvipContract.objects.filter(agency__in=user.reach.agencies, adviser=user),
                month_to_confirm(today),
            )
            .select_related("provider")
            .annotate(family=_family("household"))
            .order_by("start_on")
        ),
        _tick_item,
    ),
    Wait(
        MONTH,
        "families:contract_list",
        gives_care,
        _to_keep,
        lambda contract: Item(
            title=f"Emploi ou formation pour {contract.family}\xa0: garder la place\xa0?",
            detail=f"{contract.provider}, contrat jusqu’au {fr_date(contract.end_on)}",
            url=reverse("families:place_keep", args=[contract.pk]),
            action="Garder la place",
        ),
    ),
    # Some days later, who gives care may say it too.
    Wait(
        MONTH,
        "families:contract_list",
        gives_care,
        lambda user, today: (
            outcomes.waiting(_contracts())
            .filter(run_by(user))
            .filter(ended_on__lte=today - timedelta(days=max(SCHEDULES["outcome_reminder_days"])))
            .order_by("ended_on")
        ),
        lambda contract: Item(
            title=f"Que devient {contract.family}\xa0? L’issue n’est pas notée",
            detail=f"{contract.provider}, terminé le {fr_date(contract.ended_on)}",
            url=reverse("families:outcome_record", args=[contract.pk]),
            action="Noter l’issue",
        ),
    ),
    Wait(
        LATER,
        "families:contract_list",
        is_agency,
        lambda user, today: (
            work_checks.due(today)
            .filter(agency__in=user.reach.agencies)
            .select_related("provider")
            .annotate(family=_family("household"))
        ),
        lambda contract: Item(
            title=f"{contract.family}\xa0: toujours en emploi\xa0?",
            detail=f"{contract.get_outcome_display()}, noté le "
            f"{fr_date(contract.outcome_recorded_on)}",
            url=reverse("families:work_check", args=[contract.pk]),
            action="Répondre",
        ),
    ),
]
