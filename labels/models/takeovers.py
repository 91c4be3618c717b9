"""Labels granted before the software: the spreadsheet as it was read, until it is taken over."""

import uuid

from django.db import models
from django.utils import timezone

from labels.models.calls import OfCafQuerySet
from partners.models import Caf, User


class LabelImport(models.Model):
    """The rows of one spreadsheet, shown before anything is written; carried out once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caf = models.ForeignKey(Caf, on_delete=models.CASCADE, verbose_name="Caf")
    by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="déposé par"
    )
    created_at = models.DateTimeField("déposé le", default=timezone.now)
    rows = models.JSONField("lignes", default=list)
    done_at = models.DateTimeField("repris le", null=True, editable=False)

    objects = OfCafQuerySet.as_manager()

    class Meta:
        verbose_name = "reprise de labels"
        verbose_name_plural = "reprises de labels"

    def __str__(self):
        return f"reprise du {self.created_at:%d/%m/%Y}"
