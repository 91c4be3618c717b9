"""How a contract ends: what came of it, why it stops early, whose place is kept."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import TemplateView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import StepPage, VisibleObjectsMixin, refusal_said
from avip.workflow import StepRefused
from families.contract_page import family_name
from families.figures import outcome_figures
from families.follow_up_page import to_keep
from families.forms.follow_up import EndForm, JobKindForm, OneOutcomeForm, OutcomeForm
from families.models import AvipContract, CorrectionRequest, Placement
from families.permissions import manages
from families.views.interviews import ContractAct
from families.views.takeovers import is_uuid
from families.workflow import corrections, endings, no_shows, outcomes, work_checks
from families.workflow.contract_steps import CONTRACT
from families.workflow.contracts import keep_place, terminate
from families.workflow.outcomes import OUTCOME
from labels.rules import rules_for

# Said in one press when there is nothing else to say.
QUICK = {"none": "Terminé, pas de solution à ce jour", "unknown": "Terminé, sans nouvelles"}
TEN = 10


class EndingPage(StepPage):
    """A form about one contract, for its parties; when it cannot be, the contract says why."""

    model = AvipContract
    context_object_name = "contract"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related(
                "provider__commune",
                "provider__facility",
                "provider__childminder",
                "agency",
                "caf",
            )
        )


class OutcomeRecord(EndingPage):
    form_class = OutcomeForm
    template_name = "families/outcome_form.html"
    workflow, step = OUTCOME, "record"

    def get_initial(self):
        return {"outcome": self.object.outcome}

    def get_context_data(self, **kwargs):
        return super().get_context_data(quick=QUICK.items(), **kwargs)

    def take(self, form, who):
        """Note the outcome."""
        outcomes.record(self.object, outcome=form.cleaned_data["outcome"], **who)

    @property
    def done(self):
        """What was noted, and what it opens."""
        said = f"Issue notée\xa0: {self.object.get_outcome_display()}."
        rules = rules_for(self.object.caf, timezone.localdate())
        if outcomes.is_positive(self.object.outcome, rules):
            said += " La crèche peut maintenant garder la place jusqu’à l’école."
        return said


class ContractEnd(EndingPage):
    form_class = EndForm
    template_name = "families/outcome_contract_end.html"
    workflow, step = CONTRACT, "terminate"
    done = (
        "Le contrat est arrêté, les autres parties et la famille sont prévenues. "
        "Notez maintenant son issue."
    )

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"contract": self.object}

    def take(self, form, who):
        """Stop the contract, today or after the notice."""
        if form.cleaned_data["stop_reason"] == AvipContract.StopReason.NO_SHOW:
            referral = self.object.referral
            if referral and who["on"] <= no_shows.last_day_to_say(referral):
                # The place goes to whoever waits first, the request says so too.
                no_shows.no_show(referral, **who)
                return
        said = {name: form.cleaned_data[name] for name in ("reason", "stop_reason", "stopped_by")}
        terminate(self.object, last_day=form.cleaned_data["last_day"], **said, **who)


class OutcomeMany(TemplateView):
    """Ten families at once: a table, one choice each, one save; a line in error keeps its words."""

    template_name = "families/outcome_many.html"

    def waiting(self):
        """The contracts of her agencies that are over, of which nothing is said yet."""
        user = self.request.user
        return (
            outcomes.waiting(AvipContract.objects.visible_to(user))
            .filter(agency__in=user.reach.agencies)
            .select_related("provider", "agency")
            .prefetch_related("household__parents")
            .order_by("ended_on", "pk")
        )

    def rows(self, data=None):
        """Each contract with its form; of what was posted, those that were shown."""
        contracts = self.waiting()
        if data is not None:
            contracts = contracts.filter(pk__in=_uuids(data.getlist("contract")))
        found = []
        for contract in contracts[:TEN]:
            name = family_name(contract)
            form = OneOutcomeForm(data, prefix=str(contract.pk), name=name)
            found.append({"contract": contract, "name": name, "form": form})
        return found

    def get_context_data(self, **kwargs):
        kwargs.setdefault("rows", self.rows())
        mine = AvipContract.objects.visible_to(self.request.user).filter(
            agency__in=self.request.user.reach.agencies
        )
        figures = outcome_figures(mine, timezone.localdate())
        return super().get_context_data(left=self.waiting().count(), figures=figures, **kwargs)

    def post(self, request, *args, **kwargs):
        rows = self.rows(request.POST)
        chosen = {
            row["contract"]: row["form"].cleaned_data["outcome"]
            for row in rows
            if row["form"].is_valid() and row["form"].cleaned_data["outcome"]
        }
        refused = outcomes.record_many(chosen, by=request.user, on=timezone.localdate())
        for row in rows:
            for reason in refused.get(row["contract"].pk, []):
                row["form"].add_error("outcome", reason)
        noted = len(chosen) - len(refused)
        if noted:
            messages.success(request, outcomes.say_noted(noted))
        if any(row["form"].errors for row in rows):
            wrong = [row for row in rows if row["form"].errors]
            return self.render_to_response(self.get_context_data(rows=wrong))
        if not chosen:
            messages.error(request, "Choisissez l’issue d’une famille au moins.")
        return redirect("families:outcome_many")


def _uuids(texts):
    return [text for text in texts if is_uuid(text)][:TEN]


class OutcomeQuick(VisibleObjectsMixin, SingleObjectMixin, View):
    """« Terminé, pas de solution à ce jour », « sans nouvelles »: one press."""

    model = AvipContract
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        contract, outcome = self.get_object(), kwargs["outcome"]
        if outcome not in QUICK:
            raise Http404
        with refusal_said(request):
            outcomes.record(contract, by=request.user, on=timezone.localdate(), outcome=outcome)
            messages.success(request, f"Issue notée\xa0: {contract.get_outcome_display()}.")
        return redirect(contract)


class PlaceKeep(VisibleObjectsMixin, SingleObjectMixin, TemplateView):
    """Who gives care keeps a place until school, or says that the family has left it."""

    model = AvipContract
    template_name = "families/ending_place.html"

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not manages(request.user, self.object.provider):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        kept = Placement.objects.visible_to(self.request.user).filter(
            contract=self.object, status=Placement.Status.KEPT
        )
        return super().get_context_data(
            contract=self.object,
            rows=to_keep(self.object, timezone.localdate()),
            kept=kept.select_related("child"),
            **kwargs,
        )

    def post(self, request, *args, **kwargs):
        today = timezone.localdate()
        name = "leave" if "leave" in request.POST else "keep"
        chosen = request.POST.get(name, "")
        mine = Placement.objects.visible_to(request.user).filter(contract=self.object)
        placement = get_object_or_404(mine, pk=chosen if is_uuid(chosen) else None)
        with refusal_said(request):
            if name == "leave":
                endings.leave_place(placement, by=request.user, on=today)
                messages.success(request, "C’est noté\xa0: la place est libre à partir de demain.")
            else:
                self.keep(placement, today)
        return redirect(self.object)

    def keep(self, placement, today):
        """Only what the page proposes: a job or a training, and school not there yet."""
        until = dict(to_keep(self.object, today)).get(placement)
        if until is None:
            raise StepRefused("Une place se garde après un emploi ou une formation, avant l’école.")
        keep_place(placement, by=self.request.user, on=today, until=until)
        messages.success(
            self.request, "La place est gardée. La famille et son conseiller sont prévenus."
        )


class JobConfirm(ContractAct):
    """The adviser confirms what the family said; nothing ends."""

    form_class = JobKindForm
    title = "Confirmer l’emploi annoncé"
    submit = "Noter"
    lead = (
        "Le contrat continue jusqu’à son dernier jour dans tous les cas. Un emploi ou une "
        "formation qui continue permet à la crèche de garder la place jusqu’à l’école."
    )

    def take(self, form, who):
        """A job, a short one, or a mistake."""
        kind = form.cleaned_data["kind"]
        if kind == "none":
            endings.dismiss_job(self.object, **who)
            messages.success(self.request, "L’annonce est retirée. Rien ne change.")
            return
        endings.confirm_job(self.object, kind=kind, **who)
        messages.success(self.request, "L’emploi est confirmé. Le contrat continue.")


class WorkCheck(VisibleObjectsMixin, SingleObjectMixin, TemplateView):
    """« Toujours en emploi ? »: three buttons."""

    model = AvipContract
    template_name = "families/ending_work.html"

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        work_checks.refuse_strangers(request.user, self.object)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            contract=self.object, name=family_name(self.object), **kwargs
        )

    def post(self, request, *args, **kwargs):
        with refusal_said(request):
            work_checks.answer(
                self.object,
                by=request.user,
                on=timezone.localdate(),
                still=request.POST.get("still", ""),
            )
            messages.success(request, "La réponse est notée.")
        return redirect(self.object)


class CorrectionDone(VisibleObjectsMixin, SingleObjectMixin, View):
    """The agency has put right what the family said was wrong."""

    model = CorrectionRequest
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        correction = self.get_object()
        corrections.settle(correction, by=request.user, at=timezone.now())
        messages.success(request, "C’est noté\xa0: la demande de la famille est traitée.")
        return redirect(correction.household)
