"""The other way in: who met a family, or already hosts it, asks an agency to follow it."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from avip.workflow import Dossier
from families.models.households import Household
from families.models.signatures import PartyStatusChange
from partners.models import Agency, Caf, Commune, Provider, User


class TakeUpQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Who asked, and the agency that is asked."""
        reach = user.reach
        return self.filter(
            reach.any_of(
                agencies="agency",
                providers="provider",
                operators="provider__facility__operator",
                services="provider__childminder__service",
            )
            | Q(caf__in=reach.cafs, provider=None)
        )


class TakeUp(Dossier):
    """A family met by a crèche, a coordinator or a Caf, proposed to an agency."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "proposée à l’agence"
        TAKEN_UP = "taken_up", "suivi accepté"
        DECLINED = "declined", "suivi refusé"
        CANCELLED = "cancelled", "proposition reprise"

    status = models.CharField(
        "état", max_length=10, choices=Status, default=Status.PROPOSED, editable=False
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="mode d’accueil",
    )
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name="agence")
    asked_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="proposée par"
    )
    first_name = models.CharField("prénom du parent", max_length=80)
    last_name = models.CharField("nom du parent", max_length=80)
    phone = models.CharField("téléphone mobile", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, verbose_name="commune")
    child_first_name = models.CharField("prénom de l’enfant", max_length=80)
    child_birth_date = models.DateField("date de naissance de l’enfant")
    is_hosted = models.BooleanField("enfant déjà accueilli", default=False)
    from_on = models.DateField("place à partir du", null=True, blank=True)
    notice_given_on = models.DateField("information remise le")
    decline_reason = models.CharField("raison du refus", max_length=300, blank=True)
    household = models.OneToOneField(
        Household, on_delete=models.PROTECT, null=True, related_name="take_up", editable=False
    )

    objects = TakeUpQuerySet.as_manager()

    class Meta:
        verbose_name = "proposition de suivi"
        verbose_name_plural = "propositions de suivi"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="taken_up") | Q(household__isnull=False),
                name="take_up_opens_a_file",
            ),
        ]

    def __str__(self):
        return f"proposition {str(self.pk)[:8]}"

    def get_absolute_url(self):
        return reverse("families:takeup_detail", args=[self.pk])


class TakeUpStatusChange(PartyStatusChange):
    dossier = models.ForeignKey(TakeUp, on_delete=models.CASCADE, related_name="history")

    class Meta(PartyStatusChange.Meta):
        verbose_name = "étape de la proposition"
