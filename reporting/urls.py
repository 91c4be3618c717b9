from django.urls import path

from reporting.views import directory, guide, home, network, simulation

app_name = "reporting"
urlpatterns = [
    path("", home.Todo.as_view(), name="todo"),
    path("pilotage/", home.CafDashboard.as_view(), name="caf_dashboard"),
    path("annuaire/", directory.Directory.as_view(), name="directory"),
    path("regles/<slug:key>/simuler/", simulation.Simulate.as_view(), name="simulation"),
    path("reseau/chiffres/", network.NetworkFigures.as_view(), name="network_figures"),
    path(
        "reseau/chiffres/export.<slug:format>",
        network.FiguresExport.as_view(),
        name="network_figures_export",
    ),
    path("reseau/chiffres/elus/", network.NetworkElected.as_view(), name="network_elected"),
    path(
        "reseau/chiffres/elus/pdf/", network.NetworkElectedPdf.as_view(), name="network_elected_pdf"
    ),
    path("reseau/sans-place/", network.NetworkDemand.as_view(), name="network_demand"),
    path(
        "reseau/sans-place/export.<slug:format>",
        network.DemandExport.as_view(),
        name="network_demand_export",
    ),
    path("aide/<slug:guide>/", guide.Guide.as_view(), name="guide"),
    path("demonstration/devenir/", home.Become.as_view(), name="become"),
]
