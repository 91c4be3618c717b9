"""The handlers and jobs of families are registered when a worker or a page loads these modules."""

from families import (
    documents,
    follow_up_jobs,
    monthly,
    nightly,
    renewals,
    responses,
    still_free,
)
from families.notifications import (
    changes,
    contract_ends,
    contracts,
    declarations,
    dispatching,
    follow_ups,
    places,
    referrals,
    takeups,
)

__all__ = [
    "changes",
    "contract_ends",
    "contracts",
    "declarations",
    "dispatching",
    "documents",
    "follow_up_jobs",
    "follow_ups",
    "monthly",
    "nightly",
    "places",
    "referrals",
    "renewals",
    "takeups",
    "responses",
    "still_free",
]
