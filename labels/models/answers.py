"""What a crèche answers to the charter, and the documents it joins."""

from django.db import models
from django.utils import timezone

from avip.models import Document
from labels.charter import BY_CODE


class CommitmentAnswer(models.Model):
    """How the facility meets one commitment of the charter."""

    application = models.ForeignKey(
        "labels.LabelApplication", on_delete=models.CASCADE, related_name="commitments"
    )
    code = models.CharField("engagement", max_length=4)
    agrees = models.BooleanField("s’y engage", null=True)
    how = models.TextField("comment", blank=True)

    class Meta:
        verbose_name = "engagement"
        constraints = [
            models.UniqueConstraint(fields=["application", "code"], name="commitment_answered_once")
        ]

    def __str__(self):
        return BY_CODE[self.code].title


class SupportingDocument(models.Model):
    """A document of the checklist; a new upload replaces the old one."""

    class Kind(models.TextChoices):
        PROJECT = "project", "projet d’établissement"
        RULES = "rules", "règlement de fonctionnement"
        AUTHORISATION = "authorisation", "autorisation d’ouverture ou avis de la PMI"
        PARTNERSHIP = "partnership", "convention avec un partenaire de l’emploi"
        STATUTES = "statutes", "acte qui nomme le gestionnaire ou la direction"

    application = models.ForeignKey(
        "labels.LabelApplication", on_delete=models.CASCADE, related_name="documents"
    )
    kind = models.CharField("pièce", max_length=20, choices=Kind)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, verbose_name="fichier")
    uploaded_at = models.DateTimeField("déposée le", default=timezone.now)

    class Meta:
        verbose_name = "pièce justificative"
        verbose_name_plural = "pièces justificatives"
        constraints = [
            models.UniqueConstraint(fields=["application", "kind"], name="document_one_per_kind")
        ]

    def __str__(self):
        return self.get_kind_display()
