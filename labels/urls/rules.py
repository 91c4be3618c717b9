"""The Caf’s own rules and its public page."""

urlpatterns = []
