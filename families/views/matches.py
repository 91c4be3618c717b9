"""Files that look like one family: the Caf says one or two, an agency makes one of them."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import DetailView, ListView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin, log_reading, refusal_said
from families.matches import settle
from families.merging import merge
from families.models import HouseholdMatch


class MatchMixin(VisibleObjectsMixin):
    model = HouseholdMatch

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related(
                "settled_by",
                "first__agency",
                "first__commune",
                "second__agency",
                "second__commune",
                "second__merged_into",
            )
        )


class MatchList(MatchMixin, ListView):
    template_name = "families/match_list.html"
    context_object_name = "matches"
    paginate_by = 20

    def get_queryset(self):
        return super().get_queryset().order_by("verdict", "-found_at", "pk")


class MatchDetail(MatchMixin, DetailView):
    """Two agencies, communes and months of birth: the Caf reads no name."""

    template_name = "families/match_detail.html"
    context_object_name = "match"

    def get_queryset(self):
        return super().get_queryset().prefetch_related("first__children", "second__children")

    def get_context_data(self, **kwargs):
        log_reading(self.request, self.object)
        return super().get_context_data(files=[self.object.first, self.object.second], **kwargs)


class MatchSettle(MatchMixin, SingleObjectMixin, View):
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        match = self.get_object()
        verdict = request.POST.get("verdict", "")
        with refusal_said(request):
            settle(match, verdict=verdict, by=request.user, on=timezone.localdate())
            messages.success(request, "Votre réponse est enregistrée.")
        return redirect("families:match_detail", match.pk)


class MatchMerge(SingleObjectMixin, View):
    """The agency of the older file makes one of the two."""

    http_method_names = ["post"]

    def get_queryset(self):
        return HouseholdMatch.objects.managed_by(self.request.user).select_related(
            "first", "second"
        )

    def post(self, request, *args, **kwargs):
        match = self.get_object()
        keep = match.first
        with refusal_said(request):
            merge(match, keep=keep, by=request.user, on=timezone.localdate())
            messages.success(
                request, "Les deux dossiers n’en font plus qu’un. Relisez-le avec la famille."
            )
        return redirect(keep)
