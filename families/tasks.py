"""The handlers and jobs of families are registered when a worker or a page loads these modules."""

from families.notifications import contracts, declarations, referrals

__all__ = ["contracts", "declarations", "referrals"]
