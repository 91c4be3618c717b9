"""Who gives care: the page of a provider, the network of childminders."""

from django.http import Http404
from django.utils import timezone
from django.views.generic import DetailView

from avip.templatetags.words import count_of, fr_date, plural
from avip.views import TakeStep, VisibleObjectsMixin
from families.commissions import has_commission, next_commission
from families.models import Referral
from families.network_page import house_of, network_box
from families.permissions import manages, meets_childminder
from families.responses import say_response, say_share
from families.search import closure_on
from families.situations import planned_in_month
from families.views.offers import offers_shown
from families.wording import say_week
from labels.models import Label, NetworkMember
from labels.models.labels import labelled_providers
from labels.rules import rules_for
from labels.workflow.network import check_licence, decline, join_network
from partners.calendars import calendar_of
from partners.models import Provider
from partners.permissions import coordinates_childminder, runs_provider

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
            return [
                ("Commune", provider.commune),
                ("Coordination", licence.service or provider.caf),
            ]
        facts = [
            ("Agrément", f"n° {licence.licence_number}"),
            ("Valable", f"du {fr_date(licence.licence_from)} au {fr_date(licence.licence_until)}"),
            ("Places agréées", licence.licensed_places),
            ("Téléphone", provider.phone),
            ("Coordination", licence.service or provider.caf),
        ]
        if licence.house:
            facts.append(("Maison d’assistants maternels", licence.house))
        if manages(self.request.user, provider) or coordinates_childminder(
            self.request.user, provider
        ):
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
        context["box"] = network_box(provider, member, user, today)
        if context["box"]:
            context["house"] = house_of(provider, today)
        return context


class NetworkStep(TakeStep):
    model = NetworkMember
    verbs = {
        "check_licence": check_licence,
        "join": join_network,
        "decline": decline,
    }
