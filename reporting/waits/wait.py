"""What a kind of wait is made of, and whom it concerns."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

PERSON, MONTH, LATER = "person", "month", "later"
GROUPS = {
    PERSON: "Pour une personne qui attend",
    MONTH: "Ce mois-ci",
    LATER: "Quand vous pourrez",
}


@dataclass(frozen=True)
class Item:
    """One line of the page."""

    title: str
    detail: str
    url: str
    action: str
    deadline: object = None
    when: str = ""
    badge: str = ""
    tone: str = "warn"
    primary: bool = False
    press_url: str = ""  # what one press does without leaving the page first, beside the link
    press_label: str = ""


@dataclass(frozen=True)
class Wait:
    """A kind of thing that waits: whom it concerns, where it is counted, how a row reads."""

    group: str
    nav: str  # the URL name of the navigation entry that bears its count
    concerns: Callable  # reach -> bool, so that nobody pays for another trade's queries
    rows: Callable  # (user, today) -> queryset, most urgent first
    item: Callable  # row -> Item


def is_caf(reach):
    return bool(reach.cafs)


def gives_care(reach):
    return bool(reach.providers or reach.operators)


def is_agency(reach):
    return bool(reach.agencies)


def coordinates(reach):
    return bool(reach.services)


def run_by(user, prefix=""):
    """Rows whose provider this person runs herself (coordinators act on other pages)."""
    found = Q(**{f"{prefix}provider__in": user.reach.providers})
    if user.reach.operators:
        found |= Q(**{f"{prefix}provider__facility__operator__in": user.reach.operators})
    return found
