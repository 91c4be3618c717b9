"""Real crèches from open data: a place on the map and a type; no capacity, no account, no label."""

from django.db.models import Exists, OuterRef
from tqdm import tqdm

from partners.models import Caf, Commune, Facility, Membership, Provider
from partners.referentiels import (
    FileRefused,
    LineRefused,
    Report,
    check,
    commune_code,
    point,
    read,
    required,
    rows_of,
)

TYPES = {
    "creche_collective": Facility.Type.COLLECTIVE,
    # Occasional care is a way to use a crèche collective, not a type of its own (R. 2324-17).
    "halte_garderie": Facility.Type.COLLECTIVE,
    "multi_accueil": Facility.Type.MULTI,
    "creche_familiale": Facility.Type.FAMILY,
    "jardin_enfants": Facility.Type.KINDERGARTEN,
}


def load_facilities(path) -> Report:
    """Load a file of crèches in the caller's transaction; the same file twice changes nothing.

    A crèche that already has a team keeps what its team wrote: its line is skipped.
    """
    report = Report(path.name, "crèche,crèches")
    lines = read(
        path,
        "id name kind address code_insee department_code lat lon",
        "kind_raw postal_code city source",
        report,
    )
    communes = set(Commune.objects.values_list("pk", flat=True))
    if not communes:
        raise FileRefused("Les communes manquent : lancez d’abord import_referentiels.")
    cafs = {caf.department_code: caf for caf in Caf.objects.all()}
    known = {
        provider.source: provider
        for provider in Provider.objects.filter(source__startswith="eaje:").annotate(
            has_team=Exists(Membership.objects.filter(provider=OuterRef("pk")))
        )
    }

    def build(row):
        source = f"eaje:{required(row, 'id')}"
        provider = known.get(source) or Provider(kind=Provider.Kind.FACILITY, source=source)
        if getattr(provider, "has_team", False):
            return None
        if row["kind"] not in TYPES:
            raise LineRefused(f"type de crèche inconnu : {row['kind'] or 'vide'}")
        caf = cafs.get(required(row, "department_code"))
        if caf is None:
            raise LineRefused(f"aucune Caf pour le département {row['department_code']}")
        provider.name = required(row, "name")
        provider.caf = caf
        provider.commune_id = commune_code(required(row, "code_insee"), communes)
        for name, value in point(row).items():
            setattr(provider, name, value)
        provider.facility = Facility(
            provider=provider, type=TYPES[row["kind"]], address=row["address"]
        )
        check(provider.facility)
        return provider

    progress = tqdm(lines, desc="crèches", unit=" lignes", disable=None)
    providers = list(rows_of(progress, report, ("source",), build))
    new = [provider for provider in providers if provider.source not in known]
    Provider.objects.bulk_create(new)
    Provider.objects.bulk_update(
        [provider for provider in providers if provider.source in known],
        ["name", "caf", "commune", "lat", "lon"],
        batch_size=500,
    )
    Facility.objects.bulk_create(
        [provider.facility for provider in providers],
        update_conflicts=True,
        unique_fields=["provider"],
        update_fields=["type", "address"],
    )
    return report
