"""« Clauses de la Caf »: what holds, what held before, and how the responsable writes another."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.views.generic import FormView

from avip.views import RefusableForm
from families.clauses import articles_of, write_clauses
from families.forms.clauses import ClausesForm
from families.models import LocalClauses
from labels.permissions import own_caf
from partners.permissions import is_hijacked


class Clauses(RefusableForm, FormView):
    form_class = ClausesForm
    template_name = "families/clauses.html"
    blamed = "valid_from"

    def dispatch(self, request, *args, **kwargs):
        """For the people of a Caf; its responsable alone writes."""
        if not request.user.reach.cafs:
            raise PermissionDenied
        self.caf = own_caf(request.user)
        return super().dispatch(request, *args, **kwargs)

    @property
    def may_write(self):
        user = self.request.user
        return self.caf.pk in user.reach.managed_cafs and not is_hijacked(user)

    def get_initial(self):
        on = timezone.localdate()
        found = self._visible().in_force(self.caf, on)
        return {"valid_from": on, "text": found.text if found else ""}

    def _visible(self):
        return LocalClauses.objects.visible_to(self.request.user)

    def get_context_data(self, **kwargs):
        found = self._visible().in_force(self.caf, timezone.localdate())
        rows = list(self._visible().filter(caf=self.caf).select_related("set_by"))
        recorded = sorted(rows, key=lambda row: row.recorded_at)
        for number, row in enumerate(recorded, start=1):
            row.version, row.articles = number, articles_of(row.text)
        return super().get_context_data(
            caf=self.caf,
            current=next((row for row in rows if found and row.pk == found.pk), None),
            history=rows,
            may_write=self.may_write,
            **kwargs,
        )

    def post(self, request, *args, **kwargs):
        if not self.may_write:
            raise PermissionDenied
        return super().post(request, *args, **kwargs)

    def take(self, form, who):
        written = write_clauses(self.caf, **who, **form.cleaned_data)
        messages.success(
            self.request,
            "Ces clauses entrent dans les contrats proposés à partir du "
            f"{written.valid_from:%d/%m/%Y}. Ceux qui sont déjà proposés ne changent pas.",
        )
        return "families:clauses"
