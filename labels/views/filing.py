"""The dossier as the crèche fills it in; the list, the detail and the pieces serve the Caf too."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView, FormView, ListView, UpdateView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin, serve_document
from avip.workflow import StepRefused
from labels.checklist import SECTIONS, sections_of
from labels.checks import application_missing
from labels.filing import open_application
from labels.filters import ApplicationFilter
from labels.forms.filing import SECTION_FORMS, OpenApplicationForm
from labels.models import Label, LabelApplication, LabelRequest
from labels.permissions import applies
from labels.timeline import application_stages, history_of, next_act
from labels.views.review import review_context
from labels.workflow import APPLICATION, resubmit, submit
from partners.models import Provider


class ApplicationList(VisibleObjectsMixin, ListView):
    """« Notre label » for a crèche, the queue for a Caf."""

    model = LabelApplication
    paginate_by = 20
    context_object_name = "applications"

    def get_queryset(self):
        seen = super().get_queryset().in_queue_order()
        self.filter = ApplicationFilter(self.request.GET, queryset=seen)
        return self.filter.qs.select_related("provider__commune", "reviewer", "caf")

    def get_template_names(self):
        reviews = bool(self.request.user.reach.cafs)
        return ["labels/application_queue.html" if reviews else "labels/application_list.html"]

    def get_context_data(self, **kwargs):
        user = self.request.user
        context = super().get_context_data(filter=self.filter, **kwargs)
        if user.reach.cafs:
            waiting = LabelRequest.objects.visible_to(user).to_attach()
            return context | {"requests": waiting.select_related("provider", "user")}
        labels = Label.objects.visible_to(user).select_related("provider").order_by("-ends_on")
        return context | {"labels": labels, "today": timezone.localdate()}


class ApplicationCreate(FormView):
    """For which crèche; the open request of that crèche is taken up again."""

    template_name = "labels/application_create.html"
    form_class = OpenApplicationForm

    def dispatch(self, request, *args, **kwargs):
        mine = Provider.objects.visible_to(request.user).managed_by(request.user)
        self.providers = mine.filter(kind=Provider.Kind.FACILITY)
        if not self.providers:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "providers": self.providers}

    def get_initial(self):
        return {"provider": self.providers[0]} if len(self.providers) == 1 else {}

    def form_valid(self, form):
        try:
            application = open_application(
                form.cleaned_data["provider"], by=self.request.user, on=timezone.localdate()
            )
        except StepRefused as refusal:
            form.add_error("provider", refusal.reasons[0])
            return self.form_invalid(form)
        return redirect(application)

    def get_context_data(self, **kwargs):
        mine = LabelApplication.objects.visible_to(self.request.user).open()
        return super().get_context_data(
            open_applications=mine.filter(provider__in=self.providers), **kwargs
        )


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
            return context | {"sections": section_list(application, missing)}
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


class ApplicationSection(VisibleObjectsMixin, UpdateView):
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

    def form_valid(self, form):
        try:
            form.save(by=self.request.user)
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            form.show_again()
            return self.form_invalid(form)
        messages.success(
            self.request, f"«\xa0{SECTIONS[self.kwargs['section']]}\xa0» est enregistré."
        )
        return redirect(self.object)

    def get_context_data(self, **kwargs):
        section = self.kwargs["section"]
        return super().get_context_data(
            section=section,
            title=SECTIONS[section],
            documents=self.object.documents.select_related("document").defer("document__data"),
            correction=self.object.open_correction,
            **kwargs,
        )


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
        return super().get_context_data(
            missing=application_missing(application, timezone.localdate()),
            sections=sections_of(application),
            editable=True,
            corrects=application.status == LabelApplication.Status.CORRECTION_REQUESTED,
            **kwargs,
        )


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
