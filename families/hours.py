"""A childminder’s declared month against the cap: kept as it is, flagged in words without blame."""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from avip.templatetags.words import fr_month, hours
from avip.workflow import lock
from families.checks import minutes_over_cap
from families.models import Alert, DeclarationLine
from labels.rules import rules_for
from partners.calendars import month_bounds


@transaction.atomic
def check_hours(declaration, at: datetime) -> int:
    """Open, reword or close the alert of a childminder by this month; the minutes over the cap."""
    lock(declaration)
    rules = rules_for(declaration.caf_id, month_bounds(declaration.month)[1], at)
    lines = DeclarationLine.objects.filter(declaration=declaration)
    declared = lines.aggregate(total=Sum("declared_minutes"))["total"] or 0
    cap = rules.childminder_hours_month_cap
    over = minutes_over_cap(declared, cap)
    alerts = Alert.objects.open().filter(
        kind=Alert.Kind.HOURS, provider=declaration.provider_id, month__lte=declaration.month
    )
    if not over:
        alerts.update(closed_at=at)
        return 0
    text = (
        f"{hours(declared)} d’accueil en {fr_month(declaration.month)}, "
        f"pour {cap}\xa0h par mois dans la règle."
    )
    if not alerts.update(text=text, month=declaration.month):
        alert = Alert(
            kind=Alert.Kind.HOURS,
            provider_id=declaration.provider_id,
            caf_id=declaration.caf_id,
            month=declaration.month,
            text=text,
            opened_at=at,
        )
        Alert.objects.bulk_create([alert], ignore_conflicts=True)  # a later month has one already
    return over
