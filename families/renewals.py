"""The renewal of a label opens by itself, with what is already known of the crèche."""

import logging
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import Count

from avip import jobs
from avip.templatetags.words import and_list, count_of, fr_date, fr_month, plural
from avip.workflow import StepRefused
from families.figures import DECLARED
from families.models import AvipContract, MonthlyDeclaration, Placement, QuotaCheck
from labels.filing import open_renewal
from labels.meetings import participation
from labels.models import Label, LabelApplication
from labels.rules import rules_for
from partners.models import Caf

logger = logging.getLogger(__name__)

MONTHS_LOOKED_AT = 12
Contract = AvipContract.Status
SIGNED = (Contract.ACTIVE, Contract.ENDED, Contract.TERMINATED)
OVER = (Contract.ENDED, Contract.TERMINATED)
Verdict = QuotaCheck.Verdict


@jobs.daily("families.open_renewals")
def open_renewals(on):
    """Each label that ends within the notice of its Caf gets its renewal, once."""
    opened = 0
    for caf in Caf.objects.all():
        rules = rules_for(caf, on)
        for label in labels_to_renew(caf, on, rules.label_renewal_notice_days):
            try:
                open_renewal(label, label_figures(label, on, rules), by=None, on=on)
            except StepRefused as refusal:
                logger.info("renewal of %s: %s", label.pk, refusal)
                continue
            opened += 1
    return f"{opened} renouvellements ouverts"


def labels_to_renew(caf, on, notice_days):
    """The labels of this Caf that end within its notice, that nothing follows or renews yet."""
    ending = Label.objects.filter(
        caf=caf,
        status__in=Label.LIVE,
        ends_on__range=(on, on + timedelta(days=notice_days)),
        leaves_on=None,
    )
    renewed = LabelApplication.objects.filter(kind=LabelApplication.Kind.RENEWAL)
    return (
        ending.not_followed()
        .exclude(pk__in=renewed.filter(current_label__isnull=False).values("current_label"))
        .select_related("provider__facility", "caf")
        .order_by("ends_on", "pk")
    )


def label_figures(label, on, rules) -> dict:
    """What the crèche did under this label, up to that day: {key: {"label", "value"}} in words."""
    found = {
        "months": ("Mois déclarés", _months(label, on)),
        "quota": ("Quota des douze derniers mois", _quota(label, on)),
        "children": ("Enfants accueillis au titre du label", _children(label, on)),
        "contracts": ("Contrats d’engagement signés", str(_contracts(label, on).count())),
        "outcomes": ("Issues des contrats terminés", _outcomes(label, on, rules)),
        "meetings": ("Réunions du réseau", _meetings(label)),
        "as_of": ("Chiffres arrêtés au", fr_date(on)),
    }
    return {key: {"label": words, "value": value} for key, (words, value) in found.items()}


def _months(label, on):
    opened = MonthlyDeclaration.objects.filter(
        provider=label.provider_id, month__range=(label.starts_on.replace(day=1), on)
    )
    late = opened.exclude(status__in=DECLARED).order_by("month")
    missing = [fr_month(month) for month in late.values_list("month", flat=True)]
    total = opened.count()
    if not total:
        return "aucun mois à déclarer jusqu’ici"
    text = f"{total - len(missing)} sur {total}"
    if not missing:
        return text
    return f"{text}\xa0; {plural(len(missing), 'manque,manquent')} {and_list(missing)}"


def _quota(label, on):
    since = on.replace(day=1) - relativedelta(months=MONTHS_LOOKED_AT)
    checks = QuotaCheck.objects.filter(
        provider=label.provider_id, month__range=(since, on), month__gte=label.starts_on
    )
    counts = dict(checks.order_by().values_list("verdict").annotate(n=Count("pk")))
    compliant = counts.get(Verdict.COMPLIANT, 0)
    assessed = compliant + counts.get(Verdict.SHORT, 0)
    if not assessed:
        return "aucun mois évalué"
    return f"respecté {compliant} mois sur {assessed} évalués"


def _children(label, on):
    placements = Placement.objects.during(label.starts_on, on).filter(provider=label.provider_id)
    children = placements.aggregate(children=Count("child", distinct=True))["children"]
    return count_of(children, "enfant,enfants,aucun enfant")


def _contracts(label, on):
    return AvipContract.objects.filter(
        provider=label.provider_id, status__in=SIGNED, start_on__range=(label.starts_on, on)
    )


def _meetings(label):
    part = participation(label.provider, label.starts_on)
    if not part.invited:
        return "aucune réunion jusqu’ici"
    return f"présente à {part.attended} sur {part.invited}"


def _outcomes(label, on, rules):
    """Positive outcomes among those recorded, among the contracts that ended and go no further."""
    over = AvipContract.objects.filter(
        provider=label.provider_id, status__in=OVER, ended_on__range=(label.starts_on, on)
    ).not_renewed()
    counts = dict(over.order_by().values_list("outcome").annotate(n=Count("pk")))
    ended = sum(counts.values())
    if not ended:
        return "aucun contrat terminé"
    recorded = ended - counts.pop("", 0)
    categories = AvipContract.OUTCOME_CATEGORY
    positive = sum(
        n for outcome, n in counts.items() if categories.get(outcome) in rules.positive_outcomes
    )
    known = f"{count_of(recorded, 'issue connue,issues connues')} sur {ended}"
    return f"{known}, dont {count_of(positive, 'positive,positives,aucune positive')}"
