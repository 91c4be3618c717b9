"""The talk about a dossier: remarks on its answers, messages, contacts, its summary."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import TakeStep, VisibleObjectsMixin, refusal_said, serve_document
from labels import workflow
from labels.checklist import sections_of
from labels.forms.talk import CommentForm, ContactForm, MessageForm, ReplyForm
from labels.models import ContactNote, FieldComment, LabelApplication, Message
from labels.permissions import answers_comment, applies, reviews
from labels.reading import FIELDS, place_in_words
from labels.summary import render_summary
from labels.talk import note_contact, post_message
from labels.views.review import ApplicationPage
from labels.workflow.comments import DISCUSSED
from partners.models import Provider
from partners.permissions import is_caf_agent

Status = LabelApplication.Status


class AddComment(ApplicationPage):
    """A remark on one answer, from the small form beside it."""

    form_class = CommentForm
    states = DISCUSSED
    title = "Écrire une remarque"
    submit = "Ajouter la remarque"

    def dispatch(self, request, *args, **kwargs):
        self.place = kwargs["section"], kwargs["field"]
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self):
        section, field = self.place
        if section not in sections_of(self.object) or field not in FIELDS[section]:
            raise Http404
        return reviews(self.request.user, self.object)

    def take(self, form, who):
        section, field = self.place
        workflow.add_comment(self.object, section=section, field=field, **who, **form.cleaned_data)
        return f"{self.object.get_absolute_url()}#{'-'.join(self.place)}"

    def get_context_data(self, **kwargs):
        self.lead = f"Sur\xa0: {place_in_words(*self.place)}."
        return super().get_context_data(**kwargs)


class CommentStep(TakeStep):
    """What the reviewer does with a remark."""

    model = FieldComment
    verbs = {"close": workflow.close_comment, "reopen": workflow.reopen_comment}


class ResolveComment(VisibleObjectsMixin, SingleObjectMixin, View):
    """The crèche has corrected: back to the section it was reading."""

    http_method_names = ["post"]
    model = FieldComment

    def post(self, request, *args, **kwargs):
        comment = self.get_object()
        if not answers_comment(request.user, comment):
            raise PermissionDenied
        form, on = ReplyForm(request.POST), timezone.localdate()
        if not form.is_valid():
            messages.error(request, form.errors["reply"][0])
        else:
            with refusal_said(request):
                workflow.resolve_comment(comment, by=request.user, on=on, **form.cleaned_data)
                messages.success(request, "La remarque est marquée comme corrigée.")
        return redirect("labels:application_section", comment.application_id, comment.section)


class AddMessage(ApplicationPage):
    """A message of the thread; its form is on the page of the dossier."""

    form_class = MessageForm
    states = [s for s in Status if s not in (Status.DRAFT, *LabelApplication.CLOSED)]
    title = "Écrire un message"
    submit = "Envoyer le message"

    def is_allowed(self):
        user = self.request.user
        return applies(user, self.object) or reviews(user, self.object)

    def take(self, form, who):
        data = form.cleaned_data
        post_message(self.object, **who, text=data["text"], file=data["document"])
        return f"{self.object.get_absolute_url()}#echanges"

    def get_context_data(self, **kwargs):
        mine = applies(self.request.user, self.object)
        reader = "La personne qui instruit votre demande" if mine else "La crèche"
        self.lead = f"{reader} reçoit un courriel et lit votre message sur la page du dossier."
        return super().get_context_data(**kwargs)


class MessageDocument(VisibleObjectsMixin, SingleObjectMixin, View):
    """The document joined to a message, for those who read the thread."""

    model = Message

    def get(self, request, *args, **kwargs):
        message = self.get_object()
        if message.document is None:
            raise Http404
        return serve_document(message.document)


class ContactList(VisibleObjectsMixin, SingleObjectMixin, FormView):
    """The calls, visits and notes of the Caf about a crèche, and a new one."""

    model = Provider
    template_name = "labels/contact_list.html"
    context_object_name = "provider"
    form_class = ContactForm

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not is_caf_agent(request.user, self.object):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "on": timezone.localdate()}

    def form_valid(self, form):
        note_contact(
            self.object, by=self.request.user, on=timezone.localdate(), **form.cleaned_data
        )
        messages.success(self.request, "C’est noté.")
        return redirect("labels:contact_list", self.object.pk)

    def get_context_data(self, **kwargs):
        notes = ContactNote.objects.visible_to(self.request.user).filter(provider=self.object)
        dossiers = LabelApplication.objects.visible_to(self.request.user)
        return super().get_context_data(
            contacts=notes.select_related("author"),
            application=dossiers.filter(provider=self.object).first(),
            **kwargs,
        )


class ApplicationSummary(VisibleObjectsMixin, SingleObjectMixin, View):
    """The summary of a dossier, as it stands today: for the Caf alone, it says the proposal."""

    model = LabelApplication

    def get_queryset(self):
        rows = super().get_queryset().select_related("provider__facility", "provider__commune")
        return rows.select_related("caf", "reviewer").with_answers()

    def get(self, request, *args, **kwargs):
        application, on = self.get_object(), timezone.localdate()
        if not reviews(request.user, application):
            raise PermissionDenied
        if application.submitted_at is None:
            raise Http404
        response = HttpResponse(render_summary(application, on), content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="resume-demande-{on}.pdf"'
        response["X-Content-Type-Options"] = "nosniff"
        return response
