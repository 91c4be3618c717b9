"""What the views of every app share: scope, steps without a form, documents, headers."""

from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import View
from django.views.generic.detail import SingleObjectMixin

from avip.models import AccessLog
from avip.workflow import StepRefused


class VisibleObjectsMixin:
    """A view only ever reaches what `visible_to` gives its user: anything else is a 404."""

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)


class TakeStep(VisibleObjectsMixin, SingleObjectMixin, View):
    """Every step without a form: POST, then back to the dossier, with a sentence if it was refused.

    `verbs` maps the step's name in the URL to its function of (dossier, by, on).
    """

    http_method_names = ["post"]
    verbs = {}

    def post(self, request, *args, **kwargs):
        dossier = self.get_object()
        verb = self.verbs.get(kwargs["step"])
        if verb is None:
            return HttpResponse(status=404)
        try:
            verb(dossier, by=request.user, on=timezone.localdate())
        except StepRefused as refusal:
            for reason in refusal.reasons:
                messages.error(request, reason)
        return redirect(dossier)


def serve_document(document):
    """A stored document as a download; the caller has checked the rights."""
    response = HttpResponse(bytes(document.data), content_type=document.content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(document.filename)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def log_reading(request, obj):
    """Remember that this user read this file about a person, or support in a borrowed account."""
    borrowed = getattr(request.user, "is_hijacked", False)
    AccessLog.objects.create(
        user=request.user,
        borrowed_by_id=request.session["hijack_history"][-1] if borrowed else None,
        kind=obj._meta.label_lower,
        object_id=obj.pk,
    )


def csrf_failure(request, reason=""):
    """A form left open too long: say what to do, in the layout of the site."""
    return render(request, "403_csrf.html", status=403)


class HouseMiddleware:
    """What holds for every page: GET reads, POST acts, no other method exists; nothing is cached.

    Pages of signed-in people are kept by no cache, on this machine or between, and show the time
    of the place where these people work.
    """

    METHODS = ("GET", "HEAD", "POST", "OPTIONS")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method not in self.METHODS:
            return HttpResponseNotAllowed(self.METHODS)
        if not request.user.is_authenticated:
            return self.get_response(request)
        # A deadline ends at midnight where people live, overseas too.
        with timezone.override(request.user.time_zone):
            response = self.get_response(request)
            response["Cache-Control"] = "no-store, private"
            return response
