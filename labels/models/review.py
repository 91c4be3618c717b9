"""What the Caf and the crèche say to each other about a dossier, and the Caf’s own notes."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone

from avip.models import Document
from avip.workflow import Dossier, StatusChange
from partners.models import Caf, Provider, User


class Correction(models.Model):
    """What the Caf asks the facility to correct, with a deadline; no decision while one is open."""

    class Reason(models.TextChoices):
        MISSING_DOCUMENT = "missing_document", "pièce manquante ou périmée"
        INCONSISTENT = "inconsistent", "chiffres ou horaires incohérents"
        UNCLEAR = "unclear", "réponse à préciser"
        COMMITMENT = "commitment", "engagement de la charte à revoir"
        OTHER = "other", "autre"

    application = models.ForeignKey(
        "labels.LabelApplication", on_delete=models.CASCADE, related_name="corrections"
    )
    reason = models.CharField("motif", max_length=20, choices=Reason, default=Reason.OTHER)
    message = models.TextField("ce qui est à corriger")
    asked_by = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="demandé par"
    )
    asked_at = models.DateTimeField("demandé le")
    due_on = models.DateField("à corriger avant le")
    resolved_at = models.DateTimeField("corrigé le", null=True)

    class Meta:
        verbose_name = "correction"
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(resolved_at=None), name="correction_one_open"
            )
        ]

    def __str__(self):
        return f"correction avant le {self.due_on:%d/%m/%Y}"


class OfApplicationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the dossiers `user` may see: the crèche, its operator, its Caf."""
        reach = user.reach
        return self.filter(
            reach.any_of(
                providers="application__provider",
                operators="application__provider__facility__operator",
                cafs="application__caf",
            )
        )


class FieldCommentQuerySet(OfApplicationQuerySet):
    def visible_to(self, user):
        """For the Caf, all of its own; for the crèche, those that a correction has sent."""
        sent = Q(sent_at__isnull=False) | Q(application__caf__in=user.reach.cafs)
        return super().visible_to(user).filter(sent)

    def unsettled(self):
        """Those that the reviewer has not closed."""
        return self.exclude(status=FieldComment.Status.CLOSED)


class FieldComment(Dossier):
    """The reviewer's remark on one answer: open, resolved by the crèche, closed by the reviewer."""

    class Status(models.TextChoices):
        OPEN = "open", "à corriger"
        RESOLVED = "resolved", "corrigé, à relire"
        CLOSED = "closed", "clos"

    status = models.CharField(
        "état", max_length=10, choices=Status, default=Status.OPEN, editable=False
    )
    application = models.ForeignKey(
        "labels.LabelApplication", on_delete=models.CASCADE, related_name="field_comments"
    )
    section = models.CharField("rubrique", max_length=20)
    field = models.CharField("champ", max_length=40)
    text = models.TextField("remarque", max_length=2000)
    author = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="écrite par"
    )
    reply = models.TextField("réponse de la crèche", blank=True)
    sent_at = models.DateTimeField("envoyée à la crèche le", null=True, editable=False)

    objects = FieldCommentQuerySet.as_manager()

    class Meta:
        verbose_name = "remarque"
        ordering = ["created_at"]

    def __str__(self):
        return f"remarque sur {self.field}"

    def get_absolute_url(self):
        return f"{self.application.get_absolute_url()}#remarque-{self.pk}"


class FieldCommentStatusChange(StatusChange):
    dossier = models.ForeignKey(FieldComment, on_delete=models.CASCADE, related_name="history")

    class Meta(StatusChange.Meta):
        verbose_name = "étape de la remarque"


class Message(models.Model):
    """One message of the thread between the crèche and the Caf about a dossier; written once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(
        "labels.LabelApplication", on_delete=models.CASCADE, related_name="messages"
    )
    author = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="écrit par"
    )
    from_caf = models.BooleanField("de la Caf")
    text = models.TextField("message", max_length=4000)
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, null=True, verbose_name="pièce jointe"
    )
    sent_at = models.DateTimeField("envoyé le", default=timezone.now)

    objects = OfApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        ordering = ["sent_at"]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self):
        return f"message du {self.sent_at:%d/%m/%Y}"


class ContactNoteQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The Caf's own: no crèche reads them."""
        return self.filter(caf__in=user.reach.cafs)


class ContactNote(models.Model):
    """A call, a visit or a private note of the Caf about a crèche: the memory of its follow-up."""

    class Kind(models.TextChoices):
        CALL = "call", "appel"
        VISIT = "visit", "visite"
        MEETING = "meeting", "rendez-vous"
        NOTE = "note", "note interne"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="contact_notes", verbose_name="crèche"
    )
    kind = models.CharField("nature", max_length=10, choices=Kind)
    held_on = models.DateField("date")
    text = models.TextField("ce qui s’est dit", max_length=4000)
    author = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="+", verbose_name="noté par"
    )
    created_at = models.DateTimeField("noté le", default=timezone.now)

    objects = ContactNoteQuerySet.as_manager()

    class Meta:
        verbose_name = "contact"
        ordering = ["-held_on", "-created_at"]

    def __str__(self):
        return f"{self.get_kind_display()} du {self.held_on:%d/%m/%Y}"
