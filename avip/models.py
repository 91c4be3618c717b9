"""What every app shares: effects to carry out, documents written once, who read what, what ran."""

import hashlib
import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone


class OutboxQuerySet(models.QuerySet):
    def due(self, now):
        """The effects to carry out by `now`: neither done nor given up, and not waiting
        for a retry.
        """
        return self.filter(done_at=None, given_up_at=None, next_try_at__lte=now)

    def about(self, obj):
        """The effects of one object, latest first: what a page shows of its mails and documents."""
        return self.filter(object_id=str(obj.pk)).order_by("-created_at")


class Outbox(models.Model):
    """An effect (mail, SMS, PDF) written in the transaction that decided it, carried
    out once afterwards.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("effet", max_length=60)
    object_id = models.CharField("objet", max_length=40)
    recipient_id = models.CharField("destinataire", max_length=40, blank=True)
    key = models.CharField("clé métier", max_length=200, unique=True)
    created_at = models.DateTimeField("créé le", default=timezone.now)
    next_try_at = models.DateTimeField("prochain essai", default=timezone.now)
    tries = models.PositiveSmallIntegerField("essais", default=0)
    error = models.TextField("dernière erreur", blank=True)
    done_at = models.DateTimeField("fait le", null=True)
    given_up_at = models.DateTimeField("abandonné le", null=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = "effet"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(given_up_at=None),
                name="outbox_done_or_given_up",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(done_at=None, given_up_at=None),
                name="outbox_due",
            ),
            models.Index(fields=["object_id", "kind"], name="outbox_object"),
        ]

    def __str__(self):
        return f"{self.kind} {self.key}"


class DocumentManager(models.Manager):
    def write(self, *, filename, data, content_type="application/pdf"):
        """Store these bytes for good, with their SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        return self.create(
            filename=filename, content_type=content_type, data=data, sha256=digest, size=len(data)
        )


class Document(models.Model):
    """Bytes written once: rendered, sealed or received. The database refuses to change them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    filename = models.CharField("nom du fichier", max_length=120)
    content_type = models.CharField("type", max_length=60)
    data = models.BinaryField("contenu")
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    size = models.PositiveIntegerField("taille en octets")
    created_at = models.DateTimeField("écrit le", default=timezone.now)

    objects = DocumentManager()

    class Meta:
        verbose_name = "document"
        triggers = [pgtrigger.Protect(name="write_once", operation=pgtrigger.Update)]

    def __str__(self):
        return self.filename


class AccessLog(models.Model):
    """Who read which file about a person, and when; purged after the delay of the data
    protection rules.
    """

    at = models.DateTimeField("quand", default=timezone.now)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name="qui"
    )
    borrowed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name="support qui avait emprunté son compte",
    )
    kind = models.CharField("quoi", max_length=40)
    object_id = models.UUIDField("objet")
    reason = models.CharField("raison", max_length=200, blank=True)

    class Meta:
        verbose_name = "lecture"
        indexes = [models.Index(fields=["kind", "object_id", "at"], name="access_object")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self):
        return f"{self.kind} {self.object_id}"


class JobRun(models.Model):
    """One run of a job for one slot of its schedule: the tick runs what is due and not done."""

    job = models.CharField("travail", max_length=60)
    slot = models.DateTimeField("échéance")
    started_at = models.DateTimeField("commencé le", default=timezone.now)
    done_at = models.DateTimeField("fini le", null=True)
    result = models.CharField("résultat", max_length=200, blank=True)
    error = models.TextField("erreur", blank=True)

    class Meta:
        verbose_name = "passage"
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="job_run_once")]

    def __str__(self):
        return f"{self.job} {self.slot:%Y-%m-%d %H:%M}"
