"""One's own account, and who has access to what."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.generic import FormView, TemplateView, UpdateView, View
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import fr_date
from avip.views import RefusableForm, VisibleObjectsMixin, refusal_said
from avip.workflow import StepRefused
from partners import invitations
from partners.forms import AccountForm, InvitationForm, PlaceForm
from partners.models import Invitation, Membership
from partners.organisations import administered_cafs
from partners.permissions import administers, is_hijacked

ORGANISATIONS = (
    "caf",
    "provider__facility",
    "provider__childminder",
    "operator",
    "agency",
    "service",
)


class Account(UpdateView):
    form_class = AccountForm
    template_name = "partners/account.html"
    success_url = reverse_lazy("partners:account")

    def get_object(self, queryset=None):
        return self.request.user

    def form_valid(self, form):
        if is_hijacked(self.request.user):
            raise PermissionDenied
        form.instance.save(update_fields=form.fields)
        messages.success(self.request, "Votre compte est à jour.")
        return redirect(self.success_url)


class Team(TemplateView):
    template_name = "partners/team.html"

    def get_context_data(self, **kwargs):
        user, now = self.request.user, timezone.now()
        organisations = invitations.organisations_of(user)
        open_to = set(invitations.organisations_open_to(user))
        members = (
            Membership.objects.visible_to(user)
            .in_force(timezone.localdate(now))
            .select_related("user", *ORGANISATIONS)
            .order_by("user__last_name", "user__first_name")
        )
        pending = (
            Invitation.objects.visible_to(user)
            .pending()
            .select_related("invited_by", *ORGANISATIONS)
        )
        sections = {
            organisation: {
                "organisation": organisation,
                "may_change": administers(user, organisation),
                "members": [],
                "invitations": [],
            }
            for organisation in organisations
        }
        for membership in members:
            if membership.organisation in sections:
                sections[membership.organisation]["members"].append(membership)
        elsewhere = []
        for invitation in pending:
            invitation.is_late = not invitation.is_open(now)
            invitation.may_change = invitation.organisation in open_to
            if invitation.organisation in sections:
                sections[invitation.organisation]["invitations"].append(invitation)
            elif invitation.may_change:
                elsewhere.append(invitation)
        return super().get_context_data(
            sections=list(sections.values()),
            elsewhere=elsewhere,
            may_invite=open_to,
            keeps_caf=bool(administered_cafs(user)),
            **kwargs,
        )


class Invite(RefusableForm, FormView):
    form_class = InvitationForm
    template_name = "partners/invite.html"

    def get_form_kwargs(self):
        organisations = invitations.organisations_open_to(self.request.user)
        if not organisations:
            raise PermissionDenied
        return super().get_form_kwargs() | {"organisations": organisations}

    def get_initial(self):
        wanted = self.request.GET.get("pour")
        return {"organisation": wanted} if wanted else {}

    def take(self, form, who):
        fields = dict(form.cleaned_data)
        invitation = invitations.invite(fields.pop("organisation"), by=who["by"], **fields)
        messages.success(
            self.request,
            f"L’invitation part à {invitation.email}. "
            f"Son lien est valable jusqu’au {fr_date(invitation.expires_at)}.",
        )
        return "partners:team"


class MembershipInForce(VisibleObjectsMixin, SingleObjectMixin):
    """A membership of today that the person at the screen may change: otherwise 404, then 403."""

    model = Membership

    def get_queryset(self):
        today = timezone.localdate()
        return super().get_queryset().in_force(today).select_related("user", *ORGANISATIONS)

    def get_object(self, queryset=None):
        membership = super().get_object(queryset)
        if not administers(self.request.user, membership.organisation):
            raise PermissionDenied
        return membership


class Place(RefusableForm, MembershipInForce, UpdateView):
    form_class = PlaceForm
    template_name = "partners/membership.html"

    def take(self, form, who):
        membership = self.object
        wanted = {name: getattr(membership, name) for name in ("quality", "role", "is_admin")}
        invitations.change_place(membership, **who, **wanted)
        messages.success(self.request, f"C’est enregistré pour {membership.user}.")
        return "partners:team"


class EndAccess(MembershipInForce, View):
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        membership = self.get_object()
        try:
            invitations.end_access(membership, by=request.user, on=timezone.localdate())
        except StepRefused as refusal:
            messages.error(request, " ".join(refusal.reasons))
            return redirect("partners:membership", membership.pk)
        messages.success(
            request, f"{membership.user} n’a plus accès à « {membership.organisation} »."
        )
        return redirect("partners:team")


class PendingInvitation(VisibleObjectsMixin, SingleObjectMixin, View):
    """POST on an invitation of an organisation that the person at the screen may staff."""

    http_method_names = ["post"]
    model = Invitation

    def get_object(self, queryset=None):
        invitation = super().get_object(queryset)
        if invitation.organisation not in invitations.organisations_open_to(self.request.user):
            raise PermissionDenied
        return invitation

    def post(self, request, *args, **kwargs):
        with refusal_said(request):
            messages.success(request, self.act(self.get_object()))
        return redirect("partners:team")


class ResendInvitation(PendingInvitation):
    def act(self, invitation):
        invitation = invitations.renew(invitation)
        return (
            f"Un nouveau lien part à {invitation.email}, valable jusqu’au "
            f"{fr_date(invitation.expires_at)}. L’ancien ne sert plus."
        )


class WithdrawInvitation(PendingInvitation):
    def act(self, invitation):
        invitations.withdraw(invitation)
        return f"L’invitation de {invitation.email} est retirée : son lien n’ouvre plus rien."
