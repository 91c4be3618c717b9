from django.urls import path

from families.views import (
    amendments,
    declaration_import,
    declarations,
    month_end,
    operator_month,
    quota,
)

urlpatterns = [
    path("declarations/", declarations.DeclarationList.as_view(), name="declaration_list"),
    path(
        "declarations/import/", declaration_import.ImportFile.as_view(), name="declaration_import"
    ),
    path(
        "declarations/import/modele/",
        declaration_import.ImportModel.as_view(),
        name="declaration_model",
    ),
    path(
        "declarations/import/<uuid:pk>/",
        declaration_import.ImportPreview.as_view(),
        name="declaration_preview",
    ),
    path("declarations/ensemble/", operator_month.MonthGrid.as_view(), name="month_grid"),
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
    path(
        "declarations/<uuid:pk>/rectifier/",
        amendments.AmendmentCreate.as_view(),
        name="declaration_amend",
    ),
    path(
        "declarations/<uuid:pk>/places/<uuid:offer>/",
        month_end.StillFree.as_view(),
        name="declaration_still_free",
    ),
    path(
        "declarations/<uuid:pk>/releve/",
        declarations.DeclarationStatement.as_view(),
        name="declaration_statement",
    ),
    path(
        "declarations/<uuid:pk>/feuille/",
        month_end.DeclarationSheet.as_view(),
        name="declaration_sheet",
    ),
    path("quota/", quota.QuotaList.as_view(), name="quota_list"),
]
