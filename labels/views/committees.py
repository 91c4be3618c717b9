"""The committees of a Caf: prepared, convened, closed."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView, FormView, ListView, View
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import count_of
from avip.views import StepPage, TakeStep, VisibleObjectsMixin, refusal_said, serve_document
from labels import workflow
from labels.forms.committees import (
    AgendaForm,
    ClosingForm,
    CommitteeForm,
    MemberForm,
    PresenceForm,
)
from labels.forms.review import OptionalReasonsForm
from labels.models import LabelApplication, LabelCommittee
from labels.opinions import counts_of, taking_part
from labels.permissions import closes, own_caf
from labels.sittings import committee_act, committee_stages
from labels.timeline import history_of
from labels.workflow import COMMITTEE, open_confirmation
from labels.workflow.committees import proposed
from labels.workflow.members import last_with_members

C = LabelCommittee.Status
ITEMS_PER_PAGE = 50


def ready_dossiers(committee_or_caf, user):
    """The dossiers that wait for a committee, the oldest first; not those of one’s own crèche."""
    caf = getattr(committee_or_caf, "caf_id", None) or committee_or_caf.pk
    own = Q(provider__in=user.reach.providers) | Q(
        provider__facility__operator__in=user.reach.operators
    )
    return (
        LabelApplication.objects.visible_to(user)
        .filter(caf=caf, status=LabelApplication.Status.READY)
        .exclude(own)
        .select_related("provider__commune", "reviewer")
        .order_by("submitted_at", "pk")
    )


class CommitteeList(VisibleObjectsMixin, ListView):
    model = LabelCommittee
    template_name = "labels/committee_list.html"
    paginate_by = 20
    context_object_name = "committees"

    def dispatch(self, request, *args, **kwargs):
        if not request.user.reach.cafs:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_queryset(self):
        dossiers = Count("agenda", filter=Q(agenda__settled_at=None) | ~Q(agenda__decision=""))
        return (
            super()
            .get_queryset()
            .annotate(dossiers=dossiers)
            .order_by("-held_on", "-created_at", "pk")
        )

    def get_context_data(self, **kwargs):
        caf = own_caf(self.request.user)
        waiting = ready_dossiers(caf, self.request.user).count() if caf else 0
        return super().get_context_data(waiting=waiting, **kwargs)


class CommitteePage(StepPage):
    """A page of a committee with a form, shown in some of its states."""

    model = LabelCommittee
    template_name = "labels/committee_form.html"
    context_object_name = "committee"
    states = LabelCommittee.OPEN

    def is_allowed(self):
        return True  # who sees a committee runs it; the acts check it again

    def get_queryset(self):
        return super().get_queryset().select_related("caf")


class CommitteeCreate(FormView):
    """A new session or consultation of one's own Caf."""

    template_name = "labels/committee_form.html"
    form_class = CommitteeForm

    def dispatch(self, request, *args, **kwargs):
        self.caf = own_caf(request.user) if request.user.reach.cafs else None
        if self.caf is None:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "on": timezone.localdate()}

    def form_valid(self, form):
        return redirect(workflow.plan_committee(self.caf, by=self.request.user, **form.answers))

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            title="Préparer un comité",
            lead="Vous ajouterez ensuite les dossiers et les membres. Personne n’est prévenu "
            "avant que vous convoquiez.",
            submit="Préparer le comité",
            **kwargs,
        )


class CommitteeUpdate(CommitteePage):
    form_class = CommitteeForm
    title = "Changer la date ou le lieu"
    lead = "Si les membres sont déjà convoqués, ils reçoivent aussitôt la nouvelle date."
    submit = "Enregistrer"

    def get_form_kwargs(self):
        kwargs = super().get_form_kwargs() | {"on": timezone.localdate()}
        # A copy: validating a form of a model writes on its instance.
        kwargs["instance"] = self.get_object()
        kwargs["initial"] = {"revision": self.object.revision}
        return kwargs

    def take(self, form, who):
        seen = form.cleaned_data["revision"] or None
        workflow.update_committee(self.object, seen=seen, **who, **form.answers)


class CommitteeDetail(VisibleObjectsMixin, DetailView):
    model = LabelCommittee
    template_name = "labels/committee_detail.html"
    context_object_name = "committee"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("caf", "pack", "minutes")
            .defer("pack__data", "minutes__data")
        )

    def get_context_data(self, **kwargs):
        committee, on = self.object, timezone.localdate()
        agenda = committee.agenda.select_related("application__provider__commune")
        page = Paginator(agenda, ITEMS_PER_PAGE).get_page(self.request.GET.get("page"))
        counts = counts_of(committee, page.object_list)
        history = history_of(committee, COMMITTEE)
        convened = committee.status == C.CONVENED
        return super().get_context_data(
            act=committee_act(committee, self.request.user, on),
            page_obj=page,
            rows=[(item, counts[item.pk]) for item in page],
            members=committee.members.annotate(given=Count("opinions")),
            here=taking_part(committee),
            to_follow=proposed(committee).count() if convened and committee.held_on <= on else 0,
            confirmation=open_confirmation(committee) if committee.status == C.TO_CONFIRM else None,
            history=history,
            stages=committee_stages(committee, history),
            is_open=committee.status in LabelCommittee.OPEN,
            is_convened=convened,
            **kwargs,
        )


class CommitteeStep(TakeStep):
    """The steps that need no words."""

    model = LabelCommittee
    verbs = {
        "convene": workflow.convene,
        "copy_members": workflow.copy_members,
        "follow_proposals": workflow.follow_proposals,
        "recall_decision": workflow.recall_closing,
        "resend_confirmation": workflow.resend_confirmation,
    }


class CommitteeMembers(CommitteePage):
    """Who sits; one form adds a member, each one is removed or reminded by her button."""

    template_name = "labels/committee_members.html"
    form_class = MemberForm
    title = "Membres du comité"

    def take(self, form, who):
        workflow.add_member(self.object, by=who["by"], **form.cleaned_data)
        return reverse("labels:committee_members", args=[self.object.pk])

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            members=self.object.members.all(),
            former=last_with_members(self.object),
            is_convened=self.object.status == C.CONVENED,
            **kwargs,
        )


class CommitteeMember(VisibleObjectsMixin, SingleObjectMixin, View):
    """Remove a member, or send her link again."""

    http_method_names = ["post"]
    model = LabelCommittee

    def post(self, request, *args, **kwargs):
        committee = self.get_object()
        member = committee.members.filter(pk=kwargs["member"]).first()
        act = {"retirer": workflow.remove_member, "relancer": workflow.resend_link}.get(
            kwargs["act"]
        )
        if member is None or act is None:
            raise Http404
        with refusal_said(request):
            act(member, by=request.user)
            done = "ne siège plus" if kwargs["act"] == "retirer" else "reçoit de nouveau son lien"
            messages.success(request, f"{member.name} {done}.")
        return redirect("labels:committee_members", committee.pk)


class CommitteeAgenda(CommitteePage):
    """The ready dossiers to put on the agenda, ticked or all together."""

    template_name = "labels/committee_agenda.html"
    form_class = AgendaForm
    title = "Inscrire des dossiers"

    def get_form_kwargs(self):
        return {
            **super().get_form_kwargs(),
            "ready": ready_dossiers(self.object, self.request.user),
        }

    def take(self, form, who):
        chosen = list(form.cleaned_data["applications"])
        refused = workflow.put_all_on_agenda(chosen, committee=self.object, **who)
        for application, reasons in refused:
            messages.error(self.request, f"{application.facility_name}\xa0: {' '.join(reasons)}")
        if added := len(chosen) - len(refused):
            what = count_of(added, "dossier est inscrit,dossiers sont inscrits")
            messages.success(self.request, f"{what} à l’ordre du jour.")

    def get_context_data(self, **kwargs):
        ready = ready_dossiers(self.object, self.request.user)
        return super().get_context_data(ready=ready, **kwargs)


class CommitteePresence(CommitteePage):
    form_class = PresenceForm
    states = (C.CONVENED,)
    title = "Noter les présents"
    lead = "Le quorum se compte sur les membres présents."
    submit = "Enregistrer"

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "committee": self.object}

    def take(self, form, who):
        present = {member.pk for member in form.cleaned_data["present"]}
        workflow.record_presence(self.object, by=who["by"], present=present)


class CommitteeCancel(CommitteePage):
    form_class = OptionalReasonsForm
    title = "Annuler le comité"
    lead = (
        "Ses dossiers seront de nouveau prêts pour un autre comité. Les membres déjà convoqués "
        "en sont prévenus."
    )
    submit = "Annuler le comité"

    def take(self, form, who):
        workflow.cancel_committee(self.object, **who, **form.cleaned_data)


class CommitteeClose(CommitteePage):
    """What leaves when it closes, read again before; and who confirms where nobody else closes."""

    template_name = "labels/committee_close.html"
    form_class = ClosingForm
    states = (C.CONVENED,)
    title = submit = "Clore le comité"

    def get_form_kwargs(self):
        alone = not closes(self.request.user, self.object)
        found = workflow.confirmers(self.object, self.request.user) if alone else None
        return {**super().get_form_kwargs(), "confirmers": found}

    def take(self, form, who):
        asked = workflow.close_committee(self.object, confirmer=form.confirmer, **who)
        if asked is None:
            messages.success(self.request, "Le comité est clos\xa0: les décisions partent.")

    def get_context_data(self, **kwargs):
        on = timezone.localdate()
        step = "close" if closes(self.request.user, self.object) else "ask_confirmation"
        items = self.object.agenda.filter(settled_at=None).select_related("application")
        return super().get_context_data(
            reasons=COMMITTEE.steps[step].requires(self.object, on), items=items, **kwargs
        )


class CommitteeDocument(VisibleObjectsMixin, SingleObjectMixin, View):
    """The pack or the minutes as a download; the worker makes them within minutes."""

    model = LabelCommittee
    document = ""  # the field that holds it

    def get(self, request, *args, **kwargs):
        committee = self.get_object()
        document = getattr(committee, self.document)
        if document is None:
            messages.info(request, "Ce document est en préparation\xa0: revenez dans un moment.")
            return redirect(committee)
        return serve_document(document)
