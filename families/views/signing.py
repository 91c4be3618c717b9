"""Signing as a professional, and receiving the signature of somebody who has no account."""

from functools import wraps

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import FormView
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import fr_time
from avip.views import RefusableForm, VisibleObjectsMixin, log_reading, refusal_said
from avip.workflow import StepRefused
from families import contract_page, signature_rows, signing
from families.documents import articles_of, essentials_of
from families.forms.signing import (
    AttestForm,
    LinkForm,
    OnSiteCodeForm,
    PaperForm,
)
from families.models import AvipContract, Channel, Signature
from families.parties import link_channels, phone_of
from families.permissions import may_sign_as
from families.version_diff import changes_of
from families.views.contracts import for_parties
from families.workflow import contracts
from partners.permissions import is_hijacked

Method = Signature.Method


def never_borrowed(view):
    """Nobody signs, nor has anything signed, in an account that support has borrowed."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if is_hijacked(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapped


# Reading is free; the password is asked when the button is pressed, and the press is not lost.
def has_password(view):
    """Whoever comes in by a code has no password to give: another way of signing is hers."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if request.method == "POST" and not request.user.has_usable_password():
            messages.error(request, "Sans mot de passe, passez par le code par SMS ou le papier.")
            return redirect("families:contract_detail", kwargs["pk"])
        return view(request, *args, **kwargs)

    return wrapped


password_again = [never_borrowed, has_password, reauthentication_required(allow_get=True)]


def has_signed(signatory) -> bool:
    return hasattr(signatory, "signature")


def facts_of(request) -> dict:
    """What the evidence keeps of the browser; the address is the visitor's, not our proxy's."""
    return {
        "ip": get_adapter(request).get_client_ip(request),
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:300],
    }


@method_decorator(never_borrowed, name="dispatch")
class SigningView(RefusableForm, VisibleObjectsMixin, SingleObjectMixin, FormView):
    """The text, a form, one signature; nothing to sign leads back to the contract."""

    model = AvipContract
    method = Method.ACCOUNT
    blamed = None  # the field beside which a refusal is said

    def dispatch(self, request, *args, **kwargs):
        self.object = for_parties(request.user, self.get_object())
        self.version = self.object.version
        self.signatory = self.find_signatory()
        if self.signatory is None:
            return redirect(self.object)
        self.signatory.version = self.version
        self.version.contract = self.object
        return super().dispatch(request, *args, **kwargs)

    def find_signatory(self):
        """The signatory of the address; one who has signed is said, not asked again."""
        found = self.version.signatories.filter(pk=self.kwargs["signatory"]).first()
        if found is None:
            raise Http404
        found.version = self.version
        if not may_sign_as(self.request.user, found, self.method):
            raise PermissionDenied
        return found if self._is_waiting(found) else None

    def rows(self):
        return signature_rows.signature_rows(self.version, self.request.user, timezone.now())

    def _is_waiting(self, signatory):
        if self.version.status != self.version.Status.TO_SIGN:
            state = self.object.get_status_display()
            messages.info(self.request, f"Ce contrat n’est plus à signer\xa0: {state}.")
            return False
        if has_signed(signatory) and self.request.method != "POST":
            messages.info(self.request, f"{signatory} a déjà signé.")
            return False
        return True

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"version": self.version}

    def get_context_data(self, **kwargs):
        log_reading(self.request, self.object)
        return super().get_context_data(
            contract=self.object,
            version=self.version,
            signatory=self.signatory,
            family=contract_page.family_name(self.object),
            essentials=essentials_of(self.version.html),
            articles=articles_of(self.version.html),
            changes=changes_of(self.version),
            **kwargs,
        )

    def prove(self, form) -> dict:
        """What this way of signing adds to the evidence."""
        return {}

    def take(self, form, who):
        # Pressed twice, the second press finds the signature of the first.
        proof = {} if has_signed(self.signatory) else self.prove(form)
        data = form.cleaned_data
        contracts.sign(
            self.version,
            signatory=self.signatory,
            method=self.method,
            text_sha256=data["text_sha256"],
            **who,
            interpreter=data.get("interpreter", ""),
            text_shown_at=form.text_shown_at() if "shown" in data else "",
            **facts_of(self.request),
            **proof,
        )

    @property
    def done(self):
        self.version.refresh_from_db()
        left = self.version.signatories_expected - self.version.signatures_count
        if left:
            missing = signature_rows.still_waited(left)
            return f"La signature de {self.signatory} est enregistrée. {missing}"
        return (
            "Tout le monde a signé\xa0: le contrat est en vigueur. "
            "Sa version scellée se prépare, chacun reçoit un message."
        )


class SignOnSite(SigningView):
    """On the professional's screen: read together, a code goes to the signatory's phone."""

    form_class = OnSiteCodeForm
    template_name = "families/sign_on_site.html"
    method = Method.ON_SITE_CODE

    def get_context_data(self, **kwargs):
        phone = phone_of(self.signatory)
        return super().get_context_data(
            phone=signing.mask(phone) if phone else "",
            code=self.code if phone else None,
            code_trouble=signature_rows.delivery_of_code(self.code) if phone else "",
            **kwargs,
        )

    @property
    def code(self):
        """The code waiting to be typed, if one was sent."""
        return signing.waiting_code(self.signatory, at=timezone.now())

    def prove(self, form):
        self.blamed = "code"
        return prove_by_code(self.code, form)


def prove_by_code(code, form) -> dict:
    """The code that was typed, once it is right; StepRefused says why not."""
    if code is None:
        raise StepRefused("Ce code n’est plus valable. Demandez-en un nouveau.")
    if wrong := signing.try_code(code, form.cleaned_data["code"], at=timezone.now()):
        raise StepRefused(wrong)
    code.refresh_from_db()
    return {"code": code}


class SendOnSiteCode(SigningView):
    """The button that sends the code to the phone of who signs here."""

    http_method_names = ["post"]
    method = Method.ON_SITE_CODE

    def post(self, request, *args, **kwargs):
        with refusal_said(request):
            code = signing.send_code(
                self.signatory, channel=Channel.SMS, by=request.user, at=timezone.now()
            )
            messages.success(request, f"Un code part vers le {code.masked_phone}.")
        return redirect("families:sign_on_site", self.object.pk, self.signatory.pk)


@method_decorator(password_again, name="dispatch")
class SignAttested(SigningView):
    """Without a phone: the professional answers for the identity, and gives her password."""

    form_class = AttestForm
    template_name = "families/sign_attested.html"
    method = Method.ON_SITE_ATTESTED

    def prove(self, form):
        return {"identity_seen": True}


class SignOnPaper(SigningView):
    """A paper signed by hand: its scan is kept, the professional answers for it."""

    form_class = PaperForm
    template_name = "families/sign_on_paper.html"
    method = Method.PAPER

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"on": timezone.localdate()}

    @transaction.atomic
    def take(self, form, who):
        return super().take(form, who)

    def prove(self, form):
        data = form.cleaned_data
        return {
            "scan": form.keep_scan(),
            "signed_on_paper_on": data["signed_on"].isoformat(),
            "original_held_by": data["original_held_by"],
        }


class SendLink(SigningView):
    """The parent's own link: sent, sent again after a while, or the reason why it cannot be."""

    form_class = LinkForm
    template_name = "families/sign_send_link.html"
    method = Method.ON_SITE_CODE  # who may receive her signature may send her the link

    def find_signatory(self):
        found = super().find_signatory()
        if found and not found.parent_id:
            raise Http404
        return found

    def get_form_kwargs(self):
        kwargs = super().get_form_kwargs() | {"channels": link_channels(self.signatory.parent)}
        del kwargs["version"]
        return kwargs

    def get_context_data(self, **kwargs):
        parent = self.signatory.parent
        row = next(row for row in self.rows() if row.signatory == self.signatory)
        return super().get_context_data(
            parent=parent,
            obstacle=signature_rows.link_obstacle(parent),
            delivery=row.delivery,
            phone=parent.phone,
            contacts=[
                ("Courriel", signing.mask(parent.email) if parent.email else None),
                ("Téléphone", signing.mask(parent.phone) if parent.phone else None),
            ],
            **kwargs,
        )

    def take(self, form, who):
        channel = form.cleaned_data["channel"]
        self._not_too_soon(channel)
        signing.issue_link(
            self.object, self.signatory.parent, channel=channel, by=who["by"], at=timezone.now()
        )

    def _not_too_soon(self, channel):
        """A link sent on this channel is left some time, unless the address was corrected since."""
        link = self.signatory.parent.links.for_contract(self.object, channel).first()
        if link and (again := signing.again_at(link, timezone.now())):
            raise StepRefused(
                f"Un lien est déjà parti à {fr_time(link.issued_at)}\xa0: de nouveau possible à "
                f"{fr_time(again)}, ou dès que l’adresse ou le numéro est corrigé."
            )

    @property
    def done(self):
        return (
            "Le lien part. Il est valable "
            f"{signature_rows.link_days()}, et un lien envoyé avant ne marche plus."
        )
