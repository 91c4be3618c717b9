"""The mails that leave after a step of a dossier."""

from avip import outbox
from labels.models import DecisionConfirmation, Label, LabelApplication, LabelRequest
from labels.notifications import link, send
from labels.workflow.confirmations import waits
from partners.models import User
from partners.tokens import make_token


def recipient_and_application(row):
    """The person and the dossier of a row; (person, None) once she may not see it any more."""
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    seen = (
        LabelApplication.objects.visible_to(person) if person else LabelApplication.objects.none()
    )
    return person, seen.filter(pk=row.object_id).select_related("caf", "provider").first()


def mail_about(kind, template):
    """Register the mail that tells somebody about a dossier she may still see."""

    @outbox.handler(kind)
    def handle(row):
        person, application = recipient_and_application(row)
        if application is None:
            return
        send(
            row,
            person.email,
            template,
            application=application,
            correction=application.open_correction,
            action_url=link("labels:application_detail", application.pk),
        )

    return handle


mail_about("labels.submitted", "labels/email/submitted")
mail_about("labels.corrected", "labels/email/corrected")
mail_about("labels.ready", "labels/email/ready")
mail_about("labels.declined", "labels/email/declined")
mail_about("labels.withdrawn", "labels/email/withdrawn")


@outbox.handler("labels.request_link")
def mail_request_link(row):
    """The link of a request, made again from the request itself."""
    request = LabelRequest.objects.select_related("caf").get(pk=row.object_id)
    if request.confirmed_at:
        return
    token = make_token("labels.request", request.pk)
    send(
        row,
        request.email,
        "labels/email/request_link",
        request=request,
        action_url=link("labels:request_confirm", token),
    )


@outbox.handler("labels.to_attach")
def mail_to_attach(row):
    """A person has proved her mailbox: the Caf says whether she works in that crèche."""
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    if person and LabelRequest.objects.visible_to(person).filter(pk=row.object_id).exists():
        send(
            row, person.email, "labels/email/to_attach", action_url=link("labels:application_list")
        )


@outbox.handler("labels.attached")
def mail_attached(row):
    """The Caf has attached her: her dossier, or the label of her crèche, is open to her."""
    person, application = recipient_and_application(row)
    if person is None:
        return
    page = link("labels:application_list")
    if application:
        page = link("labels:application_detail", application.pk)
    send(row, person.email, "labels/email/attached", application=application, action_url=page)


@outbox.handler("labels.decision")
def mail_decision(row):
    """The decision, to those who work for the crèche."""
    person, application = recipient_and_application(row)
    if application is None:
        return
    label = Label.objects.filter(application=application).first()
    page = link("labels:application_detail", application.pk)
    if label:
        page = link("labels:label_detail", label.pk)
    send(
        row,
        person.email,
        "labels/email/decision",
        application=application,
        label=label,
        action_url=page,
    )


@outbox.handler("labels.confirmation")
def mail_confirmation(row):
    """The link of the committee member; nothing once the decision waits for her no more."""
    confirmation = DecisionConfirmation.objects.select_related(
        "application__caf", "committee__caf"
    ).get(pk=row.object_id)
    if not waits(confirmation.subject) or confirmation.confirmed_at or confirmation.declined_at:
        return
    token = make_token("labels.decision", confirmation.pk)
    send(
        row,
        confirmation.email,
        "labels/email/confirmation",
        confirmation=confirmation,
        caf=confirmation.subject.caf,
        action_url=link("labels:decision_confirm", token),
    )
