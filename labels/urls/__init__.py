"""The addresses of the label, one module per door."""

from labels.urls import (
    applications,
    committees,
    labels,
    meetings,
    public,
    review,
    rules,
    takeovers,
)

app_name = "labels"
urlpatterns = [
    *public.urlpatterns,
    *review.urlpatterns,
    *applications.urlpatterns,
    *applications.LAST,
    *committees.urlpatterns,
    *takeovers.urlpatterns,
    *labels.urlpatterns,
    *rules.urlpatterns,
    *meetings.urlpatterns,
]
