"""The life of a label: its letters, and the steps the Caf or the crèche takes."""

from django.contrib import messages
from django.shortcuts import redirect
from django.views.generic import View
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin, serve_document
from labels.models import Letter


class DownloadLetter(VisibleObjectsMixin, SingleObjectMixin, View):
    """A letter as a download; the worker makes it within minutes of the act."""

    model = Letter

    def get_queryset(self):
        return super().get_queryset().select_related("document", "label", "application")

    def get(self, request, *args, **kwargs):
        letter = self.get_object()
        if letter.document_id is None:
            messages.info(
                request, "Le courrier est en préparation\xa0: revenez dans quelques minutes."
            )
            return redirect(letter.label or letter.application)
        return serve_document(letter.document)
