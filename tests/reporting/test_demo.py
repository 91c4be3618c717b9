from django.utils import timezone

from avip.models import Outbox
from families.models import AvipContract, MonthlyDeclaration, Placement, QuotaCheck, Referral
from labels.models import Label, LabelApplication, NetworkMember
from reporting.demo.build import DOCUMENTS, TINY, build


def test_the_tiny_demonstration_shows_every_state_that_people_must_act_upon(db):
    build(TINY, timezone.localdate())

    for dossier in (LabelApplication, Label, NetworkMember, Referral, AvipContract, Placement):
        shown = set(dossier.objects.values_list("status", flat=True))
        passing = {"expired", "renewed"} if dossier is Label else {"draft"} - shown
        assert shown | passing >= set(dossier.Status.values), dossier.__name__
    assert set(MonthlyDeclaration.objects.values_list("status", flat=True)) >= {"open", "locked"}
    assert QuotaCheck.objects.exists()
    assert Label.objects.filter(caf__code="93").exists()


def test_nobody_is_written_to_about_the_past(db):
    build(TINY, timezone.localdate())

    assert not Outbox.objects.filter(done_at=None).exclude(kind__in=DOCUMENTS).exists()
    assert Outbox.objects.filter(done_at=None, kind=DOCUMENTS[0]).exists()
