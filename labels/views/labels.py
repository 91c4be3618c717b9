"""The labels themselves and their certificates."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView, ListView, View
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import short_date
from avip.views import VisibleObjectsMixin, serve_document
from labels.changes import changes_of_fact
from labels.documents import verification_url
from labels.filters import LabelFilter
from labels.label_page import act_on, actions_on
from labels.models import Label
from labels.permissions import follows_label, holds_label
from labels.talk import contacts_of
from labels.timeline import history_of, label_stages
from labels.views.queue import FORMATS
from labels.workflow import LABEL

COLUMNS = ("Crèche", "SIRET", "Commune", "État", "Accordé le", "Depuis le", "Jusqu’au", "Repris")


def list_of(request):
    """The labels that the reader sees through the filters of the address: (filter, rows)."""
    seen = Label.objects.visible_to(request.user).order_by("ends_on", "pk")
    shown = LabelFilter(request.GET, queryset=seen)
    return shown, shown.qs.select_related("provider__commune", "caf")


class LabelList(ListView):
    model = Label
    paginate_by = 20
    context_object_name = "labels"

    def get_queryset(self):
        self.filter, rows = list_of(self.request)
        return rows

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            filter=self.filter, follows=bool(self.request.user.reach.cafs), **kwargs
        )


class LabelExport(View):
    """The list as a file: exactly what its filters show, on every page of it."""

    def get(self, request, *args, **kwargs):
        write = FORMATS.get(kwargs["format"])
        if write is None:
            raise Http404
        labels = list_of(request)[1].select_related("provider__facility")
        rows = [
            [
                str(label.provider),
                label.provider.facility.siret or "",
                str(label.provider.commune),
                label.get_status_display(),
                short_date(label.granted_on),
                short_date(label.starts_on),
                short_date(label.ends_on),
                "oui" if label.taken_over else "non",
            ]
            for label in labels
        ]
        return write(f"labels-{timezone.localdate()}", COLUMNS, rows)


class LabelDetail(VisibleObjectsMixin, DetailView):
    model = Label
    context_object_name = "label"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("provider__facility", "provider__commune", "caf", "application")
        )

    def get_context_data(self, **kwargs):
        label, user, on = self.object, self.request.user, timezone.localdate()
        for_caf, mine = follows_label(user, label), holds_label(user, label)
        amend = f"{reverse('labels:application_create')}?creche={label.provider_id}"
        act = act_on(label, user, on) or {}
        return super().get_context_data(
            stages=label_stages(label, on),
            act=act,
            actions=[step for step in actions_on(label, user, on) if step["url"] != act.get("url")],
            changes=changes_of_fact(label) if for_caf or mine else [],
            amend_url=amend if mine and label.is_live else "",
            mine=mine,
            history=history_of(label, LABEL, for_caf=for_caf),
            verification_url=verification_url(label),
            **contacts_of(label.provider, user),
            **kwargs,
        )


class Certificate(VisibleObjectsMixin, SingleObjectMixin, View):
    """The certificate as a download; the worker makes it within minutes of the decision."""

    model = Label

    def get(self, request, *args, **kwargs):
        label = self.get_object()
        if label.certificate_id is None:
            messages.info(
                request, "L’attestation est en préparation\xa0: revenez dans quelques minutes."
            )
            return redirect(label)
        return serve_document(label.certificate)
