"""The certificate of a label, and what the night closes."""

from avip import jobs, outbox
from avip.models import Document
from avip.workflow import StepRefused, edit
from labels.documents import render_certificate
from labels.models import Label
from labels.workflow import expire


@outbox.handler("labels.certificate")
def make_certificate(row):
    """Render the certificate once, and keep it with its label."""
    label = Label.objects.select_related("caf", "provider__facility__operator").get(
        pk=row.object_id
    )
    if label.certificate_id:
        return
    data, seen = render_certificate(label), label.revision
    with edit(label, by=None, seen=seen, fields=["certificate"]):  # amended meanwhile: tried again
        label.certificate = Document.objects.write(
            filename=f"attestation-label-{label.code}.pdf", data=data
        )


@jobs.daily("labels.expire")
def expire_labels(on):
    """Close the labels whose last day has passed."""
    done = 0
    for label in Label.objects.filter(status__in=Label.LIVE, ends_on__lt=on):
        try:
            expire(label, on=on)
        except StepRefused:  # renewed or withdrawn in between
            continue
        done += 1
    return f"{done} labels échus"
