from django.urls import path

from families.views import declarations, follow_up, quota

urlpatterns = [
    path("declarations/", declarations.DeclarationList.as_view(), name="declaration_list"),
    path(
        "declarations/<uuid:pk>/",
        declarations.DeclarationDetail.as_view(),
        name="declaration_detail",
    ),
    path(
        "declarations/<uuid:pk>/etape/<str:step>/",
        declarations.DeclarationStep.as_view(),
        name="declaration_step",
    ),
    path("quota/", quota.QuotaList.as_view(), name="quota_list"),
    path("contrats/<uuid:pk>/issue/", follow_up.OutcomeRecord.as_view(), name="outcome_record"),
    path("contrats/<uuid:pk>/arreter/", follow_up.ContractEnd.as_view(), name="contract_end"),
]
