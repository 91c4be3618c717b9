"""The Caf’s own rules and its public page."""

from django.urls import path

from labels.views import rules

urlpatterns = [
    path("regles/", rules.Rules.as_view(), name="rules"),
    path("regles/<slug:key>/", rules.RuleDetail.as_view(), name="rule_detail"),
    path("regles/<slug:key>/fixer/", rules.SetRule.as_view(), name="rule_set"),
]
