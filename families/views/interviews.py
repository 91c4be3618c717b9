"""Interviews, seen by the agency alone; points with the crèche; the month in one press."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import ListView, TemplateView

from avip.views import StepPage, VisibleObjectsMixin, log_reading
from families.contract_page import family_name, title_for
from families.follow_up_page import say_interview, say_ticked
from families.forms.follow_up import DayForm, NoteForm, PlanForm
from families.models import AvipContract, Interview
from families.permissions import takes_part
from families.workflow import interviews
from partners.permissions import is_adviser, is_hijacked

SHOWN = 50


class ContractAct(StepPage):
    """A short form about one contract, whatever its state: the verb refuses in words."""

    model = AvipContract
    context_object_name = "contract"
    template_name = "families/interview_form.html"
    allowed = staticmethod(is_adviser)

    def is_allowed(self):
        user = self.request.user
        return not is_hijacked(user) and self.allowed(user, self.object)

    def why_not(self, on):
        return []

    def get_context_data(self, **kwargs):
        subtitle = title_for(self.object, self.request.user)
        return super().get_context_data(subtitle=subtitle, **kwargs)

    def get(self, request, *args, **kwargs):
        log_reading(request, self.object)
        return super().get(request, *args, **kwargs)

    def warn(self, day):
        """More interviews in a week than the rule counts: said, never forbidden."""
        if said := interviews.warning_of(self.object, day):
            messages.warning(self.request, said)


class InterviewPlan(ContractAct):
    form_class = PlanForm
    title = "Prévoir un entretien"
    submit = "Prévoir"
    lead = "La famille le lit sur sa page. Ni la crèche ni la Caf n’en savent rien."

    def take(self, form, who):
        """Plan it."""
        planned = interviews.plan(self.object, **form.cleaned_data, **who)
        messages.success(self.request, f"Entretien {say_interview(planned)}.")
        self.warn(timezone.localtime(planned.planned_at).date())


class InterviewNote(ContractAct):
    form_class = NoteForm
    title = "Noter un entretien"
    submit = "Noter"
    lead = "Un jour et une catégorie, aucun récit. Ni la crèche ni la Caf ne le lisent."

    def planned(self):
        """The one this page is about, when it was planned."""
        if "interview" not in self.kwargs:
            return None
        mine = Interview.objects.visible_to(self.request.user).filter(contract=self.object)
        return get_object_or_404(mine, pk=self.kwargs["interview"])

    def get_initial(self):
        planned, today = self.planned(), timezone.localdate()
        day = timezone.localtime(planned.planned_at).date() if planned else today
        return {"held_on": min(day, today), "was_held": "yes"}

    def take(self, form, who):
        """Note it."""
        noted = interviews.note(self.object, interview=self.planned(), **form.cleaned_data, **who)
        messages.success(self.request, "Entretien noté.")
        self.warn(noted.held_on)


class PointRecord(ContractAct):
    form_class = DayForm
    allowed = staticmethod(takes_part)
    title = "Noter un point de coordination"
    submit = "Noter le point"
    lead = "Un point entre la crèche et le référent emploi\xa0: le jour suffit."
    done = "Le point est noté."

    def get_initial(self):
        return {"held_on": timezone.localdate()}

    def take(self, form, who):
        """Note the day."""
        interviews.hold_point(self.object, **form.cleaned_data, **who)


class InterviewList(VisibleObjectsMixin, ListView):
    """« Mes prochains entretiens », the late ones first."""

    model = Interview
    template_name = "families/interview_list.html"
    paginate_by = SHOWN

    def get_queryset(self):
        rows = super().get_queryset().filter(contract__adviser=self.request.user, was_held=None)
        return (
            rows.select_related("contract__provider")
            .prefetch_related("contract__household__parents")
            .order_by("planned_at", "pk")
        )

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        now = timezone.now()
        context["rows"] = [
            {
                "interview": interview,
                "name": family_name(interview.contract),
                "late": interview.planned_at < now,
            }
            for interview in context["object_list"]
        ]
        return context


class TickMany(TemplateView):
    """« Accompagnement poursuivi ce mois »: several families in one press."""

    template_name = "families/interview_ticks.html"

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        today = timezone.localdate()
        self.month = today.replace(day=1)
        if request.GET.get("mois") == "dernier":
            self.month = (self.month - timedelta(days=1)).replace(day=1)

    def waiting(self):
        """Her agency's families of whom nothing is said yet this month, her own first."""
        mine = AvipContract.objects.visible_to(self.request.user).filter(
            agency__in=self.request.user.reach.agencies
        )
        return interviews.to_tick(mine, self.month)

    def get_context_data(self, **kwargs):
        rows = self.waiting().select_related("provider", "adviser")
        rows = rows.prefetch_related("household__parents").order_by("start_on", "pk")[:SHOWN]
        me = self.request.user.pk
        return super().get_context_data(
            month=self.month,
            last="dernier" if self.month != timezone.localdate().replace(day=1) else "",
            rows=[
                {"contract": c, "name": family_name(c), "mine": c.adviser_id == me} for c in rows
            ],
            **kwargs,
        )

    def post(self, request, *args, **kwargs):
        chosen = set(request.POST.getlist("contract"))
        contracts = [c for c in self.waiting()[:SHOWN] if str(c.pk) in chosen]
        if not contracts:
            messages.error(request, "Choisissez au moins une famille.")
            return self.get(request, *args, **kwargs)
        count = interviews.tick(
            contracts, by=request.user, on=timezone.localdate(), month=self.month
        )
        messages.success(request, say_ticked(count, self.month))
        return redirect(request.get_full_path())
