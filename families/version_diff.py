"""What changed from one text of a contract to the next, in words: before anybody signs it."""

import re
from dataclasses import dataclass
from html import unescape

from avip.templatetags.words import and_list, count_of, fr_date, hours
from families.models import ContractVersion
from families.schedules import exceptions_of, say_exceptions
from families.wording import say_schedule

CLAUSES = re.compile(r'<section id="clauses-locales">(.*?)</section>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Change:
    """One thing that is not the same: its name, what it was, what it becomes."""

    what: str
    before: str
    after: str


def former_version(version) -> ContractVersion | None:
    """The text this one replaces: the one in force, else the last before it, else that of the
    contract it renews.
    """
    contract = version.contract
    earlier = contract.versions.filter(number__lt=version.number).exclude(html="")
    in_force = earlier.filter(in_force_at__isnull=False).order_by("-number").first()
    found = in_force or earlier.order_by("-number").first()
    if found is None and contract.previous_id:
        signed = contract.previous.versions.filter(in_force_at__isnull=False)
        found = signed.order_by("-number").first()
    return found


def changes_between(before, after) -> list[Change]:
    """What differs between two texts, in the order of the articles."""
    rows = [
        ("Premier jour", fr_date(before.start_on), fr_date(after.start_on)),
        ("Dernier jour", fr_date(before.end_on), fr_date(after.end_on)),
        ("Jours et heures", say_schedule(before.slots.all()), say_schedule(after.slots.all())),
        ("Jours particuliers", _days(before), _days(after)),
        (
            "Au plus, par semaine, sans nouvelle signature",
            hours(before.envelope_minutes),
            hours(after.envelope_minutes),
        ),
        ("Familiarisation", _settling(before), _settling(after)),
        ("Signent", _people(before), _people(after)),
        ("Clauses de la Caf", clauses_in(before.html), clauses_in(after.html)),
        ("Texte national", before.template, after.template),
    ]
    return [Change(what, old or "aucun", new or "aucun") for what, old, new in rows if old != new]


def changes_of(version) -> list[Change]:
    """What this text changes to the one it replaces; nothing for a first text."""
    former = former_version(version)
    return changes_between(former, version) if former else []


def clauses_in(html: str) -> str:
    """The local clauses of a frozen text, as plain words."""
    found = CLAUSES.search(html)
    if not found:
        return ""
    lines = [" ".join(unescape(TAG.sub(" ", line)).split()) for line in found[1].split("</p>")]
    return " ".join(filter(None, lines))


def _days(version):
    return "\xa0; ".join(say_exceptions(exceptions_of(version)))


def _settling(version):
    return count_of(version.settling_in_days, "jour,jours,aucun jour")


def _people(version):
    return and_list(sorted(one.name for one in version.signatories.all()))
