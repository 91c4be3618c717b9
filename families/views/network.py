"""Who gives care: the page of a provider, the network of childminders."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import CreateView, DetailView

from avip.templatetags.words import count_of, fr_date, plural
from avip.views import TakeStep, VisibleObjectsMixin
from families.commissions import has_commission, next_commission
from families.forms.network import ChildminderForm
from families.models import Referral
from families.permissions import manages, meets_childminder
from families.responses import say_response, say_share
from families.search import closure_on
from families.situations import planned_in_month
from families.views.offers import offers_shown
from families.wording import say_week
from labels.models import Label, NetworkMember
from labels.models.labels import labelled_providers
from labels.rules import rules_for
from labels.workflow.network import NETWORK, check_licence, join_network, leave_network
from partners.calendars import calendar_of
from partners.models import Provider
from partners.permissions import is_hijacked, runs_provider

MINUTES = 60


class ProviderDetail(VisibleObjectsMixin, DetailView):
    """A crèche or a childminder; those who may not meet her read a first name and a commune."""

    model = Provider
    context_object_name = "provider"
    template_name = "families/provider_detail.html"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related(
                "commune", "caf", "facility__operator", "childminder__service", "response_time"
            )
            .prefetch_related("opening_hours", "closures")
        )

    def get_object(self, queryset=None):
        provider = super().get_object(queryset)
        today = timezone.localdate()
        self.is_labelled = labelled_providers(today).filter(pk=provider.pk).exists()
        self.is_known = meets_childminder(self.request.user, provider)
        # An adviser orients to labelled places: the others are not hers to read.
        if not self.is_labelled and not self.is_known:
            raise Http404
        return provider

    def get_context_data(self, **kwargs):
        provider, user, today = self.object, self.request.user, timezone.localdate()
        calendar = calendar_of(provider)
        closed_until, opens_on = closure_on(calendar, today)
        manager = manages(user, provider)
        return super().get_context_data(
            name=provider.name if self.is_known else provider.public_name,
            is_labelled=self.is_labelled,
            is_known=self.is_known,
            manages=manager,
            subtitle=f"{provider.get_kind_display().capitalize()}, {provider.commune}",
            today=today,
            facts=self._facts(provider),
            week=say_week(calendar.hours),
            coming=[c for c in provider.closures.all() if c.last_day >= today],
            closed_until=closed_until,
            opens_on=opens_on,
            offers=offers_shown(provider, user, today),
            **self._practices(provider, user, today),
            **self._waiting(provider, user),
            **self._network(provider, user, today),
            **kwargs,
        )

    def _waiting(self, provider, user):
        waiting = (
            Referral.objects.visible_to(user).filter(provider=provider).waiting_for_answer().count()
        )
        return {
            "waiting": waiting,
            "waiting_text": f"répondre à {count_of(waiting, 'famille')} qui "
            f"{plural(waiting, 'attend,attendent')}.",
        }

    def _practices(self, provider, user, today):
        """What an adviser knows before asking: the next commission, how fast answers come."""
        if not has_commission(provider):
            return {"said": self._response(provider)}
        return {
            "said": self._response(provider),
            "has_commission": True,
            "commission_on": next_commission(provider, today),
            "keeps_commissions": runs_provider(user, provider),
        }

    def _response(self, provider):
        measure = getattr(provider, "response_time", None)
        return [words for words in (say_response(measure), say_share(measure)) if words]

    def _facts(self, provider):
        if provider.is_childminder:
            return self._facts_of_childminder(provider)
        facility = provider.facility
        label = (
            Label.objects.visible_to(self.request.user)
            .filter(provider=provider)
            .order_by("-ends_on")
            .first()
        )
        facts = [
            ("Type", facility.get_type_display()),
            ("Gestionnaire", facility.operator or "géré par la crèche"),
            ("Capacité autorisée", count_of(facility.licensed_capacity, "place")),
            ("Adresse", facility.address),
            ("Téléphone", provider.phone),
            ("Caf", provider.caf),
        ]
        if label:
            facts.insert(
                0, ("Label", f"{label.get_status_display()}, jusqu’au {fr_date(label.ends_on)}")
            )
        return facts

    def _facts_of_childminder(self, provider):
        licence = provider.childminder
        if not self.is_known:
            return [("Commune", provider.commune), ("Coordination", licence.service)]
        facts = [
            ("Agrément", f"n° {licence.licence_number}"),
            ("Valable", f"du {fr_date(licence.licence_from)} au {fr_date(licence.licence_until)}"),
            ("Places agréées", licence.licensed_places),
            ("Téléphone", provider.phone),
            ("Coordination", licence.service),
        ]
        if licence.house:
            facts.append(("Maison d’assistants maternels", licence.house))
        if manages(self.request.user, provider):
            facts.append(("Adresse", licence.address))
        return facts

    def _network(self, provider, user, today):
        if not provider.is_childminder:
            return {}
        member = (
            NetworkMember.objects.visible_to(user)
            .filter(provider=provider)
            .order_by("-created_at")
            .first()
        )
        rules = rules_for(provider.caf, today)
        context = {"member": member}
        if self.is_known:
            context["planned"] = planned_in_month([provider], today)[provider.pk]
            context["cap_minutes"] = rules.childminder_hours_month_cap * MINUTES
        if member:
            blocked = NETWORK.blocked(member, user, today).values()
            context["network_steps"] = steps_of(member, user, today)
            context["blocked_reasons"] = [reason for reasons in blocked for reason in reasons]
        return context


def steps_of(member, user, today):
    """The buttons of the network for this childminder."""
    return [
        {
            "name": name,
            "label": step.label,
            "primary": name != "leave",
            "url": reverse("families:network_step", args=[member.pk, name]),
        }
        for name, step in NETWORK.available(member, user, today).items()
    ]


class ChildminderCreate(CreateView):
    """A childminder recorded by her coordinator, with her wish to join the network."""

    form_class = ChildminderForm
    template_name = "families/network_childminder_form.html"

    def dispatch(self, request, *args, **kwargs):
        if not request.user.reach.services or is_hijacked(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.request.user, "on": timezone.localdate()}

    def form_valid(self, form):
        try:
            provider = form.record(by=self.request.user, on=timezone.localdate())
        except IntegrityError:  # pressed twice: the other press was first
            form.add_error("licence_number", "Cette assistante maternelle vient d’être notée.")
            return self.form_invalid(form)
        messages.success(
            self.request,
            "Son souhait est noté. Vérifiez son agrément, puis faites-la entrer dans le réseau.",
        )
        return redirect(provider)


class NetworkStep(TakeStep):
    model = NetworkMember
    verbs = {
        "check_licence": check_licence,
        "join": join_network,
        "leave": leave_network,
    }
