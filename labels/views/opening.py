"""Which dossier a crèche opens: for which crèche, and what it asks for."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView

from avip.views import RefusableForm
from labels.filing import open_application, why_not, with_dossiers
from labels.forms.filing import KIND_WORDS, OpenApplicationForm
from labels.models import LabelApplication
from labels.workflow import running_label
from partners.models import Provider


class ApplicationCreate(RefusableForm, FormView):
    """For which crèche, then what is asked; open dossiers come first."""

    template_name = "labels/application_create.html"
    form_class = OpenApplicationForm

    def dispatch(self, request, *args, **kwargs):
        mine = Provider.objects.visible_to(request.user).managed_by(request.user)
        self.creches = with_dossiers(mine.filter(kind=Provider.Kind.FACILITY))
        if not self.creches:
            raise PermissionDenied
        self.creche = self._chosen(request.GET.get("creche"))
        if self.creche is None and request.method == "POST":
            return redirect("labels:application_create")
        if self.creche:
            self.opened = {dossier.kind: dossier for dossier in self.creche.dossiers}
            self.refusals = {kind: self._refusal(kind) for kind in LabelApplication.Kind}
        return super().dispatch(request, *args, **kwargs)

    def _chosen(self, asked):
        """The crèche of the address, or the only one; None while she must still choose."""
        if asked is None:
            return self.creches[0] if len(self.creches) == 1 else None
        try:
            return self.creches.get(pk=asked)
        except (Provider.DoesNotExist, ValidationError) as error:
            raise Http404 from error

    def _refusal(self, kind):
        """Why this kind cannot be asked for here today, or nothing."""
        if kind not in self.opened:
            return why_not(self.creche, kind, timezone.localdate())
        # What is open is taken up again from its own line; a draft may change something more.
        dossier = self.opened[kind]
        is_draft = dossier.status == LabelApplication.Status.DRAFT
        adds = is_draft and kind == LabelApplication.Kind.AMENDMENT
        return [] if adds or self.request.method == "POST" else ["déjà ouvert."]

    def get_form_kwargs(self):
        possible = [kind for kind, reasons in self.refusals.items() if not reasons]
        return {**super().get_form_kwargs(), "kinds": possible}

    def take(self, form, who):
        data = form.cleaned_data
        return open_application(
            self.creche, kind=data["kind"], blocks=data.get("blocks", ()), **who
        )

    def get_context_data(self, **kwargs):
        if self.creche is None:
            return {"creches": self.creches}
        return super().get_context_data(
            creche=self.creche,
            several=len(self.creches) > 1,
            dossiers=self.creche.dossiers,
            impossible=[
                (KIND_WORDS[kind][0], reasons[0])
                for kind, reasons in self.refusals.items()
                if reasons and kind not in self.opened
            ],
            held=running_label(self.creche, timezone.localdate()),
            **kwargs,
        )
