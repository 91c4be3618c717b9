"""A contract taken over from paper has its place in a chain, and no signature here."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("families", "0003_the_path_in_full"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="avipcontract", name="contract_renewal_follows_another"
        ),
        migrations.AddConstraint(
            model_name="avipcontract",
            constraint=models.CheckConstraint(
                condition=Q(number=1, previous=None)
                | Q(number__gt=1, previous__isnull=False)
                | Q(taken_over=True, previous=None),
                name="contract_renewal_follows_another",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="contractversion", name="version_in_force_needs_every_party"
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=~Q(status__in=["in_force", "superseded"])
                | Q(
                    care_signed__gte=1,
                    parents_signed__gte=1,
                    adviser_signed__gte=1,
                    in_force_at__isnull=False,
                    signatories_expected=F("care_signed")
                    + F("parents_signed")
                    + F("adviser_signed"),
                )
                | Q(template="repris", care_signed=0, parents_signed=0, adviser_signed=0),
                name="version_in_force_needs_every_party",
                violation_error_message="Le contrat entre en vigueur quand chaque partie a signé.",
            ),
        ),
    ]
