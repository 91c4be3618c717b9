from avip import mail, outbox
from partners.accounts import NOTICES, send_notice, send_password_reset
from partners.invitations import link_of, why_over
from partners.models import Invitation

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
