"""Who signs, and the proof that they did. A parent has no account: a link locates, a
code proves.
"""

import hashlib
import uuid
from datetime import date

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone

from avip.models import Document
from avip.workflow import StatusChange
from families.models.households import Parent
from partners.models import User


class ParentLinkQuerySet(models.QuerySet):
    def for_link(self, token):
        """The link this token opens, whatever its state: revoked and expired ones get a way out."""
        return self.filter(token_sha256=hashlib.sha256(token.encode()).hexdigest())

    def for_contract(self, contract, channel):
        """The one that lives for this contract, sent on this channel."""
        return self.filter(contract=contract, channel=channel, revoked_at=None)


class Channel(models.TextChoices):
    EMAIL = "email", "courriel"
    SMS = "sms", "SMS"


class ParentLink(models.Model):
    """A parent's secret address for one contract. Only the SHA-256 of its token is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parent = models.ForeignKey(Parent, on_delete=models.CASCADE, related_name="links")
    contract = models.ForeignKey(
        "families.AvipContract", on_delete=models.CASCADE, related_name="parent_links"
    )
    token_sha256 = models.CharField("empreinte du lien", max_length=64, unique=True)
    generation = models.PositiveIntegerField("génération", default=1)
    created_at = models.DateTimeField("créé le", default=timezone.now)
    channel = models.CharField("envoyé par", max_length=5, choices=Channel, default=Channel.EMAIL)
    # Of the present generation.
    issued_at = models.DateTimeField("émis le", default=timezone.now)
    sent_at = models.DateTimeField("parti le", null=True)
    message_id = models.CharField("identifiant du message", max_length=120, blank=True)
    expires_at = models.DateTimeField("valable jusqu’au")
    opened_at = models.DateTimeField("ouvert le", null=True)
    revoked_at = models.DateTimeField("retiré le", null=True)

    objects = ParentLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "lien du parent"
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "parent"], condition=Q(revoked_at=None), name="link_one_live"
            )
        ]

    def __str__(self):
        return f"{self.parent.short_name}, par son lien"

    def is_open(self, at):
        """Neither revoked nor expired at that moment."""
        return self.revoked_at is None and self.expires_at > at


class PartyStatusChange(StatusChange):
    """A step that a parent may take, by a link."""

    link = models.ForeignKey(
        ParentLink,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="par le lien",
    )

    class Meta(StatusChange.Meta):
        abstract = True

    @classmethod
    def actor(cls, by):
        """A parent's link has its own column."""
        return {"link": by} if isinstance(by, ParentLink) else super().actor(by)

    @property
    def by(self):
        """Who took the step, for the eye."""
        return str(self.link) if self.link else super().by


class Signatory(models.Model):
    """One person expected to sign one version, as printed in its text."""

    class Role(models.TextChoices):
        CARE = "care", "mode d’accueil"
        PARENT = "parent", "parent"
        ADVISER = "adviser", "référent emploi"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(
        "families.ContractVersion", on_delete=models.CASCADE, related_name="signatories"
    )
    role = models.CharField("rôle", max_length=8, choices=Role)
    parent = models.ForeignKey(
        Parent, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="parent"
    )
    name = models.CharField("nom imprimé", max_length=160)
    quality = models.CharField("qualité imprimée", max_length=160, blank=True)
    organisation = models.CharField("organisation", max_length=160, blank=True)
    delegation = models.CharField("délégation", max_length=160, blank=True)

    class Meta:
        verbose_name = "signataire"
        ordering = ["role", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role="parent", parent__isnull=False)
                | (~Q(role="parent") & Q(parent__isnull=True)),
                name="signatory_parent_named",
            )
        ]

    def __str__(self):
        return self.name


class Signature(models.Model):
    """One signatory signed this very text. Written once; the database refuses to change it."""

    class Method(models.TextChoices):
        ACCOUNT = "account", "dans son compte, mot de passe redemandé"
        ON_SITE_CODE = "on_site_code", "sur place, code reçu sur son téléphone"
        ON_SITE_ATTESTED = "on_site_attested", "sur place, identité attestée"
        LINK_CODE = "link_code", "par son lien, code reçu sur un autre canal"
        PAPER = "paper", "sur papier"

    # Received by a professional, who answers for it.
    ATTESTED = (Method.ON_SITE_CODE, Method.ON_SITE_ATTESTED, Method.PAPER)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    signatory = models.OneToOneField(
        Signatory, on_delete=models.PROTECT, related_name="signature", verbose_name="signataire"
    )
    version = models.ForeignKey(
        "families.ContractVersion", on_delete=models.PROTECT, related_name="signatures"
    )
    text_sha256 = models.CharField("empreinte du texte signé", max_length=64)
    method = models.CharField("comment", max_length=16, choices=Method)
    signed_at = models.DateTimeField("signé le")
    user = models.ForeignKey(
        User, on_delete=models.RESTRICT, null=True, related_name="+", verbose_name="compte"
    )
    link = models.ForeignKey(
        ParentLink, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="lien"
    )
    attested_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, null=True, related_name="+", verbose_name="attesté par"
    )
    interpreter = models.CharField("interprète", max_length=160, blank=True)
    scan = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, verbose_name="scan")
    evidence = models.JSONField("éléments de preuve", default=dict)

    class Meta:
        verbose_name = "signature"
        ordering = ["signed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(method="account", user__isnull=False)
                | Q(method="link_code", link__isnull=False)
                | Q(method__in=["on_site_code", "on_site_attested"], attested_by__isnull=False)
                | Q(method="paper", attested_by__isnull=False, scan__isnull=False),
                name="signature_method_with_its_proof",
            )
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self):
        return f"{self.signatory}, {self.how}"

    @property
    def how(self) -> str:
        """The way it was given, in words; in an account without a password a code stood for it."""
        if self.method == self.Method.ACCOUNT and "code" in self.evidence:
            return "dans son compte, code reçu par SMS"
        return self.get_method_display()

    @property
    def signed_on_paper_on(self):
        """The day written on the paper; None for any other way of signing."""
        day = self.evidence.get("signed_on_paper_on")
        return date.fromisoformat(day) if day else None

    def is_the_same(self, method, by, text_sha256):
        """Whether this act, pressed again, is the one already recorded."""
        actor = self.link_id or self.user_id or self.attested_by_id
        return (self.method, actor, self.text_sha256) == (method, by.pk, text_sha256)


class SigningCodeQuerySet(models.QuerySet):
    def for_link(self, link):
        """Those asked for in the session of a parent's link."""
        return self.filter(link=link)


class SigningCode(models.Model):
    """A six-digit code for one signatory, sent to her phone or by mail: short-lived,
    few tries, used once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    signatory = models.ForeignKey(Signatory, on_delete=models.CASCADE, related_name="codes")
    link = models.ForeignKey(ParentLink, on_delete=models.CASCADE, null=True, related_name="codes")
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    code_hash = models.CharField("empreinte lente du code", max_length=200)
    channel = models.CharField("envoyé par", max_length=5, choices=Channel, default=Channel.SMS)
    masked_phone = models.CharField("destinataire masqué", max_length=60)
    message_id = models.CharField("identifiant du message", max_length=120, blank=True)
    sent_at = models.DateTimeField("envoyé le")
    expires_at = models.DateTimeField("valable jusqu’au")
    tries = models.PositiveSmallIntegerField("essais", default=0)
    used_at = models.DateTimeField("utilisé le", null=True)

    objects = SigningCodeQuerySet.as_manager()

    class Meta:
        verbose_name = "code de signature"
        verbose_name_plural = "codes de signature"
        ordering = ["-sent_at"]

    def __str__(self):
        return f"code {self.pk}"
