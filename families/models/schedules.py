"""What changes a weekly schedule: exceptions of a version, dated adjustments inside it."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from families.models.contracts import AvipContract, ContractVersion
from families.models.places import WeeklySlot
from partners.models import User


class ScheduleException(models.Model):
    """One day that differs from the week: other hours, or no care. Part of the version’s text."""

    version = models.ForeignKey(
        ContractVersion, on_delete=models.CASCADE, related_name="exceptions"
    )
    day = models.DateField("jour")
    starts = models.TimeField("de", null=True, blank=True)
    ends = models.TimeField("à", null=True, blank=True)

    class Meta:
        verbose_name = "jour particulier"
        verbose_name_plural = "jours particuliers"
        ordering = ["day", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts=None, ends=None) | Q(ends__gt=F("starts")),
                name="exception_in_order",
                violation_error_message="L’heure de fin vient après l’heure de début.",
            ),
            models.UniqueConstraint(fields=["version", "day", "starts"], name="exception_once"),
        ]

    def __str__(self):
        return f"{self.day:%d/%m/%Y}"


class Adjustment(models.Model):
    """A dated change of hours inside the envelope of the contract: told, not signed again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contract = models.ForeignKey(AvipContract, on_delete=models.CASCADE, related_name="adjustments")
    from_on = models.DateField("à partir du")
    until = models.DateField("jusqu’au", null=True, blank=True)
    made_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="décidé par"
    )
    made_at = models.DateTimeField("décidé le", default=timezone.now)
    cancelled_at = models.DateTimeField("annulé le", null=True)

    class Meta:
        verbose_name = "ajustement d’horaires"
        verbose_name_plural = "ajustements d’horaires"
        ordering = ["from_on", "made_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("from_on")),
                name="adjustment_in_order",
                violation_error_message="La fin ne peut pas précéder le début.",
            )
        ]

    def __str__(self):
        return f"ajustement à partir du {self.from_on:%d/%m/%Y}"


class AdjustmentSlot(WeeklySlot):
    adjustment = models.ForeignKey(Adjustment, on_delete=models.CASCADE, related_name="slots")

    class Meta(WeeklySlot.Meta):
        verbose_name = "horaire ajusté"
        verbose_name_plural = "horaires ajustés"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")), name="adjustment_slot_in_order"
            ),
            models.UniqueConstraint(
                fields=["adjustment", "weekday", "starts"], name="adjustment_slot_once"
            ),
        ]
