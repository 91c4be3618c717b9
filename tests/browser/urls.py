"""The site, and the pages that answer a fault: nobody reaches those by a link."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import path

from avip.urls import urlpatterns as site


@login_not_required
def fault(request, number):
    """The page of this fault, answered as if all were well: the browser then logs nothing."""
    return HttpResponse(render_to_string(f"{number}.html", request=request))


urlpatterns = [*site, path("panne/<str:number>/", fault)]
