"""The text of a contract: rendered once from the dated national template, then frozen."""

import hashlib
import re
from pathlib import Path

from django.template.loader import get_template, render_to_string

from avip.jobs import SCHEDULES
from avip.templatetags.words import WEEKDAYS, and_list, fr_date, fr_time, plural
from families.clauses import printed
from families.models import Signatory
from families.parties import PARENT
from families.planning import minutes_per_week
from families.proposal import last_day_before_school
from families.schedules import exceptions_of, say_exceptions
from labels.rules import rules_for
from partners.calendars import end_after_months

# The national texts by code, the one in use last. A change is a new file: contracts that froze the
# former one still run, and its fingerprint is in their evidence.
TEMPLATES = {
    "2026-11": "families/contract_text/2026-11.html",
    "2026-12": "families/contract_text/2026-12.html",
    "2027-01": "families/contract_text/2027-01.html",
}

# A contract signed on paper before the software: its facts are recorded, nobody signs them here.
TAKEN_OVER = "repris"

BLOCKS = "(?:section|h2|ul|li|p)"

# Who is named first: who gives care, the parents, the référent emploi.
ORDER = [Signatory.Role.CARE, Signatory.Role.PARENT, Signatory.Role.ADVISER]


def freeze_text(version, clauses=None) -> tuple[str, str, str]:
    """(HTML, SHA-256 of its UTF-8 bytes, code of the template) for a version about to be proposed.

    `clauses` are the `LocalClauses` of its Caf in force on the day it is proposed, if any.

    Its contract, children, hours and signatories must be saved; the rules are those of `rules_on`,
    or of the first day. The caller stores the three: the text is never rendered again.
    """
    code = list(TEMPLATES)[-1]
    context = text_context(version) | {"template": code, "clauses": printed(clauses)}
    html = without_indentation(render_to_string(TEMPLATES[code], context))
    return html, sha256_of(html), code


def sha256_of(html) -> str:
    """SHA-256 of the UTF-8 bytes of a text: what the parties sign."""
    return hashlib.sha256(html.encode()).hexdigest()


def without_indentation(html) -> str:
    """The same text, one block a line: a phone pays for each byte, and indentation says nothing."""
    html = re.sub(r"\s*\n\s*", " ", html.strip())
    html = re.sub(rf"(<{BLOCKS}[^>]*>) ", r"\1", html)
    return re.sub(rf" ?(</{BLOCKS}>) ?", r"\1\n", html)


def template_sha256(code) -> str:
    """SHA-256 of the national text of that code, before any name is filled in."""
    source = Path(get_template(TEMPLATES[code]).origin.name)
    return hashlib.sha256(source.read_bytes()).hexdigest()


def text_context(version) -> dict:
    """What the articles print: all of it is stored with the contract, or comes from its rules."""
    contract = version.contract
    provider = contract.provider
    rules = rules_for(contract.caf, version.rules_on or version.start_on)
    children = list(contract.children.all())
    signatories = in_order(version.signatories.all())
    slots = list(version.slots.all())
    return {
        "contract": contract,
        "version": version,
        "code": readable_code(contract.code),
        "rules": rules,
        "provider": provider,
        "facility": None if provider.is_childminder else provider.facility,
        "childminder": provider.childminder if provider.is_childminder else None,
        "care": provider.said,
        "children": children,
        "child_names": [child.first_name for child in children],
        "your_children": "votre enfant" if len(children) == 1 else "vos enfants",
        "kept_until": kept_until(children, rules),
        "signatories": signatories,
        "parents_said": say_parents(signatories),
        "adviser_names": _names(signatories, Signatory.Role.ADVISER),
        "schedule": schedule_in_words(slots),
        "exceptions": say_exceptions(exceptions_of(version)),
        "changes_from": version.start_on if version.start_on != contract.start_on else None,
        "week_minutes": minutes_per_week(slots),
        "shortened": version.end_on < end_after_months(contract.start_on, contract.duration_months),
        "renewals_left": contract.renewals_left,
        "review_days": max(SCHEDULES["contract_end_reminder_days"]),
    }


def in_order(signatories) -> list:
    """The signatories as documents name them: care, parents, référent emploi."""
    return sorted(signatories, key=lambda one: (ORDER.index(one.role), one.name))


def _names(signatories, role):
    return [one.name for one in signatories if one.role == role]


def say_parents(signatories) -> str:
    """« Fatoumata Diallo, parent »; who represents a minor parent is said to."""
    parents = [one for one in signatories if one.role == Signatory.Role.PARENT]
    if all(one.quality == PARENT for one in parents):
        names = and_list(one.name for one in parents)
        return f"{names}, {plural(len(parents), 'parent,parents')}"
    return and_list(f"{one.name}, {one.quality}," for one in parents).rstrip(",")


def readable_code(code) -> str:
    """« ABCD-EFGH-JKLM-NPQR »: a public code in groups of four."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def schedule_in_words(slots) -> list[str]:
    """« lundi et mardi de 8 h 30 à 17 h », one line per group of days with the same hours."""
    by_day = {}
    for slot in sorted(slots, key=lambda slot: (slot.weekday, slot.starts)):
        by_day.setdefault(slot.weekday, []).append(
            f"de {fr_time(slot.starts)} à {fr_time(slot.ends)}"
        )
    by_hours = {}
    for day, intervals in by_day.items():
        by_hours.setdefault(and_list(intervals), []).append(WEEKDAYS[day])
    return [f"{and_list(names)} {intervals}" for intervals, names in by_hours.items()]


def kept_until(children, rules) -> str:
    """« le 31 août 2028 », for each child when the years differ: until when a kept place runs."""
    days = [f"le {fr_date(last_day_before_school(child.birth_date, rules))}" for child in children]
    if len(set(days)) == 1:
        return days[0]
    names = [child.first_name for child in children]
    return and_list(f"{day} pour {name}" for day, name in zip(days, names, strict=True))
