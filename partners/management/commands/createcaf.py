import re

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from avip.templatetags.words import fr_date
from avip.workflow import StepRefused
from partners import invitations
from partners.models import Caf, Invitation, Membership
from partners.models.territories import time_zone_of

CODE = re.compile(r"\d{2}|2[AB]|97\d")


class Command(BaseCommand):
    help = "Ouvre une Caf et invite sa première administratrice ou son premier administrateur."

    def add_arguments(self, parser):
        parser.add_argument("code", metavar="CODE", help="celui du département : 75, 2A, 974…")
        parser.add_argument("--admin-email", required=True, metavar="COURRIEL")
        parser.add_argument("--first-name", required=True, metavar="PRÉNOM")
        parser.add_argument("--last-name", required=True, metavar="NOM")
        parser.add_argument("--name", default="", metavar="NOM_DE_LA_CAF")

    def handle(self, *, code, admin_email, first_name, last_name, name, **options):
        code, admin_email = code.upper(), admin_email.strip().lower()
        try:
            validate_email(admin_email)
        except ValidationError as error:
            raise CommandError(f"{admin_email} n’est pas une adresse électronique.") from error
        try:
            with transaction.atomic():
                invitation = self._invite(_caf(code, name), admin_email, first_name, last_name)
        except StepRefused as refusal:
            raise CommandError(" ".join(refusal.reasons)) from refusal
        self.stdout.write(
            f"{invitation.caf} : invitation envoyée à {invitation.email}, "
            f"valable jusqu’au {fr_date(invitation.expires_at)}.\n"
            f"{invitations.link_of(invitation)}"
        )

    def _invite(self, caf, email, first_name, last_name):
        waiting = Invitation.objects.pending().filter(caf=caf, email=email).first()
        if waiting:
            return invitations.renew(waiting)
        return invitations.invite(
            caf,
            email=email,
            first_name=first_name,
            last_name=last_name,
            by=None,
            role=Membership.Role.MANAGER,
            is_admin=True,
        )


def _caf(code, name):
    if caf := Caf.objects.filter(code=code).first():
        return caf
    if not CODE.fullmatch(code):
        raise CommandError(f"« {code} » n’est pas un code de département : 75, 2A, 974…")
    if not name:
        raise CommandError(
            f"La Caf {code} n’est pas connue : importez les référentiels, "
            "ou donnez son nom par --name."
        )
    return Caf.objects.create(
        code=code, name=name, department_code=code, time_zone=time_zone_of(code)
    )
