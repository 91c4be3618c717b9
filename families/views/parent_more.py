"""What a parent does from her page: says she found work, what she wishes, what is wrong."""

from contextlib import suppress

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView, View

from avip.workflow import StepRefused
from families import own_data
from families.forms.follow_up import WishForm
from families.models import CorrectionRequest
from families.parent_page import more_of
from families.views.parent import ParentPage, quiet
from families.workflow import corrections, endings, reviews, work_checks


class ParentAct(ParentPage, TemplateView):
    """A page of the parent with one thing to say; refused in words."""

    template_name = "families/parent_act.html"
    kind = ""

    def get_context_data(self, **kwargs):
        contract = self.link.contract
        return super().get_context_data(
            kind=self.kind,
            contract=contract,
            more=more_of(contract, timezone.localdate()),
            done=self.request.GET.get("fait") == "1",
            **kwargs,
        )

    def post(self, request, *args, **kwargs):
        try:
            self.act(request.POST, timezone.localdate())
        except StepRefused as refusal:
            return self.render_to_response(self.get_context_data(refusals=refusal.reasons))
        return redirect(f"{request.path}?fait=1")


@method_decorator(quiet, name="dispatch")
class ParentJob(ParentAct):
    """« J’ai trouvé un emploi »: what it changes, then one button."""

    kind = "job"

    def act(self, data, on):
        """Her adviser is told; nothing ends."""
        endings.say_job(self.link.contract, by=self.link, on=on)


@method_decorator(quiet, name="dispatch")
class ParentWish(ParentAct):
    """What she wishes after this contract."""

    kind = "wish"

    def get_context_data(self, **kwargs):
        return super().get_context_data(form=WishForm(), **kwargs)

    def act(self, data, on):
        """Keep her wish, which the two others read."""
        wish = data.get("wish", "")
        reviews.say(self.link.contract, by=self.link, on=on, part="parent", opinion=wish)


@method_decorator(quiet, name="dispatch")
class ParentData(ParentAct):
    """« Mes données »: what is held about her family, and how to have it put right."""

    kind = "data"

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            data=own_data.own_data(self.link.parent).items(),
            whats=[
                (value, f"{label[0].upper()}{label[1:]}")
                for value, label in CorrectionRequest.What.choices
            ],
            **kwargs,
        )

    def act(self, data, on):
        """Her adviser is asked to correct it."""
        corrections.ask(self.link, what=data.get("what", ""), on=on, at=timezone.now())


@method_decorator(quiet, name="dispatch")
class ParentDataFile(ParentPage, View):
    """The same, to keep: a PDF to read, or a file for another software."""

    http_method_names = ["get"]
    kind = "pdf"

    def get(self, request):
        parent = self.link.parent
        if self.kind == "pdf":
            data, of = own_data.as_pdf(parent, at=timezone.now()), "application/pdf"
        else:
            data, of = own_data.as_json(own_data.own_data(parent)), "application/json"
        response = HttpResponse(data, content_type=of)
        response["Content-Disposition"] = f'attachment; filename="mes-donnees-avip.{self.kind}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response


@method_decorator(quiet, name="dispatch")
class WorkAnswer(TemplateView):
    """One question, months later, by its own link: GET changes nothing and names nobody."""

    template_name = "families/parent_work.html"

    def setup(self, request, *args, token, **kwargs):
        super().setup(request, *args, token=token, **kwargs)
        self.contract = work_checks.contract_of(token)

    def get_context_data(self, **kwargs):
        contract = self.contract
        return super().get_context_data(
            unknown=contract is None,
            answered=bool(contract and contract.still_in_work_on),
            **kwargs,
        )

    def post(self, request, *args, **kwargs):
        still = request.POST.get("still")
        if self.contract and still in (work_checks.YES, work_checks.NO):
            with suppress(StepRefused):  # answered meanwhile: the page says so
                work_checks.answer(self.contract, by=None, on=timezone.localdate(), still=still)
        return self.get(request, *args, **kwargs)
