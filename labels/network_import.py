"""A list of childminders from a spreadsheet: each line examined, shown, then recorded once."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction

from avip.workflow import moment
from labels.childminders import known_licences, licence_key, lock_network, say_known, seen_among
from labels.models import NetworkImport
from labels.spreadsheets import plain, read_day
from labels.workflow.network import ask_many
from partners.models import Childminder, Commune, MunicipalService, Provider
from partners.permissions import coordinates_childminder, is_hijacked
from partners.validators import phone_number

# The columns of the file: name -> its title, then the other ways to write it.
COLUMNS = {
    "last_name": ("Nom", "nom de famille", "nom d’usage"),
    "first_name": ("Prénom",),
    "phone": ("Téléphone", "téléphone mobile", "portable", "mobile", "tél"),
    "email": ("Courriel", "adresse électronique", "e-mail", "mail", "email"),
    "commune": ("Commune", "ville", "code postal", "code Insee"),
    "licence_number": ("Numéro d’agrément", "n° d’agrément", "n° agrément", "agrément"),
    "licence_department": ("Département de l’agrément", "département"),
    "licence_from": ("Agréée depuis le", "début d’agrément", "date d’agrément"),
    "licence_until": ("Agrément jusqu’au", "fin d’agrément", "agréée jusqu’au", "échéance"),
    "licensed_places": ("Places agréées", "places", "nombre de places", "capacité"),
    "house": ("Maison d’assistants maternels", "MAM", "maison"),
    "address": ("Adresse",),
    "family_creche": ("Salariée d’une crèche familiale", "crèche familiale"),
}
NEEDED = [
    [name]
    for name in (
        "last_name",
        "first_name",
        "licence_number",
        "licence_from",
        "licence_until",
        "licensed_places",
    )
]
TITLES = tuple(titles[0] for titles in COLUMNS.values())
MOST_PLACES = 20  # more is a typing mistake
SET = 500  # lines written at once
LENGTHS = {"last_name": 78, "first_name": 78, "licence_number": 30, "house": 120, "address": 200}


@dataclass
class Line:
    """One childminder to record: what was typed, what it means, why it is refused."""

    number: int
    typed: dict
    commune: Commune | None = None
    licence_from: date | None = None
    licence_until: date | None = None
    places: int | None = None
    phone: str = ""
    department: str = ""
    refused: list[str] = field(default_factory=list)

    @property
    def is_good(self):
        """This line may be recorded."""
        return not self.refused

    @property
    def name(self):
        """« Claire Morel », as it will be written."""
        return f"{self.typed['first_name']} {self.typed['last_name']}".strip()

    @property
    def is_reachable(self):
        """She can be asked for her wish."""
        return bool(self.typed["email"] or self.phone)


def keep_for_preview(service, caf, rows, *, by, at=None) -> NetworkImport:
    """The lines of a file, before anything is recorded; `service` is None for a Caf."""
    mine = service.pk in by.reach.services if service else caf.pk in by.reach.cafs
    if is_hijacked(by) or not mine:
        raise PermissionDenied
    return NetworkImport.objects.create(
        service=service, caf=caf, by=by, rows=rows, created_at=moment(at)
    )


def examine(kept: NetworkImport, *, by, on: date) -> list[Line]:
    """What each line would record, or why it would not; in six queries for any number of lines."""
    lines = [
        Line(row["line"], {name: row.get(name, "").strip() for name in COLUMNS})
        for row in kept.rows
    ]
    finder = _Communes(kept)
    for line in lines:
        _read_person(line)
        _read_licence(line, on)
        finder.find(line)
        line.department = line.typed["licence_department"].upper() or (
            line.commune.department_code if line.commune else kept.caf.department_code
        )
    _refuse_doubles(lines, by)
    return lines


def _read_person(line):
    typed = line.typed
    for name, title in (("first_name", "prénom"), ("last_name", "nom")):
        if not typed[name]:
            line.refused.append(f"Le {title} manque.")
    for name, most in LENGTHS.items():
        if len(typed[name]) > most:
            line.refused.append(f"{COLUMNS[name][0]}\xa0: {most} caractères au plus.")
    if any(cell.startswith("=") for cell in typed.values()):
        line.refused.append("Une cellule est une formule\xa0: écrivez sa valeur.")
    if plain(typed["family_creche"]) in ("oui", "o", "x", "vrai", "true", "1"):
        line.refused.append("Salariée d’une crèche familiale\xa0: son label passe par la crèche.")
    try:
        # A spreadsheet takes the first zero of a number away.
        digits = re.sub(r"\D", "", typed["phone"])
        line.phone = phone_number("0" + digits if len(digits) == 9 else typed["phone"])
    except ValidationError:
        line.refused.append(f"Le téléphone «\xa0{typed['phone']}\xa0» n’existe pas.")
    if typed["email"]:
        try:
            validate_email(typed["email"])
        except ValidationError:
            line.refused.append(f"Le courriel «\xa0{typed['email']}\xa0» n’existe pas.")


def _read_licence(line, on):
    typed = line.typed
    if not licence_key(typed["licence_number"], "")[0]:
        line.refused.append("Le numéro d’agrément manque.")
    for name, words in (("licence_from", "début"), ("licence_until", "fin")):
        try:
            setattr(line, name, read_day(typed[name]))
        except ValueError as error:
            line.refused.append(f"Agrément, {words}\xa0: {error}.")
    if line.licence_from and line.licence_until and line.licence_until <= line.licence_from:
        line.refused.append("L’agrément finit avant d’avoir commencé.")
    elif line.licence_until and line.licence_until < on:
        line.refused.append(f"Cet agrément est fini depuis le {line.licence_until:%d/%m/%Y}.")
    text = typed["licensed_places"]
    if text.isdecimal() and 1 <= int(text) <= MOST_PLACES:
        line.places = int(text)
    else:
        line.refused.append(f"Places agréées\xa0: un nombre de 1 à {MOST_PLACES} est attendu.")


class _Communes:
    """The communes that a file of this service, or of this Caf, may name."""

    def __init__(self, kept):
        self.kept = kept
        rows = Commune.objects.filter(department_code=kept.caf.department_code)
        self.followed = defaultdict(list)
        links = MunicipalService.communes.through.objects.filter(municipalservice__caf=kept.caf)
        for commune, service in links.values_list("commune_id", "municipalservice_id"):
            self.followed[commune].append(service)
        self.names = {service.pk: service.name for service in kept.caf.municipalservice_set.all()}
        self.all = {commune.code: commune for commune in rows}
        self.by_name, self.by_postal = defaultdict(list), defaultdict(list)
        for commune in self.all.values():
            self.by_name[plain(commune.name)].append(commune)
            for postal in commune.postal_codes.split("|"):
                self.by_postal[postal].append(commune)
        self.mine = [commune for commune in self.all.values() if self._is_mine(commune)]

    def find(self, line):
        """The commune of this line, or why not."""
        text = line.typed["commune"]
        if not text and len(self.mine) == 1:
            line.commune = self.mine[0]
            return
        found = self._meant_by(text)
        mine = [commune for commune in found if self._is_mine(commune)]
        if len(mine) == 1:
            line.commune = mine[0]
        elif not text:
            line.refused.append("La commune manque.")
        elif len(mine) > 1:
            line.refused.append(f"«\xa0{text}\xa0»\xa0: plusieurs communes, écrivez son nom.")
        elif found:
            line.refused.append(self._elsewhere(found[0]))
        else:
            line.refused.append(f"«\xa0{text}\xa0»\xa0: aucune commune du département.")

    def _is_mine(self, commune):
        services = self.followed.get(commune.code, [])
        return self.kept.service_id in services if self.kept.service_id else not services

    def _meant_by(self, text):
        if text in self.all:
            return [self.all[text]]
        if text in self.by_postal:
            return self.by_postal[text]
        name = plain(text)
        if found := self.by_name.get(name):
            return found
        # « Paris 20e » is enough for « Paris 20e Arrondissement ».
        return [c for c in self.mine if name and plain(c.name).startswith(f"{name} ")]

    def _elsewhere(self, commune):
        services = self.followed.get(commune.code)
        if services:
            return f"{commune} est suivie par {self.names[services[0]]}."
        return f"{commune} n’est suivie par aucun service\xa0: la Caf la note elle-même."


def _refuse_doubles(lines, by):
    """One licence is one childminder: in the file, and with those already known."""
    known = known_licences({line.department for line in lines})
    doubles = {
        line.number: childminder
        for line in lines
        if (childminder := known.get(licence_key(line.typed["licence_number"], line.department)))
    }
    seen = seen_among(set(doubles.values()), by)
    first = {}
    for line in lines:
        key = licence_key(line.typed["licence_number"], line.department)
        if childminder := doubles.get(line.number):
            line.refused.append(say_known(childminder, childminder.pk in seen))
        elif not key[0]:
            continue
        elif key in first:
            line.refused.append(f"Ce numéro d’agrément est déjà à la ligne {first[key]}.")
        else:
            first[key] = line.number


@transaction.atomic
def carry_out(kept: NetworkImport, *, by, on: date, at=None) -> int:
    """Record the good lines, together and once; how many this call wrote."""
    if is_hijacked(by):
        raise PermissionDenied
    kept = NetworkImport.objects.select_for_update(of=("self",)).get(pk=kept.pk)
    if kept.done_at:
        return 0
    lock_network(kept.caf)
    lines = examine(kept, by=by, on=on)
    written = {line.number: _provider(line, kept) for line in lines if line.is_good}
    Provider.objects.bulk_create(written.values(), batch_size=SET)
    Childminder.objects.bulk_create(
        [
            _childminder(line, written[line.number], kept)
            for line in lines
            if line.number in written
        ],
        batch_size=SET,
    )
    kept.rows = [
        {
            "line": line.number,
            "name": line.name,
            "provider": str(written[line.number].pk) if line.number in written else "",
            "reachable": line.is_reachable,
            "refused": line.refused,
        }
        for line in lines
    ]
    kept.done_at = moment(at)
    kept.save(update_fields=["rows", "done_at"])
    return len(written)


def ask_all(kept: NetworkImport, *, by, on: date, at=None) -> int:
    """Ask those of the file who can be reached, in sets; how many questions leave.

    One who has moved since is asked by her new coordinator.
    """
    keys = [row["provider"] for row in kept.rows if row.get("provider") and row["reachable"]]
    known = Provider.objects.filter(pk__in=keys).select_related("childminder")
    hers = [provider for provider in known if coordinates_childminder(by, provider)]
    return sum(
        ask_many(hers[start : start + SET], by=by, on=on, at=at)
        for start in range(0, len(hers), SET)
    )


def _provider(line, kept):
    return Provider(
        kind=Provider.Kind.CHILDMINDER,
        name=line.name,
        caf=kept.caf,
        commune=line.commune,
        lat=line.commune.lat,
        lon=line.commune.lon,
        phone=line.phone,
        email=line.typed["email"],
    )


def _childminder(line, provider, kept):
    return Childminder(
        provider=provider,
        service=kept.service,
        licence_number=" ".join(line.typed["licence_number"].split()),
        licence_department=line.department,
        licence_from=line.licence_from,
        licence_until=line.licence_until,
        licensed_places=line.places,
        house=line.typed["house"],
        address=line.typed["address"],
    )
