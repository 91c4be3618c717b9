"""« Demander le label » without an account: a mail, a link, a password, then a draft or a wait."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip import outbox
from avip.jobs import SCHEDULES
from avip.workflow import StepRefused, moment
from labels import notifications
from labels.calls import why_closed
from labels.filing import open_application, open_dossier, start_draft, why_not
from labels.models import LabelApplication, LabelRequest
from labels.permissions import is_known_to_caf
from labels.workflow import attach, dismiss
from partners import invitations
from partners.models import Commune, Facility, Membership, Provider, User
from partners.permissions import is_caf_agent
from partners.tokens import make_token, sha256_of


@transaction.atomic
def ask_for_label(caf, *, at=None, **answers):
    """Write down a request and mail its link; silent when this address has asked too often today.

    `answers`: siret, facility_name, postal_code, first_name, last_name, email.
    """
    now = moment(at)
    lately = LabelRequest.objects.filter(
        email__iexact=answers["email"], created_at__gt=now - timedelta(days=1)
    )
    if lately.count() >= SCHEDULES["label_requests_per_day"]:
        return None
    request = LabelRequest(
        caf=caf,
        created_at=now,
        expires_at=now + timedelta(days=SCHEDULES["label_request_days"]),
        **answers,
    )
    request.token_sha256 = sha256_of(make_token("labels.request", request.pk))
    request.save()
    outbox.add("labels.request_link", request, key=request.pk, at=at)
    return request


def account_of(request):
    """The account of this address, if there is one."""
    return User.objects.filter(email__iexact=request.email).first()


def communes_of(caf, postal_code):
    """The communes of this Caf with this postal code; arrondissements rather than their city."""
    found = Commune.objects.filter(
        department_code=caf.department_code, postal_codes__contains=postal_code
    )
    cities = {commune.parent_code for commune in found if commune.parent_code}
    return found.exclude(code__in=cities)


@transaction.atomic
def confirm_request(request, *, by=None, password="", commune, quality, on, at=None):
    """The mailbox is proved: open the crèche and its draft, or ask the Caf when it is known.

    Without an account (`by`), one is made with this password. A SIRET already registered gives no
    access: the Caf says whether this person works there.
    Raises StepRefused when the link has expired or has been used, or between two calls for
    projects.
    """
    request = LabelRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if request.confirmed_at:
        raise StepRefused("Cette demande est déjà confirmée\xa0: connectez-vous.")
    if request.expires_at <= moment(at):
        raise StepRefused("Ce lien n’est plus valable\xa0: refaites votre demande.")
    by = by or User.objects.create_user(
        request.email, password, first_name=request.first_name, last_name=request.last_name
    )
    request.user, request.quality, request.confirmed_at = by, quality, moment(at)
    request.provider = _registered(request.siret)
    if request.provider is None:
        if reasons := why_closed(request.caf, on):
            raise StepRefused(*reasons)
        try:
            with transaction.atomic():
                request.provider = _open_facility(request, commune)
        except IntegrityError:  # somebody else has just registered it
            request.provider = _registered(request.siret)
        else:
            _make_member(request, on)
            request.application = start_draft(request.provider, by=by, attached_at=None, at=at)
    request.caf = request.provider.caf
    request.save()
    notifications.tell_caf("labels.to_attach", request, on=on, key=request.pk, at=at)
    return request


@transaction.atomic
def attach_person(request, *, by, on, at=None):
    """The Caf knows this person at a crèche already registered: she enters it.

    Whoever held a crèche that the Caf had attached nobody to leaves it, and she administers it.
    Its draft, opened or resumed, is returned; None where there is none to open: the crèche holds a
    label already, or its Caf awaits the next call for projects.
    """
    request = _waiting_request(request, by)
    provider = Provider.objects.select_for_update(no_key=True).get(pk=request.provider_id)
    is_first = not is_known_to_caf(provider)
    if is_first:
        _clear_out(request, by=by, on=on, at=at)
    _make_member(request, on)
    # Her memberships of the day are read again: she has just entered.
    person = User.objects.get(pk=request.user_id)
    draft = open_dossier(provider, LabelApplication.Kind.FIRST)
    if draft or not why_not(provider, LabelApplication.Kind.FIRST, on):
        request.application = open_application(provider, by=person, on=on, at=at)
        if is_first:
            attach(request.application, by=by, on=on, at=at)
    _answer(request, by, at)
    notifications.tell(
        "labels.attached", request.application or request.provider, [person], key=request.pk, at=at
    )
    return request.application


@transaction.atomic
def turn_down(request, *, by, at=None):
    """The Caf does not know this person at that crèche: nothing opens."""
    _answer(_waiting_request(request, by), by, at)


def _clear_out(request, *, by, on, at):
    """Close what others hold of a crèche where the Caf knows nobody; her own draft stays."""
    drafts = LabelApplication.objects.open().filter(provider=request.provider)
    for draft in drafts.exclude(opened_by=request.user):
        reasons = "La Caf a rattaché une autre personne à cette crèche."
        dismiss(draft, by=by, on=on, reasons=reasons, at=at)
    members = Membership.objects.in_force(on).filter(provider=request.provider)
    others = User.objects.filter(pk__in=members.values("user")).exclude(pk=request.user_id)
    invitations.turn_out(request.provider, people=others, on=on, at=at)


def _waiting_request(request, by):
    if not is_caf_agent(by, request) or getattr(by, "is_hijacked", False):
        raise PermissionDenied
    row = LabelRequest.objects.to_attach().select_for_update(of=("self",)).filter(pk=request.pk)
    found = row.first()
    if found is None:
        raise StepRefused("Cette demande a déjà reçu une réponse.")
    return found


def _answer(request, by, at):
    request.answered_at, request.answered_by = moment(at), by
    request.save()


def _registered(siret):
    return Provider.objects.filter(facility__siret=siret).select_related("caf").first()


def _open_facility(request, commune):
    provider = Provider.objects.create(
        kind=Provider.Kind.FACILITY,
        name=request.facility_name,
        caf=request.caf,
        commune=commune,
        lat=commune.lat,
        lon=commune.lon,
        email=request.email,
    )
    Facility.objects.create(provider=provider, siret=request.siret)
    return provider


def _make_member(request, on):
    members = Membership.objects.in_force(on).filter(provider=request.provider)
    if members.filter(user=request.user).exists():
        return
    Membership.objects.create(
        user=request.user,
        kind=Membership.Kind.PROVIDER,
        provider=request.provider,
        quality=request.quality,
        is_admin=not members.filter(is_admin=True).exists(),
        starts_on=on,
    )
