"""Particular days as people type or paste them: one dated interval a line, each fault explained."""

import re
from datetime import date, time

LINE = "jj/mm/aaaa hh:mm-hh:mm"
DAY = re.compile(r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b[\s;,]*(.*)$")
ISO_DAY = re.compile(r"^(\d{4})-(\d{2})-(\d{2})\b[\s;,]*(.*)$")
HOURS = re.compile(
    r"^(?:de\s*)?(\d{1,2})\s*[:hH]\s*(\d{2})?[\s;,]*(?:-|–|à|;|,|\s)[\s;,]*(\d{1,2})\s*[:hH]\s*(\d{2})?$"
)
NO_CARE = {"", "-", "sans accueil", "pas d’accueil", "pas d'accueil", "absent", "non"}
MOST = 200


def parse_days(text: str) -> tuple[list, list[str]]:
    """([(day, starts, ends)], [French sentence for each refused line]); no hours: no care."""
    found, faults = [], []
    for number, line in enumerate(text.replace("\r", "").split("\n"), start=1):
        line = " ".join(line.replace("\t", " ").replace("\xa0", " ").split())
        if not line:
            continue
        try:
            row = _parse(line)
        except ValueError as fault:
            faults.append(f"Ligne {number}, «\xa0{line[:60]}\xa0»\xa0: {fault}")
            continue
        if row in found or any(
            row[0] == day and None in (row[1], start) for day, start, _ in found
        ):
            faults.append(f"Ligne {number}, «\xa0{line[:60]}\xa0»\xa0: ce jour est déjà donné.")
        else:
            found.append(row)
    if len(found) > MOST:
        faults.append(f"Au plus {MOST} lignes.")
    return sorted(found, key=lambda row: (row[0], row[1] or time.min)), faults


def _parse(line):
    if match := DAY.match(line):
        day, month, year, rest = match.groups()
    elif match := ISO_DAY.match(line):
        year, month, day, rest = match.groups()
    else:
        raise ValueError(f"écrivez {LINE}.")
    try:
        on = date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError("ce jour n’existe pas.") from None
    rest = rest.strip(" ;,")
    if rest.lower() in NO_CARE:
        return (on, None, None)
    match = HOURS.match(rest)
    if not match:
        raise ValueError("les heures s’écrivent 9:00-16:30, ou «\xa0sans accueil\xa0».")
    try:
        starts = time(int(match[1]), int(match[2] or 0))
        ends = time(int(match[3]), int(match[4] or 0))
    except ValueError:
        raise ValueError("cette heure n’existe pas.") from None
    if ends <= starts:
        raise ValueError("l’heure de fin vient après l’heure de début.")
    return (on, starts, ends)


def as_lines(exceptions: dict) -> str:
    """The same days as they may be typed again."""
    lines = []
    for day, intervals in sorted(exceptions.items()):
        for starts, ends in sorted(intervals):
            lines.append(f"{day:%d/%m/%Y} {starts:%H:%M}-{ends:%H:%M}")
        if not intervals:
            lines.append(f"{day:%d/%m/%Y} sans accueil")
    return "\n".join(lines)
