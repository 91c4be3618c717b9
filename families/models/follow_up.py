"""Ordinary life of a contract: interviews, points, the monthly tick, reviews, a new référent."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from avip.workflow import Dossier
from families.models.contracts import AvipContract
from families.models.households import Household, Parent
from families.models.signatures import PartyStatusChange
from partners.models import Agency, User


class InterviewQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The agency alone: no crèche and no Caf learns who came to an interview."""
        return self.filter(contract__agency__in=user.reach.agencies)


class Interview(models.Model):
    """An interview of the adviser with the parent: held or not, and the next step; no story."""

    class NextStep(models.TextChoices):
        # Categories of the action plan of the ISSA sheet; offered, never required.
        CONTACT = "contact", "contacter un employeur"
        ADS = "ads", "répondre à des offres"
        CV = "cv", "travailler le CV"
        TEMP_WORK = "temp_work", "chercher en intérim"
        PITCH = "pitch", "se présenter à un employeur"
        TRAINING = "training", "chercher une formation"
        RIGHTS = "rights", "démarche administrative"
        NONE = "none", "aucune pour l’instant"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contract = models.ForeignKey(AvipContract, on_delete=models.CASCADE, related_name="interviews")
    planned_at = models.DateTimeField("prévu le", null=True, blank=True)
    held_on = models.DateField("date", null=True, blank=True)
    was_held = models.BooleanField("a eu lieu", null=True)
    next_step = models.CharField("suite", max_length=10, choices=NextStep, blank=True)
    by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="noté par"
    )
    created_at = models.DateTimeField("noté le", default=timezone.now)

    objects = InterviewQuerySet.as_manager()

    class Meta:
        verbose_name = "entretien"
        ordering = ["held_on", "planned_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_at__isnull=False) | Q(held_on__isnull=False),
                name="interview_has_a_day",
            ),
            models.CheckConstraint(
                condition=Q(was_held=None) | Q(held_on__isnull=False),
                name="interview_said_with_its_day",
            ),
        ]

    def __str__(self):
        return f"entretien {str(self.pk)[:8]}"


class OfContractQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The professional parties of the contract and its Caf."""
        return self.filter(contract__in=AvipContract.objects.visible_to(user))


class CoordinationPoint(models.Model):
    """A point between who gives care and the adviser about one file."""

    contract = models.ForeignKey(
        AvipContract, on_delete=models.CASCADE, related_name="coordination_points"
    )
    held_on = models.DateField("date")
    by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="noté par"
    )

    objects = OfContractQuerySet.as_manager()

    class Meta:
        verbose_name = "point de coordination"
        verbose_name_plural = "points de coordination"
        ordering = ["-held_on"]

    def __str__(self):
        return f"point du {self.held_on:%d/%m/%Y}"


class AccompanimentTick(models.Model):
    """The adviser says that the accompaniment went on in a month."""

    contract = models.ForeignKey(AvipContract, on_delete=models.CASCADE, related_name="ticks")
    month = models.DateField("mois")  # its first day
    by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="confirmé par"
    )
    at = models.DateTimeField("confirmé le", default=timezone.now)

    objects = OfContractQuerySet.as_manager()

    class Meta:
        verbose_name = "accompagnement du mois"
        verbose_name_plural = "accompagnements du mois"
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "month"], name="tick_once_a_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="tick_month_first_day"),
        ]

    def __str__(self):
        return f"accompagnement {self.month:%m/%Y}"


class ContractReview(models.Model):
    """The point before the end: what the adviser, who gives care and the parent think."""

    class Opinion(models.TextChoices):
        RENEW = "renew", "renouveler"
        STOP = "stop", "ne pas renouveler"
        CHANGE = "change", "renouveler avec d’autres horaires"

    contract = models.OneToOneField(
        AvipContract, on_delete=models.CASCADE, primary_key=True, related_name="review"
    )
    adviser_opinion = models.CharField(
        "avis du référent", max_length=8, choices=Opinion, blank=True
    )
    adviser_said_at = models.DateTimeField("donné le", null=True)
    care_opinion = models.CharField(
        "avis du mode d’accueil", max_length=8, choices=Opinion, blank=True
    )
    care_said_at = models.DateTimeField("donné le", null=True)
    parent_wish = models.CharField("souhait du parent", max_length=8, choices=Opinion, blank=True)
    parent_said_at = models.DateTimeField("recueilli le", null=True)

    objects = OfContractQuerySet.as_manager()

    class Meta:
        verbose_name = "point avant la fin"
        verbose_name_plural = "points avant la fin"

    def __str__(self):
        return f"point avant la fin du {self.contract}"


class ReferentChangeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Both agencies and the parties of the contract."""
        return self.filter(
            Q(to_agency__in=user.reach.agencies)
            | Q(contract__in=AvipContract.objects.visible_to(user))
        )


class ReferentChange(Dossier):
    """Another agency takes over the référent emploi in mid-contract; it alone signs."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "proposé"
        ACCEPTED = "accepted", "accepté"
        DECLINED = "declined", "refusé"
        CANCELLED = "cancelled", "repris"

    class Reason(models.TextChoices):
        LEFT = "left", "départ du conseiller"
        AGE = "age", "changement d’âge du parent"
        MOVED = "moved", "déménagement de la famille"
        AGENCY_CLOSED = "agency_closed", "fermeture de l’agence"
        OTHER = "other", "autre"

    status = models.CharField(
        "état", max_length=10, choices=Status, default=Status.PROPOSED, editable=False
    )
    contract = models.ForeignKey(
        AvipContract, on_delete=models.PROTECT, related_name="referent_changes"
    )
    from_agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    to_agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("motif", max_length=14, choices=Reason)
    asked_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="demandé par"
    )
    # The new référent signs this very text.
    text_sha256 = models.CharField("empreinte du texte signé", max_length=64, blank=True)
    signed_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, null=True, related_name="+", verbose_name="signé par"
    )
    signed_at = models.DateTimeField("signé le", null=True)
    from_on = models.DateField("à partir du", null=True)

    objects = ReferentChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "changement de référent"
        verbose_name_plural = "changements de référent"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract"],
                condition=Q(status="proposed"),
                name="referent_change_one_open",
                violation_error_message="Un changement de référent est déjà proposé.",
            ),
            models.CheckConstraint(
                condition=~Q(status="accepted")
                | (
                    Q(signed_by__isnull=False, signed_at__isnull=False, from_on__isnull=False)
                    & ~Q(text_sha256="")
                ),
                name="referent_change_signed",
            ),
        ]

    def __str__(self):
        return f"changement de référent {str(self.pk)[:8]}"

    def get_absolute_url(self):
        return self.contract.get_absolute_url()


class ReferentChangeStatusChange(PartyStatusChange):
    dossier = models.ForeignKey(ReferentChange, on_delete=models.CASCADE, related_name="history")

    class Meta(PartyStatusChange.Meta):
        verbose_name = "étape du changement de référent"


class CalendarFeedQuerySet(models.QuerySet):
    def for_link(self, token_sha256):
        """The feed of this SHA-256."""
        return self.filter(token_sha256=token_sha256, revoked_at=None)


class CalendarFeed(models.Model):
    """An adviser’s own calendar address; it names nobody."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="calendar_feed"
    )
    generation = models.PositiveIntegerField("génération", default=1)
    token_sha256 = models.CharField("empreinte du lien", max_length=64, unique=True)
    created_at = models.DateTimeField("créé le", default=timezone.now)
    revoked_at = models.DateTimeField("retiré le", null=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = "agenda à suivre"
        verbose_name_plural = "agendas à suivre"

    def __str__(self):
        return f"agenda {self.pk}"


class CorrectionRequestQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The agency that keeps the file."""
        return self.filter(household__agency__in=user.reach.agencies)


class CorrectionRequest(models.Model):
    """A parent says that something kept about her family is wrong: what, never in her words."""

    class What(models.TextChoices):
        NAME = "name", "un nom ou un prénom"
        CONTACT = "contact", "un téléphone ou un courriel"
        CHILD = "child", "une date de naissance ou un enfant"
        SITUATION = "situation", "la situation de la famille"
        OTHER = "other", "autre chose"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    household = models.ForeignKey(
        Household, on_delete=models.CASCADE, related_name="corrections", verbose_name="famille"
    )
    parent = models.ForeignKey(
        Parent, on_delete=models.CASCADE, related_name="+", verbose_name="demandée par"
    )
    what = models.CharField("à corriger", max_length=10, choices=What)
    asked_at = models.DateTimeField("demandée le", default=timezone.now)
    done_at = models.DateTimeField("traitée le", null=True)
    done_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, null=True, related_name="+", verbose_name="traitée par"
    )

    objects = CorrectionRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de correction"
        verbose_name_plural = "demandes de correction"
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "what"],
                condition=Q(done_at=None),
                name="correction_asked_once",
            )
        ]

    def __str__(self):
        return f"correction demandée\xa0: {self.get_what_display()}"
