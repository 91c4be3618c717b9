"""The organisations of the label, other than those that give care."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from partners.models.territories import Commune, NearQuerySet
from partners.validators import validate_siren, validate_siret


class CafQuerySet(models.QuerySet):
    def public(self):
        """Every Caf has a public page about its label."""
        return self

    def visible_to(self, user):
        """The Cafs `user` is a member of; all of them for a national reader."""
        if user.reach.national:
            return self
        return self.filter(pk__in=user.reach.cafs)


class Caf(models.Model):
    """Caisse d’allocations familiales: runs the label in its département."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField("code", max_length=3, unique=True)
    name = models.CharField("nom", max_length=80)
    department_code = models.CharField("département", max_length=3, db_index=True)
    siren = models.CharField("SIREN", max_length=9, blank=True, validators=[validate_siren])
    email = models.EmailField("courriel du service", blank=True)
    phone = models.CharField("téléphone du service", max_length=20, blank=True)
    time_zone = models.CharField("fuseau horaire", max_length=40, default="Europe/Paris")
    takes_calls_only = models.BooleanField(
        "demandes par appel à projets seulement",
        default=False,
        help_text="Sinon, les demandes de label sont reçues toute l’année.",
    )
    public_text = models.TextField(
        "texte de la page publique",
        blank=True,
        help_text="Présentez le label et vos étapes en quelques phrases.",
    )

    objects = CafQuerySet.as_manager()

    class Meta:
        verbose_name = "Caf"
        verbose_name_plural = "Caf"
        ordering = ["code"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("labels:caf_public", args=[self.pk])


class Operator(models.Model):
    """Gestionnaire: the legal person that runs facilities."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField("nom", max_length=160)
    siren = models.CharField(
        "SIREN", max_length=9, blank=True, db_index=True, validators=[validate_siren]
    )

    class Meta:
        verbose_name = "gestionnaire"
        ordering = ["name"]

    def __str__(self):
        return self.name


class Agency(models.Model):
    """An employment partner: it follows the parents, orients them and signs as référent emploi."""

    class Kind(models.TextChoices):
        FRANCE_TRAVAIL = "france_travail", "France Travail"
        MISSION_LOCALE = "mission_locale", "Mission Locale"
        CAP_EMPLOI = "cap_emploi", "Cap emploi"
        DEPARTEMENT = "departement", "Département"
        PLIE = "plie", "PLIE"
        CCAS = "ccas", "CCAS"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("réseau", max_length=20, choices=Kind)
    code = models.CharField("code dans le réseau", max_length=20)
    name = models.CharField("nom", max_length=160)
    department_code = models.CharField("département", max_length=3, db_index=True)
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, null=True, blank=True, verbose_name="commune"
    )
    address = models.CharField("adresse", max_length=200, blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True, validators=[validate_siret])
    email = models.EmailField("courriel", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    lat = models.FloatField("latitude", null=True, blank=True)
    lon = models.FloatField("longitude", null=True, blank=True)

    objects = NearQuerySet.as_manager()

    class Meta:
        verbose_name = "agence"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="agency_code_once_per_network")
        ]

    def __str__(self):
        return self.name


class MunicipalServiceQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those one works for, and those of one's Caf."""
        reach = user.reach
        return self.filter(Q(pk__in=reach.services) | Q(caf__in=reach.cafs))


class MunicipalService(models.Model):
    """A relais petite enfance, a CCAS or a service of the commune: home of the coordinators."""

    class Kind(models.TextChoices):
        RPE = "rpe", "relais petite enfance"
        CCAS = "ccas", "CCAS"
        COMMUNE = "commune", "service de la commune"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("nature", max_length=10, choices=Kind)
    name = models.CharField("nom", max_length=160)
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    communes = models.ManyToManyField(
        Commune, related_name="municipal_services", verbose_name="communes"
    )
    email = models.EmailField("courriel", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    deputy = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="stands_in_for",
        verbose_name="service suppléant",
        help_text="Il valide les situations quand ce service ne répond pas.",
    )
    is_single_counter = models.BooleanField(
        "guichet unique",
        default=False,
        help_text="Reçoit d’abord toutes les demandes de place de ses communes, puis les adresse.",
    )

    objects = MunicipalServiceQuerySet.as_manager()

    class Meta:
        verbose_name = "service municipal"
        verbose_name_plural = "services municipaux"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("id")),
                name="service_deputy_is_another",
                violation_error_message="Un service ne se supplée pas lui-même.",
            )
        ]

    def __str__(self):
        return self.name
