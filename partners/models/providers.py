"""Who gives care is one row: `Provider`; a facility or a childminder adds what is its own."""

import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse

from partners.models.organisations import Caf, MunicipalService, Operator
from partners.models.territories import Commune, NearQuerySet
from partners.validators import validate_siret


class ProviderQuerySet(NearQuerySet):
    def visible_to(self, user):
        """Those `user` works for, runs, coordinates, follows as a Caf, or sends families to."""
        reach = user.reach
        if reach.agencies:
            return self
        return self.filter(
            reach.any_of(
                cafs="caf",
                providers="pk",
                operators="facility__operator",
                services="childminder__service",
            )
            | _of_counters(reach)
        )

    def managed_by(self, user):
        """The providers for which `user` answers, signs and declares."""
        reach = user.reach
        return self.filter(
            reach.any_of(
                providers="pk", operators="facility__operator", services="childminder__service"
            )
        )


def _of_counters(reach):
    """The crèches to which a guichet unique addresses families."""
    if not reach.services:
        return Q(pk__in=[])
    counters = MunicipalService.objects.filter(pk__in=reach.services, is_single_counter=True)
    return Q(
        kind=Provider.Kind.FACILITY,
        commune__in=Commune.objects.filter(municipal_services__in=counters),
    )


class Provider(models.Model):
    """A crèche or a childminder, seen by what both have: a place on the map and a Caf."""

    class Kind(models.TextChoices):
        FACILITY = "facility", "crèche"
        CHILDMINDER = "childminder", "assistante maternelle"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("mode d’accueil", max_length=12, choices=Kind)
    name = models.CharField("nom", max_length=160)
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, verbose_name="commune")
    lat = models.FloatField("latitude", null=True, blank=True)
    lon = models.FloatField("longitude", null=True, blank=True)
    email = models.EmailField("courriel", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    source = models.CharField(
        "origine de la fiche", max_length=60, blank=True, help_text="Renseignée par les imports."
    )

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = "mode d’accueil"
        verbose_name_plural = "modes d’accueil"
        ordering = ["name"]
        indexes = [models.Index(fields=["lat", "lon"], name="provider_point")]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=~Q(source=""), name="provider_source_once"
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("families:provider_detail", args=[self.pk])

    @property
    def is_childminder(self):
        return self.kind == self.Kind.CHILDMINDER

    @property
    def said(self):
        """What this party is called in a sentence."""
        return "l’assistante maternelle" if self.is_childminder else "la crèche"

    @property
    def public_name(self):
        """What anybody may read: a crèche by its name, a childminder by her first name alone."""
        return self.name.partition(" ")[0] if self.is_childminder else self.name


class Facility(models.Model):
    """EAJE. Its legal type, funding and parental management are three independent facts."""

    class Type(models.TextChoices):
        # Art. R. 2324-17 du code de la santé publique.
        COLLECTIVE = "collective", "crèche collective"
        KINDERGARTEN = "kindergarten", "jardin d’enfants"
        FAMILY = "family", "crèche familiale"
        MULTI = "multi", "multi-accueil"

    class Funding(models.TextChoices):
        PSU = "psu", "PSU"
        PAJE = "paje", "Paje"

    class Decider(models.TextChoices):
        DIRECTOR = "director", "la direction"
        OPERATOR = "operator", "le gestionnaire"
        COMMISSION = "commission", "une commission d’attribution"

    provider = models.OneToOneField(
        Provider, on_delete=models.CASCADE, primary_key=True, verbose_name="mode d’accueil"
    )
    operator = models.ForeignKey(
        Operator, on_delete=models.PROTECT, null=True, blank=True, verbose_name="gestionnaire"
    )
    type = models.CharField("type", max_length=12, choices=Type, default=Type.COLLECTIVE)
    is_parent_run = models.BooleanField("à gestion parentale", default=False)
    funding = models.CharField("financement", max_length=4, choices=Funding, blank=True)
    licensed_capacity = models.PositiveSmallIntegerField(
        "capacité autorisée", null=True, blank=True
    )
    siret = models.CharField(
        "SIRET",
        max_length=14,
        null=True,
        blank=True,
        unique=True,
        validators=[validate_siret],
        error_messages={"unique": "Une crèche est déjà enregistrée avec ce SIRET."},
    )
    address = models.CharField("adresse", max_length=200, blank=True)
    in_qpv = models.BooleanField("en quartier prioritaire", default=False)
    admits = models.CharField(
        "qui attribue les places", max_length=10, choices=Decider, default=Decider.DIRECTOR
    )
    signs = models.CharField(
        "qui signe les contrats",
        max_length=10,
        choices=Decider.choices[:2],  # a commission admits, a person signs
        default=Decider.DIRECTOR,
    )
    delegation = models.CharField(
        "délégation de signature",
        max_length=160,
        blank=True,
        help_text="Imprimée sous la signature, "
        "par exemple « par délégation de la maire du 3 mars 2026 ».",
    )

    class Meta:
        verbose_name = "établissement"
        constraints = [
            models.CheckConstraint(
                condition=Q(licensed_capacity=None) | Q(licensed_capacity__gt=0),
                name="facility_capacity_positive",
                violation_error_message="La capacité autorisée est d’au moins une place.",
            )
        ]

    def __str__(self):
        return str(self.provider)


class Childminder(models.Model):
    """Assistante maternelle: a person with a licence; where she lives is shown by commune only."""

    provider = models.OneToOneField(
        Provider, on_delete=models.CASCADE, primary_key=True, verbose_name="mode d’accueil"
    )
    service = models.ForeignKey(
        MunicipalService,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name="service coordinateur",
        help_text="Sans service dans sa commune, la Caf coordonne.",
    )
    licence_number = models.CharField("numéro d’agrément", max_length=30)
    licence_department = models.CharField(
        "département de l’agrément", max_length=3, blank=True, help_text="Celui qui l’a délivré."
    )
    licence_from = models.DateField("agréée depuis le")
    licence_until = models.DateField("agrément valable jusqu’au")
    licensed_places = models.PositiveSmallIntegerField("places agréées")
    house = models.CharField("maison d’assistants maternels", max_length=120, blank=True)
    address = models.CharField(
        "adresse",
        max_length=200,
        blank=True,
        help_text="Donnée à la famille avec le contrat, jamais avant.",
    )

    class Meta:
        verbose_name = "assistante maternelle"
        verbose_name_plural = "assistantes maternelles"
        constraints = [
            models.UniqueConstraint(
                fields=["service", "licence_number"],
                nulls_distinct=False,
                name="childminder_licence_once",
                violation_error_message="Une assistante maternelle "
                "porte déjà ce numéro d’agrément.",
            ),
            models.CheckConstraint(
                condition=Q(licence_until__gt=models.F("licence_from")),
                name="childminder_licence_dates",
                violation_error_message="L’agrément finit après avoir commencé.",
            ),
            models.CheckConstraint(
                condition=Q(licensed_places__gt=0),
                name="childminder_places_positive",
                violation_error_message="L’agrément compte au moins une place.",
            ),
        ]

    def __str__(self):
        return str(self.provider)
