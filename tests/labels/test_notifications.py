"""Each mail says why it comes, what to do, and carries the link; its subject names nobody."""

import pytest

from avip import outbox
from avip.models import Outbox
from labels import workflow
from labels.models import Label
from partners.models import Membership
from tests import factories as f
from tests.labels.factories import AT, ON, Status, make_application, make_confirmed_request


def send_all(kind):
    for row in Outbox.objects.filter(kind=kind):
        assert outbox.deliver(row.pk), Outbox.objects.get(pk=row.pk).error


def every_dossier(facility, director, agent, manager, caf):
    """One dossier of each outcome, so that every kind of mail is written."""
    make_application(Status.GRANTED, facility, by=director, agent=agent, decider=manager)
    for status in (Status.REFUSED, Status.CORRECTION_REQUESTED):
        provider = f.make_facility(f"Crèche {status}", caf=caf)
        make_application(status, provider, agent=agent, decider=manager)
    corrected = f.make_facility("Crèche corrigée", caf=caf)
    head = f.make_user("Lou", "Chef", member_of=corrected)
    application = make_application(
        Status.CORRECTION_REQUESTED, corrected, by=head, agent=agent, decider=manager
    )
    workflow.resubmit(application, by=head, on=ON, at=AT)
    workflow.withdraw(application, by=head, on=ON, at=AT)
    make_confirmed_request(caf)


def test_every_mail_reads_well_and_carries_its_link(
    facility, director, caf_agent, caf_manager, caf, mailoutbox
):
    every_dossier(facility, director, caf_agent, caf_manager, caf)
    for row in Outbox.objects.filter(kind__startswith="labels.").exclude(
        kind__in=["labels.certificate", "labels.request_link"]
    ):
        outbox.deliver(row.pk)
    assert not Outbox.objects.exclude(error="").exists()
    subjects = {mail.subject for mail in mailoutbox}
    assert len(subjects) >= 7
    for mail in mailoutbox:
        html = mail.alternatives[0][0]
        assert "http://" in mail.body and "href=" in html
        assert "Vous recevez ce courriel parce que" in mail.body
        assert "{{" not in mail.body + html and "None" not in mail.body
        for name in ("Rameurs", "Nadia", "Benali"):
            assert name not in mail.subject


def test_a_mail_sent_twice_is_the_same_mail(facility, director, caf_agent, mailoutbox):
    make_application(Status.SUBMITTED, facility, by=director, agent=caf_agent)
    row = Outbox.objects.get(kind="labels.submitted")
    assert outbox.deliver(row.pk)
    assert not outbox.deliver(row.pk)
    assert len(mailoutbox) == 1


def test_somebody_who_has_left_the_caf_is_told_nothing(facility, caf_agent, mailoutbox):
    make_application(Status.SUBMITTED, facility, agent=caf_agent)
    Membership.objects.filter(user=caf_agent).update(ends_on=ON)
    send_all("labels.submitted")
    assert not mailoutbox


def test_the_committee_is_announced_to_the_responsables(facility, caf_agent, caf_manager, caf):
    other = f.make_user("Zora", "Tiers", member_of=caf)
    make_application(Status.READY, facility, agent=caf_agent)
    told = Outbox.objects.filter(kind="labels.ready").values_list("recipient_id", flat=True)
    assert set(told) == {str(caf_manager.pk)}
    assert str(other.pk) not in told


@pytest.mark.pdf
def test_the_certificate_is_made_once(facility, director, caf_agent, caf_manager):
    make_application(Status.GRANTED, facility, by=director, agent=caf_agent, decider=caf_manager)
    send_all("labels.certificate")
    label = Label.objects.get()
    certificate = label.certificate
    assert bytes(certificate.data).startswith(b"%PDF")
    Outbox.objects.filter(kind="labels.certificate").update(done_at=None, next_try_at=AT)
    send_all("labels.certificate")
    label.refresh_from_db()
    assert label.certificate == certificate
