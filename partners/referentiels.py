"""Open data as CSV files: what each file must hold, how a line becomes a row, why it is refused.

Nothing here says where the folder is; nothing of these files is part of the project.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import models
from tqdm import tqdm

from partners.models import Agency, Caf, Commune, PriorityNeighbourhood
from partners.models.territories import time_zone_of

BATCH = 1000


class FileRefused(Exception):
    """The file as a whole cannot be read; the message is a French sentence."""


class LineRefused(Exception):
    """This line cannot become a row; the message is a French reason."""


@dataclass
class Report:
    """What came of one file."""

    file: str
    words: str  # one, several
    loaded: int = 0
    skipped: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)

    def lines(self):
        """One French line per refused row: file, line, reason."""
        return [f"{self.file}, ligne {line} : {reason}" for line, reason in self.refused]


@dataclass(frozen=True)
class Source:
    """One file: the columns it needs, those it may also carry, and the function of one line."""

    file: str
    words: str  # one, several
    needed: str
    also: str
    build: Callable  # (row: dict, communes: set of codes) -> instance, or None: not for us
    key: tuple[str, ...]
    updates: tuple[str, ...]  # what a new import replaces; people's own entries are not in it


def read(path: Path, needed, also, report) -> list[tuple[int, dict]]:
    """The lines of a CSV file with their numbers; what is missing in the file is said in words."""
    if not path.is_file():
        raise FileRefused(f"Le fichier {path} n’existe pas.")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        try:
            found = reader.fieldnames or []
            if missing := [name for name in needed.split() if name not in found]:
                raise FileRefused(
                    f"{path.name} : il manque {_columns(missing)}. "
                    f"Première ligne lue : {', '.join(found) or 'vide'}."
                )
            known = {*needed.split(), *also.split()}
            report.ignored_columns = [name for name in found if name not in known]
            return [(reader.line_num, row) for row in reader]
        except UnicodeDecodeError as error:
            raise FileRefused(f"{path.name} n’est pas en UTF-8 : enregistrez-le ainsi.") from error
        except csv.Error as error:
            where = f"{path.name}, ligne {reader.line_num}"
            raise FileRefused(f"{where} : ce n’est pas du CSV lisible.") from error


def rows_of(lines, report, key, build):
    """The instances built from these lines; each refused line enters the report with its reason."""
    seen = {}
    for number, row in lines:
        try:
            if None in row or None in row.values():
                raise LineRefused("le nombre de colonnes n’est pas celui de la première ligne")
            instance = build({name: value.strip() for name, value in row.items()})
            if instance is None:
                report.skipped += 1
                continue
            identity = tuple(getattr(instance, name) for name in key)
            if identity in seen:
                raise LineRefused(f"{identity[-1]} est déjà ligne {seen[identity]}")
            check(instance)
        except LineRefused as refusal:
            report.refused.append((number, str(refusal)))
        else:
            seen[identity] = number
            report.loaded += 1
            yield instance


def load(source: Source, folder: Path) -> Report:
    """Load one file in the caller's transaction; the same file twice changes nothing."""
    report = Report(source.file, source.words)
    lines = read(folder / source.file, source.needed, source.also, report)
    communes = set(Commune.objects.values_list("pk", flat=True))
    batch = []
    # Without a terminal the bar says nothing (disable=None).
    progress = tqdm(lines, desc=report.words.split(",")[1], unit=" lignes", disable=None)
    for instance in rows_of(progress, report, source.key, lambda row: source.build(row, communes)):
        batch.append(instance)
        if len(batch) == BATCH:
            _write(source, batch)
            batch = []
    _write(source, batch)
    return report


def _write(source, batch):
    if not batch:
        return
    type(batch[0]).objects.bulk_create(
        batch, update_conflicts=True, unique_fields=source.key, update_fields=source.updates
    )
    if isinstance(batch[0], PriorityNeighbourhood):
        links = PriorityNeighbourhood.communes.through
        links.objects.filter(priorityneighbourhood__in=batch).delete()
        links.objects.bulk_create(
            links(priorityneighbourhood=row, commune_id=code)
            for row in batch
            for code in row.commune_codes
        )


def check(instance):
    """Refuse a value that its column would not hold, or whose key is wrong (SIREN, SIRET)."""
    checked = [
        column
        for column in instance._meta.concrete_fields
        if not isinstance(column, models.ForeignKey)
        and getattr(instance, column.attname) not in (None, "")
    ]
    others = {column.name for column in instance._meta.concrete_fields} - {c.name for c in checked}
    try:
        instance.clean_fields(exclude=others)
    except ValidationError as error:
        words = [
            f"{instance._meta.get_field(name).verbose_name} : {' '.join(messages)}"
            for name, messages in error.message_dict.items()
        ]
        raise LineRefused(" ; ".join(words)) from error


def required(row, name) -> str:
    """The value of a column that may not be empty."""
    if not row[name]:
        raise LineRefused(f"la colonne {name} est vide")
    return row[name]


def point(row) -> dict:
    """`lat` and `lon` in degrees; both or neither."""
    if not row["lat"] and not row["lon"]:
        return {"lat": None, "lon": None}
    try:
        lat, lon = float(row["lat"]), float(row["lon"])
    except ValueError:
        raise LineRefused(f"coordonnées illisibles : {row['lat']!r}, {row['lon']!r}") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise LineRefused(f"coordonnées hors de la Terre : {lat}, {lon}")
    return {"lat": lat, "lon": lon}


def commune_code(code, communes) -> str | None:
    """A code Insee that the communes hold; None when it is empty."""
    if code and code not in communes:
        raise LineRefused(f"commune {code} inconnue")
    return code or None


def _columns(names):
    word = "la colonne" if len(names) == 1 else "les colonnes"
    return f"{word} {', '.join(names)}"


def _caf(row, communes):
    department = required(row, "department_code")
    return Caf(
        code=required(row, "code"),
        name=required(row, "name"),
        department_code=department,
        siren=row["siren"],
        time_zone=time_zone_of(department),
    )


def _commune(row, communes):
    try:
        population = int(row["population"]) if row["population"] else None
    except ValueError:
        raise LineRefused(f"population illisible : {row['population']!r}") from None
    return Commune(
        code=required(row, "code_insee"),
        name=required(row, "name"),
        kind=required(row, "kind"),
        parent_code=row["parent_code"],
        department_code=required(row, "department_code"),
        postal_codes=row["postal_codes"],
        population=population,
        **point(row),
    )


def _neighbourhood(row, communes):
    neighbourhood = PriorityNeighbourhood(
        code=required(row, "code_qp"),
        name=required(row, "name"),
        department_code=required(row, "department_code"),
        **point(row),
    )
    codes = dict.fromkeys(required(row, "commune_codes").split("|"))
    neighbourhood.commune_codes = [commune_code(code, communes) for code in codes if code]
    return neighbourhood


def _france_travail(row, communes):
    if row["kind"] != "agence":
        return None
    return Agency(
        kind=Agency.Kind.FRANCE_TRAVAIL,
        code=required(row, "safir_code"),
        name=required(row, "name"),
        department_code=required(row, "department_code"),
        commune_id=commune_code(row["code_insee"], communes),
        address=_address(row),
        **point(row),
    )


def _mission_locale(row, communes):
    # i-milo writes the département before the name: « 50-ML CHERBOURG ».
    name = re.sub(r"^(\d{2,3}|2[AB])-", "", row["usual_name"] or required(row, "official_name"))
    return Agency(
        kind=Agency.Kind.MISSION_LOCALE,
        code=required(row, "code_milo"),
        name=name,
        department_code=required(row, "department_code"),
        commune_id=commune_code(row["code_insee"], communes),
        address=_address(row),
        siret=row["siret"],
        **point(row),
    )


def _address(row):
    street, city = row["address"], f"{row['postal_code']} {row['city']}".strip()
    return ", ".join(part for part in (street, city) if part)


AGENCY_UPDATES = ("name", "department_code", "commune", "address", "lat", "lon")

# In this order: what refers to a commune comes after the communes.
SOURCES = [
    Source(
        "cafs.csv",
        "Caf,Caf",
        "code name department_code siren",
        "department_name region_code chef_lieu_insee chef_lieu_name chef_lieu_lat chef_lieu_lon",
        _caf,
        ("code",),
        ("name", "department_code", "siren", "time_zone"),
    ),
    Source(
        "communes.csv",
        "commune,communes",
        "code_insee name kind parent_code department_code postal_codes population lat lon",
        "region_code coord_source epci_code siren clpe_code",
        _commune,
        ("code",),
        (
            *("name", "kind", "parent_code", "department_code", "postal_codes"),
            *("population", "lat", "lon"),
        ),
    ),
    Source(
        "qpv.csv",
        "quartier prioritaire,quartiers prioritaires",
        "code_qp name commune_codes department_code lat lon",
        "commune_names region_code coord_precision",
        _neighbourhood,
        ("code",),
        ("name", "department_code", "lat", "lon"),
    ),
    Source(
        "agences_france_travail.csv",
        "agence France Travail,agences France Travail",
        "safir_code name kind address postal_code city code_insee department_code lat lon",
        "address_2 coord_note",
        _france_travail,
        ("kind", "code"),
        AGENCY_UPDATES,
    ),
    Source(
        "missions_locales.csv",
        "Mission Locale,Missions Locales",
        "code_milo official_name usual_name department_code siret address postal_code city "
        "code_insee lat lon",
        "region_code coord_precision address_source",
        _mission_locale,
        ("kind", "code"),
        (*AGENCY_UPDATES, "siret"),
    ),
]
