from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from avip.workflow import Dossier
from families.models.contracts import AvipContract
from families.models.households import Child
from families.models.signatures import PartyStatusChange
from partners.models import Caf, Provider
from partners.models.calendars import DateRange


class PlacementQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the contracts `user` may see."""
        return self.filter(contract__in=AvipContract.objects.visible_to(user))

    def during(self, first_day, last_day):
        """Those with at least one day in the period, both ends included."""
        return self.filter(start_on__lte=last_day, end_on__gte=first_day)


class Placement(Dossier):
    """One child cared for under one contract; made when the contract enters into force."""

    class Status(models.TextChoices):
        PLANNED = "planned", "prévu"
        RUNNING = "running", "en cours"
        KEPT = "kept", "place pérennisée"
        ENDED = "ended", "terminé"

    status = models.CharField(
        "état", max_length=8, choices=Status, default=Status.PLANNED, editable=False
    )
    contract = models.ForeignKey(AvipContract, on_delete=models.PROTECT, related_name="placements")
    child = models.ForeignKey(Child, on_delete=models.PROTECT, related_name="placements")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="placements")
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    start_on = models.DateField("premier jour")
    end_on = models.DateField("dernier jour")
    # Care before the last signature is recorded apart and enters no figure.
    counts_from = models.DateField("compté à partir du")

    objects = PlacementQuerySet.as_manager()

    class Meta:
        verbose_name = "accueil"
        ordering = ["start_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_on__gte=F("start_on")), name="placement_in_order"
            ),
            ExclusionConstraint(
                name="placement_child_once",
                expressions=[
                    ("child", RangeOperators.EQUAL),
                    (DateRange("start_on", "end_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cet enfant a déjà une place Avip sur ces dates.",
            ),
            models.UniqueConstraint(
                fields=["contract", "child"], name="placement_once_per_contract"
            ),
        ]
        indexes = [models.Index(fields=["provider", "start_on"], name="placement_provider")]

    def __str__(self):
        return f"accueil du {self.start_on:%d/%m/%Y} au {self.end_on:%d/%m/%Y}"


class PlacementStatusChange(PartyStatusChange):
    dossier = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="history")

    class Meta(PartyStatusChange.Meta):
        verbose_name = "étape de l’accueil"
