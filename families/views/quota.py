"""A facility's own quota, month after month, with the rule that judged each."""

from django.http import Http404
from django.utils import timezone
from django.views.generic import ListView

from avip.templatetags.words import count_of, fr_month, hours, number, percent
from avip.views import VisibleObjectsMixin
from families.figures import forecast
from families.models import Alert, QuotaCheck
from labels.rules import RuleMissing, rules_for
from partners.models import Provider

TONES = {"compliant": "ok", "short": "warn"}
BASES = {
    "children": "enfants accueillis au titre du label, sur tous les enfants",
    "places": "places réservées, sur la capacité autorisée",
    "hours": "heures d’accueil au titre du label, sur toutes les heures",
}


class QuotaList(VisibleObjectsMixin, ListView):
    """One facility at a time: the first of those the reader follows, or the one of `creche`."""

    model = QuotaCheck
    template_name = "families/quota_list.html"
    context_object_name = "checks"
    paginate_by = 12

    def get_queryset(self):
        seen = super().get_queryset()
        self.providers = list(
            Provider.objects.visible_to(self.request.user)
            .filter(pk__in=seen.order_by().values("provider"))
            .select_related("caf")
            .order_by("name", "pk")
        )
        self.provider = self._chosen()
        return seen.filter(provider=self.provider).order_by("-month")

    def _chosen(self):
        wanted = self.request.GET.get("creche")
        if not wanted:
            return next(iter(self.providers), None)
        for provider in self.providers:
            if str(provider.pk) == wanted:
                return provider
        raise Http404

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        user = self.request.user
        rows = [row_of(check) for check in context["checks"]]
        alerts = Alert.objects.visible_to(user).open().filter(kind=Alert.Kind.QUOTA)
        return context | {
            "providers": self.providers,
            "provider": self.provider,
            "rows": rows,
            "figure": rows[0]["figure"] if rows else None,
            "alert": alerts.filter(provider=self.provider).first(),
            "forecast": self._forecast(),
        }

    def _forecast(self):
        if self.provider is None:
            return None
        today = timezone.localdate()
        try:
            expected = forecast(self.provider, today, rules_for(self.provider.caf, today))
        except RuleMissing:
            return None
        return {"month": today, "quota": expected}


def row_of(check):
    """One month as the table shows it."""
    values = check.rule_values
    basis = values["quota_basis"]["value"]
    return {
        "check": check,
        "figure": figure_of(check),
        "rule": values["quota_rate"],
        "others": [
            {
                "label": BASES[name],
                "share": _share(name, numbers),
                "rate_bp": numbers["rate_bp"],
                "rules": name == basis,
            }
            for name, numbers in check.other_bases.items()
        ],
    }


def figure_of(check) -> dict:
    """What `_figure.html` draws of a check: share, denominator, rule, what is missing."""
    basis = check.rule_values["quota_basis"]["value"]
    numbers = check.other_bases[basis]
    return {
        "figure": percent(check.rate_bp) if check.rate_bp is not None else "–",
        "denominator": _share(basis, numbers),
        "rule": f"pour {percent(check.required_bp)} demandés",
        "missing": _missing(basis, check),
        "tone": TONES.get(check.verdict, "info"),
        "note": _note(check, numbers),
        "value": check.rate_bp,
        # The rule falls near the middle of the gauge, whatever it is.
        "max": max(2 * check.required_bp, check.rate_bp or 0),
        "low": check.required_bp,
    }


def _share(basis, numbers):
    part, whole = numbers["part"] or 0, numbers["whole"] or 0
    match basis:
        case "places":
            return f"{count_of(part, 'place réservée,places réservées')} sur {number(whole)}"
        case "hours":
            return f"{hours(part)} sur {hours(whole)}"
    return f"{count_of(part, 'enfant')} sur {number(whole)}"


def _missing(basis, check):
    if check.verdict != "short":
        return check.get_verdict_display()
    match basis:
        case "places":
            return f"il manque {count_of(check.missing, 'place')}"
        case "hours":
            return f"il manque {hours(check.missing)}"
    return f"il manque {count_of(check.missing, 'enfant')}"


def _note(check, numbers):
    until = check.rule_values.get("ramp_up_until")
    if check.verdict == "ramp_up" and until:
        return "Un label neuf monte en charge\xa0: aucun seuil n’est demandé ces premiers mois."
    added = numbers["missing_if_added"]
    if check.verdict == "short" and added and added != check.missing:
        return f"Ou {number(added)} s’ils s’ajoutent aux autres."
    if check.verdict == "not_assessable":
        return f"Rien à mesurer en {fr_month(check.month)}\xa0: ce n’est pas un manque."
    return ""
