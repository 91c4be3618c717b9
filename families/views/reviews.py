"""The point before the end: each gives an opinion on a short page, all read the three."""

from django.core.exceptions import PermissionDenied

from families.forms.follow_up import ReviewForm
from families.models import ContractReview
from families.views.interviews import ContractAct
from families.workflow import reviews


class ReviewSay(ContractAct):
    form_class = ReviewForm
    template_name = "families/review_form.html"
    title = "Faire le point avant la fin"
    submit = "Donner mon avis"
    done = "Votre avis est noté\xa0: les autres le lisent sur la page du contrat."

    @staticmethod
    def allowed(user, contract):
        return bool(reviews.parts_of(user, contract))

    def get_form_kwargs(self):
        parts = reviews.parts_of(self.request.user, self.object)
        if not parts:
            raise PermissionDenied
        return super().get_form_kwargs() | {"parts": parts}

    def get_initial(self):
        review = ContractReview.objects.visible_to(self.request.user).filter(contract=self.object)
        if found := review.first():
            return {
                "adviser": found.adviser_opinion,
                "care": found.care_opinion,
                "parent": found.parent_wish,
            }
        return {}

    def get_context_data(self, **kwargs):
        return super().get_context_data(rows=reviews.rows_of(self.object), **kwargs)

    def take(self, form, who):
        """Each part that was answered."""
        for part, opinion in form.cleaned_data.items():
            if opinion:
                reviews.say(self.object, part=part, opinion=opinion, **who)
