"""What a Caf adds to the national text of the contract."""

import pgtrigger
from django.db import models
from django.utils import timezone

from partners.models import Caf, User


class LocalClausesQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the Cafs `user` works for."""
        return self.filter(caf__in=user.reach.cafs)

    def in_force(self, caf, on):
        """The clauses of that Caf on that day, or None: the latest recorded of the latest date."""
        return (
            self.filter(caf=caf, valid_from__lte=on).order_by("-valid_from", "-recorded_at").first()
        )


class LocalClauses(models.Model):
    """The local clauses of a Caf from a day on, as plain text; changed by a later row."""

    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    valid_from = models.DateField("à partir du")
    recorded_at = models.DateTimeField("enregistrées le", default=timezone.now)
    text = models.TextField("clauses locales", max_length=8000, blank=True)
    set_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="écrites par"
    )

    objects = LocalClausesQuerySet.as_manager()

    class Meta:
        verbose_name = "clauses locales"
        verbose_name_plural = "clauses locales"
        ordering = ["-valid_from", "-recorded_at"]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self):
        return f"clauses du {self.valid_from:%d/%m/%Y}"
