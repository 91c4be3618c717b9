"""The network’s meetings."""

urlpatterns = []
