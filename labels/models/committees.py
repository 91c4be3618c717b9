"""The committee: a session or a written consultation, its members, its agenda, their opinions."""

import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse

from avip.models import Document
from avip.templatetags.words import fr_date
from avip.workflow import Dossier, StatusChange
from labels.models.applications import LabelApplication
from labels.models.confirmations import DecisionConfirmation
from partners.models import Caf, User


class CommitteeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the Cafs `user` works for."""
        return self.filter(caf__in=user.reach.cafs)


class LabelCommittee(Dossier):
    """A session on a day, or a written consultation that ends on that day."""

    class Kind(models.TextChoices):
        SESSION = "session", "séance"
        WRITTEN = "written", "consultation écrite"

    class Status(models.TextChoices):
        PLANNED = "planned", "en préparation"
        CONVENED = "convened", "convoqué"
        TO_CONFIRM = "to_confirm", "décisions à confirmer"
        CLOSED = "closed", "clos"
        CANCELLED = "cancelled", "annulé"

    OPEN = (Status.PLANNED, Status.CONVENED)

    status = models.CharField(
        "état", max_length=12, choices=Status, default=Status.PLANNED, editable=False
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    kind = models.CharField("forme", max_length=10, choices=Kind, default=Kind.SESSION)
    held_on = models.DateField("date")
    starts_at = models.TimeField("heure", null=True, blank=True)
    place = models.CharField("lieu ou lien", max_length=200, blank=True)
    quorum = models.PositiveSmallIntegerField("quorum", default=1)
    opened_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="ouvert par"
    )
    closed_by = models.ForeignKey(
        User,
        on_delete=models.RESTRICT,  # who closed it stays known
        null=True,
        related_name="+",
        verbose_name="clos par",
    )
    closed_at = models.DateTimeField("clos le", null=True, editable=False)
    pack = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name="dossier de séance",
    )
    minutes = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name="procès-verbal",
    )

    objects = CommitteeQuerySet.as_manager()

    class Meta:
        verbose_name = "comité"
        ordering = ["-held_on"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="committee_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(quorum__gte=1),
                name="committee_quorum_positive",
                violation_error_message="Le quorum est d’au moins un membre.",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} du {fr_date(self.held_on)}"

    def get_absolute_url(self):
        return reverse("labels:committee_detail", args=[self.pk])


class CommitteeStatusChange(StatusChange):
    dossier = models.ForeignKey(LabelCommittee, on_delete=models.CASCADE, related_name="history")
    confirmation = models.ForeignKey(
        DecisionConfirmation,
        on_delete=models.RESTRICT,  # who did it stays known
        null=True,
        related_name="+",
        verbose_name="par le membre du comité",
    )

    class Meta(StatusChange.Meta):
        verbose_name = "étape du comité"

    @classmethod
    def actor(cls, by):
        """A user, the member who answered by her link, or nobody for the application."""
        return {"confirmation": by} if isinstance(by, DecisionConfirmation) else {"user": by}

    @property
    def by(self):
        return str(self.confirmation) if self.confirmation else super().by


class MemberQuerySet(models.QuerySet):
    def for_link(self, token_sha256):
        """The member that the link of this SHA-256 opens."""
        return self.filter(token_sha256=token_sha256)


class CommitteeMember(models.Model):
    """Who sits, for which organisation; invited by mail, gives her opinions by a link."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    committee = models.ForeignKey(LabelCommittee, on_delete=models.CASCADE, related_name="members")
    name = models.CharField("nom", max_length=160)
    organisation = models.CharField("organisme et qualité", max_length=160)
    email = models.EmailField("courriel")
    token_sha256 = models.CharField("empreinte du lien", max_length=64, unique=True)
    is_present = models.BooleanField("présent", null=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = "membre du comité"
        verbose_name_plural = "membres du comité"
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["committee", "email"],
                name="committee_member_once",
                violation_error_message="Cette personne est déjà membre de ce comité.",
            )
        ]

    def __str__(self):
        return f"{self.name}, {self.organisation}"


class AgendaItem(models.Model):
    """One dossier on the agenda, and what the committee decides of it when the session closes."""

    committee = models.ForeignKey(LabelCommittee, on_delete=models.PROTECT, related_name="agenda")
    application = models.ForeignKey(
        LabelApplication, on_delete=models.PROTECT, related_name="agenda_items"
    )
    position = models.PositiveSmallIntegerField("ordre")
    decision = models.CharField(
        "décision", max_length=30, choices=LabelApplication.Proposal, blank=True
    )
    reasons = models.TextField("motifs ou réserves", max_length=4000, blank=True)
    refusal_grounds = models.JSONField("motifs de refus", default=list, blank=True)
    reservations_due_on = models.DateField("réserves à lever avant le", null=True, blank=True)
    deferred_until = models.DateField("ajourné jusqu’au", null=True, blank=True)
    recorded_by = models.ForeignKey(
        User,
        on_delete=models.RESTRICT,  # who wrote the decision stays known
        null=True,
        related_name="+",
        verbose_name="saisie par",
    )
    # Decided, or taken off the agenda: `outcome` says which in one sentence of the minutes.
    settled_at = models.DateTimeField("réglé le", null=True, editable=False)
    outcome = models.CharField("suite", max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = "point de l’ordre du jour"
        verbose_name_plural = "points de l’ordre du jour"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(settled_at=None),
                name="agenda_one_session_per_dossier",
                violation_error_message="Ce dossier est déjà à l’ordre du jour d’un comité.",
            ),
            models.UniqueConstraint(
                fields=["committee", "application"], name="agenda_dossier_once"
            ),
        ]

    def __str__(self):
        return f"{self.position}. {self.application}"


class Opinion(models.Model):
    """What one member thinks of one dossier; an interested member abstains."""

    class Value(models.TextChoices):
        FAVOURABLE = "favourable", "favorable"
        RESERVED = "reserved", "favorable avec réserves"
        UNFAVOURABLE = "unfavourable", "défavorable"
        INTERESTED = "interested", "s’abstient, intéressé au dossier"
        ABSTAINS = "abstains", "s’abstient"

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="opinions")
    member = models.ForeignKey(CommitteeMember, on_delete=models.CASCADE, related_name="opinions")
    value = models.CharField("avis", max_length=14, choices=Value)
    comment = models.TextField("commentaire", max_length=2000, blank=True)
    given_at = models.DateTimeField("donné le")
    noted_by = models.ForeignKey(
        User,
        on_delete=models.RESTRICT,  # who noted an opinion heard in session stays known
        null=True,
        related_name="+",
        verbose_name="noté par",
    )

    class Meta:
        verbose_name = "avis"
        verbose_name_plural = "avis"
        constraints = [
            models.UniqueConstraint(fields=["item", "member"], name="opinion_once_per_member")
        ]

    def __str__(self):
        return f"{self.member}\xa0: {self.get_value_display()}"
