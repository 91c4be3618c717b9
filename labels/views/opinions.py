"""A member of the committee reads the dossiers and gives her opinions, by her link."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from avip.jobs import SCHEDULES
from avip.views import RefusableForm, serve_document
from labels.forms.committees import OpinionForm
from labels.models import CommitteeMember, LabelCommittee
from labels.summary import summary_context
from labels.views.public import day_in
from labels.workflow import give_opinion
from partners.tokens import leave_token

SESSION_KEY = "committee_member"
C = LabelCommittee.Status


@method_decorator([login_not_required, never_cache], name="dispatch")
class OpinionLink(View):
    """The address of the mail: its token moves to the session."""

    http_method_names = ["get"]

    def get(self, request, token):
        return leave_token(request, SESSION_KEY, token, "labels:opinion_form")


class MemberPage:
    """What a member's link opens: her committee, while the link is of use."""

    def dispatch(self, request, *args, **kwargs):
        members = CommitteeMember.objects.for_link(request.session.get(SESSION_KEY, ""))
        self.member = members.select_related("committee__caf").first()
        self.committee = self.member.committee if self.member else None
        # The last day to answer ends at midnight where the committee sits.
        self.today = day_in(self.committee.caf) if self.committee else None
        self.state = self._state()
        return super().dispatch(request, *args, **kwargs)

    def _state(self):
        if self.committee is None or self.committee.status == C.PLANNED:
            return "unknown"
        if self.committee.status == C.CANCELLED:
            return "cancelled"
        days = timedelta(days=SCHEDULES["opinion_link_days"])
        if self.today > self.committee.held_on + days:
            return "expired"
        written = self.committee.kind == LabelCommittee.Kind.WRITTEN
        is_late = written and self.today > self.committee.held_on
        return "closed" if self.committee.status != C.CONVENED or is_late else "open"

    @property
    def reads(self):
        """Whether the dossiers may be read by this link."""
        return self.state in ("open", "closed")


@method_decorator([login_not_required, never_cache], name="dispatch")
class Opinions(MemberPage, TemplateView):
    """The dossiers of the session, and what she has said of each one."""

    template_name = "labels/opinion_list.html"

    def get_context_data(self, **kwargs):
        context = {"state": self.state, "member": self.member, "committee": self.committee}
        if self.reads:
            given = {opinion.item_id: opinion for opinion in self.member.opinions.all()}
            items = self.committee.agenda.filter(settled_at=None) | self.committee.agenda.exclude(
                decision=""
            )
            items = items.select_related("application__provider__commune")
            rows = [(item, given.get(item.pk)) for item in items]
            waiting = [item for item, opinion in rows if opinion is None]
            context |= {"rows": rows, "waiting": waiting}
        return super().get_context_data(**context, **kwargs)


@method_decorator([login_not_required, never_cache], name="dispatch")
class GiveOpinion(RefusableForm, MemberPage, FormView):
    """One dossier, one opinion."""

    template_name = "labels/opinion_form.html"
    form_class = OpinionForm

    def get(self, request, *args, **kwargs):
        return self._with_item() or super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        return self._with_item() or super().post(request, *args, **kwargs)

    def _with_item(self):
        """The way back where no opinion is taken; else the dossier is found."""
        if self.state != "open":
            return redirect("labels:opinion_form")
        agenda = self.committee.agenda.filter(settled_at=None).select_related(
            "application__provider__commune", "application__caf", "application__reviewer"
        )
        self.item = get_object_or_404(agenda, pk=self.kwargs["item"])
        return None

    def get_initial(self):
        opinion = self.member.opinions.filter(item=self.item).first()
        return {"value": opinion.value, "comment": opinion.comment} if opinion else {}

    def take(self, form, who):
        give_opinion(self.member, self.item, on=self.today, **form.cleaned_data)
        name = self.item.application.facility_name
        messages.success(self.request, f"Votre avis sur {name} est enregistré.")
        given = self.member.opinions.values("item")
        waiting = self.committee.agenda.filter(settled_at=None).exclude(pk__in=given)
        following = waiting.filter(position__gt=self.item.position).first() or waiting.first()
        if following:
            return reverse("labels:opinion_item", args=[following.pk])
        return "labels:opinion_form"

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            item=self.item,
            committee=self.committee,
            summary=summary_context(self.item.application, self.today),
            **kwargs,
        )


@method_decorator([login_not_required, never_cache], name="dispatch")
class MemberDocument(MemberPage, View):
    """The pack, and once it is closed the minutes."""

    http_method_names = ["get"]
    document = ""  # the field that holds it

    def get(self, request, *args, **kwargs):
        if self.member is None:
            raise Http404
        document = getattr(self.committee, self.document) if self.reads else None
        return serve_document(document) if document else redirect("labels:opinion_form")
