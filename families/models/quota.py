"""The verdict on a declared month, with what it was computed from; and the alerts it opens."""

import uuid

from django.db import models
from django.db.models import Q

from families.models.declarations import MonthlyDeclaration
from partners.models import Caf, Provider


class QuotaCheckQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The facility, its operator, and its Caf."""
        reach = user.reach
        return self.filter(
            reach.any_of(providers="provider", operators="provider__facility__operator", cafs="caf")
        )


class QuotaCheck(models.Model):
    """One labelled facility, one declared month: exact integers, rule values as
    evidence, one verdict.
    """

    class Verdict(models.TextChoices):
        COMPLIANT = "compliant", "conforme"
        SHORT = "short", "sous le seuil"
        RAMP_UP = "ramp_up", "en montée en charge"
        NOT_ASSESSABLE = "not_assessable", "non évaluable"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="quota_checks")
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    declaration = models.OneToOneField(
        MonthlyDeclaration, on_delete=models.PROTECT, related_name="quota_check"
    )
    month = models.DateField("mois")
    checked_at = models.DateTimeField("calculé le")
    known_at = models.DateTimeField("règles connues le")
    avip_children = models.PositiveIntegerField("enfants Avip comptés")
    all_children = models.PositiveIntegerField("enfants en âge d’être comptés")
    rate_bp = models.PositiveIntegerField("taux en points de base", null=True)
    required_bp = models.PositiveIntegerField("seuil en points de base")
    missing = models.PositiveIntegerField("enfants manquants", default=0)
    verdict = models.CharField("verdict", max_length=16, choices=Verdict)
    other_bases = models.JSONField("autres modes de calcul", default=dict)
    rule_values = models.JSONField("règles appliquées", default=dict)
    inputs_sha256 = models.CharField("empreinte des données", max_length=64)

    objects = QuotaCheckQuerySet.as_manager()

    class Meta:
        verbose_name = "calcul du quota"
        verbose_name_plural = "calculs du quota"
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "month"], name="quota_check_once_a_month")
        ]

    def __str__(self):
        return f"quota {self.month:%m/%Y}"


class AlertQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The provider, its operator, and its Caf."""
        reach = user.reach
        return self.filter(
            reach.any_of(providers="provider", operators="provider__facility__operator", cafs="caf")
        )

    def open(self):
        """Those not closed."""
        return self.filter(closed_at=None)


class Alert(models.Model):
    """Something about a provider that its Caf should see until it is over."""

    class Kind(models.TextChoices):
        QUOTA = "quota", "quota sous le seuil"
        HOURS = "hours", "plafond d’heures dépassé"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("nature", max_length=8, choices=Kind)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="alerts")
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    month = models.DateField("mois")
    text = models.CharField("constat", max_length=200)
    opened_at = models.DateTimeField("ouverte le")
    closed_at = models.DateTimeField("close le", null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = "alerte"
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind"], condition=Q(closed_at=None), name="alert_one_open"
            )
        ]

    def __str__(self):
        return self.text
