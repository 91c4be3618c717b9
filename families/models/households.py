"""The family, with the minimum of data: the agency that follows it owns the file."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from avip.workflow import Dossier
from partners.models import Agency, Caf, Commune, User


class HouseholdQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The families followed by the agencies `user` belongs to; a file merged into another
        is closed.
        """
        return self.filter(agency__in=user.reach.agencies, merged_into=None)


class Household(Dossier):
    class Situation(models.TextChoices):
        JOB_SEEKER = "job_seeker", "en recherche d’emploi"
        TRAINING = "training", "en formation"
        YOUTH = "youth", "jeune suivi par la Mission Locale"
        INTEGRATION = "integration", "en parcours d’insertion"

    class NoticeChannel(models.TextChoices):
        IN_PERSON = "in_person", "remise et expliquée en main propre"
        PHONE = "phone", "lue au téléphone"
        MAIL = "mail", "envoyée par courriel"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name="agence")
    adviser = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="suivie par"
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf de la famille")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, verbose_name="commune")
    situation = models.CharField("situation", max_length=12, choices=Situation)
    single_parent = models.BooleanField("famille monoparentale", default=False)
    in_qpv = models.BooleanField("habite un quartier prioritaire", default=False)
    rsa = models.BooleanField("perçoit le RSA", default=False)
    attested_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="attesté par"
    )
    attested_on = models.DateField("attesté le", default=timezone.localdate)
    notice_given_on = models.DateField("information remise le")
    notice_channel = models.CharField("comment", max_length=10, choices=NoticeChannel)

    # The file kept after a merge; this one is then closed.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="merged",
        editable=False,
        verbose_name="réunie avec",
    )

    objects = HouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = "famille"
        ordering = ["-created_at"]

    def __str__(self):
        return f"famille {str(self.pk)[:8]}"

    def get_absolute_url(self):
        return reverse("families:household_detail", args=[self.pk])

    @property
    def is_priority(self):
        """What a crèche may read: priority, never why (CASF, art. L. 214-7, III; charter, C3)."""
        return self.single_parent or self.in_qpv


class Parent(models.Model):
    """A parent or the representative of a minor parent; the referring one is the one we
    write to.
    """

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="parents")
    first_name = models.CharField("prénom", max_length=80)
    last_name = models.CharField("nom", max_length=80)
    phone = models.CharField("téléphone mobile", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    is_referring = models.BooleanField("parent référent", default=True)
    is_representative = models.BooleanField(
        "représentant légal d’un parent mineur",
        default=False,
        help_text="Signe avec le parent, ou à sa place s’il est mineur.",
    )
    signs = models.BooleanField("signe le contrat", default=True)

    class Meta:
        verbose_name = "parent"
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(is_referring=True), name="parent_one_referring"
            )
        ]

    def __str__(self):
        return f"{self.first_name} {self.last_name}"

    @property
    def short_name(self):
        """« Fatoumata D. »: enough to recognise, on pages of professionals."""
        return f"{self.first_name} {self.last_name[:1]}."


class Child(models.Model):
    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="children")
    first_name = models.CharField("prénom", max_length=80)
    birth_date = models.DateField("date de naissance")

    class Meta:
        verbose_name = "enfant"
        ordering = ["birth_date"]

    def __str__(self):
        return self.first_name


class FlagAttestation(models.Model):
    """Who attested one flag of a family, and when; written once."""

    class Flag(models.TextChoices):
        SINGLE_PARENT = "single_parent", "famille monoparentale"
        IN_QPV = "in_qpv", "habite un quartier prioritaire"
        RSA = "rsa", "perçoit le RSA"

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="attestations")
    flag = models.CharField("information", max_length=14, choices=Flag)
    value = models.BooleanField("oui")
    attested_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="attestée par"
    )
    attested_at = models.DateTimeField("attestée le", default=timezone.now)

    class Meta:
        verbose_name = "attestation"
        ordering = ["-attested_at", "-pk"]

    def __str__(self):
        return self.get_flag_display()


class MatchQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Told to the Caf alone."""
        return self.filter(caf__in=user.reach.cafs)

    def managed_by(self, user):
        """The files that the agency of the older one is asked to make into one."""
        return self.filter(
            verdict=HouseholdMatch.Verdict.SAME,
            first__agency__in=user.reach.agencies,
            first__merged_into=None,
            second__merged_into=None,
        )


class HouseholdMatch(models.Model):
    """Two files that look like one family, followed by two agencies: the Caf alone is told."""

    class Verdict(models.TextChoices):
        SAME = "same", "une seule famille"
        DIFFERENT = "different", "deux familles"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    first = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="+")
    found_at = models.DateTimeField("repérée le", default=timezone.now)
    verdict = models.CharField("réponse", max_length=10, choices=Verdict, blank=True)
    settled_at = models.DateTimeField("réglée le", null=True)
    settled_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="réglée par"
    )

    objects = MatchQuerySet.as_manager()

    class Meta:
        verbose_name = "ressemblance"
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="match_once"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="match_of_two"),
        ]

    def __str__(self):
        return f"ressemblance {str(self.pk)[:8]}"
