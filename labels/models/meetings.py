"""The network's meetings: who is invited, who answers, who came."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from avip.models import Document
from avip.workflow import Dossier, StatusChange
from partners.models import Caf, Provider, User


class MeetingQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the Cafs `user` works for, and those to which its crèches are invited."""
        reach = user.reach
        invited = Q(invitations__provider__in=reach.providers) | Q(
            invitations__provider__facility__operator__in=reach.operators
        )
        mine = self.model.objects.filter(invited).exclude(status="draft").values("pk")
        return self.filter(Q(caf__in=reach.cafs) | Q(pk__in=mine))


class NetworkMeeting(Dossier):
    """A meeting of the Avip network of a Caf."""

    class Status(models.TextChoices):
        DRAFT = "draft", "brouillon"
        PLANNED = "planned", "annoncée"
        HELD = "held", "tenue"
        CANCELLED = "cancelled", "annulée"

    status = models.CharField(
        "état", max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    title = models.CharField("titre", max_length=160)
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    place = models.CharField("lieu", max_length=200, blank=True)
    link = models.URLField("lien de visioconférence", blank=True)
    agenda = models.TextField("ordre du jour", max_length=4000, blank=True)
    minutes = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name="compte rendu",
    )
    opened_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="créée par"
    )

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = "réunion du réseau"
        verbose_name_plural = "réunions du réseau"
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="meeting_in_order",
                violation_error_message="La fin vient après le début.",
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("labels:meeting_detail", args=[self.pk])


class NetworkMeetingStatusChange(StatusChange):
    dossier = models.ForeignKey(NetworkMeeting, on_delete=models.CASCADE, related_name="history")

    class Meta(StatusChange.Meta):
        verbose_name = "étape de la réunion"


class MeetingInvitation(models.Model):
    """One crèche invited to a meeting: its answer, then whether it came."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(
        NetworkMeeting, on_delete=models.CASCADE, related_name="invitations"
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="+", verbose_name="crèche"
    )
    comes = models.BooleanField("vient", null=True)
    answered_at = models.DateTimeField("répondu le", null=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="répondu par"
    )
    came = models.BooleanField("était présente", null=True)

    class Meta:
        verbose_name = "invitation à une réunion"
        verbose_name_plural = "invitations à une réunion"
        constraints = [
            models.UniqueConstraint(fields=["meeting", "provider"], name="meeting_invites_once")
        ]

    def __str__(self):
        return f"{self.provider}, {self.meeting}"
