"""What a rule of the quota would change, before it is set: last month judged both ways.

Nothing is written.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime

from dateutil.relativedelta import relativedelta

from families.figures import DECLARED
from families.models import MonthlyDeclaration, QuotaCheck
from families.quota import Rulebook, verdicts
from labels.models import Label
from labels.rules import RULES, RuleSet
from partners.calendars import month_bounds
from partners.models import Provider

Verdict = QuotaCheck.Verdict
MONTHS_BACK = 12
REFERENCE = "Valeur simulée"


def can_simulate(key) -> bool:
    """Whether this rule decides the verdict on a declared month, and a Caf may set it."""
    return key in RULES and key.startswith("quota_") and RULES[key].local


class Hypothesis(Rulebook):
    """The rules as they are, but for one value."""

    def __init__(self, known_at, key, value):
        super().__init__(known_at)
        self.key, self.value, self.supposed = key, value, {}

    def of(self, declaration):
        """The rules that judge a declaration, with the value under trial in its place."""
        rules = super().of(declaration)
        if id(rules) not in self.supposed:
            entry = replace(rules.entry(self.key), value=self.value, reference=REFERENCE)
            entries = rules.entries | {self.key: entry}
            self.supposed[id(rules)] = RuleSet(entries, rules.on, rules.known_at)
        return self.supposed[id(rules)]


@dataclass(frozen=True)
class Outcome:
    """One crèche, judged by the rules as they are and by the value under trial."""

    provider: Provider
    before: QuotaCheck
    after: QuotaCheck

    @property
    def changes(self) -> bool:
        """Another verdict, or the same shortfall that now alerts or no longer does."""
        return _standing(self.before) != _standing(self.after)

    @property
    def is_short(self) -> bool:
        return self.after.verdict == Verdict.SHORT

    @property
    def words(self):
        """(before, after) as the page says them."""
        return _in_words(self.before), _in_words(self.after)


@dataclass(frozen=True)
class Simulation:
    """A declared month of a Caf, judged twice."""

    month: date
    outcomes: list[Outcome]  # by name
    undeclared: int  # labelled that month, without a declaration: not judged

    @property
    def judged(self) -> int:
        return len(self.outcomes)

    @property
    def short_before(self) -> int:
        return sum(one.before.verdict == Verdict.SHORT for one in self.outcomes)

    @property
    def short(self) -> list[Outcome]:
        """Those that would fall short."""
        return [one for one in self.outcomes if one.is_short]

    @property
    def changed(self) -> list[Outcome]:
        """Those whose verdict changes."""
        return [one for one in self.outcomes if one.changes]

    @property
    def shown(self) -> list[Outcome]:
        """What the page lists: the verdicts that change first, then those short both ways."""
        listed = [one for one in self.outcomes if one.changes or one.is_short]
        return sorted(listed, key=lambda one: (not one.changes, not one.is_short))


def simulate(user, caf, key, value, *, on: date, at: datetime) -> Simulation | None:
    """The crèches of a Caf on its latest declared month, before and after; None without any."""
    declared = MonthlyDeclaration.objects.visible_to(user).filter(
        caf=caf,
        status__in=DECLARED,
        provider__kind=Provider.Kind.FACILITY,
        month__lt=on.replace(day=1),
        month__gte=on.replace(day=1) - relativedelta(months=MONTHS_BACK),
    )
    month = _month_to_judge(declared)
    if month is None:
        return None
    rows = list(declared.filter(month=month).order_by("provider__name", "pk"))
    before = {check.provider_id: check for check in verdicts(rows, Rulebook(at), at)}
    after = {check.provider_id: check for check in verdicts(rows, Hypothesis(at, key, value), at)}
    providers = Provider.objects.visible_to(user).in_bulk(list(before))
    labelled = Label.objects.visible_to(user).filter(caf=caf).during(*month_bounds(month))
    others = labelled.exclude(provider__in=list(before)).values("provider").distinct()
    return Simulation(
        month,
        [Outcome(providers[pk], check, after[pk]) for pk, check in before.items()],
        others.count(),
    )


def _month_to_judge(declared):
    """The latest month that at least half of those of the fullest one have declared."""
    counts = Counter(declared.order_by().values_list("month", flat=True))
    if not counts:
        return None
    most = max(counts.values())
    return max(month for month, count in counts.items() if 2 * count >= most)


def _standing(check):
    alerts = check.rule_values["quota_mode"]["value"] == "required"
    return check.verdict, check.verdict == Verdict.SHORT and alerts


def _in_words(check):
    _, alerts = _standing(check)
    said = check.get_verdict_display()
    return f"{said}, pour information" if check.verdict == Verdict.SHORT and not alerts else said
