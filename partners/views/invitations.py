"""The pages of an invited person, who may have no account yet: the link, the answer, a new link."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from avip.workflow import StepRefused
from partners import invitations
from partners.forms import WelcomeForm
from partners.models import Invitation
from partners.tokens import leave_token

# The session remembers which link was opened; the address shows the secret only once.
SESSION_KEY = "invitation_sha256"


def opened_by(request):
    """The invitation whose link this browser has opened, whatever its state; None without one."""
    rows = Invitation.objects.for_link(request.session.get(SESSION_KEY, ""))
    return rows.select_related("caf", "provider", "operator", "agency", "service").first()


@method_decorator([login_not_required, never_cache], name="dispatch")
class OpenInvitation(View):
    """First hop of the link: changes nothing, and takes the secret out of the address."""

    http_method_names = ["get", "head"]

    def get(self, request, token):
        return leave_token(request, SESSION_KEY, token, "partners:invitation_accept")


@method_decorator([login_not_required, never_cache], name="dispatch")
class AcceptInvitation(FormView):
    """GET says who invites where; POST takes the place, once."""

    form_class = WelcomeForm
    template_name = "partners/invitation.html"

    def dispatch(self, request, *args, **kwargs):
        self.invitation = opened_by(request)
        if self.invitation is None:
            return self.over("", status=404)
        if reason := invitations.why_over(self.invitation):
            return self.over(reason)
        if not self.invitation.is_open(timezone.now()):
            return self.over("")
        return super().dispatch(request, *args, **kwargs)

    def over(self, reason, status=410):
        """A sentence and a way out: nothing is lost but the link."""
        context = {"invitation": self.invitation, "reason": reason}
        return render(self.request, "partners/invitation_over.html", context, status=status)

    @property
    def who(self):
        """Who is at the screen: `invited`, `other`, `known` (has an account), or `new`."""
        user = self.request.user
        if user.is_authenticated:
            return "invited" if (user.email or "").lower() == self.invitation.email else "other"
        return "known" if invitations.has_account(self.invitation) else "new"

    def get_initial(self):
        return {
            "email": self.invitation.email,
            "first_name": self.invitation.first_name,
            "last_name": self.invitation.last_name,
        }

    def get_context_data(self, **kwargs):
        return super().get_context_data(invitation=self.invitation, who=self.who, **kwargs)

    def post(self, request, *args, **kwargs):
        if self.who == "new":
            return super().post(request, *args, **kwargs)
        if self.who != "invited":
            return redirect("partners:invitation_accept")
        try:
            invitations.accept(self.invitation, user=request.user)
        except StepRefused as refusal:
            return self.over(" ".join(refusal.reasons))
        return self.welcome()

    def form_valid(self, form):
        answer = {name: form.cleaned_data[name] for name in ("first_name", "last_name", "password")}
        try:
            user = invitations.open_account(self.invitation, **answer)
        except StepRefused as refusal:
            return self.over(" ".join(refusal.reasons))
        login(self.request, user)
        return self.welcome()

    def welcome(self):
        self.request.session.pop(SESSION_KEY, None)
        messages.success(
            self.request, f"Bienvenue : vous faites partie de « {self.invitation.place_name} »."
        )
        return redirect(settings.LOGIN_REDIRECT_URL)


@method_decorator(login_not_required, name="dispatch")
class RenewInvitation(View):
    """An expired link asks for another, which goes to the invited address and to no other."""

    http_method_names = ["post"]

    def post(self, request):
        invitation = opened_by(request)
        if invitation is None or invitation.is_open(timezone.now()):
            return redirect("partners:invitation_accept")
        try:
            invitations.renew(invitation)
        except StepRefused:
            return redirect("partners:invitation_accept")
        del request.session[SESSION_KEY]
        messages.success(
            request,
            "Un nouveau lien vous est envoyé, à l’adresse qui avait reçu l’invitation.",
        )
        return redirect(settings.LOGIN_URL)
