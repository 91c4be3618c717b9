"""The letters of the label: their facts are frozen when the act is taken, the PDF is made once."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from avip.models import Document
from labels.models.applications import LabelApplication
from labels.models.labels import Label
from partners.models import Caf, Provider


class LetterQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the facilities `user` works for or runs, and of its Caf."""
        reach = user.reach
        return self.filter(
            reach.any_of(providers="provider", operators="provider__facility__operator", cafs="caf")
        )


class Letter(models.Model):
    """A letter of the Caf to a crèche about its dossier or its label."""

    class Kind(models.TextChoices):
        GRANTED = "granted", "label accordé"
        DEFERRED = "deferred", "demande ajournée"
        REFUSED = "refused", "label refusé"
        AMENDED = "amended", "modification acceptée"
        SUSPENDED = "suspended", "label suspendu"
        LIFTED = "lifted", "suspension levée"
        NOTICE = "notice", "mise en demeure"
        NOTICE_CLOSED = "notice_closed", "mise en demeure close"
        WITHDRAWN = "withdrawn", "label retiré"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("objet", max_length=14, choices=Kind)
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, verbose_name="crèche")
    application = models.ForeignKey(
        LabelApplication, on_delete=models.PROTECT, null=True, related_name="letters"
    )
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, related_name="letters")
    issued_on = models.DateField("datée du")
    created_at = models.DateTimeField("créée le", default=timezone.now)
    signed_by = models.CharField("signée par", max_length=700)  # two persons
    facts = models.JSONField("ce qu’elle dit", default=dict)
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = "courrier"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(application__isnull=False) | Q(label__isnull=False),
                name="letter_about_something",
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()}, {self.issued_on:%d/%m/%Y}"
