"""How a Caf presents its label to those who may ask for it, and when it takes their dossiers."""

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from partners.models import Caf
from partners.models.calendars import DateRange


class OfCafQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the Cafs `user` works for."""
        return self.filter(caf__in=user.reach.cafs)

    def public(self):
        """The public page of the Caf shows them to anybody."""
        return self


class CallQuerySet(OfCafQuerySet):
    def open_on(self, on):
        """The calls that take dossiers on that day."""
        return self.filter(opens_on__lte=on, closes_on__gte=on)


class CallForProjects(models.Model):
    """Appel à projets: a window in which a Caf takes dossiers, with its own text."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, related_name="calls", verbose_name="Caf")
    title = models.CharField("titre", max_length=160)
    text = models.TextField("texte", blank=True)
    opens_on = models.DateField("ouvre le")
    closes_on = models.DateField("ferme le")

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = "appel à projets"
        verbose_name_plural = "appels à projets"
        ordering = ["-opens_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("opens_on")),
                name="call_in_order",
                violation_error_message="La fermeture ne peut pas précéder l’ouverture.",
            ),
            ExclusionConstraint(
                name="call_one_at_a_time",
                expressions=[
                    ("caf", RangeOperators.EQUAL),
                    (DateRange("opens_on", "closes_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Un autre appel à projets couvre déjà ces dates.",
            ),
        ]

    def __str__(self):
        return self.title


class PublicQuestion(models.Model):
    """A question that crèches ask, answered on the public page of the Caf."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caf = models.ForeignKey(
        Caf, on_delete=models.CASCADE, related_name="questions", verbose_name="Caf"
    )
    position = models.PositiveSmallIntegerField("ordre", default=0)
    question = models.CharField("question", max_length=200)
    answer = models.TextField("réponse")

    objects = OfCafQuerySet.as_manager()

    class Meta:
        verbose_name = "question publique"
        verbose_name_plural = "questions publiques"
        ordering = ["position", "pk"]

    def __str__(self):
        return self.question
