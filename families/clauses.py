"""The local clauses of a Caf: in force on a day, numbered, printed as its own articles."""

import re
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied

from avip.workflow import StepRefused, moment
from families.models import LocalClauses
from partners.permissions import is_hijacked


@dataclass(frozen=True)
class Printed:
    """What the text of a contract prints of the clauses of its Caf."""

    valid_from: date
    version: int
    articles: list  # each a list of lines, as they were typed


def printed(clauses: LocalClauses | None) -> Printed | None:
    """The articles of these clauses; None without any, or when the Caf took them back."""
    if clauses is None or not clauses.text.strip():
        return None
    return Printed(clauses.valid_from, version_of(clauses), articles_of(clauses.text))


def articles_of(text: str) -> list[list[str]]:
    """An empty line separates two articles; nothing typed is read as a mark-up."""
    blocks = re.split(r"\n\s*\n", text.replace("\r", ""))
    articles = [[line.strip() for line in block.splitlines() if line.strip()] for block in blocks]
    return [lines for lines in articles if lines]


def version_of(clauses: LocalClauses) -> int:
    """The number of these clauses in the history of their Caf, in the order they were recorded."""
    earlier = LocalClauses.objects.filter(caf=clauses.caf_id, recorded_at__lt=clauses.recorded_at)
    return earlier.count() + 1


def write_clauses(caf, *, by, on: date, valid_from: date, text: str, at=None) -> LocalClauses:
    """The responsable of a Caf writes its clauses, from a day on; contracts proposed stay as is.

    Raises PermissionDenied for anybody else, StepRefused for a day that has passed.
    """
    if is_hijacked(by) or not (hasattr(by, "reach") and caf.pk in by.reach.managed_cafs):
        raise PermissionDenied
    if valid_from < on:
        raise StepRefused(
            "Cette date est passée\xa0: des contrats ont déjà été proposés avec les clauses "
            "d’alors. Choisissez aujourd’hui ou plus tard."
        )
    return LocalClauses.objects.create(
        caf=caf, valid_from=valid_from, text=text.strip(), set_by=by, recorded_at=moment(at)
    )
