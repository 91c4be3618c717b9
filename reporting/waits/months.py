"""Months that nobody declared: once everybody has been recalled, the Caf reads them."""

from datetime import timedelta

from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_month
from families.models import MonthlyDeclaration
from reporting.waits.wait import MONTH, Item, Wait, is_caf

MONTHS = [
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
