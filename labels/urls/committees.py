"""The committees of a Caf."""

urlpatterns = []
