"""What a parent says is wrong in her family's file: asked from her page, settled by the agency."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip import outbox
from avip.workflow import StepRefused
from families.models import CorrectionRequest
from families.recipients import advisers_of
from partners.permissions import is_adviser, is_hijacked


@transaction.atomic
def ask(link, *, what: str, on, at) -> CorrectionRequest:
    """By the parent of this link; asked twice, it is one request. The adviser is told."""
    if what not in CorrectionRequest.What.values:
        raise StepRefused("Choisissez ce qui est à corriger.")
    parent = link.parent
    correction, is_new = CorrectionRequest.objects.get_or_create(
        parent=parent, what=what, done_at=None,
        defaults={"household": parent.household, "asked_at": at},
    )  # fmt: skip
    if is_new:
        for person in advisers_of(parent.household, on=on):
            key = f"{correction.pk}:{person.pk}"
            outbox.add("families.correction_asked", correction, recipient=person, key=key, at=at)
    return correction


@transaction.atomic
def settle(correction, *, by, at):
    """The agency has looked at it; said twice, the first time holds."""
    if is_hijacked(by) or not is_adviser(by, correction.household):
        raise PermissionDenied
    CorrectionRequest.objects.filter(pk=correction.pk, done_at=None).update(done_at=at, done_by=by)
