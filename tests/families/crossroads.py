"""Two families, three places and two agencies, before anything is asked for."""

import uuid
from datetime import date
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

from avip.models import Document
from tests import factories as base
from tests.families import factories as f


def same_identifiers(seed):
    """The identifiers of rows drawn in the same order at each run: a failure can be replayed."""
    return patch.object(uuid, "os", SimpleNamespace(urandom=Random(seed).randbytes))


@same_identifiers(seed=1)
def build_world() -> SimpleNamespace:
    """Who and where, before anything is asked for."""
    numbered, free = (
        f.make_labelled(base.make_facility()),
        f.make_labelled(base.make_facility("Les Pommiers", capacity=2)),
    )
    f.make_offer(numbered, places=2)
    providers = [numbered, free, f.make_network_member()]
    agencies = [base.make_agency(), base.make_agency("Mission Locale de l’Est")]
    advisers = {agency.pk: f.make_adviser(agency, is_admin=True) for agency in agencies}
    households = [
        f.make_household(agencies[0], births=(date(2025, 6, 15), date(2023, 10, 1))),
        f.make_household(agencies[0], parent="Awa Sow", phone="0600000009"),
    ]
    for household in households:
        household.parents.update(email="parent@example.fr")
    households[0].parents.create(
        first_name="Moussa", last_name="Keita", phone="0600000005", is_referring=False
    )
    scan = Document.objects.write(filename="signé.pdf", data=b"%PDF-1.7 papier")
    people = {provider.pk: f.director_of(provider) for provider in providers}
    return SimpleNamespace(
        providers=providers,
        agencies=agencies,
        advisers=advisers,
        households=households,
        people=people,
        scan=scan,
    )
