"""Labels granted before the software."""

from django.urls import path

from labels.views import takeovers

urlpatterns = [
    path("labels/reprendre/", takeovers.TakeOver.as_view(), name="takeover"),
    path("labels/reprendre/tableau/", takeovers.TakeOverImport.as_view(), name="takeover_import"),
    path("labels/reprendre/modele/", takeovers.TakeOverModel.as_view(), name="takeover_model"),
    path(
        "labels/reprendre/<uuid:pk>/", takeovers.TakeOverPreview.as_view(), name="takeover_preview"
    ),
]
