"""Dossiers under review: remarks, a correction, the talk between the crèche and its Caf."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from labels import workflow
from labels.models import Correction
from labels.talk import note_contact, post_message


def at_ten(day: date):
    """Ten in the morning of that day: the demonstration's people work in office hours."""
    return timezone.make_aware(datetime.combine(day, time(10)))


def discussed(story, provider, today):
    """A correction came back: one remark to read again, a visit, two messages."""
    application = story.reviewed(provider, today - timedelta(days=20))
    officer, director = story.world.officer, story.world.directors[provider.pk]

    def on(days):
        day = today - timedelta(days=days)
        return {"on": day, "at": at_ten(day)}

    comment = workflow.add_comment(
        application,
        section="capacite",
        field="planned_periods",
        text="Accueillez-vous aussi en août\xa0?",
        by=officer,
        **on(12),
    )
    post_message(application, by=officer, text="Pouvez-vous préciser vos périodes\xa0?", **on(12))
    workflow.ask_correction(
        application,
        by=officer,
        reason=Correction.Reason.UNCLEAR,
        message="Précisez ce que vous proposez l’été.",
        due_on=today - timedelta(days=2),
        **on(12),
    )
    comment.refresh_from_db()
    reply = "Non, la crèche ferme quatre semaines."
    workflow.resolve_comment(comment, by=director, reply=reply, **on(9))
    workflow.resubmit(application, by=director, **on(9))
    post_message(application, by=director, text="C’est précisé dans le dossier.", **on(9))
    note_contact(
        provider,
        by=officer,
        kind="visit",
        held_on=today - timedelta(days=8),
        text="Visite de la crèche\xa0: équipe motivée, règlement affiché.",
        **on(8),
    )


def to_correct(story, provider, today):
    """The crèche has ten days left to join another document, which a remark is about."""
    application = story.reviewed(provider, today - timedelta(days=18))
    day = today - timedelta(days=5)
    workflow.add_comment(
        application,
        section="documents",
        field="rules",
        text="C’est la version de 2021.",
        by=story.world.officer,
        on=day,
        at=at_ten(day),
    )
    workflow.ask_correction(
        application,
        by=story.world.officer,
        on=day,
        at=at_ten(day),
        reason=Correction.Reason.MISSING_DOCUMENT,
        message="Le règlement joint est celui de 2021 : joignez la version en vigueur.",
        due_on=today + timedelta(days=10),
    )
    return application
