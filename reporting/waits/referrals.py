"""What waits around requests beyond the plain answer: urgent care, other hours, stays."""

from datetime import timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date
from families.models import Referral, ReferralDay, TakeUp
from families.occasional import say_days
from reporting.waits.wait import (
    LATER,
    PERSON,
    Item,
    Wait,
    coordinates,
    gives_care,
    is_agency,
    run_by,
)

Status = Referral.Status


def _referrals():
    return Referral.objects.select_related("provider", "agency").prefetch_related("days")


def _recent(today):
    return today - timedelta(days=SCHEDULES["unplaced_family_days"])


def _asks(reach):
    return bool(reach.cafs or reach.providers or reach.operators or reach.services)


REFERRALS = [
    Wait(
        PERSON,
        "families:referral_list",
        gives_care,
        lambda user, today: (
            _referrals()
            .filter(run_by(user), status=Status.SENT, is_urgent=True)
            .annotate(ages=Count("children"))
            .order_by("answer_due_at")
        ),
        lambda referral: Item(
            title=f"Accueil urgent, {say_days(referral.days.all(), timezone.localdate())}"
            if referral.days.all()
            else f"Demande urgente, à partir du {fr_date(referral.from_on)}",
            detail=f"{'Un enfant' if referral.ages == 1 else f'{referral.ages} enfants'}, "
            f"{referral.agency}",
            url=referral.get_absolute_url(),
            action="Répondre",
            deadline=referral.answer_due_at,
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        gives_care,
        lambda user, today: (
            _referrals()
            .filter(run_by(user), status=Status.SHORTLISTED, commission_on__lt=today)
            .order_by("answer_due_at")
        ),
        lambda referral: Item(
            title="La commission s’est réunie\xa0: répondez à cette famille",
            detail=f"Commission du {fr_date(referral.commission_on)}, {referral.agency}",
            url=referral.get_absolute_url(),
            action="Répondre",
            deadline=referral.answer_due_at,
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        is_agency,
        lambda user, today: (
            _referrals()
            .filter(agency__in=user.reach.agencies, status=Status.HOURS_PROPOSED)
            .order_by("answered_at")
        ),
        lambda referral: Item(
            title="D’autres horaires sont proposés\xa0: demandez à la famille",
            detail=f"{referral.provider}, à partir du {fr_date(referral.counter_from_on)}",
            url=reverse("families:referral_other_hours", args=[referral.pk]),
            action="Noter la réponse",
            deadline=referral.answered_at + timedelta(days=SCHEDULES["family_confirmation_days"]),
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        is_agency,
        lambda user, today: (
            _referrals()
            .filter(
                agency__in=user.reach.agencies,
                edited_at__date__gte=_recent(today),
                status__in=[
                    Status.SENT,
                    Status.SHORTLISTED,
                    Status.CANCELLED,
                    Status.TRANSFERRED,
                    Status.NO_SHOW,
                ],
            )
            .family_to_tell()
            .order_by("edited_at")
        ),
        lambda referral: Item(
            title="La famille ne le sait pas encore\xa0: dites-le-lui",
            detail=f"{referral.provider}\xa0: {referral.get_status_display()}",
            url=referral.get_absolute_url(),
            action="Prévenir la famille",
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        coordinates,
        lambda user, today: (
            _referrals()
            .filter(
                provider__childminder__service__in=user.reach.services,
                status=Status.CONFIRMED,
                kind=Referral.Kind.REGULAR,
                validated_at=None,
                contracts=None,
            )
            .order_by("from_on")
        ),
        lambda referral: Item(
            title=f"Une famille que vous avez proposée est suivie\xa0: fixez ses jours chez "
            f"{referral.provider}",
            detail=f"À partir du {fr_date(referral.from_on)}, {referral.agency}",
            url=reverse("families:contract_propose", args=[referral.pk]),
            action="Valider et proposer le contrat",
        ),
    ),
    Wait(
        LATER,
        "families:referral_list",
        lambda reach: gives_care(reach) or coordinates(reach),
        lambda user, today: (
            _referrals()
            .filter(
                run_by(user) | Q(provider__childminder__service__in=user.reach.services),
                Exists(ReferralDay.objects.filter(referral=OuterRef("pk"), declared_minutes=None)),
                status=Status.STAYED,
            )
            .order_by("from_on")
        ),
        lambda referral: Item(
            title="Un accueil ponctuel est terminé\xa0: confirmez ses heures",
            detail=f"{say_days(referral.days.all())}, {referral.agency}",
            url=reverse("families:referral_hours", args=[referral.pk]),
            action="Confirmer les heures",
        ),
    ),
    Wait(
        PERSON,
        "families:takeup_list",
        is_agency,
        lambda user, today: (
            TakeUp.objects.filter(agency__in=user.reach.agencies, status=TakeUp.Status.PROPOSED)
            .select_related("provider", "caf", "commune")
            .order_by("created_at")
        ),
        lambda takeup: Item(
            title="Une famille vous est proposée en suivi",
            detail=f"{takeup.provider or takeup.caf}, {takeup.commune}",
            url=takeup.get_absolute_url(),
            action="Répondre",
        ),
    ),
    Wait(
        PERSON,
        "families:takeup_list",
        _asks,
        lambda user, today: (
            TakeUp.objects.visible_to(user)
            .filter(
                status=TakeUp.Status.DECLINED,
                asked_by=user,
                edited_at__date__gte=_recent(today),
            )
            .select_related("agency")
            .order_by("edited_at")
        ),
        lambda takeup: Item(
            title="L’agence ne peut pas suivre la famille que vous avez proposée",
            detail=f"{takeup.agency}\xa0: {takeup.decline_reason}",
            url=takeup.get_absolute_url(),
            action="Voir",
        ),
    ),
]
