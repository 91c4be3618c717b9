"""What runs without anybody waiting on a page: documents, seals, the quota of every crèche."""

from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from django.conf import settings
from django.utils import timezone

import families.tasks  # noqa: F401  what the last signature asks for must have its handlers
from avip.pdf import render_pdf
from families import seal, sealed_contract
from families.models import ContractVersion, MonthlyDeclaration, QuotaCheck
from families.quota import check_quotas
from families.seal_key import make_key
from tests.bench.places import Country
from tests.families.factories import make_contract, make_household, make_labelled

DOCUMENTS = 8
CONTRACT = "families/pdf/contract.html"


def figures(country: Country) -> list[tuple[str, str]]:
    """(what, how much) for each piece of work."""
    make_key(Path(settings.SEAL_P12))
    return [*_documents(country), *_quota(country)]


def _documents(country):
    """Contracts proposed and signed by the real workflow, then made into their files."""
    times, size = [], 0
    for version in _signed(country):
        rendering, pdf = _timed(render_pdf, CONTRACT, sealed_contract.printed(version))
        sealing, sealed = _timed(seal.seal, pdf)
        times.append((rendering, sealing, _timed(sealed_contract.make, version)[0]))
        size = len(sealed) // 1024
    # The first one pays for loading the engine and its fonts.
    rendering, sealing, all_of_it = (median(column) for column in zip(*times[1:], strict=True))
    return [
        (f"contract PDF ({size} KB), rendered from the frozen text", f"{rendering * 1000:.0f} ms"),
        ("its seal", f"{sealing * 1000:.0f} ms"),
        ("sealed contract and sealed evidence file, stored", f"{all_of_it * 1000:.0f} ms"),
    ]


def _signed(country) -> list[ContractVersion]:
    today, adviser = country.today, country.people["adviser"]
    births = (today - timedelta(days=400),)
    contracts = [
        make_contract(
            "active",
            provider=make_labelled(provider),
            household=make_household(country.agency, adviser=adviser, births=births),
            on=today,
            at=timezone.now() - timedelta(hours=8),
            from_on=today + timedelta(days=21),
        )
        for provider in country.applicants[:DOCUMENTS]
    ]
    return [contract.versions.get() for contract in contracts]


def _quota(country):
    """The nightly verdict on the last declared month of every crèche."""
    month = (country.today.replace(day=1) - timedelta(days=1)).replace(day=1)
    QuotaCheck.objects.filter(month=month).delete()
    declarations = MonthlyDeclaration.objects.filter(month=month, status="submitted")
    seconds, count = _timed(check_quotas, declarations, timezone.now())
    return [
        (f"quota checks, {count} crèches", f"{count / seconds:.0f} per second"),
    ]


def _timed(function, *arguments):
    started = perf_counter()
    result = function(*arguments)
    return perf_counter() - started, result
