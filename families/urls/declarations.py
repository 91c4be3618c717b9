from django.urls import path

from families.views import declarations, quota

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
]
