"""The organisations that a Caf opens around it, and who decides in a crèche."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.generic import FormView, TemplateView, UpdateView
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin
from partners import invitations, organisations
from partners.models import MunicipalService, Provider
from partners.organisation_forms import CounterForm, DecidersForm, OperatorForm, ServiceForm
from partners.permissions import administers


class CafAdministration:
    """Open to the administrators of a Caf alone."""

    success_url = reverse_lazy("partners:organisations")

    def dispatch(self, request, *args, **kwargs):
        self.cafs = organisations.administered_cafs(request.user)
        if not self.cafs:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def facilities(self):
        """The crèches of these Cafs."""
        mine = Provider.objects.visible_to(self.request.user)
        found = mine.filter(kind=Provider.Kind.FACILITY, caf__in=self.cafs)
        return found.select_related("facility__operator", "commune").order_by("name", "pk")


class Organisations(CafAdministration, TemplateView):
    """The gestionnaires and municipal services of the Caf, and those that wait for somebody."""

    template_name = "partners/organisations.html"

    def get_context_data(self, **kwargs):
        operators = {}
        for provider in self.facilities().exclude(facility__operator=None):
            operators.setdefault(provider.facility.operator, []).append(provider)
        return super().get_context_data(
            operators=sorted(operators.items(), key=lambda item: item[0].name),
            services=organisations.services_of(self.cafs),
            open_to=set(invitations.organisations_open_to(self.request.user)),
            **kwargs,
        )


class AttachToOperator(CafAdministration, FormView):
    form_class = OperatorForm
    template_name = "partners/operator_form.html"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"facilities": self.facilities()}

    def form_valid(self, form):
        operator = organisations.attach_to_operator(by=self.request.user, **form.cleaned_data)
        messages.success(
            self.request, f"Les crèches choisies sont gérées par «\xa0{operator}\xa0»."
        )
        return redirect(self.success_url)


class OpenService(CafAdministration, FormView):
    form_class = ServiceForm
    template_name = "partners/service_form.html"

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"cafs": self.cafs}

    def form_valid(self, form):
        service = organisations.open_service(by=self.request.user, **form.cleaned_data)
        messages.success(
            self.request, f"«\xa0{service}\xa0» est ouvert\xa0: invitez sa première personne."
        )
        return redirect(self.success_url)


class Counter(VisibleObjectsMixin, SingleObjectMixin, FormView):
    """The guichet unique, for the administrators of the service or of its Caf: 404, then 403."""

    model = MunicipalService
    form_class = CounterForm
    template_name = "partners/counter.html"
    context_object_name = "service"

    def get_queryset(self):
        return super().get_queryset().select_related("caf").prefetch_related("communes")

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not organisations.keeps_service(request.user, self.object):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self):
        return {
            "wanted": "yes" if self.object.is_single_counter else "no",
            "deputy": self.object.deputy_id,
        }

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"service": self.object}

    @transaction.atomic
    def form_valid(self, form):
        wanted, was = form.cleaned_data["wanted"], self.object.is_single_counter
        other = organisations.set_single_counter(self.object, wanted=wanted, by=self.request.user)
        if other:
            form.add_error("wanted", f"Une de ces communes a déjà un guichet unique\xa0: {other}.")
            return self.form_invalid(form)
        deputy = form.cleaned_data["deputy"]
        organisations.choose_deputy(self.object, deputy=deputy, by=self.request.user)
        if wanted == was:
            messages.success(self.request, "C’est noté.")
            return redirect("partners:team")
        messages.success(
            self.request,
            "C’est noté\xa0: les prochaines demandes en crèche arrivent d’abord à ce service."
            if wanted
            else "C’est noté\xa0: les prochaines demandes vont droit aux crèches. "
            "Celles déjà reçues restent à adresser.",
        )
        return redirect("partners:team")


class Deciders(VisibleObjectsMixin, UpdateView):
    """« Qui décide, qui signe », for the administrators of a crèche: otherwise 404, then 403."""

    model = Provider
    form_class = DecidersForm
    template_name = "partners/deciders.html"
    context_object_name = "provider"
    success_url = reverse_lazy("partners:team")

    def get_queryset(self):
        mine = super().get_queryset().filter(kind=Provider.Kind.FACILITY)
        return mine.select_related("facility__operator")

    def get_object(self, queryset=None):
        provider = super().get_object(queryset)
        if not administers(self.request.user, provider):
            raise PermissionDenied
        return provider

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"instance": self.object.facility}

    def form_valid(self, form):
        organisations.choose_deciders(form.instance, by=self.request.user, **form.cleaned_data)
        messages.success(
            self.request, f"«\xa0{self.object}\xa0»\xa0: vos réponses sont enregistrées."
        )
        return redirect(self.success_url)
