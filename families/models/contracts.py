"""Contrat d’engagement réciproque: the contract, its frozen versions, their weekly schedule."""

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from avip.models import Document
from avip.workflow import Dossier
from families.models.households import Child, Household
from families.models.places import WeeklySlot
from families.models.referrals import Referral
from families.models.signatures import PartyStatusChange
from families.models.triggers import FROZEN_TEXT, VALIDATED_BEFORE_CONTRACT
from labels.models.labels import new_code
from partners.models import Agency, Caf, Provider, User


class ContractQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The three parties, the childminder's coordinator, and the Caf of the provider."""
        reach = user.reach
        return self.filter(
            reach.any_of(
                agencies="agency",
                providers="provider",
                operators="provider__facility__operator",
                services="provider__childminder__service",
                cafs="caf",
            )
        )

    def for_link(self, link):
        """The contract of a parent's link."""
        return self.filter(pk=link.contract_id)

    def public(self):
        """What anybody may check: a code leads to a state, dates and a fingerprint."""
        return self

    def not_renewed(self):
        """Those that no other contract follows, signed or waiting for signatures.

        A renewal stopped before its first day follows nothing.
        """
        never_begun = Q(status=AvipContract.Status.TERMINATED, ended_on__lt=F("start_on"))
        following = AvipContract.objects.live().exclude(never_begun)
        return self.filter(~Exists(following.filter(previous=OuterRef("pk"))))

    def live(self):
        """All but those given up before every party had signed."""
        return self.exclude(status__in=AvipContract.GIVEN_UP)


class AvipContract(Dossier):
    """Contrat d’engagement réciproque: who gives care, the parents and the référent emploi."""

    class Status(models.TextChoices):
        DRAFT = "draft", "à proposer"
        TO_SIGN = "to_sign", "à signer"
        ACTIVE = "active", "en cours"
        ENDED = "ended", "terminé"
        TERMINATED = "terminated", "arrêté avant la fin"
        CANCELLED = "cancelled", "annulé"
        LAPSED = "lapsed", "jamais signé par tous"

    GIVEN_UP = (Status.CANCELLED, Status.LAPSED)

    class Outcome(models.TextChoices):
        # Categories of domain 3.4: category only, never a story.
        CDI = "cdi", "emploi en CDI"
        CDD_LONG = "cdd_long", "emploi en CDD de six mois ou plus"
        CDD_SHORT = "cdd_short", "emploi en CDD de moins de six mois"
        INTERIM = "interim", "intérim"
        IAE = "iae", "contrat aidé ou insertion"
        APPRENTICESHIP = "apprenticeship", "alternance"
        BUSINESS = "business", "création d’activité"
        TRAINING = "training", "formation qualifiante"
        OTHER_TRAINING = "other_training", "autre formation"
        NONE = "none", "pas de solution à ce jour"
        MOVED = "moved", "déménagement"
        OTHER_CARE = "other_care", "autre mode d’accueil"
        UNKNOWN = "unknown", "sans nouvelles"

    class StopReason(models.TextChoices):
        JOB = "job", "emploi ou formation"
        FAMILY = "family", "choix de la famille"
        MOVED = "moved", "déménagement"
        PROVIDER = "provider", "le mode d’accueil ne peut plus accueillir"
        COMMITMENT = "commitment", "engagements non tenus"
        NO_SHOW = "no_show", "jamais venu"
        OTHER = "other", "autre"

    class StoppedBy(models.TextChoices):
        FAMILY = "family", "la famille"
        CARE = "care", "le mode d’accueil"
        ADVISER = "adviser", "le référent emploi"

    # From a precise outcome to the categories that the rule `positive_outcomes` lists.
    OUTCOME_CATEGORY = {
        Outcome.CDI: "job",
        Outcome.CDD_LONG: "job",
        Outcome.CDD_SHORT: "job",
        Outcome.INTERIM: "job",
        Outcome.IAE: "job",
        Outcome.APPRENTICESHIP: "job",
        Outcome.BUSINESS: "business_creation",
        Outcome.TRAINING: "training",
        Outcome.OTHER_TRAINING: "training",
    }

    status = models.CharField(
        "état", max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    code = models.CharField("code de vérification", max_length=16, unique=True, default=new_code)
    referral = models.ForeignKey(
        Referral,
        on_delete=models.PROTECT,
        null=True,
        related_name="contracts",
        verbose_name="demande",
    )
    household = models.ForeignKey(Household, on_delete=models.PROTECT, verbose_name="famille")
    children = models.ManyToManyField(Child, related_name="contracts", verbose_name="enfants")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, verbose_name="mode d’accueil")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name="agence")
    adviser = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="référent emploi"
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    previous = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="renewals",
        related_query_name="renewal",
        verbose_name="contrat précédent",
    )
    number = models.PositiveSmallIntegerField("rang dans la suite", default=1)
    # Fixed by the rules of the day it was proposed, and never read from them again.
    duration_months = models.PositiveSmallIntegerField("durée en mois")
    renewals_allowed = models.PositiveSmallIntegerField("renouvellements permis")
    start_on = models.DateField("premier jour")
    end_on = models.DateField("dernier jour")
    ended_on = models.DateField("terminé le", null=True)
    end_reason = models.CharField("raison de l’arrêt", max_length=300, blank=True)
    stop_reason = models.CharField(
        "motif de l’arrêt", max_length=14, choices=StopReason, blank=True
    )
    stopped_by = models.CharField("arrêté par", max_length=8, choices=StoppedBy, blank=True)
    outcome = models.CharField("issue", max_length=16, choices=Outcome, blank=True)
    outcome_recorded_on = models.DateField("issue notée le", null=True)
    # « J’ai trouvé un emploi »: said by the parent, confirmed by the adviser; ends nothing itself.
    job_said_at = models.DateTimeField("emploi annoncé le", null=True, editable=False)
    job_confirmed_at = models.DateTimeField("emploi confirmé le", null=True, editable=False)
    # Six months after the outcome.
    still_in_work = models.BooleanField("toujours en emploi", null=True)
    still_in_work_on = models.DateField("vérifié le", null=True)
    # Signed on paper before the software.
    taken_over = models.BooleanField("repris", default=False)
    scan = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name="contrat papier",
    )

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = "contrat d’engagement"
        verbose_name_plural = "contrats d’engagement"
        ordering = ["-start_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_on__gte=F("start_on")),
                name="contract_in_order",
                violation_error_message="La fin du contrat ne peut pas précéder son début.",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1) & Q(number__lte=F("renewals_allowed") + 1),
                name="contract_renewals_within_allowed",
                violation_error_message="Ce contrat ne peut plus être renouvelé.",
            ),
            models.CheckConstraint(
                condition=Q(number=1, previous=None)
                | Q(number__gt=1, previous__isnull=False)
                | Q(taken_over=True, previous=None),
                name="contract_renewal_follows_another",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["ended", "terminated"]) | Q(ended_on__isnull=False),
                name="contract_ended_with_date",
            ),
            models.UniqueConstraint(
                fields=["referral"],
                condition=~Q(status__in=["cancelled", "lapsed"]) & Q(previous=None),
                name="contract_one_live_per_referral",
                violation_error_message="Un contrat existe déjà pour cette demande.",
            ),
            models.UniqueConstraint(
                fields=["previous"],
                condition=~Q(status__in=["cancelled", "lapsed"]),
                name="contract_one_live_renewal",
                violation_error_message="Ce contrat a déjà un renouvellement.",
            ),
        ]
        triggers = [VALIDATED_BEFORE_CONTRACT]
        indexes = [
            models.Index(fields=["caf", "status"], name="contract_caf_status"),
            models.Index(fields=["status", "end_on"], name="contract_ending"),
            # What an agency counts on every page, and its list in order.
            models.Index(fields=["agency", "status"], name="contract_agency_status"),
            models.Index(fields=["agency", "-start_on", "id"], name="contract_agency_start"),
        ]

    def __str__(self):
        return f"contrat {self.code[:4]}-{self.code[4:8]}"

    def get_absolute_url(self):
        return reverse("families:contract_detail", args=[self.pk])

    @property
    def renewals_left(self):
        """How many times it may still be renewed, by the number stored with it."""
        return self.renewals_allowed + 1 - self.number

    @property
    def version(self):
        """The text to look at: the one to sign, else the one in force, else the last (prefetch
        `versions`).
        """
        versions = list(self.versions.all())
        for status in (ContractVersion.Status.TO_SIGN, ContractVersion.Status.IN_FORCE):
            for version in versions:
                if version.status == status:
                    return version
        return versions[-1] if versions else None


class ContractStatusChange(PartyStatusChange):
    dossier = models.ForeignKey(AvipContract, on_delete=models.CASCADE, related_name="history")

    class Meta(PartyStatusChange.Meta):
        verbose_name = "étape du contrat"


class VersionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the contracts `user` may see."""
        return self.filter(contract__in=AvipContract.objects.visible_to(user))

    def for_link(self, link):
        """The versions of the contract of a parent's link."""
        return self.filter(contract=link.contract_id)


class ContractVersion(Dossier):
    """One text, frozen when proposed, that every listed signatory reads and signs by its hash."""

    class Status(models.TextChoices):
        DRAFT = "draft", "en préparation"
        TO_SIGN = "to_sign", "à signer"
        IN_FORCE = "in_force", "en vigueur"
        SUPERSEDED = "superseded", "remplacée"
        ABANDONED = "abandoned", "abandonnée"

    status = models.CharField(
        "état", max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    contract = models.ForeignKey(AvipContract, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("version", default=1)
    start_on = models.DateField("premier jour")
    end_on = models.DateField("dernier jour")
    envelope_minutes = models.PositiveIntegerField(
        "enveloppe hebdomadaire en minutes",
        help_text="En deçà, un ajustement d’horaires ne demande pas de nouvelle signature.",
    )
    settling_in_days = models.PositiveSmallIntegerField("jours de familiarisation", default=0)
    # The frozen text.
    template = models.CharField("modèle", max_length=40, blank=True)
    rules_on = models.DateField("règles du", null=True)
    html = models.TextField("texte", blank=True)
    text_sha256 = models.CharField("empreinte du texte", max_length=64, blank=True)
    proposed_at = models.DateTimeField("proposé le", null=True)
    # Written under the same lock as the signatures: the database refuses force without them.
    signatories_expected = models.PositiveSmallIntegerField("signataires", default=0)
    care_signed = models.PositiveSmallIntegerField("signatures du mode d’accueil", default=0)
    parents_signed = models.PositiveSmallIntegerField("signatures des parents", default=0)
    adviser_signed = models.PositiveSmallIntegerField("signatures du référent", default=0)
    in_force_at = models.DateTimeField("en vigueur depuis le", null=True)
    # Made once from the frozen text, then served.
    sealed_pdf = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="contrat scellé",
    )
    evidence_pdf = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="dossier de preuve",
    )

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = "version du contrat"
        verbose_name_plural = "versions du contrat"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="version_numbered_once"),
            models.UniqueConstraint(
                fields=["contract"], condition=Q(status="in_force"), name="version_one_in_force"
            ),
            models.UniqueConstraint(
                fields=["contract"],
                condition=Q(status__in=["draft", "to_sign"]),
                name="version_one_to_sign",
                violation_error_message="Une version de ce contrat attend déjà des signatures.",
            ),
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(status="abandoned")
                | (~Q(html="") & ~Q(text_sha256="") & Q(proposed_at__isnull=False)),
                name="version_frozen_once_proposed",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["in_force", "superseded"])
                | Q(
                    care_signed__gte=1,
                    parents_signed__gte=1,
                    adviser_signed__gte=1,
                    in_force_at__isnull=False,
                    signatories_expected=F("care_signed")
                    + F("parents_signed")
                    + F("adviser_signed"),
                )
                # Taken over from paper: recorded as such, without one signature here.
                | Q(template="repris", care_signed=0, parents_signed=0, adviser_signed=0),
                name="version_in_force_needs_every_party",
                violation_error_message="Le contrat entre en vigueur quand chaque partie a signé.",
            ),
            models.CheckConstraint(condition=Q(end_on__gte=F("start_on")), name="version_in_order"),
        ]
        triggers = [FROZEN_TEXT]

    def __str__(self):
        return f"version {self.number}"

    @property
    def signatures_count(self):
        """How many of the expected signatories have signed."""
        return self.care_signed + self.parents_signed + self.adviser_signed

    @property
    def is_fully_signed(self):
        """Every listed signatory has signed, and each party at least once."""
        each = min(self.care_signed, self.parents_signed, self.adviser_signed)
        return each >= 1 and self.signatures_count == self.signatories_expected


class VersionStatusChange(PartyStatusChange):
    dossier = models.ForeignKey(ContractVersion, on_delete=models.CASCADE, related_name="history")

    class Meta(PartyStatusChange.Meta):
        verbose_name = "étape de la version"


class ScheduleSlot(WeeklySlot):
    version = models.ForeignKey(ContractVersion, on_delete=models.CASCADE, related_name="slots")

    class Meta(WeeklySlot.Meta):
        verbose_name = "horaire hebdomadaire"
        verbose_name_plural = "horaires hebdomadaires"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="schedule_slot_in_order",
                violation_error_message="L’heure de fin vient après l’heure de début.",
            ),
            models.UniqueConstraint(
                fields=["version", "weekday", "starts"], name="schedule_slot_once"
            ),
        ]
