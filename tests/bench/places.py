"""Who and where: Cafs, communes, agencies, crèches, childminders, people. All of it invented."""

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from random import Random

from django.contrib.auth.hashers import make_password

from partners.models import (
    Agency,
    Caf,
    Childminder,
    Commune,
    Facility,
    Membership,
    MunicipalService,
    OpeningHours,
    Operator,
    PriorityNeighbourhood,
    Provider,
    User,
)
from tests.bench.size import Size
from tests.factories import make_siret

FIRST_NAMES = [
    "Nadia",
    "Karim",
    "Sophie",
    "Marc",
    "Fatou",
    "Luc",
    "Anne",
    "Awa",
    "Julien",
    "Inès",
    "Paul",
    "Léa",
    "Omar",
    "Claire",
]
LAST_NAMES = [
    "Benali",
    "Diarra",
    "Laurent",
    "Petit",
    "Moreau",
    "Traoré",
    "Lopez",
    "Garnier",
    "Roux",
    "Nguyen",
    "Faure",
    "Sy",
]
CRECHES = ["Les Rameurs", "La Clé des Champs", "Les Petits Pas", "Le Moulin Bleu", "La Farandole"]
SINCE = date(2020, 1, 1)
BATCH = 2_000


@dataclass
class Place:
    """One Caf and all that is in its département."""

    caf: Caf
    communes: list = field(default_factory=list)
    agencies: list = field(default_factory=list)
    services: list = field(default_factory=list)
    facilities: list = field(default_factory=list)  # labelled
    childminders: list = field(default_factory=list)  # members of the network
    officers: list = field(default_factory=list)  # the two people of the Caf
    advisers: dict = field(default_factory=dict)  # of each agency, by its key


@dataclass
class Country:
    """The whole of it; the measured pages show the first place."""

    random: Random
    today: date
    size: Size
    places: list = field(default_factory=list)
    applicants: list = field(default_factory=list)  # crèches of the viewed Caf without a label
    people: dict = field(default_factory=dict)  # who signs in, by role

    @property
    def viewed(self) -> Place:
        return self.places[0]

    @property
    def agency(self) -> Agency:
        return self.viewed.agencies[0]

    @property
    def provider(self) -> Provider:
        return self.viewed.facilities[0]


def insert(rows):
    """Insert rows of one model, in batches; the rows."""
    rows = list(rows)
    if rows:
        type(rows[0])._base_manager.bulk_create(rows, batch_size=BATCH)
    return rows


def a_name(random) -> dict:
    return {"first_name": random.choice(FIRST_NAMES), "last_name": random.choice(LAST_NAMES)}


def settle(country: Country) -> None:
    """Insert the places, the organisations, the providers and the people of every Caf."""
    size = country.size
    for number in range(size.cafs):
        country.places.append(_place(country, number))
    for number, place in enumerate(country.places):
        facilities = _share(size.facilities, size.viewed_facilities, size.cafs, number)
        childminders = _share(size.childminders, size.viewed_childminders, size.cafs, number)
        place.facilities = _facilities(country, place, facilities)
        place.childminders = _childminders(country, place, childminders)
        _facilities(country, place, size.other_facilities // size.cafs)
        _childminders(
            country, place, size.other_childminders // size.cafs, after=len(place.childminders)
        )
    country.applicants = _facilities(
        country, country.viewed, size.viewed_applications - len(country.viewed.facilities)
    )
    _people(country)


def _share(total, viewed, cafs, number):
    """What falls to one Caf: the viewed one has its own number, the others share the rest."""
    if number == 0:
        return viewed
    each, left = divmod(total - viewed, cafs - 1)
    return each + (number <= left)


def _place(country, number):
    random, size = country.random, country.size
    code = f"{number:02d}"
    caf = Caf.objects.create(
        code=code, name=f"Caf n° {code}", department_code=code, email=f"avip{code}@example.fr"
    )
    place = Place(caf)
    # A grid of ten by ten départements over France; the viewed one is dense, as a city is.
    lat, lon = 43 + 0.7 * (number % 10), -3 + number // 10
    spread = 0.15 if number == 0 else 0.33
    place.communes = insert(
        Commune(
            code=f"{code}{rank:03d}",
            name=f"{random.choice(LAST_NAMES)}-sur-{random.choice(FIRST_NAMES)} {rank}",
            kind="commune",
            department_code=code,
            postal_codes=f"{code}{rank:03d}",
            population=random.randint(80, 60_000),
            lat=lat + random.uniform(-spread, spread),
            lon=lon + random.uniform(-spread, spread),
        )
        for rank in range(size.communes_per_caf)
    )
    place.agencies = insert(
        Agency(
            kind=random.choice([Agency.Kind.FRANCE_TRAVAIL, Agency.Kind.MISSION_LOCALE]),
            code=f"{code}-{rank}",
            name=f"Agence {code}-{rank}",
            department_code=code,
            commune=(commune := random.choice(place.communes)),
            lat=commune.lat,
            lon=commune.lon,
        )
        for rank in range(size.agencies_per_caf)
    )
    place.services = insert(
        MunicipalService(kind=MunicipalService.Kind.RPE, name=f"RPE {code}-{rank}", caf=caf)
        for rank in range(2)
    )
    half = len(place.communes) // 2
    for service, communes in zip(
        place.services, [place.communes[:half], place.communes[half:]], strict=True
    ):
        service.communes.set(communes)
    for rank in range(size.communes_per_caf // 25):
        commune = random.choice(place.communes)
        neighbourhood = PriorityNeighbourhood.objects.create(
            code=f"QN{code}{rank:03d}",
            name=f"Quartier {code}-{rank}",
            department_code=code,
            lat=commune.lat,
            lon=commune.lon,
        )
        neighbourhood.communes.set([commune])
    return place


def _providers(country, place, kind, count):
    random = country.random
    communes = [random.choice(place.communes) for _ in range(count)]
    return insert(
        Provider(
            kind=kind,
            name=f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"
            if kind == Provider.Kind.CHILDMINDER
            else f"{random.choice(CRECHES)} {rank}",
            caf=place.caf,
            commune=commune,
            lat=commune.lat + random.uniform(-0.01, 0.01),
            lon=commune.lon + random.uniform(-0.01, 0.01),
            email=f"accueil{rank}@example.fr",
        )
        for rank, commune in enumerate(communes)
    )


def _facilities(country, place, count):
    random = country.random
    operators = insert(
        Operator(name=f"Association {place.caf.code}-{rank}") for rank in range(1 + count // 4)
    )
    providers = _providers(country, place, Provider.Kind.FACILITY, count)
    insert(
        Facility(
            provider=provider,
            operator=random.choice(operators),
            licensed_capacity=random.choice([12, 24, 36, 60]),
            funding=Facility.Funding.PSU,
            address=f"{random.randint(1, 90)} rue des Rames",
            siret=make_siret(),
            in_qpv=random.random() < 0.2,
        )
        for provider in providers
    )
    _open(providers, time(8), time(18, 30))
    return providers


def _childminders(country, place, count, *, after=0):
    random = country.random
    providers = _providers(country, place, Provider.Kind.CHILDMINDER, count)
    insert(
        Childminder(
            provider=provider,
            service=place.services[rank % 2],
            licence_number=f"AM{place.caf.code}{after + rank:05d}",
            licence_from=country.today - timedelta(days=700),
            licence_until=country.today + timedelta(days=random.randint(200, 1_100)),
            licensed_places=random.randint(1, 4),
            address=f"{random.randint(1, 90)} rue des Lilas",
        )
        for rank, provider in enumerate(providers)
    )
    _open(providers, time(8), time(18))
    return providers


def _open(providers, opens, closes):
    insert(
        OpeningHours(provider=provider, weekday=weekday, opens=opens, closes=closes)
        for provider in providers
        for weekday in range(5)
    )


def _people(country):
    """One adviser an agency, one director a crèche, one coordinator a service, two of each Caf."""
    members = [
        (kind, organisation)
        for place in country.places
        for kind, organisations in [
            ("caf", [place.caf] * 2),
            ("agency", place.agencies),
            ("service", place.services),
            ("provider", [*place.facilities, *place.childminders]),
        ]
        for organisation in organisations
    ]
    members += [("provider", provider) for provider in country.applicants]
    members.append(("operator", country.provider.facility.operator))
    closed = make_password(None)
    users = insert(
        User(email=f"membre{rank}@example.fr", password=closed, **a_name(country.random))
        for rank in range(len(members))
    )
    insert(
        Membership(user=user, kind=kind, starts_on=SINCE, **{kind: organisation})
        for user, (kind, organisation) in zip(users, members, strict=True)
    )
    of = {}
    for user, (kind, organisation) in zip(users, members, strict=True):
        of.setdefault((kind, organisation.pk), []).append(user)
    for place in country.places:
        place.officers = of["caf", place.caf.pk]
        place.advisers = {agency.pk: of["agency", agency.pk][0] for agency in place.agencies}
    viewed = country.viewed
    country.people = {
        "caf_officer": of["caf", viewed.caf.pk][0],
        "caf_manager": of["caf", viewed.caf.pk][1],
        "adviser": of["agency", country.agency.pk][0],
        "director": of["provider", country.provider.pk][0],
        "childminder": of["provider", viewed.childminders[0].pk][0],
        "coordinator": of["service", viewed.services[0].pk][0],
        "operator": users[-1],
    }
    Membership.objects.filter(user=country.people["caf_manager"]).update(
        role=Membership.Role.MANAGER
    )
