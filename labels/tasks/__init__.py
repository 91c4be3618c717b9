"""What leaves after a step of the label, and what the night does."""

from labels.tasks import (
    applications,
    committees,
    labels,
    letters,
    life,
    meetings,
    network,
    review,
    warnings,
)

__all__ = [
    "applications",
    "committees",
    "labels",
    "letters",
    "life",
    "meetings",
    "network",
    "review",
    "warnings",
]
