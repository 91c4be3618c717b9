from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from avip.templatetags.words import fr_date
from avip.workflow import StepRefused
from partners import invitations
from partners.models import Invitation, Membership


class Command(BaseCommand):
    help = "Invite une personne à lire le suivi national\xa0: des chiffres, jamais de dossier."

    def add_arguments(self, parser):
        parser.add_argument("email", metavar="COURRIEL")
        parser.add_argument("--first-name", required=True, metavar="PRÉNOM")
        parser.add_argument("--last-name", required=True, metavar="NOM")

    def handle(self, *, email, first_name, last_name, **options):
        email = email.strip().lower()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} n’est pas une adresse électronique.") from error
        try:
            with transaction.atomic():
                invitation = self._invite(email, first_name, last_name)
        except StepRefused as refusal:
            raise CommandError(" ".join(refusal.reasons)) from refusal
        self.stdout.write(
            f"Invitation envoyée à {invitation.email}, "
            f"valable jusqu’au {fr_date(invitation.expires_at)}.\n"
            f"{invitations.link_of(invitation)}"
        )

    def _invite(self, email, first_name, last_name):
        pending = Invitation.objects.pending().filter(kind=Membership.Kind.NATIONAL, email=email)
        if waiting := pending.first():
            return invitations.renew(waiting)
        return invitations.invite(
            None, email=email, first_name=first_name, last_name=last_name, by=None
        )
