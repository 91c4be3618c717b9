"""The steps of a request that ask something: what is answered, what the family says of it."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.generic import ListView

from avip.views import StepPage, VisibleObjectsMixin
from families import waiting_list
from families.alternatives import alternatives
from families.commissions import next_commission
from families.counters import places_of
from families.forms.referral_answers import (
    AcceptForm,
    ConfirmForm,
    NoShowForm,
    ProposeHoursForm,
    RefuseForm,
    ShortlistForm,
    StayHoursForm,
    TransferForm,
)
from families.models import Referral
from families.other_childminders import childminders_for
from families.permissions import dispatches, manages, orients, validates
from families.sight import Sight
from families.views.referrals import detailed
from families.wording import say_schedule
from families.workflow import no_shows, referrals
from families.workflow.referral_steps import REFERRAL
from families.workflow.transfers import may_receive
from labels.models.labels import labelled_providers
from partners.calendars import calendar_of
from partners.models import Provider


class ReferralPage(StepPage):
    """A step of a request that asks something."""

    model = Referral
    context_object_name = "referral"
    template_name = "families/referral_form.html"
    workflow = REFERRAL

    def get_queryset(self):
        return detailed(super().get_queryset())

    def get_context_data(self, **kwargs):
        return super().get_context_data(sight=Sight(self.object, self.request.user), **kwargs)


class Accept(ReferralPage):
    form_class = AcceptForm
    step = "accept"
    title = "Accepter cette famille"
    done = (
        "C’est noté. La place est gardée\xa0; le conseiller demande à la famille si elle la prend."
    )

    def get_initial(self):
        return {"contact_name": str(self.request.user)}

    def take(self, form, who):
        referrals.accept(self.object, **form.cleaned_data, **who)


class Dispatch(ReferralPage):
    form_class = NoShowForm
    step = "dispatch"
    title = "Adresser cette demande"
    done = "C’est noté. La crèche la reçoit, et son délai commence\xa0; la famille est prévenue."

    @property
    def lead(self):
        return (
            f"La demande part à {self.object.provider.public_name}, qui a son propre délai pour "
            "répondre. Pour une autre de vos places, ou pour dire non, revenez à la demande."
        )

    def take(self, form, who):
        referrals.dispatch(self.object, **who)


class Refuse(ReferralPage):
    form_class = RefuseForm
    step = "refuse"
    title = "Refuser cette demande"
    done = "C’est noté. Le conseiller est prévenu et cherchera ailleurs avec la famille."

    def take(self, form, who):
        referrals.refuse(self.object, **form.cleaned_data, **who)


class ProposeHours(ReferralPage):
    form_class = ProposeHoursForm
    step = "propose_hours"
    title = "Proposer d’autres horaires"
    lead = "La famille dit oui ou non à ces horaires\xa0; la place n’est gardée qu’à partir de là."
    done = "C’est noté. Le conseiller demande à la famille si ces horaires lui conviennent."

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"calendar": calendar_of(self.object.provider)}

    def get_initial(self):
        asked = {
            f"{end}_{slot.weekday}": getattr(slot, end)
            for slot in self.object.slots.all()
            for end in ("starts", "ends")
        }
        mine = {"from_on": self.object.from_on, "contact_name": str(self.request.user)}
        return mine | asked

    def take(self, form, who):
        referrals.propose_hours(self.object, **form.cleaned_data, **who)


class Shortlist(ReferralPage):
    form_class = ShortlistForm
    step = "shortlist"
    title = "Présenter à la commission"
    done = "C’est noté. La famille saura la date\xa0; répondez après la commission."

    def get_initial(self):
        return {"commission_on": next_commission(self.object.provider, timezone.localdate())}

    def take(self, form, who):
        referrals.shortlist(self.object, **form.cleaned_data, **who)


class OtherHours(ReferralPage):
    """What is proposed beside what was asked; a no is one press away."""

    form_class = NoShowForm
    template_name = "families/referral_other_hours.html"
    step = "take_hours"
    title = "D’autres horaires sont proposés"
    done = "Les horaires sont pris et la place est gardée. Notez que la famille confirme."

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            counter_schedule=say_schedule(self.object.counter_slots.all()), **kwargs
        )

    def take(self, form, who):
        referrals.take_hours(self.object, **who)


class Confirm(ReferralPage):
    form_class = ConfirmForm
    template_name = "families/referral_confirm.html"
    step = "confirm"
    title = "La réponse de la famille"
    done = "La place est à elle. Ses autres demandes pour les mêmes enfants sont closes."

    def take(self, form, who):
        referrals.confirm(self.object, **form.cleaned_data, **who)


class NoShow(ReferralPage):
    form_class = NoShowForm
    step = "no_show"
    title = "Cette famille n’est jamais venue\xa0?"
    lead = (
        "La place est rendue aussitôt et la première famille en attente vous est signalée. "
        "Un contrat proposé ou tout juste commencé s’arrête. La famille est prévenue."
    )
    done = "C’est noté. La place est rendue."

    def take(self, form, who):
        no_shows.no_show(self.object, **who)


class Transfer(ReferralPage):
    form_class = TransferForm
    step = "transfer"
    title = "Transmettre cette demande"
    lead = (
        "La demande part telle quelle, avec le temps déjà attendu\xa0; un nouveau délai commence. "
        "La famille est prévenue."
    )
    done = "La demande est transmise."

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"providers": self._providers()}

    def _providers(self):
        """The agency: places nearby that fit; an operator or a coordinator: those they run."""
        user, referral, today = self.request.user, self.object, timezone.localdate()
        seen = Provider.objects.visible_to(user)
        if referral.status == Referral.Status.TO_DISPATCH and dispatches(user, referral):
            mine = places_of(referral.counter).exclude(pk=referral.provider_id)
            return mine.filter(pk__in=labelled_providers(today)).order_by("name", "pk")
        if orients(user, referral):
            near = [result.provider.pk for result in alternatives(referral, seen, today, limit=10)]
        elif referral.provider.is_childminder:
            seen = childminders_for(user, referral)
            near = seen.values("pk")
        else:
            mine = Provider.objects.managed_by(user).select_related("facility", "childminder")
            near = [one.pk for one in mine if may_receive(user, referral, one)]
        labelled = seen.filter(pk__in=near) & labelled_providers(today)
        return labelled.select_related("commune").order_by("name")

    def take(self, form, who):
        """Then the new request, to be validated at once by whoever does; else the former one."""
        to_provider = form.cleaned_data["to_provider"]
        user, following = who["by"], referrals.transfer(self.object, to_provider, **who)
        if not Referral.objects.visible_to(user).filter(pk=following.pk).exists():
            return None
        if following.status == Referral.Status.TO_VALIDATE and validates(user, following):
            return reverse("families:referral_validate", args=[following.pk])
        return following


class StayHours(ReferralPage):
    """The hours of an accueil ponctuel, once it is over."""

    form_class = StayHoursForm
    title = "Les heures de cet accueil ponctuel"
    submit = "Confirmer les heures"
    lead = "Ces heures sont comptées à part\xa0: elles n’entrent pas dans le quota."
    done = "Les heures sont confirmées."

    def is_allowed(self):
        return manages(self.request.user, self.object.provider)

    def why_not(self, on):
        if self.object.status == Referral.Status.STAYED:
            return []
        return ["Les heures se confirment une fois l’accueil terminé."]

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"referral": self.object}

    def take(self, form, who):
        referrals.confirm_hours(self.object, minutes=form.minutes, **who)


class WaitingList(VisibleObjectsMixin, ListView):
    """Who waits at a provider, in the order in which its places are given."""

    model = Referral
    template_name = "families/waiting_list.html"
    context_object_name = "referrals"
    paginate_by = 30

    def get_queryset(self):
        user = self.request.user
        self.provider = get_object_or_404(
            Provider.objects.visible_to(user).select_related("commune"), pk=self.kwargs["pk"]
        )
        if not manages(user, self.provider):
            raise PermissionDenied
        seen = super().get_queryset().filter(provider=self.provider)
        return (
            waiting_list.in_order(seen)
            .select_related("provider__facility", "provider__childminder", "agency", "household")
            .prefetch_related("children", "slots", "days", "household__parents")
        )

    def get_context_data(self, **kwargs):
        context = super().get_context_data(
            provider=self.provider, order=waiting_list.ORDER, **kwargs
        )
        start = context["page_obj"].start_index()
        for rank, referral in enumerate(context["referrals"], start=start):
            referral.sight = Sight(referral, self.request.user)
            referral.rank = rank
        return context
