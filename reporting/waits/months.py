"""Months to declare: who gives care first, then her coordinator; once all are recalled, the Caf."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, Sum
from django.urls import reverse

from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_month, hours
from families.models import Alert, MonthlyDeclaration
from families.notifications.declarations import due_on
from partners.models import Membership
from reporting.waits.wait import MONTH, Item, Wait, coordinates, gives_care, is_caf, run_by


def _open():
    return (
        MonthlyDeclaration.objects.filter(status=MonthlyDeclaration.Status.OPEN)
        .select_related("provider", "caf")
        .annotate(planned=Sum("lines__planned_minutes"))
        .order_by("month", "provider__name")
    )


def _to_declare(declaration):
    if not declaration.provider.is_childminder:
        return Item(
            title=f"Faire le point de {fr_month(declaration.month)}",
            detail=f"{declaration.provider}, deux nombres à confirmer",
            url=declaration.get_absolute_url(),
            action="Faire le point",
            deadline=due_on(declaration),
        )
    planned = hours(declaration.planned) if declaration.planned else "0\xa0h"
    return Item(
        title=f"Déclarez vos heures\xa0: {fr_month(declaration.month)}",
        detail=f"{planned} prévues par les contrats, moins vos congés",
        url=declaration.get_absolute_url(),
        action="Autre chose",
        deadline=due_on(declaration),
        press_url=reverse("families:declaration_step", args=[declaration.pk, "as_planned"]),
        press_label="Comme prévu",
    )


def _coordinated(user, today):
    """Those of childminders without an account at once, of the others once their day is past."""
    account = Membership.objects.in_force(today).filter(provider=OuterRef("provider"))
    late = Q(created_at__date__lte=today - timedelta(days=SCHEDULES["declaration_due_day"]))
    return _open().filter(
        ~Exists(account) | late,
        provider__childminder__service__in=user.reach.services,
        month__lt=today.replace(day=1),
    )


MONTHS = [
    Wait(
        MONTH,
        "families:declaration_list",
        gives_care,
        lambda user, today: _open().filter(run_by(user), month__lt=today.replace(day=1)),
        _to_declare,
    ),
    Wait(
        MONTH,
        "families:declaration_list",
        coordinates,
        _coordinated,
        lambda declaration: Item(
            title=f"{declaration.provider}\xa0: ses heures, {fr_month(declaration.month)}",
            detail="Elle ne les a pas encore déclarées\xa0: voyez avec elle, ou notez-les",
            url=declaration.get_absolute_url(),
            action="Noter ses heures",
            deadline=due_on(declaration),
        ),
    ),
    Wait(
        MONTH,
        "families:network_list",
        coordinates,
        lambda user, today: (
            Alert.objects.open()
            .filter(kind=Alert.Kind.HOURS, provider__childminder__service__in=user.reach.services)
            .select_related("provider")
            .order_by("opened_at")
        ),
        lambda alert: Item(
            title=f"{alert.provider}\xa0: plus d’heures que le plafond",
            detail=alert.text,
            url=reverse("families:provider_detail", args=[alert.provider_id]),
            action="Voir avec elle",
        ),
    ),
    Wait(
        MONTH,
        "reporting:caf_dashboard",
        is_caf,
        lambda user, today: (
            MonthlyDeclaration.objects.filter(
                caf__in=user.reach.cafs,
                status=MonthlyDeclaration.Status.OPEN,
                # Opened with its period, months or quarters: who declares, then who stands
                # above, have been recalled by now.
                created_at__date__lte=today - timedelta(days=SCHEDULES["declaration_lock_day"]),
            )
            .select_related("provider")
            .order_by("month", "provider__name")
        ),
        lambda declaration: Item(
            title=f"{declaration.provider.public_name}\xa0: "
            f"{fr_month(declaration.month)} n’est pas déclaré",
            detail="La structure et son gestionnaire ont été relancés",
            url=declaration.get_absolute_url(),
            action="Voir",
        ),
    ),
]
