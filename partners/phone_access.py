"""An account without an e-mail address: a link by SMS locates it, a code by SMS opens it.

The link is not stored (a SHA-256 is) and does nothing by itself; rights come from the membership,
as for everybody, and end with it.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from avip import mail, outbox
from avip.jobs import SCHEDULES
from avip.models import Outbox
from avip.workflow import StepRefused
from partners import codes
from partners.invitations import close_sessions, place_in
from partners.models import Membership, PhoneCode, PhoneLink, Provider, User
from partners.permissions import coordinates_childminder, is_hijacked
from partners.tokens import make_token, sha256_of
from partners.validators import is_mobile

UNKNOWN, REVOKED, OVER, EXPIRED, OPEN = "unknown", "revoked", "over", "expired", "open"
SENDING = "partners.phone_link"
NO_CODE = "si rien n’arrive, appelez votre coordination"


@transaction.atomic
def open_access(provider, *, quality, by, at) -> PhoneLink:
    """An account for a childminder who has a mobile phone and no account; its link leaves by SMS.

    Pressed twice, there is one account: the second press finds it.
    """
    provider = _locked(provider, by)
    on = timezone.localdate(at)
    if not is_mobile(provider.phone):
        raise StepRefused("Notez d’abord son numéro de téléphone mobile.")
    if Membership.objects.in_force(on).filter(provider=provider).exists():
        raise StepRefused("Elle a déjà un espace.")
    user = _person_of(provider)
    user.phone = provider.phone
    user.first_name, _, user.last_name = provider.name.partition(" ")
    user.save()
    Membership.objects.create(user=user, quality=quality, starts_on=on, **place_in(provider))
    link = PhoneLink.objects.filter(user=user).first() or PhoneLink(user=user, generation=0)
    return _send(link, at)


def _person_of(provider):
    """Whoever had this account before, else a new one: one person, one history."""
    former = User.objects.filter(memberships__provider=provider, email=None, is_active=True)
    user = former.first() or User(email=None)
    if user._state.adding:
        user.set_unusable_password()
    return user


@transaction.atomic
def send_again(provider, *, by, at) -> PhoneLink:
    """A new link to the mobile number of her card; the former one, and a revocation, are over."""
    provider = _locked(provider, by)
    provider.refresh_from_db(fields=["phone"])
    link = link_of_childminder(provider)
    if link is None:
        raise StepRefused("Elle n’a pas d’espace par SMS.")
    if not is_mobile(provider.phone):
        raise StepRefused("Notez d’abord son numéro de téléphone mobile.")
    link.user.phone = provider.phone
    link.user.save(update_fields=["phone"])
    return _send(link, at)


@transaction.atomic
def revoke(provider, *, by, at):
    """The link opens nothing any more, and whoever is in is out: a phone lost, or lent."""
    link = link_of_childminder(_locked(provider, by))
    if link and link.revoked_at is None:
        _close(link, at)
        link.revoked_at = at
        link.save(update_fields=["revoked_at"])


def number_changed(provider, *, at):
    """Her number was corrected: the link and codes of the former one are dead, a new link leaves.

    Without a mobile number the access is closed.
    """
    link = link_of_childminder(provider)
    if link is None or link.user.phone == provider.phone:
        return
    _close(link, at)
    # Without an address somebody keeps a number: the former one when nothing replaces it.
    link.user.phone = provider.phone or link.user.phone
    link.user.save(update_fields=["phone"])
    if not is_mobile(provider.phone):
        link.revoked_at = at
        link.save(update_fields=["revoked_at"])
    elif link.revoked_at is None:
        _send(link, at)


def link_of_childminder(provider) -> PhoneLink | None:
    """The link of the account by phone of this childminder, revoked or not."""
    links = PhoneLink.objects.filter(
        user__memberships__provider=provider, user__memberships__ends_on=None, user__email=None
    )
    return links.select_related("user").first()


@transaction.atomic
def send_lost_link(phone, *, at):
    """Whoever lost her link has it sent again to her number; nothing is said.

    The same link while it is open: anybody may type her number, and void nothing by it. Once per
    cooldown, and a few times a day to one number.
    """
    links = PhoneLink.objects.select_for_update(of=("self",)).select_related("user").order_by("pk")
    links = list(links.filter(user__phone=phone, revoked_at=None))
    limit = at - timedelta(minutes=SCHEDULES["phone_link_cooldown_minutes"])
    sent = Outbox.objects.filter(
        kind=SENDING,
        object_id__in=[str(link.pk) for link in links],
        created_at__gt=at - timedelta(days=1),
    )
    if sent.count() >= SCHEDULES["phone_link_per_day"]:
        return
    recent = set(sent.filter(created_at__gt=limit).values_list("object_id", flat=True))
    for link in links:
        if link.issued_at > limit or str(link.pk) in recent:
            continue
        if _has_place(link.user, timezone.localdate(at)):
            if not link.is_open(at):
                _renew(link, at)
            _put_out(link, at)


def state_of(link, at) -> str:
    """Whether this link still leads somewhere; what she belongs to is read again each time."""
    if link is None:
        return UNKNOWN
    if link.revoked_at:
        return REVOKED
    if not _has_place(link.user, timezone.localdate(at)):
        return OVER
    return OPEN if link.is_open(at) else EXPIRED


def _has_place(user, on):
    return user.is_active and user.memberships.in_force(on).exists()


@transaction.atomic
def send_code(link, *, at) -> PhoneCode:
    """Six digits to her phone; the former ones are dead. StepRefused after too many in an hour."""
    link = PhoneLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    codes.refuse_too_many(link.codes, at=at, otherwise=NO_CODE)
    _end_codes(link, at)
    code = PhoneCode(link=link, sent_at=at, expires_at=codes.expiry(at))
    code.code_hash = make_password(digits_of(code))
    code.save()
    outbox.add("partners.phone_code", code, key=str(code.pk), at=at)
    return code


def digits_of(code) -> str:
    """The six digits of a code, made again at each sending."""
    return codes.digits_of("phone code", code)


def address_of(link) -> str:
    """The address of the SMS; its token is made again at each sending."""
    token = make_token("phone", link.pk, link.generation)
    return settings.BASE_URL + reverse("partners:phone_link", args=[token])


def tell_by_sms(key) -> str:
    """In the place of a mail to somebody without an address: that something waits, and her link.

    `key` is that of the row of the outbox, which names its recipient; where one row writes to
    several people, each one's key ends with her own.
    """
    row = Outbox.objects.filter(key=key).first()
    recipient = row.recipient_id if row else key.rpartition(":")[2]
    link = PhoneLink.objects.filter(user=_uuid(recipient), revoked_at=None).first()
    at = timezone.now()
    if link is None or not _has_place(link.user, timezone.localdate(at)):
        return ""
    if not link.is_open(at):
        _renew(link, at)
    return mail.send_sms(
        link.user.phone, f"Avip : un message vous attend dans votre espace. {address_of(link)}"
    )


def _uuid(text):
    """The identifier, or None where nobody is named."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _send(link, at):
    _renew(link, at)
    _put_out(link, at)
    return link


def _put_out(link, at):
    """One generation may leave several times; it ends the key, by which its sender knows it."""
    outbox.add(SENDING, link, key=f"{link.pk}:{at:%Y%m%d%H%M%S%f}:{link.generation}", at=at)


def _renew(link, at):
    link.generation += 1
    link.token_sha256 = sha256_of(make_token("phone", link.pk, link.generation))
    link.issued_at, link.revoked_at = at, None
    link.expires_at = at + timedelta(days=SCHEDULES["phone_link_days"])
    link.save()


def _close(link, at):
    _end_codes(link, at)
    close_sessions(link.user)


def _end_codes(link, at):
    link.codes.filter(used_at=None, expires_at__gt=at).update(expires_at=at)


def _locked(provider, by):
    if is_hijacked(by) or not coordinates_childminder(by, provider):
        raise PermissionDenied
    Provider.objects.select_for_update(of=("self",), no_key=True).get(pk=provider.pk)
    return provider
