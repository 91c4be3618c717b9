from django.urls import path

from reporting import views

app_name = "reporting"
urlpatterns = [
    path("", views.Todo.as_view(), name="todo"),
    path("pilotage/", views.CafDashboard.as_view(), name="caf_dashboard"),
    path("demonstration/devenir/", views.Become.as_view(), name="become"),
]
