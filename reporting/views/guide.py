"""The pages of the guide."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView

from reporting.guide import GUIDES, html_of, sections_of


@method_decorator(login_not_required, name="dispatch")
class Guide(TemplateView):
    """The guide of one trade; anybody may read it."""

    template_name = "reporting/guide.html"

    def get_context_data(self, guide, **kwargs):
        if guide not in GUIDES:
            raise Http404
        return super().get_context_data(
            title=GUIDES[guide][0], sections=sections_of(guide), text=html_of(guide), **kwargs
        )
