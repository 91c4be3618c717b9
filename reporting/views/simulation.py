"""Try a value of the quota on the last declared month; the responsable may then set it."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView

from families.views.quota import figure_of
from labels.forms.rules import LocalRuleForm, typed
from labels.local_rules import sets_rules
from labels.permissions import own_caf
from labels.rules import RULES, RuleValue, from_json, in_words, rules_for
from labels.views.local_rules import initial_of, recorded, value_asked
from reporting.forms import TrialForm
from reporting.simulation import can_simulate, simulate


class Simulate(FormView):
    """`value` in the address is tried; the form below sets it, from a day, with a motive."""

    template_name = "reporting/simulation.html"
    form_class = LocalRuleForm

    def dispatch(self, request, *args, **kwargs):
        self.key = kwargs["key"]
        if not can_simulate(self.key):
            raise Http404
        self.caf = own_caf(request.user)
        if self.caf is None or self.caf.pk not in request.user.reach.cafs:
            raise PermissionDenied
        self.corrects = value_asked(request, self.key, self.caf)
        self.trial = TrialForm(
            self._tried(), key=self.key, initial=self._starting_value(), auto_id="essai_%s"
        )
        return super().dispatch(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        if not sets_rules(request.user, self.caf):
            raise PermissionDenied
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        if not recorded(self.request, form, self.caf):
            return self.form_invalid(form)
        return redirect("labels:rule_detail", self.key)

    def get_form_kwargs(self):
        return {
            **super().get_form_kwargs(),
            "key": self.key,
            "corrects": self.corrects,
            "tried": True,
        }

    def get_initial(self):
        known = initial_of(self.corrects) if self.corrects else {}
        return known | {"value": self.trial.data.get("value")}

    def get_context_data(self, **kwargs):
        now, today = timezone.now(), timezone.localdate()
        tried, found = None, None
        if self.trial.is_bound and self.trial.is_valid():
            tried = self.trial.cleaned_data["value"]
            found = simulate(self.request.user, self.caf, self.key, tried, on=today, at=now)
        return super().get_context_data(
            key=self.key,
            rule=RULES[self.key],
            caf=self.caf,
            value=in_words(rules_for(self.caf, today, now).entries.get(self.key)),
            trial=self.trial,
            tried=None if tried is None else self._said(tried, today),
            simulation=found,
            rows=[(one, figure_of(one.after)) for one in found.shown] if found else [],
            corrects=self.corrects,
            may_set=sets_rules(self.request.user, self.caf),
            **kwargs,
        )

    def _tried(self):
        """What to try: the address says it, or the form that sets it."""
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        return sent if "value" in sent else None

    def _starting_value(self):
        if self.corrects:
            return {"value": typed(from_json(self.key, self.corrects.value))}
        return {"value": typed(rules_for(self.caf, timezone.localdate()).entry(self.key).value)}

    def _said(self, value, today):
        return in_words(RuleValue(self.key, RULES[self.key], value, "", today, is_local=True))
