"""The life of a label, from the day it is granted."""

from datetime import timedelta

from avip.workflow import Step, StepRefused, Workflow, moment, system
from labels.models import Label, LabelApplication, LabelStatusChange
from labels.permissions import decides_on_label, holds_label
from labels.rules import rules_for
from partners.calendars import end_after_months
from partners.models import Facility, OpeningHours, Provider

L = Label.Status


def _past_its_end(label, on):
    return [] if on > label.ends_on else [f"Ce label court jusqu’au {label.ends_on:%d/%m/%Y}."]


LABEL = Workflow(
    suspend=Step(
        "Suspendre le label", (L.ACTIVE,), L.SUSPENDED, decides_on_label, done="Label suspendu"
    ),
    lift=Step(
        "Lever la suspension", (L.SUSPENDED,), L.ACTIVE, decides_on_label, done="Suspension levée"
    ),
    give_notice=Step(
        "Mettre en demeure",
        (L.ACTIVE, L.SUSPENDED),
        L.NOTICE_GIVEN,
        decides_on_label,
        done="Mise en demeure",
    ),
    close_notice=Step(
        "Clore la mise en demeure",
        (L.NOTICE_GIVEN,),
        L.ACTIVE,
        decides_on_label,
        done="Mise en demeure close",
    ),
    withdraw=Step(
        "Retirer le label", (L.NOTICE_GIVEN,), L.WITHDRAWN, decides_on_label, done="Label retiré"
    ),
    relinquish=Step(
        "Rendre le label", Label.LIVE, L.RELINQUISHED, holds_label, done="Label rendu par la crèche"
    ),
    expire=Step(
        "Clore le label échu",
        Label.LIVE,
        L.EXPIRED,
        system,
        _past_its_end,
        "Label arrivé à échéance",
    ),
    renew=Step(
        "Passer au label suivant", Label.LIVE, L.RENEWED, system, _past_its_end, "Label renouvelé"
    ),
)


def take_label_step(name, label, *, by, on, reasons="", at=None):
    """A step of the label's life, with its reasons."""
    with LABEL.take(name, label, by=by, on=on, at=at, comment=reasons):
        pass


def give_notice(label, *, by, on, reasons, reply_by, at=None):
    """Formal notice: what the crèche must put right, and until which day it may reply.

    Raises StepRefused when no time is left to reply.
    """
    if reply_by <= on:
        raise StepRefused("Laissez à la crèche au moins jusqu’à demain pour répondre.")
    with LABEL.take("give_notice", label, by=by, on=on, at=at, comment=reasons):
        label.notice_reply_due_on = reply_by
        label.notice_reply, label.notice_replied_at = "", None


def expire(label, *, on, at=None):
    """Close a label past its end: renewed when another one follows it, expired otherwise."""
    following = Label.objects.filter(
        provider=label.provider_id, starts_on__gt=label.ends_on, status__in=Label.LIVE
    )
    take_label_step("renew" if following.exists() else "expire", label, by=None, on=on, at=at)


def running_label(provider, on):
    """The label this provider holds and that runs beyond that day, or None."""
    return (
        Label.objects.filter(provider=provider, status__in=Label.LIVE, ends_on__gte=on)
        .order_by("-ends_on")
        .first()
    )


def grant_label(application, *, by, at):
    """The label that a decision grants, with its dates from the rules of the decision's day."""
    starts_on = application.decided_on
    held = running_label(application.provider, starts_on)
    if held:  # a renewal follows the label it renews
        starts_on = held.ends_on + timedelta(days=1)
    months = rules_for(application.caf, application.decided_on, moment(at)).label_duration_months
    with_reservations = application.decision == LabelApplication.Proposal.GRANT_WITH_RESERVATIONS
    label = Label.objects.create(
        provider=application.provider,
        caf=application.caf,
        application=application,
        granted_on=application.decided_on,
        starts_on=starts_on,
        ends_on=end_after_months(starts_on, months),
        reservations=application.decision_reasons if with_reservations else "",
        created_at=moment(at),
    )
    label.history.create(
        step="grant", source="", target=label.status, at=moment(at), **LabelStatusChange.actor(by)
    )
    return label


def write_record(application):
    """What the committee approved becomes the crèche's own record, which the certificate prints.

    A SIRET that another crèche has taken meanwhile stays with that one; opening hours are written
    where there are none.
    """
    provider = Provider.objects.select_for_update(no_key=True).get(pk=application.provider_id)
    facility = provider.facility
    if application.facility_name:
        provider.name = application.facility_name
        provider.save(update_fields=["name"])
    approved = {
        "siret": application.siret,
        "type": application.facility_type,
        "funding": application.funding,
        "licensed_capacity": application.licensed_capacity,
        "address": application.address,
        "in_qpv": application.in_qpv,
    }
    others = Facility.objects.exclude(pk=facility.pk)
    if others.filter(siret=application.siret).exists():
        del approved["siret"]
    for name, value in approved.items():
        if value not in ("", None):
            setattr(facility, name, value)
    facility.save(update_fields=approved)
    if application.open_days and not provider.opening_hours.exists():
        OpeningHours.objects.bulk_create(
            OpeningHours(
                provider=provider, weekday=day, opens=application.opens, closes=application.closes
            )
            for day in application.open_days
        )
