"""The dossier as the crèche fills it in; the list, the detail and the pieces serve the Caf too."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView, ListView, UpdateView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import RefusableForm, VisibleObjectsMixin, serve_document
from avip.workflow import StepRefused
from labels.checklist import SECTIONS, sections_of
from labels.checks import application_missing
from labels.forms.filing import SECTION_FORMS
from labels.models import FieldComment, LabelApplication, LabelRequest
from labels.permissions import applies
from labels.queue import with_clocks
from labels.reading import placed, read_dossier
from labels.talk import show_remarks
from labels.timeline import application_stages, history_of, next_act
from labels.views.autosave import autosave
from labels.views.opening import with_dossiers
from labels.views.queue import queue_of
from labels.views.review import applicant_context, review_context
from labels.workflow import APPLICATION, resubmit, submit
from partners.models import Provider


class ApplicationList(VisibleObjectsMixin, ListView):
    """« Notre label » for a crèche, the queue for a Caf."""

    model = LabelApplication
    paginate_by = 20
    context_object_name = "applications"

    def get_queryset(self):
        self.filter, rows = queue_of(self.request)
        return rows

    def get_template_names(self):
        reviews = bool(self.request.user.reach.cafs)
        return ["labels/application_queue.html" if reviews else "labels/application_list.html"]

    def get_context_data(self, **kwargs):
        user = self.request.user
        context = super().get_context_data(filter=self.filter, **kwargs)
        if user.reach.cafs:
            waiting = LabelRequest.objects.visible_to(user).to_attach()
            rows = with_clocks(context["applications"], timezone.localdate())
            context["applications"] = rows
            return context | {"requests": waiting.select_related("provider", "user")}
        mine = Provider.objects.visible_to(user).managed_by(user)
        return context | {"creches": with_dossiers(mine.filter(kind=Provider.Kind.FACILITY))}


class ApplicationDetail(VisibleObjectsMixin, DetailView):
    """The task list of the crèche, or the review page of the Caf."""

    model = LabelApplication
    context_object_name = "application"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("provider__facility", "provider__commune", "caf", "reviewer")
            .select_related("opened_by", "decided_by", "label")
            .with_answers()
        )

    def get_template_names(self):
        if applies(self.request.user, self.object):
            return ["labels/application_detail.html"]
        if self.object.submitted_at is None:
            return ["labels/application_attach.html"]
        return ["labels/application_review.html"]

    def get_context_data(self, **kwargs):
        application, user, on = self.object, self.request.user, timezone.localdate()
        mine = applies(user, application)
        missing = application_missing(application, on)
        history = history_of(application, APPLICATION, for_caf=not mine)
        context = super().get_context_data(
            missing=missing,
            history=history,
            stages=application_stages(application, history),
            act=next_act(application, user, on, missing),
            correction=application.open_correction,
            editable=mine and application.status in LabelApplication.EDITABLE,
            label=getattr(application, "label", None),
            **kwargs,
        )
        if mine:
            blocks = [LabelApplication.Block(block).label for block in application.blocks]
            context |= {"sections": section_list(application, missing), "blocks": blocks}
            return context | applicant_context(application, user, on)
        return context | review_context(application, user, on)


def section_list(application, missing):
    """The task list: each section, how much is left in it."""
    return [
        {
            "name": name,
            "title": title,
            "left": sum(1 for item in missing if item.section == name),
            "url": reverse("labels:application_section", args=[application.pk, name]),
        }
        for name, title in sections_of(application).items()
    ]


class ApplicationSection(RefusableForm, VisibleObjectsMixin, UpdateView):
    """One section: it saves although incomplete, and refuses what is wrong in words."""

    model = LabelApplication
    template_name = "labels/application_section.html"
    context_object_name = "application"

    def dispatch(self, request, *args, **kwargs):
        if kwargs["section"] not in SECTIONS:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_queryset(self):
        return super().get_queryset().select_related("provider__facility", "caf")

    def get_object(self, queryset=None):
        application = super().get_object(queryset)
        if self.kwargs["section"] not in sections_of(application):
            raise Http404
        if not applies(self.request.user, application):
            raise PermissionDenied
        return application

    def get(self, request, *args, **kwargs):
        application = self.get_object()
        if application.status not in LabelApplication.EDITABLE:
            return redirect(application)
        return super().get(request, *args, **kwargs)

    def get_form_class(self):
        return SECTION_FORMS[self.kwargs["section"]]

    def get_form(self, form_class=None):
        form, section = super().get_form(form_class), self.kwargs["section"]
        sent = FieldComment.objects.visible_to(self.request.user)
        self.remarks = placed(
            sent.filter(application=self.object, section=section).select_related("author")
        )
        show_remarks(form, section, self.remarks)
        return form

    def post(self, request, *args, **kwargs):
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            self.object = self.get_object()
            return autosave(self.get_form(), by=request.user)
        return super().post(request, *args, **kwargs)

    def take(self, form, who):
        form.save(by=who["by"])

    @property
    def done(self):
        return f"«\xa0{SECTIONS[self.kwargs['section']]}\xa0» est enregistré."

    def get_context_data(self, **kwargs):
        section = self.kwargs["section"]
        context = super().get_context_data(
            section=section,
            title=SECTIONS[section],
            documents=self.object.documents.select_related("document").defer("document__data"),
            correction=self.object.open_correction,
            may_resolve=self.object.status == LabelApplication.Status.CORRECTION_REQUESTED,
            **kwargs,
        )
        return context | {"remarks": self.remarks}  # placed while the form was made


class ApplicationCheck(VisibleObjectsMixin, DetailView):
    """« Vérifiez vos réponses »: what is missing, then every answer, then the submission."""

    model = LabelApplication
    template_name = "labels/application_check.html"
    context_object_name = "application"

    def get_queryset(self):
        return super().get_queryset().select_related("provider__facility", "caf").with_answers()

    def get_object(self, queryset=None):
        application = super().get_object(queryset)
        if not applies(self.request.user, application):
            raise PermissionDenied
        return application

    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        if self.object.status not in LabelApplication.EDITABLE:
            return redirect(self.object)
        return self.render_to_response(self.get_context_data())

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        corrects = self.object.status == LabelApplication.Status.CORRECTION_REQUESTED
        verb = resubmit if corrects else submit
        try:
            verb(self.object, by=request.user, on=timezone.localdate())
        except StepRefused as refusal:
            if self.object.status not in LabelApplication.EDITABLE:
                messages.error(request, refusal.reasons[0])
                return redirect(self.object)
            return self.render_to_response(self.get_context_data(refused=True), status=422)
        return redirect("labels:application_submitted", pk=self.object.pk)

    def get_context_data(self, **kwargs):
        application = self.object
        missing = application_missing(application, timezone.localdate())
        return super().get_context_data(
            missing=missing,
            obstacles=self._obstacles(missing),
            rubrics=read_dossier(application),
            editable=True,
            corrects=application.status == LabelApplication.Status.CORRECTION_REQUESTED,
            **kwargs,
        )

    def _obstacles(self, missing):
        """What blocks the submission besides what is missing in the dossier."""
        corrects = self.object.status == LabelApplication.Status.CORRECTION_REQUESTED
        step = APPLICATION.steps["resubmit" if corrects else "submit"]
        known = {item.sentence for item in missing}
        reasons = step.requires(self.object, timezone.localdate())
        return [reason for reason in reasons if reason not in known]


class ApplicationSubmitted(VisibleObjectsMixin, DetailView):
    """What happens next, once the dossier is handed over."""

    model = LabelApplication
    template_name = "labels/application_submitted.html"
    context_object_name = "application"

    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        if self.object.status in LabelApplication.EDITABLE or not self.object.is_open:
            return redirect(self.object)
        return self.render_to_response(self.get_context_data())

    def get_context_data(self, **kwargs):
        corrected = self.object.status == LabelApplication.Status.UNDER_REVIEW
        taken = (
            "La personne qui étudie votre dossier est prévenue et le reprend."
            if corrected
            else "Un agent de la Caf prend votre dossier en charge et l’étudie."
        )
        return super().get_context_data(
            title="Votre demande est renvoyée" if corrected else "Votre demande est déposée",
            text=f"La {self.object.caf} l’a reçue.",
            next=[
                taken,
                "S’il manque quelque chose, vous recevez par courriel ce qu’il faut corriger, "
                "et avant quelle date.",
                "Un comité décide. Vous recevez la décision, ses motifs et, si le label est "
                "accordé, l’attestation.",
            ],
            **kwargs,
        )


class DownloadDocument(VisibleObjectsMixin, SingleObjectMixin, View):
    """A document of the dossier; before its submission the crèche alone reads it."""

    model = LabelApplication

    def get(self, request, *args, **kwargs):
        application = self.get_object()
        if application.submitted_at is None and not applies(request.user, application):
            raise Http404
        found = application.documents.select_related("document")
        return serve_document(get_object_or_404(found, kind=kwargs["kind"]).document)
