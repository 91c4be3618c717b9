"""Support borrows an account to see what a person sees: with a reason, on record, never to act."""

from crispy_forms.helper import FormHelper
from django import forms
from django.db import transaction
from django.http import Http404
from django.views.generic import FormView
from hijack.views import AcquireUserView

from avip.models import AccessLog
from partners.models import User
from partners.permissions import can_impersonate


class BorrowForm(forms.Form):
    email = forms.EmailField(label="Adresse de la personne")
    reason = forms.CharField(
        label="Pourquoi",
        max_length=200,
        help_text="Le numéro de la demande d’aide, par exemple. La personne peut en avoir copie.",
    )

    def __init__(self, *args, support, **kwargs):
        super().__init__(*args, **kwargs)
        self.support = support
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_email(self):
        """The account of this address, if support may borrow it."""
        person = User.objects.visible_to(self.support).filter(
            email__iexact=self.cleaned_data["email"]
        )
        self.person = person.first()
        if self.person is None or not can_impersonate(hijacker=self.support, hijacked=self.person):
            raise forms.ValidationError("Aucun compte de professionnel ouvert n’a cette adresse.")
        return self.person.email


class Support(FormView):
    """For the support team alone; for anybody else this page does not exist."""

    template_name = "partners/support.html"
    form_class = BorrowForm

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not request.user.is_staff:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "support": self.request.user}

    def form_valid(self, form):
        self.request.POST = self.request.POST.copy()
        self.request.POST["user_pk"] = str(form.person.pk)
        with transaction.atomic():
            AccessLog.objects.create(
                user=self.request.user,
                kind=User._meta.label_lower,
                object_id=form.person.pk,
                reason=form.cleaned_data["reason"],
            )
            return AcquireUserView.as_view()(self.request)
