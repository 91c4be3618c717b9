"""Valid rows in few words; dossiers in a given state are walked there by the real workflow."""

from datetime import date, time, timedelta
from itertools import count

from django.utils import timezone

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
    Provider,
    User,
)

PASSWORD = "un-mot-de-passe-assez-long"

_numbers = count(1)


def make_commune(code="75120", name="Paris 20e Arrondissement", **fields):
    defaults = {
        "name": name,
        "kind": "arrondissement",
        "department_code": code[:2],
        "postal_codes": "75020",
        "lat": 48.8629,
        "lon": 2.4012,
    }
    return Commune.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def make_caf(code="75", name="Caf de Paris", **fields):
    defaults = {"name": name, "department_code": code, "email": f"avip@caf{code}.example.fr"}
    return Caf.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def make_user(first_name="Nadia", last_name="Benali", *, member_of=None, quality="", **membership):
    """A person; `member_of` makes her a member of that organisation."""
    user = User.objects.create_user(
        f"personne{next(_numbers)}@example.fr", PASSWORD, first_name=first_name, last_name=last_name
    )
    if member_of is not None:
        make_membership(user, member_of, quality=quality, **membership)
    return user


def make_membership(user, organisation, **fields):
    kind = {
        Caf: "caf",
        Provider: "provider",
        Operator: "operator",
        Agency: "agency",
        MunicipalService: "service",
    }[type(organisation)]
    fields.setdefault("starts_on", date(2020, 1, 1))
    return Membership.objects.create(user=user, kind=kind, **{kind: organisation}, **fields)


def make_siret():
    """A SIRET that holds: its Luhn key and that of its SIREN are right."""
    siren = _with_luhn_key(f"{next(_numbers):08d}")
    return _with_luhn_key(f"{siren}0001")


def _with_luhn_key(digits):
    for key in range(10):
        doubled = [
            int(character) * (1 + position % 2)
            for position, character in enumerate(reversed(f"{digits}{key}"))
        ]
        if sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0:
            return f"{digits}{key}"
    raise AssertionError


def make_operator(name="Association Les Rameurs", **fields):
    return Operator.objects.create(name=name, **fields)


def make_facility(
    name="Les Petits Rameurs", *, caf=None, operator=None, commune=None, capacity=24, **fields
):
    """A crèche (its Provider), open from Monday to Friday, 8:00 to 18:30."""
    commune = commune or make_commune()
    provider = Provider.objects.create(
        kind=Provider.Kind.FACILITY,
        name=name,
        caf=caf or make_caf(),
        commune=commune,
        lat=commune.lat,
        lon=commune.lon,
        email="creche@example.fr",
    )
    fields.setdefault("siret", make_siret())
    Facility.objects.create(
        provider=provider,
        operator=operator,
        licensed_capacity=capacity,
        funding=Facility.Funding.PSU,
        address="3 rue des Rames",
        **fields,
    )
    open_weekdays(provider, time(8), time(18, 30))
    return provider


def open_weekdays(provider, opens, closes):
    OpeningHours.objects.bulk_create(
        OpeningHours(provider=provider, weekday=day, opens=opens, closes=closes) for day in range(5)
    )


def make_service(name="Relais petite enfance Paris 20e", *, caf=None, communes=None, **fields):
    service = MunicipalService.objects.create(
        kind=MunicipalService.Kind.RPE, name=name, caf=caf or make_caf(), **fields
    )
    service.communes.set(communes or [make_commune()])
    return service


def make_childminder(name="Claire Morel", *, service=None, licence_until=None, **fields):
    """A childminder (her Provider) with a valid licence; not in the network yet."""
    service = service or make_service()
    commune = service.communes.first()
    provider = Provider.objects.create(
        kind=Provider.Kind.CHILDMINDER,
        name=name,
        caf=service.caf,
        commune=commune,
        lat=commune.lat,
        lon=commune.lon,
    )
    today = timezone.localdate()
    defaults = {
        "licence_number": f"AM{next(_numbers):06d}",
        "licence_from": today - timedelta(days=365),
        "licence_until": licence_until or today + timedelta(days=4 * 365),
        "licensed_places": 4,
        "address": "12 rue des Lilas",
    }
    Childminder.objects.create(provider=provider, service=service, **defaults | fields)
    open_weekdays(provider, time(8), time(18))
    return provider


def make_agency(name="Mission Locale de Paris", *, kind=Agency.Kind.MISSION_LOCALE, **fields):
    commune = fields.pop("commune", None) or make_commune()
    return Agency.objects.create(
        kind=kind,
        code=f"ML{next(_numbers):04d}",
        name=name,
        department_code=commune.department_code,
        commune=commune,
        **fields,
    )
