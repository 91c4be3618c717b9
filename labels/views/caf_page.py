"""The public page of a Caf, kept by the Caf: its text, its questions, its calls for projects."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import CreateView, DeleteView, UpdateView, View
from django.views.generic.base import RedirectView
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin
from labels.forms.caf_page import CafPageForm, CallForm, QuestionForm
from labels.models import CallForProjects, PublicQuestion
from partners.models import Caf
from partners.permissions import is_hijacked


def keeps_page(by, caf):
    """Responsable of this Caf: writes its public page, its questions, its calls for projects."""
    return caf.pk in by.reach.managed_cafs and not is_hijacked(by)


class OwnCafPage(RedirectView):
    """From the menu, to the page of one's own Caf."""

    def get_redirect_url(self):
        caf = Caf.objects.visible_to(self.request.user).first()
        if caf is None or not self.request.user.reach.cafs:
            raise Http404
        return reverse("labels:caf_edit", args=[caf.pk])


class CafEdit(VisibleObjectsMixin, UpdateView):
    """What the page says and when dossiers come in: every agent reads, the responsable writes."""

    model = Caf
    form_class = CafPageForm
    template_name = "labels/caf_edit.html"
    context_object_name = "caf"

    def get_queryset(self):
        return super().get_queryset().filter(pk__in=self.request.user.reach.cafs)

    def post(self, request, *args, **kwargs):
        if not keeps_page(request.user, self.get_object()):
            raise PermissionDenied
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        form.save()
        messages.success(self.request, "La page publique est à jour.")
        return redirect("labels:caf_edit", pk=self.object.pk)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            keeps=keeps_page(self.request.user, self.object),
            questions=self.object.questions.all(),
            calls=self.object.calls.all(),
            **kwargs,
        )


class OfCafPage(VisibleObjectsMixin, SingleObjectMixin):
    """A part of the page of one's own Caf, kept by its responsable."""

    context_object_name = "part"
    template_name = "labels/caf_part.html"

    def dispatch(self, request, *args, **kwargs):
        own = Caf.objects.visible_to(request.user).filter(pk__in=request.user.reach.cafs)
        self.caf = own.filter(pk=kwargs["caf"]).first()
        if self.caf is None:
            raise Http404
        if not keeps_page(request.user, self.caf):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_queryset(self):
        return super().get_queryset().filter(caf=self.caf)

    def get_success_url(self):
        return reverse("labels:caf_edit", args=[self.caf.pk])

    def get_context_data(self, **kwargs):
        return super().get_context_data(caf=self.caf, title=self.title, **kwargs)


class QuestionCreate(OfCafPage, CreateView):
    model = PublicQuestion
    form_class = QuestionForm
    title = "Ajouter une question"

    def form_valid(self, form):
        last = self.caf.questions.last()
        form.instance.caf = self.caf
        form.instance.position = last.position + 1 if last else 0
        return super().form_valid(form)


class QuestionUpdate(OfCafPage, UpdateView):
    model = PublicQuestion
    form_class = QuestionForm
    title = "Modifier la question"


class QuestionMove(OfCafPage, View):
    """One place up, among the questions of the page."""

    model = PublicQuestion
    http_method_names = ["post"]

    @transaction.atomic
    def post(self, request, *args, **kwargs):
        moved = self.get_object()
        questions = list(self.caf.questions.select_for_update(no_key=True))
        index = questions.index(moved)
        if index:
            questions.insert(index - 1, questions.pop(index))
        for position, question in enumerate(questions):
            question.position = position
        self.caf.questions.bulk_update(questions, ["position"])
        return redirect(self.get_success_url())


class QuestionDelete(OfCafPage, DeleteView):
    model = PublicQuestion
    http_method_names = ["post"]


class CallPage(OfCafPage):
    """Two calls of a Caf never overlap, even when two people write them at once."""

    model = CallForProjects
    form_class = CallForm

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "caf": self.caf}

    def form_valid(self, form):
        try:
            with transaction.atomic():
                return super().form_valid(form)
        except IntegrityError:
            form.add_error(None, "Un autre appel à projets couvre déjà ces dates.")
            return self.form_invalid(form)


class CallCreate(CallPage, CreateView):
    title = "Ouvrir un appel à projets"


class CallUpdate(CallPage, UpdateView):
    title = "Modifier l’appel à projets"
