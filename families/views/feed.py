"""The calendar an adviser subscribes to, and the page where its address is made or withdrawn."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from families import feeds
from families.models import CalendarFeed
from partners.tokens import sha256_of


@method_decorator([login_not_required, never_cache], name="dispatch")
class Feed(View):
    """Read by a calendar program, without a session; it names nobody."""

    http_method_names = ["get", "head"]

    def get(self, request, token):
        found = CalendarFeed.objects.for_link(sha256_of(token)).select_related("user").first()
        if found is None or not found.user.is_active:
            raise Http404
        text = feeds.calendar(found.user, timezone.now())
        response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response


class FeedSettings(TemplateView):
    """Make the address, make another, withdraw it."""

    template_name = "families/feed.html"

    def dispatch(self, request, *args, **kwargs):
        if not request.user.reach.agencies:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        feed = feeds.current(self.request.user)
        return super().get_context_data(
            feed=feed, address=feeds.feed_url(feed) if feed else "", **kwargs
        )

    def post(self, request, *args, **kwargs):
        now = timezone.now()
        if "close" in request.POST:
            feeds.close_feed(request.user, at=now)
            messages.success(request, "L’adresse est retirée\xa0: elle n’ouvre plus rien.")
        else:
            feeds.open_feed(request.user, at=now)
            messages.success(request, "L’adresse est prête\xa0: copiez-la dans votre agenda.")
        return redirect("families:feed_settings")
