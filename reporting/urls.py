from django.urls import path

from reporting.views import directory, guide, home

app_name = "reporting"
urlpatterns = [
    path("", home.Todo.as_view(), name="todo"),
    path("pilotage/", home.CafDashboard.as_view(), name="caf_dashboard"),
    path("annuaire/", directory.Directory.as_view(), name="directory"),
    path("aide/<slug:guide>/", guide.Guide.as_view(), name="guide"),
    path("demonstration/devenir/", home.Become.as_view(), name="become"),
]
