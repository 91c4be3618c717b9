"""The point before the end: two opinions and a wish, each said on a short page, read together."""

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.jobs import SCHEDULES
from avip.workflow import StepRefused, lock, moment
from families.models import AvipContract, ContractReview, ParentLink
from families.permissions import manages
from partners.permissions import is_adviser, is_hijacked

Opinion = ContractReview.Opinion


def is_due(contract, on: date) -> bool:
    """Whether the end is near enough for the point to be made."""
    notice = timedelta(days=max(SCHEDULES["contract_end_reminder_days"]))
    return contract.status == AvipContract.Status.ACTIVE and contract.end_on <= on + notice


def parts_of(by, contract) -> list[str]:
    """Whose opinion `by` may give: the adviser also notes the wish the parent told her."""
    if is_hijacked(by):
        return []
    if isinstance(by, ParentLink):
        return ["parent"] if by.contract_id == contract.pk else []
    if is_adviser(by, contract):
        return ["adviser", "parent"]
    return ["care"] if manages(by, contract.provider) else []


def say(contract, *, by, on: date, part: str, opinion: str, at=None) -> ContractReview:
    """Give an opinion before the end; said again, it replaces what was said before.

    Raises StepRefused once the contract is over, PermissionDenied for another's part.
    """
    with transaction.atomic():
        lock(contract)
        if part not in parts_of(by, contract):
            raise PermissionDenied
        if contract.status != AvipContract.Status.ACTIVE:
            raise StepRefused("Le contrat n’est plus en cours\xa0: le point est clos.")
        if opinion not in Opinion.values:
            raise StepRefused("Choisissez une réponse de la liste.")
        review, _ = ContractReview.objects.get_or_create(contract=contract)
        setattr(review, "parent_wish" if part == "parent" else f"{part}_opinion", opinion)
        setattr(review, f"{part}_said_at", moment(at))
        review.save()
    return review


def rows_of(contract) -> list[tuple]:
    """[(who, what was said or empty, when)], the three together."""
    review = getattr(contract, "review", None) or ContractReview()
    return [
        (
            "Référent emploi",
            review.get_adviser_opinion_display(),
            review.adviser_said_at,
        ),
        ("Mode d’accueil", review.get_care_opinion_display(), review.care_said_at),
        ("Famille", review.get_parent_wish_display(), review.parent_said_at),
    ]
