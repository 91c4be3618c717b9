"""The Caf’s own rules and its public page."""

from django.urls import path

from labels.views import caf_page, local_rules

CAF = "caf/<uuid:caf>/modifier/"
urlpatterns = [
    path("caf/notre-page/", caf_page.OwnCafPage.as_view(), name="own_caf_page"),
    path("caf/<uuid:pk>/modifier/", caf_page.CafEdit.as_view(), name="caf_edit"),
    path(f"{CAF}questions/", caf_page.QuestionCreate.as_view(), name="question_create"),
    path(f"{CAF}questions/<uuid:pk>/", caf_page.QuestionUpdate.as_view(), name="question_update"),
    path(
        f"{CAF}questions/<uuid:pk>/monter/", caf_page.QuestionMove.as_view(), name="question_move"
    ),
    path(
        f"{CAF}questions/<uuid:pk>/retirer/",
        caf_page.QuestionDelete.as_view(),
        name="question_delete",
    ),
    path(f"{CAF}appels/", caf_page.CallCreate.as_view(), name="call_create"),
    path(f"{CAF}appels/<uuid:pk>/", caf_page.CallUpdate.as_view(), name="call_update"),
    path("regles/", local_rules.Rules.as_view(), name="rules"),
    path("regles/<slug:key>/", local_rules.RuleDetail.as_view(), name="rule_detail"),
    path("regles/<slug:key>/fixer/", local_rules.SetRule.as_view(), name="rule_set"),
]
