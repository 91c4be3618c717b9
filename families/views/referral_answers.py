"""The steps of a request that ask something: what is answered, what the family says of it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import FormView, ListView
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin
from avip.workflow import StepRefused
from families import waiting_list
from families.alternatives import alternatives
from families.commissions import next_commission
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
from families.permissions import manages, orients, validates
from families.sight import Sight
from families.views.referrals import detailed
from families.wording import say_schedule
from families.workflow import no_shows, referrals
from families.workflow.referral_steps import REFERRAL
from families.workflow.transfers import may_receive
from labels.models.labels import labelled_providers
from partners.calendars import calendar_of
from partners.models import Provider


class StepForm(VisibleObjectsMixin, SingleObjectMixin, FormView):
    """A step that asks something: 404 out of scope, 403 without the right, back when too late."""

    model = Referral
    context_object_name = "referral"
    template_name = "families/referral_form.html"
    step = ""
    title = ""
    intro = ""
    done = ""

    def get_queryset(self):
        return detailed(super().get_queryset())

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        step = REFERRAL.steps[self.step]
        if not step.allowed(request.user, self.object):
            raise PermissionDenied
        if request.method == "GET" and self.object.status not in step.sources:
            state = self.object.get_status_display()
            messages.error(request, f"«\xa0{step.label}\xa0» n’est plus possible\xa0: {state}.")
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            sight=Sight(self.object, self.request.user),
            title=self.title,
            intro=self.intro,
            submit=REFERRAL.steps[self.step].label,
            **kwargs,
        )

    def form_valid(self, form):
        try:
            self.take(form.cleaned_data, {"by": self.request.user, "on": timezone.localdate()})
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        messages.success(self.request, self.done)
        return redirect(self.get_success_url())

    def get_success_url(self):
        return self.object.get_absolute_url()


class Accept(StepForm):
    form_class = AcceptForm
    step = "accept"
    title = "Accepter cette famille"
    done = (
        "C’est noté. La place est gardée\xa0; le conseiller demande à la famille si elle la prend."
    )

    def get_initial(self):
        return {"contact_name": str(self.request.user)}

    def take(self, data, who):
        referrals.accept(self.object, **data, **who)


class Refuse(StepForm):
    form_class = RefuseForm
    step = "refuse"
    title = "Refuser cette demande"
    done = "C’est noté. Le conseiller est prévenu et cherchera ailleurs avec la famille."

    def take(self, data, who):
        referrals.refuse(self.object, **data, **who)


class ProposeHours(StepForm):
    form_class = ProposeHoursForm
    step = "propose_hours"
    title = "Proposer d’autres horaires"
    intro = "La famille dit oui ou non à ces horaires\xa0; la place n’est gardée qu’à partir de là."
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

    def take(self, data, who):
        referrals.propose_hours(self.object, **data, **who)


class Shortlist(StepForm):
    form_class = ShortlistForm
    step = "shortlist"
    title = "Présenter à la commission"
    done = "C’est noté. La famille saura la date\xa0; répondez après la commission."

    def get_initial(self):
        return {"commission_on": next_commission(self.object.provider, timezone.localdate())}

    def take(self, data, who):
        referrals.shortlist(self.object, **data, **who)


class OtherHours(StepForm):
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

    def take(self, data, who):
        referrals.take_hours(self.object, **who)


class Confirm(StepForm):
    form_class = ConfirmForm
    template_name = "families/referral_confirm.html"
    step = "confirm"
    title = "La réponse de la famille"
    done = "La place est à elle. Ses autres demandes pour les mêmes enfants sont closes."

    def take(self, data, who):
        referrals.confirm(self.object, **data, **who)


class NoShow(StepForm):
    form_class = NoShowForm
    step = "no_show"
    title = "Cette famille n’est jamais venue\xa0?"
    intro = (
        "La place est rendue aussitôt et la première famille en attente vous est signalée. "
        "Un contrat proposé ou tout juste commencé s’arrête. La famille est prévenue."
    )
    done = "C’est noté. La place est rendue."

    def take(self, data, who):
        no_shows.no_show(self.object, **who)


class Transfer(StepForm):
    form_class = TransferForm
    step = "transfer"
    title = "Transmettre cette demande"
    intro = (
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

    def get_success_url(self):
        """The new request, for whoever may read it; to be validated at once by who does."""
        user, following = self.request.user, self.following
        if not Referral.objects.visible_to(user).filter(pk=following.pk).exists():
            return super().get_success_url()
        if following.status == Referral.Status.TO_VALIDATE and validates(user, following):
            return reverse("families:referral_validate", args=[following.pk])
        return following.get_absolute_url()

    def take(self, data, who):
        self.following = referrals.transfer(self.object, data["to_provider"], **who)


class StayHours(StepForm):
    """The hours of an accueil ponctuel, once it is over."""

    form_class = StayHoursForm
    step = "close_stay"
    title = "Les heures de cet accueil ponctuel"
    intro = "Ces heures sont comptées à part\xa0: elles n’entrent pas dans le quota."
    done = "Les heures sont confirmées."

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not manages(request.user, self.object.provider):
            raise PermissionDenied
        if self.object.status != Referral.Status.STAYED:
            messages.error(request, "Les heures se confirment une fois l’accueil terminé.")
            return redirect(self.object)
        return FormView.dispatch(self, request, *args, **kwargs)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"referral": self.object}

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"submit": "Confirmer les heures"}

    def form_valid(self, form):
        self.minutes = form.minutes
        return super().form_valid(form)

    def take(self, data, who):
        referrals.confirm_hours(self.object, minutes=self.minutes, **who)


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
            referral.accept_url = reverse("families:referral_accept", args=[referral.pk])
        return context
