"""What anybody may read about the label, and how a crèche without an account asks for it."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import DetailView, FormView, ListView, TemplateView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import RefusableForm
from labels.calls import next_call, open_call, why_closed
from labels.charter import COMMITMENTS
from labels.filters import CafFilter
from labels.forms.entrance import ConfirmRequestForm, LabelRequestForm
from labels.models import Label, LabelRequest
from labels.models.labels import with_label_count
from labels.requests import account_of, ask_for_label, confirm_request
from labels.rules import rules_for
from partners.models import Caf
from partners.tokens import leave_token

SESSION_KEY = "label_request"


@method_decorator(login_not_required, name="dispatch")
class CafList(ListView):
    """Every Caf, and how many crèches hold the label there."""

    template_name = "labels/caf_list.html"
    context_object_name = "cafs"

    def get_queryset(self):
        cafs = with_label_count(Caf.objects.public(), timezone.localdate())
        self.filter = CafFilter(self.request.GET, queryset=cafs)
        return self.filter.qs

    def get_context_data(self, **kwargs):
        return super().get_context_data(filter=self.filter, **kwargs)


def day_in(caf):
    """What day it is where this Caf works: its windows open and close at its own midnight."""
    return timezone.localdate(timezone=ZoneInfo(caf.time_zone))


@method_decorator(login_not_required, name="dispatch")
class CafPublic(DetailView):
    """What the label is, its steps, its commitments, whom to ask."""

    template_name = "labels/caf_public.html"
    context_object_name = "caf"

    def get_queryset(self):
        return Caf.objects.public()

    def get_context_data(self, **kwargs):
        caf, user = self.object, self.request.user
        today = day_in(caf)
        rules = rules_for(caf, today)
        running = Label.objects.public().running_on(today)
        return super().get_context_data(
            commitments=COMMITMENTS,
            rules=rules,
            quota=rules.entry("quota_rate"),
            ask_url=self._ask_url(),
            label_count=running.filter(caf=caf).count(),
            questions=caf.questions.all(),
            call=open_call(caf, today),
            coming=next_call(caf, today),
            closed=why_closed(caf, today),
            is_ours=user.is_authenticated and caf.pk in user.reach.cafs,
            quota_points=int(rules.quota_rate * 10_000),
            **kwargs,
        )

    def _ask_url(self):
        """Straight to her dossier for a director who has an account."""
        user = self.request.user
        if user.is_authenticated and (user.reach.providers or user.reach.operators):
            return reverse("labels:application_create")
        return reverse("labels:request", args=[self.object.pk])


@method_decorator(login_not_required, name="dispatch")
class RequestLabel(SingleObjectMixin, FormView):
    """A director without an account; the answer is the same whatever exists."""

    template_name = "labels/request.html"
    form_class = LabelRequestForm
    context_object_name = "caf"

    def get_queryset(self):
        return Caf.objects.public()

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if why_closed(self.object, day_in(self.object)):
            return redirect(self.object)  # its page says when the next call opens
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "caf": self.object}

    def form_valid(self, form):
        ask_for_label(self.object, **form.cleaned_data)
        return redirect("labels:request_sent", pk=self.object.pk)


@method_decorator(login_not_required, name="dispatch")
class RequestSent(DetailView):
    template_name = "labels/request_sent.html"
    context_object_name = "caf"

    def get_queryset(self):
        return Caf.objects.public()

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            next=[
                "Ouvrez le lien et choisissez un mot de passe.",
                "Remplissez votre dossier. Il s’enregistre rubrique par rubrique.",
                f"La {self.object} confirme que vous travaillez dans cette crèche, "
                "puis vous déposez.",
            ],
            **kwargs,
        )


@method_decorator([login_not_required, never_cache], name="dispatch")
class RequestLink(View):
    """The address of the mail: its token moves to the session."""

    http_method_names = ["get"]

    def get(self, request, token):
        return leave_token(request, SESSION_KEY, token, "labels:request_confirm_form")


@method_decorator([login_not_required, never_cache], name="dispatch")
@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class RequestConfirm(RefusableForm, FormView):
    """GET shows; POST opens the account and the draft, or hands the request to the Caf."""

    template_name = "labels/request_confirm.html"
    form_class = ConfirmRequestForm

    def dispatch(self, request, *args, **kwargs):
        found = LabelRequest.objects.for_link(request.session.get(SESSION_KEY, ""))
        self.label_request = found.select_related("caf").first()
        self.problem = self._problem()
        if self.problem:
            return self.render_to_response(
                {"problem": self.problem, "label_request": self.label_request}
            )
        return super().dispatch(request, *args, **kwargs)

    def _problem(self):
        """Why this link opens nothing now: a word for the template, or nothing."""
        if self.label_request is None:
            return "unknown"
        if self.label_request.confirmed_at:
            return "confirmed"
        if self.label_request.expires_at <= timezone.now():
            return "expired"
        self.account = account_of(self.label_request)
        user = self.request.user
        if self.account and user != self.account:
            return "other_account" if user.is_authenticated else "sign_in"
        if not self.account and user.is_authenticated:
            return "other_account"
        return ""

    def get_form_kwargs(self):
        return {
            **super().get_form_kwargs(),
            "request": self.label_request,
            "has_account": self.account is not None,
        }

    def take(self, form, who):
        confirmed = confirm_request(
            self.label_request,
            by=self.account,
            password=form.cleaned_data.get("password", ""),
            commune=form.cleaned_data["commune"],
            quality=form.cleaned_data["quality"],
            on=day_in(self.label_request.caf),
        )
        self.request.session.pop(SESSION_KEY, None)
        if self.account is None:
            login(self.request, confirmed.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return confirmed.application or "labels:request_waiting"

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            label_request=self.label_request,
            sign_in=f"{reverse('account_login')}?next={self.request.path}",
            **kwargs,
        )


class RequestWaiting(TemplateView):
    """The SIRET is known already: the Caf attaches the person, signed in by now, to its crèche."""

    template_name = "labels/request_waiting.html"
    extra_context = {
        "next": [
            "La Caf vérifie votre demande et vous rattache à la crèche.",
            "Un courriel vous prévient\xa0: votre dossier s’ouvre alors, déjà rempli de ce que "
            "l’on sait de la crèche.",
        ]
    }
