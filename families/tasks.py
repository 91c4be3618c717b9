"""The handlers and jobs of families are registered when a worker or a page loads these modules."""

from families import documents, monthly, nightly, renewals
from families.notifications import contract_ends, contracts, declarations, referrals

__all__ = [
    "contract_ends",
    "contracts",
    "declarations",
    "documents",
    "monthly",
    "nightly",
    "referrals",
    "renewals",
]
