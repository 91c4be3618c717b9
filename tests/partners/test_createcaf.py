import re

import pytest
from django.core.management import CommandError, call_command

from avip.models import Outbox
from partners.models import Caf, Invitation, Membership
from partners.tokens import sha256_of
from tests import factories as f

pytestmark = pytest.mark.django_db

WHO = {"admin_email": "Aline.Roy@caf.example.fr", "first_name": "Aline", "last_name": "Roy"}


def create(capsys, code, **options):
    call_command("createcaf", code, **(WHO | options))
    return capsys.readouterr().out


def test_a_caf_opens_with_an_invitation_for_its_first_administrator(capsys):
    out = create(capsys, "974", name="Caf de l’Île")
    caf, invitation = Caf.objects.get(), Invitation.objects.get()
    assert (caf.code, caf.time_zone) == ("974", "Indian/Reunion")
    assert invitation.caf == caf and invitation.is_admin
    assert invitation.role == Membership.Role.MANAGER
    assert invitation.email == "aline.roy@caf.example.fr"
    token = re.search(r"/invitation/([\w-]+)/", out).group(1)
    assert invitation.token_sha256 == sha256_of(token)
    assert Outbox.objects.get().kind == "partners.invitation"


def test_a_known_caf_is_not_made_again_and_its_invitation_is_renewed(capsys):
    caf = f.make_caf()
    first = create(capsys, "75")
    again = create(capsys, "75")
    assert Caf.objects.get() == caf
    assert Invitation.objects.get().generation == 2
    assert first != again


@pytest.mark.parametrize(
    ("code", "options", "words"),
    [
        ("75", {}, "importez les référentiels, ou donnez son nom"),
        ("Paris", {"name": "Caf de Paris"}, "n’est pas un code de département"),
        ("75", {"name": "Caf de Paris", "admin_email": "aline"}, "n’est pas une adresse"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_made(capsys, code, options, words):
    with pytest.raises(CommandError, match=words):
        create(capsys, code, **options)
    assert not Caf.objects.exists() and not Invitation.objects.exists()


def test_somebody_already_in_the_caf_is_not_invited_again(capsys):
    caf = f.make_caf()
    user = f.make_user(member_of=caf)
    with pytest.raises(CommandError, match="fait déjà partie"):
        create(capsys, "75", admin_email=user.email)
