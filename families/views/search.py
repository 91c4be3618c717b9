import uuid
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView

from avip.jobs import SCHEDULES
from families.forms.search import SearchForm
from families.models import Household
from families.search import SHOWN, search
from families.wording import say_ages
from partners.models import Provider

_tiles = urlsplit(settings.MAP_TILES_URL)
TILES = {"img-src": [f"{_tiles.scheme}://{_tiles.netloc}"]} if _tiles.netloc else {}


@method_decorator(csp_update(TILES), name="dispatch")
class Search(TemplateView):
    """Labelled places around a commune; `famille` is the file for which one looks, if any."""

    template_name = "families/search.html"

    def get_context_data(self, **kwargs):
        today = timezone.localdate()
        household = self._household()
        data = self._data(household)
        form = SearchForm(data, household=household, on=today)
        results = None
        if data is not None and form.is_valid():
            providers = Provider.objects.visible_to(self.request.user)
            results = search(providers, form.need(), today)
        return super().get_context_data(
            form=form,
            household=household,
            parent=next(iter(household.parents.all()), None) if household else None,
            subtitle=self._subtitle(household),
            results=results,
            shown=SHOWN,
            places=[point for result in results or [] if (point := result.point)],
            tiles_url=settings.MAP_TILES_URL,
            tiles_credit=settings.MAP_TILES_CREDIT,
            handed_on=self._handed_on(form),
            together=SCHEDULES["referral_providers_at_once"],
            **kwargs,
        )

    def _subtitle(self, household):
        if household is None:
            return "Crèches labellisées et assistantes maternelles du réseau."
        ages = say_ages(household.children.all(), timezone.localdate())
        return f"Pour {ages}, autour de {household.commune}."

    def _household(self):
        pk = self.request.GET.get("famille")
        if not pk:
            return None
        households = Household.objects.visible_to(self.request.user)
        try:
            pk = uuid.UUID(pk)
        except ValueError as error:
            raise Http404 from error
        return get_object_or_404(
            households.select_related("commune").prefetch_related("children", "parents"), pk=pk
        )

    def _data(self, household):
        """What was asked, completed; the first visit for a family looks around its home."""
        data = self.request.GET.copy()
        if household and not data.get("place"):
            data["place"], data["commune"] = household.commune.name, household.commune_id
        if not data:
            return None
        for name, value in SearchForm.usual(timezone.localdate()).items():
            data.setdefault(name, value)
        return data

    def _handed_on(self, form):
        """The date and half-days, for the request that follows."""
        handed = QueryDict(mutable=True)
        if form.is_bound and form.is_valid():
            handed["from_on"] = form.cleaned_data["from_on"].isoformat()
            handed.setlist("half_days", form.cleaned_data["half_days"])
        return handed
