"""The pages that are measured: who looks, at what, and what we promised."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from families.models import AvipContract, Household
from labels.models import LabelApplication
from tests.bench.places import Country


@dataclass(frozen=True)
class Page:
    title: str
    role: str  # of `Country.people`; empty for a visitor
    path: Callable  # country -> str; NoReverseMatch while the page does not exist
    ratio: float | None = None  # at most, to the reference page
    queries: int | None = None  # at most


def _at(name, *args, query=""):
    return reverse(name, args=args) + query


def _contract(country):
    rows = AvipContract.objects.filter(provider=country.provider, status="active", previous=None)
    return rows.order_by("start_on").first()


def _application(country):
    queue = LabelApplication.objects.visible_to(country.people["caf_officer"])
    return queue.filter(status="under_review").order_by("submitted_at").first()


def _household(country):
    families = Household.objects.filter(agency=country.agency)
    return families.order_by("created_at").first()


def _search(country):
    half_days = "&half_days=0-am&half_days=0-pm"
    return _at("families:search", query=f"?famille={_household(country).pk}&radius=20{half_days}")


PAGES = [
    Page("sign-in, anonymous", "", lambda c: _at("account_login"), 0.3),
    Page("« À traiter », adviser", "adviser", lambda c: _at("reporting:todo"), 0.8, 12),
    Page("« À traiter », director", "director", lambda c: _at("reporting:todo"), 0.8, 12),
    Page("« À traiter », Caf officer", "caf_officer", lambda c: _at("reporting:todo"), 0.8, 12),
    Page("contracts, 500", "adviser", lambda c: _at("families:contract_list"), 1.2, 12),
    Page("referrals, 500", "adviser", lambda c: _at("families:referral_list"), 1.2, 12),
    Page(
        "label applications, 2 000",
        "caf_officer",
        lambda c: _at("labels:application_list"),
        1.2,
        14,
    ),
    Page(
        "label applications, 2 000, filtered",
        "caf_officer",
        lambda c: _at("labels:application_list", query="?status=open&age=30&qpv=oui"),
        1.2,
        14,
    ),
    Page(
        "contract",
        "adviser",
        lambda c: _at("families:contract_detail", _contract(c).pk),
        1.5,
        16,
    ),
    Page(
        "label application",
        "caf_officer",
        lambda c: _at("labels:application_detail", _application(c).pk),
        1.5,
        22,
    ),
    Page("search within 20 km", "adviser", _search, 0.8, 6),
    Page("Caf dashboard", "caf_officer", lambda c: _at("reporting:caf_dashboard"), 1.5, 16),
]


def addresses(country: Country) -> tuple[list[tuple[Page, str]], list[tuple[Page, str]]]:
    """The pages with their address, and those that cannot be asked for with the reason."""
    found, missing = [], []
    for page in PAGES:
        try:
            found.append((page, page.path(country)))
        except NoReverseMatch as error:
            missing.append((page, f"{type(error).__name__} {error}"))
    return found, missing
