"""The handlers and jobs of families are registered when a worker or a page loads these modules."""

from families import (
    documents,
    follow_up_jobs,
    monthly,
    nightly,
    opening_gate,
    renewals,
    responses,
    statements,
    still_free,
)
from families.notifications import (
    changes,
    contract_ends,
    contracts,
    declarations,
    dispatching,
    follow_ups,
    network,
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
    "network",
    "nightly",
    "opening_gate",
    "places",
    "referrals",
    "renewals",
    "takeups",
    "responses",
    "statements",
    "still_free",
]
