"""How people come in: by invitation, or by asking for the label; never by signing up.

A person has one address, on `User` itself: allauth's own table of addresses stays empty.
"""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from partners.models import User

# What is told of the security of an account: the effect, and the templates of its mail.
NOTICES = {
    "partners.notice.password_changed": "account/email/password_changed",
    "partners.notice.password_reset": "account/email/password_reset",
    "partners.notice.totp_activated": "mfa/email/totp_activated",
    "partners.notice.totp_deactivated": "mfa/email/totp_deactivated",
    "partners.notice.recovery_codes": "mfa/email/recovery_codes_generated",
}
KINDS = {prefix: kind for kind, prefix in NOTICES.items()}


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False

    def reauthenticate(self, user, password):
        """Whether this is her password; a wrong one counts as a try for her account."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def set_password(self, user, password):
        """A new password also forgets the wrong tries: whoever was locked out comes back in."""
        super().set_password(user, password)
        self._delete_login_attempts_cached_email(self.request, email=user.email)

    def send_password_reset_mail(self, user, email, context):
        """Through the outbox: the page answers at the same speed, mail server down or not."""
        with transaction.atomic():
            minute = timezone.now().strftime("%Y%m%d%H%M")
            outbox.add("partners.password_reset", user, key=f"{user.pk}:{minute}")

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """Tell her through the outbox that the security of her account changed."""
        with transaction.atomic():
            now = timezone.now()
            outbox.add(KINDS[template_prefix], user, key=f"{user.pk}:{now.isoformat()}", at=now)


def send_notice(row):
    """What changed in the security of an account, and when."""
    user = User.objects.get(pk=row.object_id)
    if not user.email:
        return  # she comes in by a code: nothing of this is hers
    context = {"timestamp": row.created_at}
    AccountAdapter().render_mail(NOTICES[row.kind], user.email, context).send()


def send_password_reset(row):
    """The link to choose a new password, made when it leaves so that nothing secret is stored."""
    user = User.objects.get(pk=row.object_id)
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    context = {"password_reset_url": f"{settings.BASE_URL}{path}"}
    message = AccountAdapter().render_mail("account/email/password_reset_key", user.email, context)
    message.send()
