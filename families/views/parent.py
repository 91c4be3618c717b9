"""The parent's pages, behind a secret address and a code: nothing is said before the code.

The address of the mail changes nothing and names nobody; a press moves it into a short signed
cookie, so that the secret is in no other address.
"""

from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing as signed
from django.http import Http404
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import decorator_from_middleware, method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import FormView, TemplateView, View

from avip.jobs import SCHEDULES
from avip.views import serve_document
from avip.workflow import StepRefused
from families import signing
from families.contract_page import adjustments_of
from families.documents import articles_of, essentials_of
from families.forms.parent import CodeForm, LostForm
from families.forms.signing import ConsentForm
from families.models import Channel, ParentLink, Signature, SigningCode
from families.parent_page import more_of, next_appointment, send_lost_links
from families.parties import code_channel
from families.version_diff import changes_of
from families.views.signing import facts_of, has_signed
from families.wording import say_schedule
from families.workflow import contracts

COOKIE = "__Host-parent" if settings.SECURE else "parent"
SALT = "families.parent"
UNKNOWN, REVOKED, OVER, SIGNED, EXPIRED, OPEN = (
    "unknown",
    "revoked",
    "over",
    "signed",
    "expired",
    "open",
)


class CsrfOfQuietPages(CsrfViewMiddleware):
    """The usual token, on pages that send no referrer: browsers then name their origin « null »."""

    def _origin_verified(self, request):
        return request.META["HTTP_ORIGIN"] == "null" or super()._origin_verified(request)


def quiet(view):
    """Nobody is signed in, nothing is kept by a cache, no address leaves with a click."""
    checked = decorator_from_middleware(CsrfOfQuietPages)(view)

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        response = checked(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store, private"
        return response

    return login_not_required(csrf_exempt(wrapped))


class LinkView(View):
    """What every page behind a link knows: the link, whether it still opens, who signs."""

    link = None

    def read_link(self, link):
        """The link, the text it leads to and its signatory, whatever its state."""
        self.link = link
        self.signatory = None
        self.version = link.contract.version if link else None
        if self.version:
            self.version.contract = link.contract
            found = self.version.signatories.select_related("parent", "signature")
            self.signatory = found.filter(parent=link.parent_id).first()
        if self.signatory:
            self.signatory.version = self.version

    @property
    def state(self) -> str:
        """State first, link second: what is signed is said to be, even by an old link."""
        if self.link is None:
            return UNKNOWN
        if self.link.revoked_at:
            return REVOKED
        if self.signatory and (has_signed(self.signatory) or self._is_taken_over):
            return SIGNED
        if self.signatory is None or self.version.status != self.version.Status.TO_SIGN:
            return OVER
        return OPEN if self.link.is_open(timezone.now()) else EXPIRED

    @property
    def _is_taken_over(self):
        """Signed on paper before the software, and running here."""
        return self.link.contract.taken_over and self.version.in_force_at is not None

    @property
    def may_enter(self) -> bool:
        """Signed or to sign, by a link that has not expired."""
        return self.state in (OPEN, SIGNED) and self.link.is_open(timezone.now())


@method_decorator(quiet, name="dispatch")
class ParentEntry(LinkView, TemplateView):
    """The address of the message. GET changes nothing; POST goes in."""

    template_name = "families/parent_entry.html"

    def setup(self, request, *args, token, **kwargs):
        super().setup(request, *args, token=token, **kwargs)
        links = ParentLink.objects.for_link(token).select_related("contract", "parent")
        self.read_link(links.first())

    def get_context_data(self, **kwargs):
        signature = getattr(self.signatory, "signature", None) if self.link else None
        return super().get_context_data(
            state=self.state,
            may_enter=self.may_enter,
            signed_on=signature.signed_at if signature else None,
            **kwargs,
        )

    def post(self, request, *args, **kwargs):
        if not self.may_enter:
            return self.get(request, *args, **kwargs)
        if self.link.opened_at is None:
            self.link.opened_at = timezone.now()
            self.link.save(update_fields=["opened_at"])
        response = redirect("families:parent_home")
        keep(response, self.kwargs["token"])
        return response


@method_decorator(quiet, name="dispatch")
class ParentNewLink(ParentEntry):
    """An expired link sends another one, to the same address; the answer never varies."""

    http_method_names = ["post"]
    template_name = "families/parent_new_link.html"

    def post(self, request, *args, **kwargs):
        if self.link and not self.link.is_open(timezone.now()):
            signing.send_link_again(self.link, at=timezone.now())
        return self.render_to_response({})


class ParentPage(LinkView):
    """A page of the session that the entry opened; without one, the way back in."""

    needs_proof = True

    def dispatch(self, request, *args, **kwargs):
        kept = kept_in(request)
        links = ParentLink.objects.for_link(kept.get("token", ""))
        self.read_link(links.select_related("contract__caf", "contract__agency", "parent").first())
        self.token = kept.get("token")
        if not self.may_enter:
            return redirect("families:parent_lost")
        self.code = self._code(kept)
        self.is_proved = signing.proves(
            self.code, self.signatory, at=timezone.now(), link=self.link
        )
        if self.needs_proof and not self.is_proved:
            return redirect("families:parent_home")
        return super().dispatch(request, *args, **kwargs)

    def _code(self, kept):
        """The code that this very browser asked for; one asked for elsewhere opens nothing."""
        if not kept.get("code"):
            return None
        return SigningCode.objects.for_link(self.link).filter(pk=kept["code"]).first()


@method_decorator(quiet, name="dispatch")
class ParentHome(ParentPage, FormView):
    """One button: send me a code. Then six digits."""

    needs_proof = False
    template_name = "families/parent_code.html"
    form_class = CodeForm

    def get(self, request, *args, **kwargs):
        if self.is_proved:
            return redirect(self.inside)
        return super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        return self._send() if "send" in request.POST else super().post(request, *args, **kwargs)

    def _send(self):
        """A new code, on the channel the link did not take."""
        try:
            code = signing.send_code(
                self.signatory,
                channel=code_channel(self.link.channel),
                by=None,
                at=timezone.now(),
                link=self.link,
            )
        except StepRefused as refusal:
            refusal = " ".join(refusal.reasons)
            return self.render_to_response(
                self.get_context_data(form=self.form_class(), refusal=refusal)
            )
        response = redirect("families:parent_home")
        keep(response, self.token, code)
        return response

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            waiting=self.code is not None,
            by_sms=code_channel(self.link.channel) == Channel.SMS,
            minutes=SCHEDULES["signing_code_minutes"],
            **kwargs,
        )

    def form_valid(self, form):
        if self.code is None:
            return redirect("families:parent_home")
        if wrong := signing.try_code(self.code, form.cleaned_data["code"], at=timezone.now()):
            form.add_error("code", wrong)
            return self.form_invalid(form)
        response = redirect(self.inside)
        keep(response, self.token, self.code)
        return response

    @property
    def inside(self):
        """Where the code leads: to the text while it waits for her, else to her page."""
        return "families:parent_page" if self.state == SIGNED else "families:parent_document"


@method_decorator(quiet, name="dispatch")
class ParentMine(ParentPage, TemplateView):
    """« Ma page »: my contract, my next appointment, my adviser."""

    template_name = "families/parent_page.html"

    def get_context_data(self, **kwargs):
        contract, now = self.link.contract, timezone.now()
        signature = getattr(self.signatory, "signature", None)
        return super().get_context_data(
            contract=contract,
            version=self.version,
            link=self.link,
            parent=self.link.parent,
            signature=signature,
            week=say_schedule(self.version.slots.all()),
            hours_changed=[said for _, said in adjustments_of(contract, now.date())],
            appointment=next_appointment(contract, now),
            more=more_of(contract, timezone.localdate()),
            is_ready=bool(self.version.sealed_pdf_id),
            **kwargs,
        )


@method_decorator(quiet, name="dispatch")
class ParentDocument(ParentPage, FormView):
    """« L’essentiel », the whole text, one tick and one button; once signed, the day it was."""

    template_name = "families/parent_document.html"
    form_class = ConsentForm

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"version": self.version}

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            contract=self.link.contract,
            version=self.version,
            signatory=self.signatory,
            signature=getattr(self.signatory, "signature", None),
            changes=changes_of(self.version),
            essentials=essentials_of(self.version.html),
            articles=articles_of(self.version.html),
            is_ready=bool(self.version.sealed_pdf_id),
            **kwargs,
        )

    def form_valid(self, form):
        try:
            contracts.sign(
                self.version,
                signatory=self.signatory,
                method=Signature.Method.LINK_CODE,
                text_sha256=form.cleaned_data["text_sha256"],
                by=self.link,
                on=timezone.localdate(),
                code=self.code,
                text_shown_at=form.text_shown_at(),
                **facts_of(self.request),
            )
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        response = redirect("families:parent_document")
        # The last signature sends every parent a new link: who has just signed here stays here.
        self.link.refresh_from_db()
        keep(response, signing.link_token(self.link), self.code)
        return response


@method_decorator(quiet, name="dispatch")
class ParentPdf(ParentPage):
    """The sealed contract, once everybody has signed."""

    http_method_names = ["get"]

    def get(self, request, *args, **kwargs):
        if self.version.sealed_pdf is None:
            raise Http404
        return serve_document(self.version.sealed_pdf)


@method_decorator(quiet, name="dispatch")
class ParentLost(FormView):
    """Half an hour has passed, or the link is lost: its new sending is answered alike to all."""

    template_name = "families/parent_lost.html"
    form_class = LostForm

    def form_valid(self, form):
        send_lost_links(form.cleaned_data["contact"], at=timezone.now())
        return self.render_to_response(self.get_context_data(form=LostForm(), sent=True))


def keep(response, token, code=None):
    """Who is here, for half an hour, in a cookie that nobody can write but us.

    Another sending of the link has another token: it ends this session as well.
    """
    value = {"token": token} | ({"code": str(code.pk)} if code else {})
    response.set_cookie(
        COOKIE,
        signed.dumps(value, salt=SALT),
        max_age=SCHEDULES["parent_session_minutes"] * 60,
        secure=settings.SECURE,
        httponly=True,
        samesite="Strict",
    )


def kept_in(request) -> dict:
    """What the cookie says; nothing when it is absent, forged or too old."""
    try:
        return signed.loads(
            request.COOKIES.get(COOKIE, ""),
            salt=SALT,
            max_age=SCHEDULES["parent_session_minutes"] * 60,
        )
    except signed.BadSignature:
        return {}
