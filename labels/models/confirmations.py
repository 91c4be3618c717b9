"""The second person of a decision, reached by a link."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ConfirmationQuerySet(models.QuerySet):
    def for_link(self, token_sha256):
        """The confirmation that the link of this SHA-256 opens."""
        return self.filter(token_sha256=token_sha256)

    def waiting(self):
        """Those without an answer, whether their link still opens or not."""
        return self.filter(confirmed_at=None, declined_at=None)

    def close(self, now):
        """Make the links that wait for an answer open nothing any more."""
        self.waiting().filter(expires_at__gt=now).update(expires_at=now)


class DecisionConfirmation(models.Model):
    """Where a Caf has one agent, the second person (a member of the committee) confirms by link.

    One decision, or all those of a session.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(
        "labels.LabelApplication",
        on_delete=models.CASCADE,
        null=True,
        related_name="confirmations",
    )
    committee = models.ForeignKey(
        "labels.LabelCommittee", on_delete=models.CASCADE, null=True, related_name="confirmations"
    )
    name = models.CharField("nom du membre du comité", max_length=160)
    quality = models.CharField("qualité", max_length=160)
    email = models.EmailField("courriel")
    created_at = models.DateTimeField("demandée le", default=timezone.now)
    token_sha256 = models.CharField("empreinte du lien", max_length=64, unique=True)
    expires_at = models.DateTimeField("valable jusqu’au")
    confirmed_at = models.DateTimeField("confirmée le", null=True)
    declined_at = models.DateTimeField("refusée le", null=True)

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        verbose_name = "confirmation de décision"
        verbose_name_plural = "confirmations de décision"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(application__isnull=False, committee=None)
                | Q(application=None, committee__isnull=False),
                name="confirmation_of_one_thing",
            )
        ]

    def __str__(self):
        return f"{self.name}, {self.quality}"

    @property
    def subject(self):
        """What it confirms: the decision of one dossier, or the session that took them."""
        return self.application or self.committee
