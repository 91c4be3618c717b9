"""The leave of a childminder: what it changes is read before it is noted or taken back."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from families.forms.own_place import LeaveForm
from families.leave import care_during
from partners.models import Closure, Provider
from partners.views.hours import AddClosure, CalendarMixin


class LeaveMixin(CalendarMixin):
    """Her calendar, reached from her place and left to it."""

    def providers(self):
        return super().providers().filter(kind=Provider.Kind.CHILDMINDER)

    def get_context_data(self, **kwargs):
        return super().get_context_data(place_url=self.get_success_url(), **kwargs)

    def get_success_url(self):
        return reverse("families:own_place", args=[self.provider.pk])


class LeaveAdd(LeaveMixin, AddClosure):
    """The days, then the care that will not be given in them, if any is planned."""

    form_class = LeaveForm
    template_name = "families/leave_form.html"
    care = ()

    def get_initial(self):
        return {"kind": Closure.Kind.LEAVE}

    def get_context_data(self, **kwargs):
        return super().get_context_data(care=self.care, **kwargs)

    def form_valid(self, form):
        data = form.cleaned_data
        self.care = care_during(
            self.provider, self.request.user, data["first_day"], data["last_day"]
        )
        if self.care and not data["sure"]:
            form.data = form.data.copy()
            form.data["sure"] = "on"
            return self.form_invalid(form)
        return super().form_valid(form)


class LeaveRemove(LeaveMixin, TemplateView):
    """Taken back: she works on these days, and the care planned in them comes back."""

    template_name = "families/leave_remove.html"

    def dispatch(self, request, *args, **kwargs):
        self.leave = kwargs["closure"]
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        leave = get_object_or_404(self.provider.closures, pk=self.leave)
        today = timezone.localdate()
        first = max(leave.first_day, today)
        care = care_during(self.provider, self.request.user, first, leave.last_day)
        return super().get_context_data(leave=leave, care=care, **kwargs)

    def post(self, request, *args, **kwargs):
        leave = self.provider.closures.filter(pk=self.leave).first()
        # Pressed twice: the other press was first.
        if leave is None or self.reopened(leave):
            messages.success(request, "C’est noté\xa0: vous accueillez de nouveau ces jours-là.")
        return redirect(self.get_success_url())
