"""The directory of labelled crèches, without signing in: a list, and a map beside it."""

from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import ListView

from reporting.directory import labelled_creches, narrowed, places_on_map
from reporting.forms import DirectoryForm


def host_of(address):
    """The origin of an address, for the content policy; empty for none."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


TILES_HOST = host_of(settings.MAP_TILES_URL)


@method_decorator(login_not_required, name="dispatch")
@method_decorator(csp_update({"img-src": [TILES_HOST]} if TILES_HOST else {}), name="dispatch")
class Directory(ListView):
    template_name = "reporting/directory.html"
    context_object_name = "creches"
    paginate_by = 20

    def get_queryset(self):
        on = timezone.localdate()
        self.form = DirectoryForm(self.request.GET or None, on=on)
        creches = labelled_creches(on)
        if not self.form.is_bound:
            return creches
        if not self.form.is_valid():
            return creches.none()
        asked = self.form.cleaned_data
        return narrowed(
            creches,
            caf=asked["caf"],
            commune=asked["commune"] or None,
            around=asked["around"],
            type=asked["type"],
        )

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            form=self.form,
            chosen=self.form.chosen() if self.form.is_bound else [],
            places=places_on_map(self.object_list),
            tiles_url=settings.MAP_TILES_URL,
            tiles_credit=settings.MAP_TILES_CREDIT,
            **kwargs,
        )
