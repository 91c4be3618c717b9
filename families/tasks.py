"""The handlers and jobs of families are registered when a worker or a page loads these modules."""

from families import (
    documents,
    follow_up_jobs,
    monthly,
    nightly,
    opening_gate,
    renewals,
    responses,
)
from families.notifications import (
    changes,
    contract_ends,
    contracts,
    declarations,
    follow_ups,
    referrals,
    takeups,
)

__all__ = [
    "changes",
    "contract_ends",
    "contracts",
    "declarations",
    "documents",
    "follow_up_jobs",
    "follow_ups",
    "monthly",
    "nightly",
    "opening_gate",
    "referrals",
    "renewals",
    "takeups",
    "responses",
]
