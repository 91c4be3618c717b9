from django.urls import path

from reporting.views import directory, guide, home, simulation

app_name = "reporting"
urlpatterns = [
    path("", home.Todo.as_view(), name="todo"),
    path("pilotage/", home.CafDashboard.as_view(), name="caf_dashboard"),
    path("annuaire/", directory.Directory.as_view(), name="directory"),
    path("regles/<slug:key>/simuler/", simulation.Simulate.as_view(), name="simulation"),
    path("aide/<slug:guide>/", guide.Guide.as_view(), name="guide"),
    path("demonstration/devenir/", home.Become.as_view(), name="become"),
]
