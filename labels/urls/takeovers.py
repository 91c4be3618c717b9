"""Labels granted before the software."""

urlpatterns = []
