"""« Toujours libre ? » from a link, nobody signing in: GET changes nothing."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from avip.workflow import StepRefused
from families.forms.own_place import PauseForm
from families.offers import pause, say_when, still_free
from families.still_free import Question, asked, question_of

SESSION_KEY = "still_free"
UNKNOWN, OVER, DONE, OPEN = "unknown", "over", "done", "open"


@method_decorator([login_not_required, never_cache], name="dispatch")
class StillFreeEntry(View):
    """The address of the message: what it asks moves to the session, without its signature."""

    http_method_names = ["get", "head"]

    def get(self, request, token):
        question = question_of(token)
        request.session[SESSION_KEY] = (
            [str(question.offer), str(question.person), question.month.isoformat()]
            if question
            else []
        )
        response = redirect("families:still_free")
        response["Referrer-Policy"] = "no-referrer"
        return response


@method_decorator([login_not_required, never_cache], name="dispatch")
class StillFree(FormView):
    """The place, « Oui » in one press, « Non » with the pause that follows."""

    form_class = PauseForm
    template_name = "families/still_free.html"

    def dispatch(self, request, *args, **kwargs):
        today = timezone.localdate()
        self.offer = self.person = None
        self.state = UNKNOWN
        kept = request.session.get(SESSION_KEY)
        if kept:
            question = Question(UUID(kept[0]), UUID(kept[1]), date.fromisoformat(kept[2]))
            if found := asked(question):
                self.offer, self.person = found
                self.state = self._state(question, today)
        return super().dispatch(request, *args, **kwargs)

    def _state(self, question, today):
        if question.is_over(today) or (self.offer.until and self.offer.until < today):
            return OVER
        confirmed = self.offer.confirmed_on and self.offer.confirmed_on >= question.month
        return DONE if confirmed or self.offer.is_paused_on(today) else OPEN

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            state=self.state,
            offer=self.offer,
            own=self.offer and self.offer.provider_id in self.person.reach.providers,
            when=say_when(self.offer) if self.offer else "",
            today=timezone.localdate(),
            **kwargs,
        )

    def post(self, request, *args, **kwargs):
        if self.state != OPEN:  # pressed twice: the other press was first
            return redirect("families:still_free")
        if request.POST.get("reponse") == "oui":
            try:
                still_free(self.offer, by=self.person, on=timezone.localdate())
            except StepRefused as refusal:
                messages.error(request, refusal.reasons[0])
            return redirect("families:still_free")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        until = form.cleaned_data["until"]
        try:
            pause(self.offer, by=self.person, on=timezone.localdate(), until=until)
        except StepRefused as refusal:
            form.add_error("until", refusal.reasons[0])
            return self.form_invalid(form)
        return redirect("families:still_free")
