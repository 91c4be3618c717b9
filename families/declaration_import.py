"""Months declared from a spreadsheet: each line examined, shown, then declared once."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from avip.templatetags.words import MONTHS, fr_date, fr_month
from avip.workflow import StepRefused, moment
from families.forms.declarations import MOST_CHILDREN, read_hours
from families.models import DeclarationImport, DeclarationLine, MonthlyDeclaration
from families.quota import Rulebook
from families.workflow.declarations import faults_of, submit
from labels.spreadsheets import plain
from partners.calendars import month_bounds

COLUMNS = {
    "siret": ["SIRET", "numéro SIRET"],
    "month": ["mois"],
    "children": ["enfants", "enfants présents", "nombre d’enfants"],
    "hours": ["heures", "heures d’accueil", "total des heures"],
}
NEEDED = [[name] for name in COLUMNS]
TITLES = ["SIRET", "Crèche", "Mois", "Enfants", "Heures"]
SIRET_DIGITS = 14

Status = MonthlyDeclaration.Status


@dataclass
class Line:
    """One line of the file: what was typed, what it declares, why it is refused."""

    number: int
    typed: dict
    declaration: MonthlyDeclaration | None = None
    children: int | None = None
    minutes: int | None = None
    reasons: list[str] = field(default_factory=list)

    @property
    def is_good(self):
        """This line may be declared."""
        return not self.reasons

    @property
    def hours(self):
        """Whole hours, as a month is declared."""
        return (self.minutes + 30) // 60


def keep_for_preview(rows, *, by, at=None) -> DeclarationImport:
    """The lines of a file, before anything is declared."""
    return DeclarationImport.objects.create(by=by, rows=rows, created_at=moment(at))


def examine(rows, *, by, on: date, at=None) -> list[Line]:
    """What each line would declare for this person on that day, or why it would not."""
    lines = [Line(row["line"], row) for row in rows]
    wanted = {}
    for line in lines:
        month = _read(line, "month", read_month)
        line.children = _read(line, "children", _read_children)
        line.minutes = _read(line, "hours", _read_minutes)
        siret = re.sub(r"\D", "", line.typed["siret"])
        if len(siret) != SIRET_DIGITS:
            line.reasons.insert(0, "SIRET\xa0: quatorze chiffres sont attendus.")
        elif month:
            wanted[line.number] = siret, month
    months = _months_of(wanted.values(), by)
    times = Counter(wanted.values())
    for line in lines:
        key = wanted.get(line.number)
        if key is None:
            continue
        line.declaration = months.get(key)
        if times[key] > 1:
            line.reasons.append(
                "Cette crèche et ce mois sont sur plusieurs lignes\xa0: gardez-en une."
            )
        line.reasons += _refusals(line.declaration, key[1], on)
    _add_faults([line for line in lines if line.is_good], moment(at))
    return lines


@transaction.atomic
def carry_out(kept: DeclarationImport, *, by, on: date, at=None) -> int:
    """Declare the good lines, once; each line keeps what became of it. How many are declared."""
    kept = DeclarationImport.objects.select_for_update(no_key=True).get(pk=kept.pk)
    if kept.done_at:
        return 0
    lines = examine(kept.rows, by=by, on=on, at=at)
    # In one order for everybody: two files never wait for each other.
    for line in sorted((line for line in lines if line.is_good), key=lambda x: x.declaration.pk):
        try:
            submit(
                line.declaration,
                by=by,
                on=on,
                at=at,
                children_present=line.children,
                hours_total=line.hours,
            )
        except StepRefused as refusal:
            line.reasons += refusal.reasons
    kept.rows = [
        line.typed | {"taken": _named(line) if line.is_good else "", "refused": line.reasons}
        for line in lines
    ]
    kept.done_at = moment(at)
    kept.save(update_fields=["rows", "done_at"])
    return sum(line.is_good for line in lines)


def read_month(text) -> date:
    """« 10/2026 », « octobre 2026 », « 2026-10 » or a day of the month; ValueError in words."""
    bare = plain(text)
    year = month = 0
    if found := re.fullmatch(r"(?:\d{1,2} )?(\d{1,2}) (\d{4})", bare):
        month, year = int(found[1]), int(found[2])
    elif found := re.fullmatch(r"(\d{4}) (\d{1,2})(?: \d{1,2})?", bare):
        year, month = int(found[1]), int(found[2])
    elif found := re.fullmatch(r"([a-z]+) (\d{4})", bare):
        names = [plain(name) for name in MONTHS]
        month, year = names.index(found[1]) + 1 if found[1] in names else 0, int(found[2])
    if not 1 <= month <= len(MONTHS) or not year:
        raise ValueError("Mois\xa0: écrivez par exemple 10/2026 ou octobre 2026.")
    return date(year, month, 1)


def months_to_fill(user, on: date):
    """The months that this person may declare from a file now: the lines of the model."""
    return (
        _facilities(user)
        .filter(status=Status.OPEN, month__lt=on.replace(day=1))
        .select_related("provider__facility")
        .order_by("month", "provider__name", "pk")
    )


def _facilities(user):
    """The months of the crèches this person answers for."""
    reach = user.reach
    months = MonthlyDeclaration.objects.visible_to(user).filter(provider__kind="facility")
    mine = months.filter(provider__in=reach.providers)
    return mine | months.filter(provider__facility__operator__in=reach.operators)


def _read(line, name, read):
    try:
        return read(line.typed[name])
    except ValueError as error:
        line.reasons.append(str(error))
        return None


def _read_children(text):
    bare = text.replace(" ", "")
    if not bare.isascii() or not bare.isdigit() or int(bare) > MOST_CHILDREN:
        raise ValueError("Enfants\xa0: écrivez un nombre entier, 0 si personne n’est venu.")
    return int(bare)


def _read_minutes(text):
    minutes = read_hours(text)
    if minutes is None:
        raise ValueError("Heures\xa0: écrivez un nombre d’heures, par exemple 2480.")
    return minutes


def _months_of(keys, by):
    """The months asked for, by SIRET and month, with what judging them reads."""
    rows = (
        _facilities(by)
        .filter(
            provider__facility__siret__in={siret for siret, _ in keys},
            month__in={month for _, month in keys},
        )
        .select_related("provider__facility", "provider__caf", "caf")
        .prefetch_related("provider__opening_hours", "provider__closures")
    )
    return {(row.provider.facility.siret, row.month): row for row in rows}


def _refusals(declaration, month, on):
    if declaration is None:
        return ["Aucun mois à déclarer pour ce SIRET\xa0: vérifiez le numéro et le mois."]
    if declaration.status != Status.OPEN:
        since = fr_date(declaration.submitted_at)
        return [f"Ce mois est déjà déclaré, le {since}\xa0: il se corrige sur sa page."]
    if on <= month_bounds(month)[1]:
        return [f"{fr_month(month).capitalize()} n’est pas fini."]
    return []


def _add_faults(lines, at):
    """What a month cannot hold, in the same number of queries for any number of lines."""
    rules, care = Rulebook(at), defaultdict(list)
    rows = DeclarationLine.objects.filter(declaration__in=[line.declaration for line in lines])
    for row in rows.select_related("placement__child"):
        care[row.declaration_id].append(row)
    for line in lines:
        mine = care[line.declaration.pk]
        planned = {row.pk: row.planned_minutes for row in mine}
        limit = rules.of(line.declaration).quota_max_child_age_months
        faults = faults_of(
            line.declaration, mine, planned, line.children, line.hours, age_limit=limit
        )
        line.reasons += faults.values()


def _named(line):
    return f"{line.declaration.provider.name}, {fr_month(line.declaration.month)}"
