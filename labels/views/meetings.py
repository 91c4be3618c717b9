"""The network's meetings: the Caf calls them, the crèches answer."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView, FormView, ListView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import StepPage, TakeStep, VisibleObjectsMixin, refusal_said, serve_document
from labels.forms.meetings import AttendanceForm, MeetingForm, MinutesForm
from labels.forms.review import OptionalReasonsForm
from labels.meetings import day_of, ics_of, zone_of
from labels.models import NetworkMeeting
from labels.notifications import link
from labels.permissions import answers_invitation, own_caf, runs_meeting
from labels.timeline import history_of
from labels.workflow import meetings as verbs
from labels.workflow.meetings import MEETING

PAGES = {  # the steps that ask for something, each with its page
    "change": "labels:meeting_update",
    "record_attendance": "labels:meeting_attendance",
    "attach_minutes": "labels:meeting_minutes_attach",
    "cancel": "labels:meeting_cancel",
}


class MeetingList(VisibleObjectsMixin, ListView):
    model = NetworkMeeting
    template_name = "labels/meeting_list.html"
    context_object_name = "meetings"
    paginate_by = 20

    def get_queryset(self):
        reach = self.request.user.reach
        mine = Q(invitations__provider__in=reach.providers) | Q(
            invitations__provider__facility__operator__in=reach.operators
        )
        return (
            super()
            .get_queryset()
            .annotate(
                invited=Count("invitations", distinct=True),
                coming=Count("invitations", filter=Q(invitations__comes=True), distinct=True),
                came=Count("invitations", filter=Q(invitations__came=True), distinct=True),
                to_answer=Count(
                    "invitations", filter=mine & Q(invitations__comes=None), distinct=True
                ),
            )
            .order_by("-starts_at", "pk")
        )

    def get_context_data(self, **kwargs):
        caf = own_caf(self.request.user)
        return super().get_context_data(
            for_caf=caf is not None and caf.pk in self.request.user.reach.cafs,
            today=timezone.localdate(),
            **kwargs,
        )


class MeetingDetail(VisibleObjectsMixin, DetailView):
    model = NetworkMeeting
    template_name = "labels/meeting_detail.html"
    context_object_name = "meeting"

    def get_queryset(self):
        return super().get_queryset().select_related("caf", "minutes")

    def get_context_data(self, **kwargs):
        meeting, user, today = self.object, self.request.user, timezone.localdate()
        for_caf = runs_meeting(user, meeting)
        asked = meeting.invitations.select_related(
            "provider__facility", "provider__commune", "answered_by"
        ).order_by("provider__name", "pk")
        own = [one for one in asked if answers_invitation(user, one)]
        open_steps = MEETING.available(meeting, user, today)
        return super().get_context_data(
            for_caf=for_caf,
            invitations=asked if for_caf else [],
            own=own,
            may_answer=meeting.status == meeting.Status.PLANNED and day_of(meeting) >= today,
            unanswered=any(one.comes is None for one in own),
            announces="announce" in open_steps,
            blocked=MEETING.blocked(meeting, user, today).get("announce", ()),
            attends="record_attendance" in open_steps and meeting.status == "planned",
            actions=self._actions(open_steps),
            history=history_of(meeting, MEETING) if for_caf else [],
            **kwargs,
        )

    def _actions(self, open_steps):
        meeting = self.object
        names = [name for name in PAGES if name in open_steps]
        if meeting.status == meeting.Status.DRAFT and runs_meeting(self.request.user, meeting):
            names.insert(0, "change")
        words = {name: MEETING.steps[name].label for name in names}
        if meeting.status == meeting.Status.HELD and "record_attendance" in words:
            words["record_attendance"] = "Corriger les présences"
        return [
            {"label": label, "url": reverse(PAGES[name], args=[meeting.pk])}
            for name, label in words.items()
        ]


class MeetingCreate(FormView):
    template_name = "labels/meeting_form.html"
    form_class = MeetingForm

    def dispatch(self, request, *args, **kwargs):
        self.caf = own_caf(request.user)
        if self.caf is None or self.caf.pk not in request.user.reach.cafs:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "caf": self.caf, "on": timezone.localdate()}

    def form_valid(self, form):
        meeting = verbs.plan_meeting(self.caf, by=self.request.user, **form.meeting_fields())
        messages.info(self.request, "Personne n’est encore prévenu\xa0: relisez, puis annoncez.")
        return redirect(meeting)


class MeetingPage(StepPage):
    """A step of a meeting that asks for something."""

    model = NetworkMeeting
    context_object_name = "meeting"
    template_name = "labels/meeting_step.html"
    workflow = MEETING

    def get_queryset(self):
        return super().get_queryset().select_related("caf", "minutes")


class MeetingUpdate(MeetingPage):
    step = "change"
    form_class = MeetingForm
    states = (NetworkMeeting.Status.DRAFT, NetworkMeeting.Status.PLANNED)

    @property
    def lead(self):
        if self.object.status == self.object.Status.PLANNED:
            return "Les crèches invitées reçoivent un courriel avec les nouvelles informations."
        return "Personne n’est encore prévenu."

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "caf": self.object.caf, "on": timezone.localdate()}

    def get_initial(self):
        meeting, zone = self.object, zone_of(self.object)
        starts = timezone.localtime(meeting.starts_at, zone)
        return {
            "day": starts.date(),
            "starts": starts.time(),
            "ends": timezone.localtime(meeting.ends_at, zone).time(),
            "revision": meeting.revision,
        } | {name: getattr(meeting, name) for name in ("title", "place", "link", "agenda")}

    def take(self, form, who):
        seen = form.cleaned_data["revision"]
        verbs.update_meeting(self.object, seen=seen, **who, **form.meeting_fields())


class MeetingAttendance(MeetingPage):
    step = "record_attendance"
    form_class = AttendanceForm
    lead = "Cochez les crèches venues. Leur participation se lit au renouvellement de leur label."

    def get_form_kwargs(self):
        asked = self.object.invitations.select_related("provider").order_by("provider__name", "pk")
        return {**super().get_form_kwargs(), "invitations": list(asked)}

    def take(self, form, who):
        verbs.record_attendance(self.object, present=form.cleaned_data["present"], **who)


class MeetingMinutesAttach(MeetingPage):
    step = "attach_minutes"
    form_class = MinutesForm

    def take(self, form, who):
        verbs.attach_minutes(self.object, data=form.cleaned_data["file"], **who)


class MeetingCancel(MeetingPage):
    step = "cancel"
    form_class = OptionalReasonsForm
    lead = "Les crèches invitées reçoivent un courriel. Une réunion annulée ne se rouvre pas."

    def take(self, form, who):
        verbs.cancel_meeting(self.object, reasons=form.cleaned_data["reasons"], **who)


class MeetingStep(TakeStep):
    """What needs no words: the announcement."""

    model = NetworkMeeting
    verbs = {"announce": verbs.announce}

    def post(self, request, *args, **kwargs):
        if not runs_meeting(request.user, self.get_object()):
            raise PermissionDenied
        return super().post(request, *args, **kwargs)


class MeetingAnswer(VisibleObjectsMixin, SingleObjectMixin, View):
    """A crèche comes, or does not."""

    http_method_names = ["post"]
    model = NetworkMeeting

    def post(self, request, *args, **kwargs):
        meeting = self.get_object()
        invitation = get_object_or_404(
            meeting.invitations.select_related("provider__facility", "meeting__caf"),
            pk=kwargs["invitation"],
        )
        if kwargs["answer"] not in {"vient", "ne-vient-pas"}:
            raise Http404
        if not answers_invitation(request.user, invitation) and not runs_meeting(
            request.user, meeting
        ):
            raise Http404  # the invitation of another crèche
        comes = kwargs["answer"] == "vient"
        with refusal_said(request):
            verbs.answer(invitation, by=request.user, comes=comes, on=timezone.localdate())
            said = "vient" if comes else "ne vient pas"
            messages.success(request, f"C’est noté\xa0: {invitation.provider} {said}.")
        return redirect(meeting)


class MeetingMinutes(VisibleObjectsMixin, SingleObjectMixin, View):
    """The minutes as a download."""

    model = NetworkMeeting

    def get(self, request, *args, **kwargs):
        meeting = self.get_object()
        if meeting.minutes_id is None:
            raise Http404
        return serve_document(meeting.minutes)


class MeetingIcs(VisibleObjectsMixin, SingleObjectMixin, View):
    """The meeting for one's own calendar."""

    model = NetworkMeeting

    def get(self, request, *args, **kwargs):
        meeting = self.get_object()
        data = ics_of(meeting, link("labels:meeting_detail", meeting.pk))
        response = HttpResponse(data, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="reunion.ics"'
        return response
