from django.utils import timezone

from avip import mail, outbox
from partners.accounts import NOTICES, send_notice, send_password_reset
from partners.invitations import link_of, why_over
from partners.models import Invitation, PhoneCode, PhoneLink
from partners.phone_access import address_of, digits_of

outbox.handler("partners.password_reset")(send_password_reset)
for notice in NOTICES:
    outbox.handler(notice)(send_notice)


@outbox.handler("partners.invitation")
def send_invitation(row):
    """The link to come in; nothing once the invitation has served or was withdrawn."""
    invitation = Invitation.objects.select_related(
        "caf", "provider", "operator", "agency", "service", "invited_by"
    ).get(pk=row.object_id)
    if why_over(invitation):
        return
    context = {"invitation": invitation, "link": link_of(invitation)}
    mail.send(mail.Mail(invitation.email, "partners/email/invitation", context), key=row.key)


@outbox.handler("partners.phone_link")
def send_phone_link(row):
    """The link to her own space, by SMS; one replaced or revoked meanwhile is not sent."""
    link = PhoneLink.objects.select_related("user").get(pk=row.object_id)
    if link.revoked_at or not row.key.endswith(f":{link.generation}"):
        return
    mail.send_sms(link.user.phone, f"Avip : votre espace s'ouvre ici. {address_of(link)}")


@outbox.handler("partners.phone_code")
def send_phone_code(row):
    """Six digits, while they may still be used."""
    code = PhoneCode.objects.select_related("link__user").get(pk=row.object_id)
    if code.used_at is None and code.expires_at > timezone.now():
        mail.send_sms(
            code.link.user.phone,
            f"Avip : votre code est {digits_of(code)}. Ne le donnez à personne.",
        )
