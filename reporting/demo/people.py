"""The organisations and the people of the demonstration; eleven of them can be entered
in one click.
"""

from dataclasses import dataclass, field
from datetime import date, time

from django.contrib.auth.hashers import make_password
from stdnum import luhn

from partners.models import (
    Agency,
    Childminder,
    Closure,
    Facility,
    Membership,
    MunicipalService,
    OpeningHours,
    Operator,
    Provider,
    User,
)
from reporting.demo import DEMO_PASSWORD, names, places
from reporting.demo.label_story import TALES

SINCE = date(2020, 1, 1)
# Small crèches in number: a place more or less changes their share, a lively picture.
CAPACITIES = (12, 24, 12, 20, 11, 12, 30, 12, 10, 45, 12, 10)


@dataclass
class World:
    """What the later chapters of the demonstration build upon."""

    today: date
    caf: object
    neighbour: object
    officer: User = None
    manager: User = None
    neighbour_officer: User = None
    coordinator: User = None
    facilities: list = field(default_factory=list)  # Providers of the Caf
    candidates: list = field(default_factory=list)  # crèches without a label yet
    neighbour_facilities: list = field(default_factory=list)
    childminders: list = field(default_factory=list)
    directors: dict = field(default_factory=dict)  # provider id -> User
    advisers: list = field(default_factory=list)
    agencies: list = field(default_factory=list)
    neighbour_adviser: User = None


class Registrar:
    """Makes people with one shared password, hashed once, in a stable order."""

    def __init__(self):
        self.password = make_password(DEMO_PASSWORD)
        self.count = 0

    def person(self, first_name, last_name, member_of=None, *, persona=False, **membership):
        self.count += 1
        user = User.objects.create(
            email=f"personne{self.count:03d}@demonstration.example.fr",
            first_name=first_name,
            last_name=last_name,
            password=self.password,
            is_demo_persona=persona,
        )
        kinds = {
            Provider: "provider",
            Operator: "operator",
            Agency: "agency",
            MunicipalService: "service",
        }
        if member_of is not None:
            kind = kinds.get(type(member_of), "caf")
            Membership.objects.create(
                user=user, kind=kind, starts_on=SINCE, **{kind: member_of}, **membership
            )
        return user


def siret(number):
    """The SIRET of an invented establishment: 13 digits and their key."""
    base = f"9{number:08d}{number % 90 + 10:04d}"
    return base + luhn.calc_check_digit(base)


def facility(name, caf, commune, number, capacity, operator=None):
    """An invented crèche, open from Monday to Friday."""
    shift = ((number * 37) % 17 - 8) / 1000
    provider = Provider.objects.create(
        kind=Provider.Kind.FACILITY,
        name=name,
        caf=caf,
        commune=commune,
        lat=commune.lat + shift,
        lon=commune.lon - shift,
        email=f"creche{number:02d}@demonstration.example.fr",
        phone=f"01 99 00 {number // 100:02d} {number % 100:02d}",
    )
    Facility.objects.create(
        provider=provider,
        operator=operator,
        type=Facility.Type.MULTI if number % 3 == 0 else Facility.Type.COLLECTIVE,
        funding=Facility.Funding.PAJE if capacity <= 12 and number % 2 else Facility.Funding.PSU,
        licensed_capacity=capacity,
        siret=siret(number),
        address=f"{number} rue de l’Exemple",
        in_qpv=number % 3 == 1,
        is_parent_run=number % 11 == 5,
    )
    opens, closes = (time(7, 30), time(18, 30)) if number % 4 else (time(8), time(18))
    OpeningHours.objects.bulk_create(
        OpeningHours(provider=provider, weekday=day, opens=opens, closes=closes) for day in range(5)
    )
    return provider


def close_in_summer(provider, years, number):
    """Three weeks in August and the last week of the year."""
    Closure.objects.bulk_create(
        Closure(provider=provider, first_day=first, last_day=last)
        for year in years
        for first, last in [
            (date(year, 8, 1 + number % 5), date(year, 8, 21 + number % 5)),
            (date(year, 12, 24), date(year, 12, 31)),
        ]
    )


def childminder(first_name, last_name, service, commune, number, today):
    """An invented childminder, her licence running."""
    provider = Provider.objects.create(
        kind=Provider.Kind.CHILDMINDER,
        name=f"{first_name} {last_name}",
        caf=service.caf,
        commune=commune,
        lat=commune.lat,
        lon=commune.lon,
        phone=f"06 99 10 00 {number:02d}",
        email=f"assmat{number:02d}@demonstration.example.fr",
    )
    Childminder.objects.create(
        provider=provider,
        service=service,
        licence_number=f"075-{2000 + number}",
        licence_from=date(today.year - 2, 3, 1),
        licence_until=date(today.year + 3, 2, 28),
        licensed_places=3 + number % 2,
        address=f"{number} impasse de l’Exemple",
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(provider=provider, weekday=day, opens=time(8), closes=time(18))
        for day in range(5)
    )
    return provider


def build(size, today) -> World:
    """Every organisation and person; nobody has a label or a family yet."""
    places.load_open_data()
    paris, neighbour = places.cafs()
    communes = places.arrondissements()
    people = Registrar()
    world = World(today, paris, neighbour)
    world.officer = people.person(
        "Sophie", "Laurent", paris, persona=True, quality="chargée de conseil"
    )
    world.manager = people.person(
        "Marc", "Dubois", paris, persona=True, quality="responsable", role="manager", is_admin=True
    )
    operator = Operator.objects.create(name="Association Les Enfants du Quai", siren="")
    years = range(today.year - 1, today.year + 2)
    total = size.facilities + len(TALES)
    for number, name in enumerate(names.FACILITIES[:total], start=1):
        commune = communes[(19 + number * 7) % 20] if number > 1 else communes[19]
        provider = facility(
            name, paris, commune, number, CAPACITIES[number % len(CAPACITIES)],
            operator if number <= size.operated else None,
        )  # fmt: skip
        close_in_summer(provider, years, number)
        (world.facilities if number <= size.facilities else world.candidates).append(provider)
        first, last = (
            ("Nadia", "Benali")
            if number == 1
            else (names.FIRST_NAMES[-number % 36], names.LAST_NAMES[number * 5 % 36])
        )
        world.directors[provider.pk] = people.person(
            first, last, provider, persona=number == 1, quality="directrice", is_admin=True
        )
    people.person(
        "Philippe", "Girard", operator, persona=True, quality="directeur du réseau", is_admin=True
    )
    mission = places.agency(
        Agency.Kind.MISSION_LOCALE, "Mission Locale de la démonstration", communes[19]
    )
    employment = places.agency(
        Agency.Kind.FRANCE_TRAVAIL, "France Travail de la démonstration", communes[18]
    )
    world.agencies = [mission, employment]
    world.advisers = [
        people.person(
            "Karim", "Belkacem", mission, persona=True, quality="conseiller", is_admin=True
        ),
        people.person(
            "Odile", "Marchand", employment, persona=True, quality="conseillère", is_admin=True
        ),
    ]
    service = MunicipalService.objects.create(
        kind=MunicipalService.Kind.RPE, name="Relais petite enfance de l’Est parisien", caf=paris
    )
    service.communes.set(communes[9:20])
    world.coordinator = people.person(
        "Anne", "Petit", service, persona=True, quality="coordinatrice", is_admin=True
    )
    for number, (first, last) in enumerate(names.CHILDMINDERS[: size.childminders + 2], start=1):
        provider = childminder(first, last, service, communes[9 + number % 11], number, today)
        world.childminders.append(provider)
        world.directors[provider.pk] = people.person(
            first, last, provider, persona=number == 1, quality="assistante maternelle"
        )
    world.neighbour_officer = people.person(
        "Paul", "Voisin", neighbour, persona=True, quality="chargé de conseil", is_admin=True
    )
    commune = places.montreuil()
    neighbours = ["Les Voisins d’en Face", "La Rive Opposée", "Le Chemin de Halage"]
    for number, name in enumerate(neighbours, start=90):
        provider = facility(name, neighbour, commune, number, 20)
        world.neighbour_facilities.append(provider)
        world.directors[provider.pk] = people.person("Luc", "Autre", provider, quality="directeur")
    world.neighbour_adviser = people.person(
        "Rose", "Lointier",
        places.agency(Agency.Kind.MISSION_LOCALE, "Mission Locale de Montreuil", commune),
        quality="conseillère",
    )  # fmt: skip
    national = people.person("Irène", "Nation", persona=True)
    Membership.objects.create(
        user=national, kind=Membership.Kind.NATIONAL, quality="lectrice nationale", starts_on=SINCE
    )
    support = people.person("Sacha", "Support", persona=True)
    support.is_staff = True
    support.save(update_fields=["is_staff"])
    return world
