"""The one way to change a status: a table of steps, and `take`, which locks, checks, saves and records."""

import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import pgtrigger
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone


class StepRefused(Exception):
    """The step cannot be taken now; `reasons` are French sentences for the person who asked."""

    def __init__(self, *reasons: str):
        super().__init__(*reasons)
        self.reasons = reasons


def nothing(dossier, on) -> list[str]:
    return []


def system(by, dossier) -> bool:
    """Only the application itself takes this step."""
    return by is None


@dataclass(frozen=True)
class Step:
    label: str  # the button, in French
    sources: tuple[str, ...]
    target: str
    allowed: Callable  # (by, dossier) -> bool; by is a User, a ParentLink, or None for the system
    requires: Callable = nothing  # (dossier, on) -> the French reasons why not
    done: str = ""  # the sentence of the history, in French; the label when empty


class Workflow:
    """The steps of one kind of dossier, by name."""

    def __init__(self, **steps: Step):
        self.steps = steps

    def available(self, dossier, by, on) -> dict[str, Step]:
        """The steps `by` may take now: what the page shows as buttons."""
        return {
            name: step
            for name, step in self._open_to(dossier, by).items()
            if not step.requires(dossier, on)
        }

    def blocked(self, dossier, by, on) -> dict[str, list[str]]:
        """The steps `by` could take if it were not for these reasons."""
        found = {
            name: step.requires(dossier, on) for name, step in self._open_to(dossier, by).items()
        }
        return {name: reasons for name, reasons in found.items() if reasons}

    def _open_to(self, dossier, by):
        if getattr(by, "is_hijacked", False):
            return {}
        return {
            name: step
            for name, step in self.steps.items()
            if dossier.status in step.sources and step.allowed(by, dossier)
        }

    @contextmanager
    def take(self, name, dossier, *, by, on, at=None, comment=""):
        """Lock the dossier, check the step, let the caller fill it in, then save and record it.

        Raises PermissionDenied when `by` may not, StepRefused when the dossier has moved on or
        something it needs is missing. Fields set before the `with` are lost: the row is re-read.
        """
        step = self.steps[name]
        with transaction.atomic():
            lock(dossier)
            # A support agent who borrows an account looks; it never acts.
            if getattr(by, "is_hijacked", False) or not step.allowed(by, dossier):
                raise PermissionDenied
            if dossier.status not in step.sources:
                state = dossier.get_status_display()
                raise StepRefused(f"« {step.label} » n’est plus possible : {state}.")
            if reasons := step.requires(dossier, on):
                raise StepRefused(*reasons)
            source = dossier.status
            yield dossier
            dossier.status = step.target
            _stamp(dossier, by, at)
            dossier.save()
            dossier.history.create(
                step=name,
                source=source,
                target=step.target,
                at=at or timezone.now(),
                comment=comment,
                **dossier.history.model.actor(by),
            )


@contextmanager
def edit(dossier, *, by, seen, fields, at=None):
    """Change `fields` of a dossier under the same lock as a step.

    `seen` is the revision the page showed: another one raises StepRefused, saying by whom and when.
    None: the caller read the row itself, in this transaction.
    """
    with transaction.atomic():
        lock(dossier)
        if getattr(by, "is_hijacked", False):
            raise PermissionDenied
        if seen is not None and dossier.revision != int(seen):
            moment = timezone.localtime(dossier.edited_at)
            raise StepRefused(
                f"Ce dossier a été modifié entre-temps par {dossier.edited_by or 'l’application'} "
                f"le {moment:%d/%m/%Y} à {moment:%H} h {moment:%M}. "
                "Votre saisie est conservée ci-dessous : relisez-la, puis enregistrez de nouveau."
            )
        yield dossier
        _stamp(dossier, by, at)
        dossier.save(update_fields=[*fields, "revision", "edited_at", "edited_by"])


def lock(dossier):
    """Lock the row and work on what the database says now, not on what the page showed."""
    rows = type(dossier)._base_manager.select_for_update(of=("self",), no_key=True)
    dossier.refresh_from_db(from_queryset=rows)


def moment(at):
    """When an act takes place: `at` is given by the demonstration and the tests, else it is now."""
    return at or timezone.now()


def _stamp(dossier, by, at):
    dossier.revision += 1
    dossier.edited_at = at or timezone.now()
    dossier.edited_by = str(by) if by else ""


class Dossier(models.Model):
    """What every row with a workflow carries; `status` and its constraints belong to the concrete model."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField("créé le", default=timezone.now, editable=False)
    revision = models.PositiveIntegerField("révision", default=0, editable=False)
    edited_at = models.DateTimeField("modifié le", default=timezone.now, editable=False)
    edited_by = models.CharField("modifié par", max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True


class StatusChange(models.Model):
    """One step taken: who, when, from, to, why. Concrete per dossier; the database refuses to change it."""

    step = models.CharField("étape", max_length=40)
    source = models.CharField("avant", max_length=40)
    target = models.CharField("après", max_length=40)
    at = models.DateTimeField("quand")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.RESTRICT,  # who did it stays known
        null=True,
        related_name="+",
        verbose_name="par",
    )
    comment = models.TextField("commentaire", blank=True)

    class Meta:
        abstract = True
        ordering = ["at", "pk"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    @classmethod
    def actor(cls, by) -> dict:
        """The columns that name `by`: a user, or nobody when the application itself acts."""
        return {"user": by}

    @property
    def by(self):
        """Who took the step, for the eye."""
        return str(self.user) if self.user else "l’application"
