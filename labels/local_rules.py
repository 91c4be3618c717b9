"""A Caf's own values: what held, what comes, who set it; set one from a day, or correct it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from avip.workflow import StepRefused, moment
from labels.models import LocalRule
from labels.rules import RULES, RuleMissing, RuleValue, from_json, in_words, to_json
from partners.models import Caf
from partners.permissions import is_caf_manager, is_hijacked


@dataclass(frozen=True)
class Dated:
    """One value of the history of a rule: national, or set by the Caf."""

    entry: RuleValue
    known_at: datetime | None = None  # None: national, known from the start
    set_by: object = None
    motive: str = ""
    derogation: str = ""
    is_corrected: bool = False  # a later row for the same day replaced it

    @property
    def since(self):
        return self.entry.since

    @property
    def value(self):
        return in_words(self.entry)


def sets_rules(by, caf) -> bool:
    """Responsable of this Caf, in her own account."""
    return caf is not None and not is_hijacked(by) and is_caf_manager(by, LocalRule(caf=caf))


def history(key, caf) -> list[Dated]:
    """Every value of a rule, national and local, the latest first."""
    rule = RULES[key]
    found = [
        Dated(RuleValue(key, rule, value, reference, day, is_local=False))
        for day, (value, reference) in rule.values.items()
    ]
    seen = set()
    for row in LocalRule.objects.filter(caf=caf, key=key).select_related("set_by"):
        found.append(_dated(row, is_corrected=row.valid_from in seen))
        seen.add(row.valid_from)
    return sorted(found, key=lambda one: one.since, reverse=True)


def in_force(caf, on: date, known_at: datetime) -> dict[str, Dated]:
    """By key, the value of this Caf that holds on that day, with who set it."""
    rows = LocalRule.objects.filter(caf=caf).in_force(on, known_at).select_related("set_by")
    return {row.key: _dated(row) for row in rows}


def coming(caf, on: date) -> dict[str, Dated]:
    """By key, the next value that will hold after that day, where one is known."""
    rows = LocalRule.objects.filter(caf=caf, valid_from__gt=on).select_related("set_by")
    local = {
        row.key: _dated(row)
        for row in rows.order_by("key", "valid_from", "-recorded_at").distinct("key")
    }
    own = set(LocalRule.objects.filter(caf=caf, valid_from__lte=on).values_list("key", flat=True))
    found = dict(local)
    for key, rule in RULES.items():
        later = min((day for day in rule.values if day > on), default=None)
        # Where the Caf has its own value, a later national one changes nothing for it.
        if later and key not in own and not (key in local and local[key].since <= later):
            found[key] = Dated(RuleValue(key, rule, *rule.values[later], later, is_local=False))
    return found


def value_to_correct(key, caf, valid_from: date) -> LocalRule | None:
    """The value that this Caf has set from that very day, as it stands; None without any."""
    return (
        LocalRule.objects.filter(caf=caf, key=key, valid_from=valid_from)
        .order_by("-recorded_at")
        .first()
    )


@transaction.atomic
def set_value(
    caf, key, *, by, value, valid_from, reference, motive, on, derogation_reference="", at=None
) -> LocalRule:
    """Record the Caf's own value from that day on; the latest recorded for a day wins.

    Raises PermissionDenied, StepRefused for a day gone by that corrects nothing and for a value
    already set, ValidationError for what the law refuses.
    """
    if not sets_rules(by, caf):
        raise PermissionDenied
    # One responsable at a time: the second press finds what the first has recorded.
    Caf.objects.select_for_update(no_key=True).get(pk=caf.pk)
    standing = value_to_correct(key, caf, valid_from)
    if valid_from < on and standing is None:
        raise StepRefused(
            "Une valeur se fixe à partir d’aujourd’hui ou plus tard. Dans le passé, on ne peut "
            "que corriger une valeur déjà fixée, à sa propre date."
        )
    if standing and from_json(key, standing.value) == value:
        raise StepRefused(f"Cette valeur est déjà fixée au {valid_from:%d/%m/%Y}.")
    rule = LocalRule(
        caf=caf,
        key=key,
        valid_from=valid_from,
        recorded_at=moment(at),
        value=to_json(value),
        reference=reference,
        motive=motive,
        derogation_reference=derogation_reference,
        set_by=by,
    )
    try:
        rule.full_clean()
    except RuleMissing as missing:
        raise ValidationError({"valid_from": str(missing)}) from missing
    rule.save(force_insert=True)
    return rule


def _dated(row, *, is_corrected=False):
    value = from_json(row.key, row.value)
    return Dated(
        RuleValue(row.key, RULES[row.key], value, row.reference, row.valid_from, is_local=True),
        known_at=row.recorded_at,
        set_by=row.set_by,
        motive=row.motive,
        derogation=row.derogation_reference,
        is_corrected=is_corrected,
    )
