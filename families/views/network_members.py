"""A childminder's way into the network and out of it: her card, her wish, her move, her access."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import CreateView, FormView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin
from avip.workflow import StepRefused
from families.forms.network import (
    ChildminderCardForm,
    ChildminderForm,
    LeaveForm,
    MoveForm,
    WishForm,
)
from families.workflow.leaving import leave, move
from labels.childminders import open_phone_access
from labels.models import NetworkMember
from labels.permissions import may_leave_network, records_childminders
from labels.workflow.network import ask_to_join, express_wish
from partners import phone_access
from partners.models import Provider
from partners.permissions import coordinates_childminder, is_hijacked, runs_provider


class ChildminderCreate(CreateView):
    """A childminder recorded by her coordinator, with her wish to join the network."""

    form_class = ChildminderForm
    template_name = "families/network_childminder_form.html"

    def dispatch(self, request, *args, **kwargs):
        if not records_childminders(request.user) or is_hijacked(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.request.user, "on": timezone.localdate()}

    def form_valid(self, form):
        try:
            provider = form.record(by=self.request.user, on=timezone.localdate())
        except StepRefused as refusal:  # pressed twice: the other press was first
            form.add_error("licence_number", list(refusal.reasons))
            return self.form_invalid(form)
        except IntegrityError:
            form.add_error("licence_number", "Cette assistante maternelle vient d’être notée.")
            return self.form_invalid(form)
        messages.success(
            self.request,
            "Son souhait est noté. Vérifiez son agrément, puis faites-la entrer dans le réseau.",
        )
        return redirect(provider)


class OfChildminder(VisibleObjectsMixin, SingleObjectMixin):
    """A childminder within reach; 403 for whoever does not coordinate her."""

    model = Provider
    context_object_name = "provider"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .filter(kind=Provider.Kind.CHILDMINDER)
            .select_related("commune", "caf", "childminder__service")
        )

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if is_hijacked(request.user) or not self.is_allowed(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self, user):
        """Whether this person may act here, once the childminder is within her reach."""
        return coordinates_childminder(user, self.object)


class ChildminderForms(OfChildminder, FormView):
    """A form about her, then back to her page."""

    done = ""
    blamed = None  # the field beside which a refusal is said

    def record(self, form):
        """Write what was typed; StepRefused is said on the page."""
        raise NotImplementedError

    def form_valid(self, form):
        try:
            self.record(form)
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(self.blamed, reason)
            return self.form_invalid(form)
        messages.success(self.request, self.done)
        return redirect(self.object)


class ChildminderUpdate(ChildminderForms):
    form_class = ChildminderCardForm
    template_name = "families/childminder_update.html"
    done = "Sa fiche est à jour."
    blamed = "licence_number"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {
            "provider": self.object,
            "user": self.request.user,
            "on": timezone.localdate(),
        }

    def record(self, form):
        try:
            form.record(at=timezone.now())
        except IntegrityError as error:
            raise StepRefused(
                "Une assistante maternelle porte déjà ce numéro d’agrément."
            ) from error


class ChildminderMove(ChildminderForms):
    form_class = MoveForm
    template_name = "families/childminder_move.html"
    blamed = "place"

    def record(self, form):
        data = form.cleaned_data
        moved = move(
            self.object,
            data["commune"],
            address=data["address"],
            by=self.request.user,
            on=timezone.localdate(),
        )
        who = moved.childminder.service or moved.caf
        self.done = f"Elle accueille désormais à {moved.commune}. {who} coordonne ses accueils."

    def form_valid(self, form):
        response = super().form_valid(form)
        mine = Provider.objects.visible_to(self.request.user).filter(pk=self.object.pk)
        # Gone to another service or Caf, her page is theirs.
        return response if mine.exists() else redirect("families:network_list")


class NetworkWish(ChildminderForms):
    """Her wish, told or on paper; herself, in her own space."""

    form_class = WishForm
    template_name = "families/network_wish.html"
    done = "Le souhait est noté."

    def is_allowed(self, user):
        self.is_herself = runs_provider(user, self.object)
        return self.is_herself or coordinates_childminder(user, self.object)

    def get_form(self, form_class=None):
        form = super().get_form(form_class)
        if self.is_herself:
            form.fields.clear()
        return form

    def get_initial(self):
        return {"how": NetworkMember.WishHow.TOLD, "wish_on": timezone.localdate()}

    def get_context_data(self, **kwargs):
        return super().get_context_data(is_herself=self.is_herself, **kwargs)

    def record(self, form):
        express_wish(
            self.object, by=self.request.user, on=timezone.localdate(), **form.cleaned_data
        )


class NetworkLeave(VisibleObjectsMixin, SingleObjectMixin, FormView):
    """She leaves: why; what is running goes on."""

    model = NetworkMember
    form_class = LeaveForm
    template_name = "families/network_leave.html"
    context_object_name = "member"

    def get_queryset(self):
        return super().get_queryset().select_related("provider__childminder", "caf")

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if is_hijacked(request.user) or not may_leave_network(request.user, self.object):
            raise PermissionDenied
        if self.object.status in NetworkMember.OUT:
            state = self.object.get_status_display()
            messages.info(request, f"Elle n’est pas dans le réseau\xa0: {state}.")
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        herself = runs_provider(self.request.user, self.object.provider)
        return super().get_context_data(is_herself=herself, **kwargs)

    def form_valid(self, form):
        try:
            leave(self.object, by=self.request.user, on=timezone.localdate(), **form.cleaned_data)
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        messages.success(self.request, "Le départ du réseau est noté. Les accueils continuent.")
        return redirect(self.object)


class NetworkAsk(OfChildminder, View):
    """« Lui demander si elle souhaite rejoindre le réseau »."""

    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        try:
            ask_to_join(self.object, by=request.user, on=timezone.localdate())
        except StepRefused as refusal:
            for reason in refusal.reasons:
                messages.error(request, reason)
        else:
            messages.success(request, "La question part. Sa réponse apparaîtra ici.")
        return redirect(self.object)


class PhoneAccess(OfChildminder, View):
    """Her own space by SMS: opened, its link sent again, or closed."""

    http_method_names = ["post"]
    acts = {
        "ouvrir": (open_phone_access, "Son espace est ouvert\xa0: le lien part par SMS."),
        "renvoyer": (phone_access.send_again, "Un nouveau lien part\xa0; l’ancien ne sert plus."),
        "retirer": (phone_access.revoke, "Son lien n’ouvre plus rien."),
    }

    def post(self, request, *args, **kwargs):
        act, done = self.acts[kwargs["act"]]
        try:
            act(self.object, by=request.user, at=timezone.now())
        except StepRefused as refusal:
            for reason in refusal.reasons:
                messages.error(request, reason)
        else:
            messages.success(request, done)
        return redirect(self.object)
