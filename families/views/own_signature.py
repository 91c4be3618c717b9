"""Signing in one's own account: the password is asked again, or a code by SMS in its place."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator

from avip.workflow import StepRefused
from families import signing
from families.forms.signing import ConsentForm, OwnCodeForm
from families.models import Channel, Signature
from families.permissions import may_sign_as
from families.views.signing import SigningView, has_signed, never_borrowed, prove_by_code

Method = Signature.Method


def is_by_code(request):
    """Who has no password proves who she is by a code to her phone instead."""
    return not request.user.has_usable_password()


@method_decorator(
    [
        never_borrowed,
        reauthentication_required(allow_get=True, enabled=lambda request: not is_by_code(request)),
    ],
    name="dispatch",
)
class ContractSign(SigningView):
    """In one's own account: the password, or else a code, is asked when the button is pressed."""

    template_name = "families/sign_own.html"

    def get_form_class(self):
        return OwnCodeForm if is_by_code(self.request) else ConsentForm

    def get_context_data(self, **kwargs):
        by_code = is_by_code(self.request)
        return super().get_context_data(
            by_code=by_code, code=self.code if by_code else None, **kwargs
        )

    @property
    def code(self):
        """The code waiting to be typed, if one was sent."""
        return signing.waiting_code(self.signatory, at=timezone.now())

    def prove(self, form):
        if not is_by_code(self.request):
            return {}
        self.blamed = "code"
        return prove_by_code(self.code, form)

    def find_signatory(self):
        """The first signature awaited that this person may give."""
        mine = [
            row.signatory
            for row in self.rows()
            if may_sign_as(self.request.user, row.signatory, Method.ACCOUNT)
        ]
        if not mine:
            raise PermissionDenied
        waiting = [one for one in mine if not has_signed(one)]
        found = (waiting or mine)[0]
        return found if self._is_waiting(found) else None


class SendOwnCode(ContractSign):
    """The button that sends a code to her own phone, for whoever has no password."""

    http_method_names = ["post"]

    def dispatch(self, request, *args, **kwargs):
        if request.method != "POST":
            return self.http_method_not_allowed(request)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        if not is_by_code(request):
            raise PermissionDenied
        try:
            code = signing.send_code(
                self.signatory, channel=Channel.SMS, by=request.user, at=timezone.now()
            )
        except StepRefused as refusal:
            for reason in refusal.reasons:
                messages.error(request, reason)
        else:
            messages.success(request, f"Un code part vers le {code.masked_phone}.")
        return redirect("families:contract_sign", self.object.pk)
