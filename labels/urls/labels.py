"""The labels and their life."""

from django.urls import path

from labels.views import labels, life

urlpatterns = [
    path("labels/", labels.LabelList.as_view(), name="label_list"),
    path("labels/<uuid:pk>/", labels.LabelDetail.as_view(), name="label_detail"),
    path("labels/<uuid:pk>/attestation/", labels.Certificate.as_view(), name="certificate"),
    path("courriers/<uuid:pk>/", life.DownloadLetter.as_view(), name="letter"),
]
