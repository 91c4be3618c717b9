"""The rules in force, the history of each, and how the responsable of a Caf sets its own."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.generic import FormView, TemplateView

from avip.workflow import StepRefused
from labels.forms.rules import LocalRuleForm, typed
from labels.local_rules import (
    coming,
    history,
    in_force,
    set_value,
    sets_rules,
    value_to_correct,
)
from labels.permissions import own_caf
from labels.rules import RULES, from_json, in_words, rules_for

# What a Caf sets besides its rules.
CAF_PAGES = [
    {"label": "Clauses des contrats", "url": reverse_lazy("families:clauses")},
    {"label": "Page publique", "url": reverse_lazy("labels:own_caf_page")},
]
# Before one of these is set, the page shows which crèches it would touch.
TRIED_FIRST = "quota_"


class Rules(TemplateView):
    """« Règles en vigueur »: each value that holds today for one's Caf, and where it comes from."""

    template_name = "labels/rules.html"

    def get_context_data(self, **kwargs):
        today, now = timezone.localdate(), timezone.now()
        caf = own_caf(self.request.user)
        rules, own, following = (
            rules_for(caf, today, now),
            in_force(caf, today, now),
            coming(caf, today),
        )
        rows = [
            {
                "key": key,
                "rule": rule,
                "entry": rules.entries.get(key),
                "value": in_words(rules.entries.get(key)),
                "own": own.get(key),
                "next": following.get(key),
            }
            for key, rule in RULES.items()
        ]
        return super().get_context_data(
            caf=caf,
            today=today,
            rows=rows,
            is_own=reads_names(self.request.user, caf),
            actions=CAF_PAGES if self.request.user.reach.cafs else [],
            **kwargs,
        )


class RuleDetail(TemplateView):
    """One rule: what holds, what comes, and everything that held before."""

    template_name = "labels/rule_detail.html"

    def get_context_data(self, **kwargs):
        key, user, today = known(kwargs["key"]), self.request.user, timezone.localdate()
        caf, rule = own_caf(user), RULES[key]
        may_set = rule.local and sets_rules(user, caf)
        entry = rules_for(caf, today).entries.get(key)
        return super().get_context_data(
            caf=caf,
            rule=rule,
            entry=entry,
            value=in_words(entry),
            own=in_force(caf, today, timezone.now()).get(key),
            next=coming(caf, today).get(key),
            history=history(key, caf),
            is_own=reads_names(user, caf),
            may_set=may_set,
            actions=self._actions(key, may_set, user),
            set_url=set_url(key),
            **kwargs,
        )

    def _actions(self, key, may_set, user):
        if may_set:
            return [{"label": "Fixer une valeur", "url": set_url(key)}]
        if RULES[key].local and key.startswith(TRIED_FIRST) and user.reach.cafs:
            return [{"label": "Simuler une valeur", "url": set_url(key)}]
        return []


class SetRule(FormView):
    """A value from a day on, or the correction of one for its own day."""

    template_name = "labels/rule_form.html"
    form_class = LocalRuleForm

    def dispatch(self, request, *args, **kwargs):
        self.key, self.caf = known(kwargs["key"]), own_caf(request.user)
        if not sets_rules(request.user, self.caf):
            raise PermissionDenied
        if not RULES[self.key].local:
            messages.error(request, "Cette règle est nationale\xa0: une Caf ne peut pas la fixer.")
            return redirect("labels:rule_detail", self.key)
        if self.key.startswith(TRIED_FIRST):
            return redirect(f"{set_url(self.key)}?{request.GET.urlencode()}")
        self.corrects = value_asked(request, self.key, self.caf)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "key": self.key, "corrects": self.corrects}

    def get_initial(self):
        if self.corrects:
            return initial_of(self.corrects)
        return {"value": typed(rules_for(self.caf, timezone.localdate()).entry(self.key).value)}

    def form_valid(self, form):
        if not recorded(self.request, form, self.caf):
            return self.form_invalid(form)
        return redirect("labels:rule_detail", self.key)

    def get_context_data(self, **kwargs):
        entry = rules_for(self.caf, timezone.localdate()).entries.get(self.key)
        return super().get_context_data(
            key=self.key,
            rule=RULES[self.key],
            caf=self.caf,
            value=in_words(entry),
            corrects=self.corrects,
            **kwargs,
        )


def recorded(request, form, caf) -> bool:
    """Whether what the form holds became the Caf's own value; its errors say why not."""
    try:
        rule = set_value(
            caf, form.key, by=request.user, on=timezone.localdate(), **form.cleaned_data
        )
    except ValidationError as error:
        form.refuse(error)
    except StepRefused as refusal:
        for reason in refusal.reasons:
            form.add_error("valid_from", reason)
    else:
        messages.success(request, f"La valeur vaudra à partir du {rule.valid_from:%d/%m/%Y}.")
        return True
    return False


def value_asked(request, key, caf):
    """The value to correct that the address names by its day, or None; 404 for no such value."""
    day = request.GET.get("corrige")
    if not day:
        return None
    try:
        found = value_to_correct(key, caf, date.fromisoformat(day))
    except ValueError as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return found


def initial_of(local_rule):
    """What the form shows of a value to correct."""
    return {
        "value": typed(from_json(local_rule.key, local_rule.value)),
        "reference": local_rule.reference,
        "derogation_reference": local_rule.derogation_reference,
    }


def known(key):
    """The key of a rule; 404 for another word."""
    if key not in RULES:
        raise Http404
    return key


def set_url(key):
    """Where a value of this rule is set: for the quota, after a simulation."""
    name = "reporting:simulation" if key.startswith(TRIED_FIRST) else "labels:rule_set"
    return reverse(name, args=[key])


def reads_names(user, caf):
    """Who set a value and why is for the Caf itself."""
    return caf is not None and caf.pk in user.reach.cafs
