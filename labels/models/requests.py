"""« Demander le label » by somebody who has no account yet."""

import uuid

from django.db import models
from django.utils import timezone

from labels.models.applications import LabelApplication
from partners.models import Caf, Provider, User


class LabelRequestQuerySet(models.QuerySet):
    def for_link(self, token_sha256):
        """The request that the link of this SHA-256 opens."""
        return self.filter(token_sha256=token_sha256)

    def visible_to(self, user):
        """The confirmed requests addressed to the Cafs `user` works for."""
        return self.filter(caf__in=user.reach.cafs, confirmed_at__isnull=False)

    def to_attach(self):
        """Those of people whose crèche was known already: the Caf says whether they work there."""
        return self.filter(
            confirmed_at__isnull=False, user__isnull=False, application=None, answered_at=None
        )


class LabelRequest(models.Model):
    """A director without an account: confirmed from her mailbox, it opens a draft."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caf = models.ForeignKey(Caf, on_delete=models.CASCADE, verbose_name="Caf")
    siret = models.CharField("SIRET", max_length=14)
    facility_name = models.CharField("nom de la crèche", max_length=160)
    postal_code = models.CharField("code postal", max_length=5)
    first_name = models.CharField("prénom", max_length=80)
    last_name = models.CharField("nom", max_length=80)
    email = models.EmailField("courriel professionnel")
    created_at = models.DateTimeField("reçue le", default=timezone.now)
    expires_at = models.DateTimeField("valable jusqu’au")
    token_sha256 = models.CharField("empreinte du lien", max_length=64, unique=True)
    confirmed_at = models.DateTimeField("confirmée le", null=True)
    # What came of it: her account, the crèche of that SIRET, the draft that opened.
    quality = models.CharField("qualité", max_length=80, blank=True)
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="personne"
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="crèche"
    )
    application = models.ForeignKey(
        LabelApplication,
        on_delete=models.SET_NULL,
        null=True,
        related_name="requests",
        verbose_name="dossier",
    )
    answered_at = models.DateTimeField("répondue par la Caf le", null=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="répondue par"
    )

    objects = LabelRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de label"
        verbose_name_plural = "demandes de label"

    def __str__(self):
        return f"demande {self.pk}"
