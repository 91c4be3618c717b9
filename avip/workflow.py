"""The one way to change a status: a table of steps, and `take`, which locks, checks and records."""

import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import pgtrigger
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

BATCH = 1000  # dossiers locked at once by a step taken in sets
NAME_LENGTH = 200  # of whoever changed a dossier last; the history names her in full


class StepRefused(Exception):
    """The step cannot be taken now; `reasons` are French sentences for the person who asked."""

    def __init__(self, *reasons: str):
        super().__init__(*reasons)
        self.reasons = reasons


def moved_on(label, dossier) -> str:
    """Why an act is too late: its dossier has another status by now."""
    return f"«\xa0{label}\xa0» n’est plus possible\xa0: {dossier.get_status_display()}."


def nothing(dossier, on) -> list[str]:
    """This step needs nothing more than its source and its right."""
    return []


def system(by, dossier) -> bool:
    """Only the application itself takes this step."""
    return by is None


@dataclass(frozen=True)
class Step:
    """One line of a workflow's table: who may move a dossier, from where, to where, if what."""

    label: str  # the button, in French
    sources: tuple[str, ...]
    target: str  # empty: the state stays, the step is recorded
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

    def why_not(self, name, dossier, on) -> list[str]:
        """Why this step is not possible for this dossier today, whoever asks."""
        step = self.steps[name]
        if dossier.status not in step.sources:
            return [moved_on(step.label, dossier)]
        return step.requires(dossier, on)

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
            if reasons := self.why_not(name, dossier, on):
                raise StepRefused(*reasons)
            source = dossier.status
            yield dossier
            dossier.status = step.target or source
            _stamp(dossier, by, at)
            dossier.save()
            dossier.history.create(
                step=name,
                source=source,
                target=dossier.status,
                at=moment(at),
                comment=comment,
                **dossier.history.model.actor(by),
            )

    def take_all(self, name, dossiers, *, on, at=None) -> int:
        """The application takes one step for each dossier of a queryset that may: how many did.

        In sets, for nightly work: same lock, same checks, same history; no other field changes.
        """
        step = self.steps[name]
        if not step.allowed(None, None):
            raise PermissionDenied
        at, taken, after = moment(at), 0, None
        waiting = dossiers.filter(status__in=step.sources).order_by("pk")
        while True:
            with transaction.atomic():
                rows = waiting if after is None else waiting.filter(pk__gt=after)
                locked = list(rows.select_for_update(of=("self",), no_key=True)[:BATCH])
                if not locked:
                    return taken
                after = locked[-1].pk
                taken += self._record_all(name, [d for d in locked if not step.requires(d, on)], at)

    def take_together(self, name, dossiers, *, by, on, at=None) -> dict:
        """`by` takes one step, that fills nothing in, for these dossiers: why not, for the others.

        In one set, in the order of their keys: same lock, same checks, same history.
        """
        step = self.steps[name]
        with transaction.atomic():
            locked = dossiers.order_by("pk").select_for_update(of=("self",), no_key=True)
            refused, taken = {}, []
            for dossier in locked:
                if getattr(by, "is_hijacked", False) or not step.allowed(by, dossier):
                    raise PermissionDenied
                if reasons := self.why_not(name, dossier, on):
                    refused[dossier] = reasons
                else:
                    taken.append(dossier)
            self._record_all(name, taken, moment(at), by)
        return refused

    def _record_all(self, name, dossiers, at, by=None):
        if not dossiers:
            return 0
        step, history = self.steps[name], type(dossiers[0]).history.rel.related_model
        actor = history.actor(by)
        changes = [
            history(
                dossier=dossier,
                step=name,
                source=dossier.status,
                target=step.target,
                at=at,
                **actor,
            )
            for dossier in dossiers
        ]
        rows = type(dossiers[0])._base_manager.filter(pk__in=[dossier.pk for dossier in dossiers])
        rows.update(
            status=step.target,
            revision=F("revision") + 1,
            edited_at=at,
            edited_by=str(by) if by else "",
        )
        history.objects.bulk_create(changes)
        return len(dossiers)


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
        refuse_stale(dossier, seen)
        yield dossier
        _stamp(dossier, by, at)
        dossier.save(update_fields=[*fields, "revision", "edited_at", "edited_by"])


def refuse_stale(dossier, seen):
    """Refuse what was typed on a page that showed another revision, saying who changed it and when.

    `dossier` is locked; `seen` is what the form posted back, None when no page was involved.
    """
    if seen is None or str(seen) == str(dossier.revision):
        return
    changed = timezone.localtime(dossier.edited_at)
    raise StepRefused(
        f"Ce dossier a été modifié entre-temps par {dossier.edited_by or 'l’application'} "
        f"le {changed:%d/%m/%Y} à {changed:%H}\xa0h\xa0{changed:%M}. "
        "Votre saisie est conservée ci-dessous\xa0: relisez-la, puis enregistrez de nouveau."
    )


def lock(dossier):
    """Lock the row and work on what the database says now, not on what the page showed."""
    rows = type(dossier)._base_manager.select_for_update(of=("self",), no_key=True)
    dossier.refresh_from_db(from_queryset=rows)


def moment(at):
    """When an act takes place: `at` is given by the demonstration and the tests, else it is now."""
    return at or timezone.now()


def _stamp(dossier, by, at):
    dossier.revision += 1
    dossier.edited_at = moment(at)
    dossier.edited_by = str(by)[:NAME_LENGTH] if by else ""


class Dossier(models.Model):
    """What every row with a workflow carries; `status` and its constraints are the model’s own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField("créé le", default=timezone.now, editable=False)
    revision = models.PositiveIntegerField("révision", default=0, editable=False)
    edited_at = models.DateTimeField("modifié le", default=timezone.now, editable=False)
    edited_by = models.CharField("modifié par", max_length=NAME_LENGTH, blank=True, editable=False)

    class Meta:
        abstract = True


class StatusChange(models.Model):
    """One step taken: who, when, from, to, why. One table per dossier; written once."""

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
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    @classmethod
    def actor(cls, by) -> dict:
        """The columns that name `by`: a user, or nobody when the application itself acts."""
        return {"user": by}

    @property
    def by(self):
        """Who took the step, for the eye."""
        return str(self.user) if self.user else "l’application"
