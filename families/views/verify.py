"""Public page: is this contract or this label valid, is this file the original?"""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import FormView

from families.forms.verify import VerifyForm
from families.verification import clean_code, find, judge


@method_decorator(login_not_required, name="dispatch")
class VerifyView(FormView):
    """A code leads to what is said of its document; a file is read, judged and forgotten."""

    template_name = "families/verify.html"
    form_class = VerifyForm

    def get(self, request, *args, **kwargs):
        context = self.get_context_data()
        unknown = "code" in kwargs and context["answer"] is None
        return self.render_to_response(context, status=404 if unknown else 200)

    def form_valid(self, form):
        file = form.cleaned_data["file"]
        if file is None:
            return redirect("families:verify", form.cleaned_data["code"])
        found = judge(file.read(), timezone.localdate())
        return self.render_to_response(
            self.get_context_data(form=VerifyForm(), about_file=found, answer=found.original_of)
        )

    def get_context_data(self, **kwargs):
        if "answer" not in kwargs:
            code = clean_code(self.kwargs.get("code", ""))
            kwargs |= {"code": code, "answer": find(code, timezone.localdate()) if code else None}
        return super().get_context_data(**kwargs)
