"""Labels granted before the software: found, checked and taken over, one by one or by a file.

They count from the day they are taken over, and ramp up from then.
"""

from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from stdnum.exceptions import ValidationError as InvalidNumber
from stdnum.fr import siret as siret_number

from avip import outbox
from avip.models import Document
from avip.workflow import StepRefused, moment
from labels.changes import known_of
from labels.models import Label, LabelImport, LabelStatusChange
from labels.rules import RULES, RuleMissing
from labels.spreadsheets import plain, read_day
from partners.models import Provider
from partners.permissions import is_hijacked

# The columns of the file: name -> its title, then the other ways to write it.
COLUMNS = {
    "siret": ("SIRET", "numéro SIRET", "n° SIRET"),
    "name": ("Crèche", "nom", "nom de la crèche", "établissement", "Eaje"),
    "granted_on": ("Date de décision", "décision", "accordé le", "date de la décision"),
    "starts_on": ("Début", "commence le", "date de début", "début du label"),
    "ends_on": ("Fin", "finit le", "date de fin", "échéance", "fin du label"),
}
NEEDED = [("siret", "name"), ("granted_on",), ("ends_on",)]
TITLES = tuple(titles[0] for titles in COLUMNS.values())
DATES = {"granted_on": "la décision", "starts_on": "le début", "ends_on": "la fin"}


@dataclass
class Line:
    """One label to take over: what was typed, what it means, why it is refused."""

    number: int
    typed: dict
    provider: Provider | None = None
    granted_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    refused: list = field(default_factory=list)  # [(column, French sentence)]

    @property
    def is_good(self):
        return not self.refused

    @property
    def reasons(self):
        return [reason for _, reason in self.refused]

    def refuse(self, column, reason):
        self.refused.append((column, reason))


def takes_over(by, caf) -> bool:
    """Works for this Caf, in her own account."""
    return caf is not None and not is_hijacked(by) and caf.pk in by.reach.cafs


def examine(caf, rows, *, on: date) -> list[Line]:
    """What each row (`line` and the columns, as text) would do, or why not; in three queries."""
    known = list(
        Provider.objects.filter(caf=caf, kind=Provider.Kind.FACILITY).select_related(
            "facility__operator", "commune"
        )
    )
    by_siret = {p.facility.siret: p for p in known if p.facility.siret}
    by_name = {}
    for provider in known:
        by_name.setdefault(plain(provider.name), []).append(provider)
    lines = [Line(row["line"], {name: row.get(name, "") for name in COLUMNS}) for row in rows]
    for line in lines:
        _find(line, by_siret, by_name)
        _read_dates(line, on)
    _refuse_second_labels(lines)
    return lines


def _find(line, by_siret, by_name):
    digits = "".join(line.typed["siret"].split()).replace(".", "")
    named = by_name.get(plain(line.typed["name"]), []) if line.typed["name"].strip() else []
    if not digits and not line.typed["name"].strip():
        line.refuse("siret", "donnez le SIRET ou le nom de la crèche")
    elif not digits:
        _find_by_name(line, named)
    elif "E+" in digits.upper():
        line.refuse("siret", "le tableur a abîmé ce SIRET\xa0: mettez sa colonne au format texte")
    elif not _holds(digits := digits.zfill(14) if len(digits) == 13 else digits):
        line.refuse(
            "siret", f"le SIRET {line.typed['siret']} n’existe pas\xa0: vérifiez ses 14 chiffres"
        )
    elif digits in by_siret:
        line.provider = by_siret[digits]
    elif len(unnumbered := [p for p in named if not p.facility.siret]) == 1:
        line.provider = unnumbered[0]  # the record has no SIRET yet: its name decides
    else:
        line.refuse("siret", "aucune crèche de votre Caf ne porte ce SIRET")


def _find_by_name(line, named):
    if len(named) == 1:
        line.provider = named[0]
    elif named:
        line.refuse("name", "plusieurs crèches portent ce nom\xa0: donnez le SIRET")
    else:
        line.refuse("name", "aucune crèche de votre Caf ne porte ce nom")


def _holds(digits):
    try:
        return bool(siret_number.validate(digits))
    except InvalidNumber:
        return False


def _read_dates(line, on):
    for name, words in DATES.items():
        text = line.typed[name]
        if name == "starts_on" and not text.strip():
            line.starts_on = line.granted_on  # from the day it was granted
            continue
        try:
            setattr(line, name, read_day(text))
        except ValueError as error:
            line.refuse(name, f"{words}\xa0: {error}")
    if line.granted_on:
        _check_decision(line, on)
    if line.starts_on and line.starts_on > on:
        line.refuse("starts_on", "ce label n’a pas commencé")
    if line.ends_on and line.starts_on and line.ends_on < line.starts_on:
        line.refuse("ends_on", "la fin précède le début")
    elif line.ends_on and line.ends_on < on:
        line.refuse("ends_on", f"ce label est fini depuis le {line.ends_on:%d/%m/%Y}")


def _check_decision(line, on):
    if line.granted_on > on:
        line.refuse("granted_on", "la décision est dans le futur")
        return
    try:
        RULES["quota_rate"].national(line.granted_on)
    except RuleMissing:
        line.refuse("granted_on", "le label n’existait pas encore à cette date")


def _refuse_second_labels(lines):
    """One live label at a time: in the database, and among the lines of the file."""
    found = [line.provider.pk for line in lines if line.provider]
    held = {}
    for label in Label.objects.filter(provider__in=found, status__in=Label.LIVE):
        held.setdefault(label.provider_id, label)
    first = {}
    for line in lines:
        if line.provider is None:
            continue
        pk = line.provider.pk
        if label := held.get(pk):
            line.refuse(
                "name",
                f"cette crèche a déjà un label du {label.starts_on:%d/%m/%Y} "
                f"au {label.ends_on:%d/%m/%Y}",
            )
        elif pk in first:
            line.refuse("name", f"cette crèche est déjà à la ligne {first[pk]}")
        elif line.is_good:
            first[pk] = line.number


@transaction.atomic
def take_over(caf, row, *, by, on, at=None, scan=None) -> Label:
    """Take one label over, with the PDF of its decision if any; StepRefused says why not."""
    if not takes_over(by, caf):
        raise PermissionDenied
    _lock_creches_of(caf)
    (line,) = examine(caf, [{"line": 1} | row], on=on)
    if not line.is_good:
        raise StepRefused(*line.reasons)
    kept = scan and Document.objects.write(filename="decision-d-origine.pdf", data=scan)
    return _write(line, by=by, at=at, former_decision=kept or None)


def keep_for_preview(caf, rows, *, by, at=None) -> LabelImport:
    """The rows of a file, kept as they were read until somebody confirms."""
    if not takes_over(by, caf):
        raise PermissionDenied
    return LabelImport.objects.create(caf=caf, by=by, rows=rows, created_at=moment(at))


@transaction.atomic
def carry_out(label_import, *, by, on, at=None) -> int:
    """Take over the good rows of a file, together and once; how many labels this call wrote."""
    if not takes_over(by, label_import.caf):
        raise PermissionDenied
    label_import = LabelImport.objects.select_for_update(of=("self",)).get(pk=label_import.pk)
    if label_import.done_at:
        return 0
    _lock_creches_of(label_import.caf)
    lines = examine(label_import.caf, label_import.rows, on=on)
    good = [line for line in lines if line.is_good]
    for row, line in zip(label_import.rows, lines, strict=True):
        row["refused"] = line.reasons
        row["taken"] = str(line.provider) if line.is_good else ""
    for line in good:
        _write(line, by=by, at=at)
    label_import.done_at = moment(at)
    label_import.save(update_fields=["rows", "done_at"])
    return len(good)


def _lock_creches_of(caf):
    """Two takeovers of one Caf follow each other: the second finds the labels of the first."""
    type(caf).objects.select_for_update(no_key=True).get(pk=caf.pk)


def _write(line, *, by, at, former_decision=None):
    at = moment(at)
    label = Label.objects.open(
        provider=line.provider,
        caf=line.provider.caf,
        granted_on=line.granted_on,
        starts_on=line.starts_on,
        ends_on=line.ends_on,
        taken_over=True,
        former_decision=former_decision,
        approved=_facts_of(line.provider),
        created_at=at,
        edited_at=at,
        edited_by=str(by),
    )
    label.history.create(
        step="take_over",
        source="",
        target=label.status,
        at=at,
        **LabelStatusChange.actor(by),
    )
    outbox.add("labels.certificate", label, key=label.pk, at=at)
    return label


def _facts_of(provider):
    """The crèche's record of that day, as the facts that were approved."""
    facts = known_of(provider)
    for name in ("opens", "closes"):
        facts[name] = f"{facts[name]:%H:%M}" if facts[name] else ""
    return facts
