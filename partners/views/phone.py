"""How somebody without an e-mail address comes in: her link, a code by SMS, her own space."""

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, View

from avip.jobs import SCHEDULES
from avip.workflow import StepRefused
from partners import codes, phone_access
from partners.models import PhoneLink
from partners.phone_forms import LostLinkForm, PhoneCodeForm
from partners.tokens import leave_token

LINK_KEY, CODE_KEY = "phone_link", "phone_code"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@method_decorator([login_not_required, never_cache], name="dispatch")
class PhoneEntry(View):
    """The address of the SMS: its token moves to the session, and nothing else changes."""

    http_method_names = ["get", "head"]

    def get(self, request, token):
        return leave_token(request, LINK_KEY, token, "partners:phone_code")


@method_decorator(
    [login_not_required, never_cache, sensitive_post_parameters("code")], name="dispatch"
)
class PhoneIn(FormView):
    """« Recevoir mon code », then six digits; nobody is named before they are right."""

    template_name = "partners/phone_code.html"
    form_class = PhoneCodeForm

    def dispatch(self, request, *args, **kwargs):
        found = PhoneLink.objects.for_link(request.session.get(LINK_KEY, ""))
        self.link = found.select_related("user").first()
        self.state = phone_access.state_of(self.link, timezone.now())
        return super().dispatch(request, *args, **kwargs)

    @property
    def code(self):
        """The code that this very browser asked for; one asked for elsewhere opens nothing."""
        asked = self.request.session.get(CODE_KEY)
        if self.state != phone_access.OPEN or not asked:
            return None
        return codes.waiting(self.link.codes.filter(pk=asked), at=timezone.now())

    def post(self, request, *args, **kwargs):
        if self.state != phone_access.OPEN:
            return redirect("partners:phone_code")
        return self._send() if "send" in request.POST else super().post(request, *args, **kwargs)

    def _send(self):
        try:
            code = phone_access.send_code(self.link, at=timezone.now())
        except StepRefused as refusal:
            context = self.get_context_data(form=self.form_class(), refusal=refusal.reasons[0])
            return self.render_to_response(context)
        self.request.session[CODE_KEY] = str(code.pk)
        return redirect("partners:phone_code")

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            state=self.state,
            waiting=self.code is not None,
            minutes=SCHEDULES["signing_code_minutes"],
            **kwargs,
        )

    def form_valid(self, form):
        code = self.code
        if code is None:
            form.add_error("code", "Ce code n’est plus valable. Demandez-en un nouveau.")
            return self.form_invalid(form)
        if wrong := codes.try_code(code, form.cleaned_data["code"], at=timezone.now()):
            form.add_error("code", wrong)
            return self.form_invalid(form)
        login(self.request, self.link.user, backend=BACKEND)
        # A phone is lent and left on tables: one comes in again after a while.
        self.request.session.set_expiry(SCHEDULES["phone_session_minutes"] * 60)
        return redirect("reporting:todo")


@method_decorator([login_not_required, never_cache], name="dispatch")
class PhoneLost(FormView):
    """« Renvoyer mon lien »: the same answer to every number."""

    template_name = "partners/phone_lost.html"
    form_class = LostLinkForm

    def form_valid(self, form):
        phone_access.send_lost_link(form.cleaned_data["phone"], at=timezone.now())
        return self.render_to_response(self.get_context_data(form=LostLinkForm(), sent=True))
