"""What a facility declares each month: two numbers for all its children, one line per
AVIP child.
"""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from avip.models import Document
from avip.workflow import Dossier, StatusChange
from families.models.placements import Placement
from partners.models import Caf, Provider, User


class DeclarationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Who declares, and the Caf of the provider."""
        reach = user.reach
        return self.filter(
            reach.any_of(
                providers="provider",
                operators="provider__facility__operator",
                services="provider__childminder__service",
                cafs="caf",
            )
        )


class MonthlyDeclaration(Dossier):
    class Status(models.TextChoices):
        OPEN = "open", "à déclarer"
        SUBMITTED = "submitted", "déclaré"
        LOCKED = "locked", "verrouillé"

    status = models.CharField(
        "état", max_length=10, choices=Status, default=Status.OPEN, editable=False
    )
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        related_name="declarations",
        verbose_name="mode d’accueil",
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    month = models.DateField("mois")  # its first day
    children_present = models.PositiveIntegerField(
        "enfants en âge d’être comptés, présents au moins un jour", null=True, blank=True
    )
    hours_total = models.PositiveIntegerField(
        "heures d’accueil de tous ces enfants", null=True, blank=True
    )
    is_closed = models.BooleanField("fermée tout le mois", default=False)
    statement = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="relevé du mois",
        editable=False,
    )
    submitted_at = models.DateTimeField("déclaré le", null=True, editable=False)

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = "déclaration du mois"
        verbose_name_plural = "déclarations du mois"
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "month"],
                name="declaration_once_a_month",
                violation_error_message="Ce mois est déjà déclaré.",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="declaration_month_first_day"),
            models.CheckConstraint(
                condition=Q(status="open")
                | Q(
                    children_present__isnull=False,
                    hours_total__isnull=False,
                    submitted_at__isnull=False,
                ),
                name="declaration_submitted_with_numbers",
            ),
        ]

    def __str__(self):
        return f"déclaration {self.month:%m/%Y}"

    def get_absolute_url(self):
        return reverse("families:declaration_detail", args=[self.pk])


class DeclarationStatusChange(StatusChange):
    dossier = models.ForeignKey(
        MonthlyDeclaration, on_delete=models.CASCADE, related_name="history"
    )

    class Meta(StatusChange.Meta):
        verbose_name = "étape de la déclaration"


class DeclarationLine(models.Model):
    """One AVIP child in one month: planned by the schedule minus closures, confirmed or changed."""

    declaration = models.ForeignKey(
        MonthlyDeclaration, on_delete=models.CASCADE, related_name="lines"
    )
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="lines")
    planned_minutes = models.PositiveIntegerField("minutes prévues")
    declared_minutes = models.PositiveIntegerField("minutes déclarées")
    # Care before the last signature: recorded, counted nowhere.
    before_signature_minutes = models.PositiveIntegerField("minutes avant signature", default=0)

    class Meta:
        verbose_name = "ligne de déclaration"
        verbose_name_plural = "lignes de déclaration"
        constraints = [
            models.UniqueConstraint(fields=["declaration", "placement"], name="line_once"),
            models.CheckConstraint(
                condition=Q(before_signature_minutes__lte=F("declared_minutes")),
                name="line_before_signature_within_total",
            ),
        ]

    def __str__(self):
        return f"{self.placement}"


class DeclarationAmendment(models.Model):
    """What changed in a locked month: dated, with its reason; the locked numbers stay readable."""

    declaration = models.ForeignKey(
        MonthlyDeclaration, on_delete=models.PROTECT, related_name="amendments"
    )
    made_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="fait par"
    )
    made_at = models.DateTimeField("fait le", default=timezone.now)
    reason = models.CharField("raison", max_length=300)
    before = models.JSONField("avant", default=dict)
    after = models.JSONField("après", default=dict)

    class Meta:
        verbose_name = "rectificatif"
        ordering = ["made_at"]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self):
        return f"rectificatif du {self.made_at:%d/%m/%Y}"


class DeclarationImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One’s own imports."""
        return self.filter(by=user)


class DeclarationImport(models.Model):
    """The rows of a spreadsheet of months, shown before they are declared; carried out once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", verbose_name="déposé par"
    )
    created_at = models.DateTimeField("déposé le", default=timezone.now)
    rows = models.JSONField("lignes", default=list)
    done_at = models.DateTimeField("déclarées le", null=True, editable=False)

    objects = DeclarationImportQuerySet.as_manager()

    class Meta:
        verbose_name = "import de déclarations"
        verbose_name_plural = "imports de déclarations"

    def __str__(self):
        return f"import du {self.created_at:%d/%m/%Y}"
