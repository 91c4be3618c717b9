"""The personas of the suite: each belongs somewhere, so that a refusal is refused for
the right reason.
"""

import pytest
from django.core.management.commands import flush
from django.db import connection
from django.db.models.signals import pre_migrate

from tests import factories as f


def _extensions(**kwargs):
    """What the first migration of `partners` asks of PostgreSQL."""
    with connection.cursor() as cursor:
        for name in ("btree_gist", "pg_trgm", "unaccent"):
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    pre_migrate.connect(_extensions)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """What a test has committed is erased after it, and nothing is installed anew for the next."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flush, "emit_post_migrate_signal", lambda *args: None)
        yield


@pytest.fixture
def caf(db):
    return f.make_caf()


@pytest.fixture
def other_caf(db):
    return f.make_caf("93", "Caf de la Seine-Saint-Denis")


@pytest.fixture
def caf_agent(caf):
    return f.make_user("Sophie", "Laurent", member_of=caf, quality="chargée de conseil")


@pytest.fixture
def caf_manager(caf):
    return f.make_user(
        "Marc", "Dubois", member_of=caf, quality="responsable", role="manager", is_admin=True
    )


@pytest.fixture
def other_caf_agent(other_caf):
    return f.make_user("Paul", "Voisin", member_of=other_caf, quality="chargé de conseil")


@pytest.fixture
def facility(caf):
    return f.make_facility(caf=caf)


@pytest.fixture
def other_facility(other_caf):
    commune = f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485, postal_codes="93100")
    return f.make_facility("Les Voisins", caf=other_caf, commune=commune)


@pytest.fixture
def director(facility):
    return f.make_user("Nadia", "Benali", member_of=facility, quality="directrice", is_admin=True)


@pytest.fixture
def other_director(other_facility):
    return f.make_user("Luc", "Autre", member_of=other_facility, quality="directeur")


@pytest.fixture
def agency(db):
    return f.make_agency()


@pytest.fixture
def other_agency(db):
    return f.make_agency("Mission Locale de Montreuil")


@pytest.fixture
def adviser(agency):
    return f.make_user("Karim", "Belkacem", member_of=agency, quality="conseiller")


@pytest.fixture
def other_adviser(other_agency):
    return f.make_user("Odile", "Marchand", member_of=other_agency, quality="conseillère")


@pytest.fixture
def service(caf):
    return f.make_service(caf=caf)


@pytest.fixture
def coordinator(service):
    return f.make_user("Anne", "Petit", member_of=service, quality="coordinatrice")


@pytest.fixture
def childminder(service):
    return f.make_childminder(service=service)
