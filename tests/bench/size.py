"""How many rows: national scale for the measures, a handful to try the generator."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    cafs: int = 100
    communes_per_caf: int = 350
    agencies_per_caf: int = 13
    facilities: int = 2_000  # labelled
    childminders: int = 5_000  # members of the network
    # Those the search must pass over: without a label, not in the network.
    other_facilities: int = 14_000
    other_childminders: int = 25_000
    contracts: int = 20_000
    waiting_referrals: int = 5_000  # of families without a contract
    declared_months: int = 12
    # In the Caf, the agency and the crèche that the measured pages show.
    viewed_facilities: int = 60
    viewed_childminders: int = 120
    viewed_contracts: int = 500
    viewed_provider_contracts: int = 100
    viewed_referrals: int = 60
    viewed_applications: int = 2_000


NATIONAL = Size()
SMALL = Size(
    cafs=2,
    communes_per_caf=6,
    agencies_per_caf=2,
    facilities=8,
    childminders=8,
    other_facilities=4,
    other_childminders=4,
    contracts=40,
    waiting_referrals=16,
    declared_months=3,
    viewed_facilities=4,
    viewed_childminders=4,
    viewed_contracts=16,
    viewed_provider_contracts=8,
    viewed_referrals=8,
    viewed_applications=12,
)
