"""Reads a spreadsheet that somebody prepared by hand: CSV of any office suite, or XLSX."""

import csv
import io
import re
import unicodedata
import zipfile
from datetime import date, datetime

from django.core.exceptions import ValidationError

from avip.jobs import SCHEDULES

UNPACKED_MEGABYTES = 50
COLUMNS = 20
MARGIN = 1000  # empty lines among the filled ones
NOT_READ = "Ce fichier ne se lit pas\xa0: enregistrez-le au format XLSX ou CSV, puis réessayez."


def plain(text) -> str:
    """Lower case, without accents, hyphens or double spaces: what two ways of typing share."""
    parts = unicodedata.normalize("NFKD", str(text)).lower()
    bare = "".join(character for character in parts if not unicodedata.combining(character))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())


def read_rows(upload, columns: dict, needed: list, most: int | None = None) -> list[dict]:
    """The filled lines of the first sheet: `line` (its number) and each known column as text.

    `columns` is name -> the ways its title may be written; of each group of names in `needed` one
    column at least is there. Raises ValidationError, in words, for a file that cannot be read,
    lacks a column, is empty or too long (`most` lines, those of a takeover unless said otherwise).
    """
    most = most or SCHEDULES["takeover_rows"]
    limit = SCHEDULES["upload_max_megabytes"]
    if upload.size > limit * 1024 * 1024:
        raise ValidationError(f"Ce fichier pèse plus de {limit}\xa0Mo\xa0: coupez-le en plusieurs.")
    data = upload.read()
    table = _xlsx(data, most) if data.startswith(b"PK") else _csv(data, most)
    header, *lines = table or [[]]
    places = _places(header, columns, needed)
    rows = []
    for number, cells in enumerate(lines, start=2):
        if not any(str(cell).strip() for cell in cells):
            continue
        cells = [*cells, *[""] * (len(header) - len(cells))]
        row = {name: _text(cells[place]) for name, place in places.items()}
        rows.append({"line": number} | row)
    if not rows:
        raise ValidationError("Ce fichier n’a aucune ligne sous ses titres de colonnes.")
    if len(rows) > most:
        raise ValidationError(
            f"Ce fichier a plus de {most} lignes\xa0: coupez-le en plusieurs fichiers."
        )
    return rows


def read_day(text) -> date:
    """A day typed the French way or as a computer writes it; ValueError says what is wrong."""
    text = text.strip()
    if not text:
        raise ValueError("manque")
    found = re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})", text)
    day, month, year = found.groups() if found else (0, 0, 0)
    if not found and (found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)):
        year, month, day = found.groups()
    if not found:
        raise ValueError(f"«\xa0{text}\xa0» ne se lit pas\xa0: écrivez jj/mm/aaaa")
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise ValueError(f"le {text} n’existe pas") from error


def _places(header, columns, needed):
    titles = [plain(title) for title in header]
    found = {
        name: next((titles.index(way) for way in map(plain, ways) if way in titles), None)
        for name, ways in columns.items()
    }
    places = {name: place for name, place in found.items() if place is not None}
    missing = [names for names in needed if not set(names) & set(places)]
    if missing:
        words = ", ".join(" ou ".join(columns[name][0] for name in names) for names in missing)
        raise ValidationError(
            "La première ligne doit donner les titres des colonnes. "
            f"Il manque\xa0: {words}. Partez du modèle à télécharger."
        )
    return places


def _text(cell):
    """A cell as one would type it: Excel keeps dates as dates, and a SIRET as a number."""
    if isinstance(cell, datetime | date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\xa0", " ").replace("\u202f", " ").strip()[:200]


def _csv(data, most):
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text:
        raise ValidationError(NOT_READ)
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [line[:COLUMNS] for line, _ in zip(lines, range(most + MARGIN), strict=False)]
    except csv.Error as error:
        raise ValidationError(NOT_READ) from error


def _xlsx(data, most):
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > UNPACKED_MEGABYTES * 1024 * 1024:
            raise ValidationError("Ce classeur est trop gros\xa0: gardez une feuille, sans images.")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_row=most + MARGIN, max_col=COLUMNS, values_only=True)
        table = [["" if cell is None else cell for cell in row] for row in rows]
        book.close()
    except ValidationError:
        raise
    except Exception as error:  # a broken file breaks the reader in many ways
        raise ValidationError(NOT_READ) from error
    return table
