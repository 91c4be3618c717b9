"""Opening hours and closures of a crèche or a childminder, kept by those who answer for her."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import CreateView, FormView, View

from partners.calendars import reasons_to_stay_closed
from partners.forms import ClosureForm, WeekForm, fingerprint
from partners.models import Closure, Provider
from partners.permissions import is_hijacked, keeps_calendar


class CalendarMixin:
    """A provider in scope that the person at the screen answers for: otherwise 404, then 403."""

    def dispatch(self, request, *args, **kwargs):
        self.provider = get_object_or_404(
            self.providers().select_related("caf", "facility", "childminder"), pk=kwargs["pk"]
        )
        user = request.user
        if not keeps_calendar(user, self.provider):
            raise PermissionDenied
        if request.method == "POST" and is_hijacked(user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def providers(self):
        """Those whose calendar may be asked for here."""
        return Provider.objects.visible_to(self.request.user)

    def lock(self):
        """Two people who change the same calendar do it one after the other."""
        rows = Provider.objects.visible_to(self.request.user)
        return rows.select_for_update(of=("self",), no_key=True).get(pk=self.provider.pk)

    def reopened(self, closure) -> bool:
        """Whether this closure could be taken back; the reasons why not are said."""
        with transaction.atomic():
            self.lock()
            others = self.provider.closures.exclude(pk=closure.pk)
            left = [(other.first_day, other.last_day) for other in others]
            reasons = reasons_to_stay_closed(self.provider, left, timezone.localdate())
            if not reasons:
                closure.delete()
        for reason in reasons:
            messages.error(self.request, reason)
        return not reasons

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"provider": self.provider}

    def get_context_data(self, **kwargs):
        return super().get_context_data(provider=self.provider, **kwargs)

    def get_success_url(self):
        return reverse("partners:calendar", args=[self.provider.pk])


class Week(CalendarMixin, FormView):
    form_class = WeekForm
    template_name = "partners/calendar.html"

    def get_context_data(self, **kwargs):
        today = timezone.localdate()
        closures = list(self.provider.closures.all())
        return super().get_context_data(
            coming=[closure for closure in closures if closure.last_day >= today],
            past=[closure for closure in reversed(closures) if closure.last_day < today],
            **kwargs,
        )

    @transaction.atomic
    def form_valid(self, form):
        provider = self.lock()
        now = fingerprint(provider.opening_hours.all())
        if form.cleaned_data["seen"] != now:
            form.data = form.data.copy()
            form.data["seen"] = now
            form.add_error(
                None,
                "Ces horaires ont été modifiés entre-temps par quelqu’un d’autre. Votre saisie est "
                "conservée ci-dessous : relisez-la, puis enregistrez de nouveau.",
            )
            return self.form_invalid(form)
        form.save(provider)
        messages.success(self.request, "Les horaires sont enregistrés.")
        return redirect(self.get_success_url())


class AddClosure(CalendarMixin, CreateView):
    form_class = ClosureForm
    template_name = "partners/closure_form.html"

    def get_initial(self):
        kind = Closure.Kind.LEAVE if self.provider.is_childminder else Closure.Kind.CLOSURE
        return {"kind": kind}

    def form_valid(self, form):
        try:
            with transaction.atomic():
                self.lock()
                closure = form.save()
        except IntegrityError:
            form.add_error(
                "first_day", "Ces jours viennent d’être couverts par une autre fermeture."
            )
            return self.form_invalid(form)
        messages.success(self.request, f"C’est enregistré : {closure}.")
        return redirect(self.get_success_url())


class RemoveClosure(CalendarMixin, View):
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        closure = get_object_or_404(self.provider.closures, pk=kwargs["closure"])
        if self.reopened(closure):
            messages.success(request, f"Retiré du calendrier : {closure}.")
        return redirect(self.get_success_url())
