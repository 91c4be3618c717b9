"""The talk about a dossier: remarks, messages, contacts, its summary."""

from django.urls import path

from labels.views import talk

APPLICATION = "demandes-label/<uuid:pk>/"
urlpatterns = [
    path(f"{APPLICATION}resume/", talk.ApplicationSummary.as_view(), name="application_summary"),
]
