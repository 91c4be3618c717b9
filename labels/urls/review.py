"""The talk about a dossier: remarks, messages, contacts, its summary."""

urlpatterns = []
