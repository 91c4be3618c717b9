"""The territory of the demonstration: the imported open data when it is there, a small
set otherwise.
"""

from django.conf import settings
from django.core.management import call_command

from partners.models import Agency, Caf, Commune, PriorityNeighbourhood

PARIS, NEIGHBOUR = "75", "93"

# (number, latitude, longitude) of each arrondissement, rounded.
ARRONDISSEMENTS = [
    (1, 48.8625, 2.3365), (2, 48.8680, 2.3430), (3, 48.8630, 2.3600), (4, 48.8545, 2.3575),
    (5, 48.8445, 2.3500), (6, 48.8490, 2.3330), (7, 48.8560, 2.3120), (8, 48.8725, 2.3125),
    (9, 48.8770, 2.3375), (10, 48.8760, 2.3605), (11, 48.8590, 2.3800), (12, 48.8350, 2.4210),
    (13, 48.8285, 2.3625), (14, 48.8295, 2.3265), (15, 48.8400, 2.2930), (16, 48.8605, 2.2620),
    (17, 48.8875, 2.3070), (18, 48.8925, 2.3480), (19, 48.8870, 2.3850), (20, 48.8635, 2.4010),
]  # fmt: skip


def load_open_data():
    """Import the référentiels when their folder is set and they are not loaded yet."""
    if settings.REFERENTIELS_DIR and not PriorityNeighbourhood.objects.exists():
        call_command("import_referentiels", settings.REFERENTIELS_DIR)


def cafs():
    """(the Caf of the demonstration, its neighbour)."""
    paris, _ = Caf.objects.get_or_create(
        code=PARIS, defaults={"name": "Caf de Paris", "department_code": PARIS}
    )
    neighbour, _ = Caf.objects.get_or_create(
        code=NEIGHBOUR,
        defaults={"name": "Caf de la Seine-Saint-Denis", "department_code": NEIGHBOUR},
    )
    paris.email = "avip@caf-paris.example.fr"
    paris.save(update_fields=["email"])
    return paris, neighbour


def arrondissements():
    """The twenty arrondissements of Paris, in order."""
    for number, lat, lon in ARRONDISSEMENTS:
        suffix = "1er" if number == 1 else f"{number}e"
        Commune.objects.get_or_create(
            code=f"751{number:02d}",
            defaults={
                "name": f"Paris {suffix} Arrondissement",
                "kind": "arrondissement-municipal",
                "parent_code": "75056",
                "department_code": PARIS,
                "postal_codes": f"750{number:02d}",
                "lat": lat,
                "lon": lon,
            },
        )
    codes = [f"751{number:02d}" for number, _, _ in ARRONDISSEMENTS]
    return list(Commune.objects.filter(code__in=codes).order_by("code"))


def montreuil():
    """A commune of the neighbouring Caf."""
    commune, _ = Commune.objects.get_or_create(
        code="93048",
        defaults={
            "name": "Montreuil",
            "kind": "commune",
            "department_code": NEIGHBOUR,
            "postal_codes": "93100",
            "lat": 48.8638,
            "lon": 2.4485,
        },
    )
    return commune


def agency(kind, name, commune):
    """An agency of this network in the département of the commune: an imported one, else an
    invented one.
    """
    found = Agency.objects.filter(kind=kind, department_code=commune.department_code)
    return found.order_by("code").first() or Agency.objects.create(
        kind=kind,
        code=f"DEMO{commune.code}",
        name=name,
        department_code=commune.department_code,
        commune=commune,
        lat=commune.lat,
        lon=commune.lon,
    )
