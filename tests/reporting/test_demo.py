from django.utils import timezone

from avip.models import Outbox
from families.models import AvipContract, MonthlyDeclaration, QuotaCheck, Referral
from labels.models import Label, LabelApplication
from reporting.demo.build import DOCUMENTS, TINY, build


def test_the_tiny_demonstration_shows_every_state_that_people_must_act_upon(db):
    build(TINY, timezone.localdate())

    applications = set(LabelApplication.objects.values_list("status", flat=True))
    assert applications >= {
        "draft",
        "submitted",
        "under_review",
        "correction_requested",
        "ready",
        "granted",
        "refused",
        "deferred",
    }
    referrals = set(Referral.objects.values_list("status", flat=True))
    assert referrals >= {
        "sent",
        "accepted",
        "confirmed",
        "refused",
        "waiting_list",
        "to_validate",
        "placed",
    }
    contracts = set(AvipContract.objects.values_list("status", flat=True))
    assert contracts >= {"to_sign", "active", "ended"}
    assert set(MonthlyDeclaration.objects.values_list("status", flat=True)) >= {"open", "locked"}
    assert QuotaCheck.objects.exists()
    assert Label.objects.filter(caf__code="93").exists()


def test_nobody_is_written_to_about_the_past(db):
    build(TINY, timezone.localdate())

    assert not Outbox.objects.filter(done_at=None).exclude(kind__in=DOCUMENTS).exists()
    assert Outbox.objects.filter(done_at=None, kind=DOCUMENTS[0]).exists()
