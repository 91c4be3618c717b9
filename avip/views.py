"""What the views of every app share: scope, steps without a form, documents, headers."""

from contextlib import contextmanager
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import FormView, View
from django.views.generic.detail import SingleObjectMixin

from avip.models import AccessLog
from avip.workflow import StepRefused, moved_on


class VisibleObjectsMixin:
    """A view only ever reaches what `visible_to` gives its user: anything else is a 404."""

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)


@contextmanager
def refusal_said(request):
    """What is refused inside is said on the next page, in words."""
    try:
        yield
    except StepRefused as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason)


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
        with refusal_said(request):
            verb(dossier, by=request.user, on=timezone.localdate())
        return redirect(dossier)


class RefusableForm:
    """A form whose act may be refused: the reasons are its errors, what was typed is kept.

    `take` acts with what the form holds; `who` is by whom and when. It returns where one goes
    next, or nothing for the dossier of the page.
    """

    done = ""  # said once it is taken
    blamed = None  # the field beside which a refusal is said

    def form_valid(self, form):
        who = {"by": self.request.user, "on": timezone.localdate()}
        try:
            target = self.take(form, who)
        except StepRefused as refusal:
            return self.refused(form, refusal)
        if done := self.done:
            messages.success(self.request, done)
        return redirect(target or self.object)

    def refused(self, form, refusal):
        """The same page, with the reasons."""
        for reason in refusal.reasons:
            form.add_error(self.blamed, reason)
        if hasattr(form, "show_again"):  # what was typed, over the dossier as it is now
            form.show_again()
        return self.form_invalid(form)


class StepPage(RefusableForm, VisibleObjectsMixin, SingleObjectMixin, FormView):
    """A form about one dossier, for a step that needs words.

    404 out of scope, 403 without the right; when the step is not possible, the dossier says why.
    """

    workflow, step = None, ""  # the line of the table that it takes
    states = ()  # where the page is shown, when no single step says it
    title = submit = ""  # the label of the step when empty
    lead = ""

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not self.is_allowed():
            raise PermissionDenied
        # What is posted too late comes back as an error of the form: nothing typed is lost.
        if request.method != "POST" and (reasons := self.why_not(timezone.localdate())):
            for reason in reasons:
                messages.error(request, reason)
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self):
        """Whether who is at the screen may take this step, once it is possible."""
        return self.workflow.steps[self.step].allowed(self.request.user, self.object)

    def why_not(self, on):
        """Why this page is not shown today, in sentences."""
        if not self.states:
            return self.workflow.why_not(self.step, self.object, on)
        if self.object.status not in self.states:
            return [moved_on(self.title or self._label(), self.object)]
        return []

    def _label(self):
        return self.workflow.steps[self.step].label if self.step else ""

    def get_context_data(self, **kwargs):
        label = self._label()
        words = {"title": self.title or label, "submit": self.submit or label, "lead": self.lead}
        return super().get_context_data(**words | kwargs)


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
