"""How fast a provider answers, and when its commission meets."""

from django.db import models

from partners.models import Provider


class ResponseTime(models.Model):
    """How long a provider usually takes to answer, measured on its answers of a year."""

    provider = models.OneToOneField(
        Provider, on_delete=models.CASCADE, primary_key=True, related_name="response_time"
    )
    median_minutes = models.PositiveIntegerField("délai habituel, en minutes d’ouverture")
    answers = models.PositiveIntegerField("réponses mesurées")
    asked = models.PositiveIntegerField("demandes reçues")
    measured_on = models.DateField("mesuré le")

    class Meta:
        verbose_name = "délai de réponse"
        verbose_name_plural = "délais de réponse"

    def __str__(self):
        return f"délai de {self.provider}"


class CommissionDate(models.Model):
    """A day on which the commission of a provider meets."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="commissions")
    held_on = models.DateField("commission du")

    class Meta:
        verbose_name = "date de commission"
        verbose_name_plural = "dates de commission"
        ordering = ["held_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "held_on"],
                name="commission_once_a_day",
                violation_error_message="Cette date est déjà notée.",
            )
        ]

    def __str__(self):
        return f"commission du {self.held_on:%d/%m/%Y}"
