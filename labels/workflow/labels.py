"""The life of a label, from the day it is granted."""

from datetime import timedelta

from avip import outbox
from avip.workflow import Step, Workflow, edit, moment, system
from labels.checklist import fields_of
from labels.models import Label, LabelApplication, LabelStatusChange
from labels.permissions import decides_on_label, holds_label, withdraws_label
from labels.rules import rules_for
from partners.calendars import end_after_months
from partners.models import Facility, OpeningHours, Provider

L = Label.Status
RESERVATIONS = ("reservations", "reservations_due_on", "reservations_lifted_on")


def _past_its_end(label, on):
    return [] if on > label.ends_on else [f"Ce label court jusqu’au {label.ends_on:%d/%m/%Y}."]


def _time_to_reply_is_over(label, on):
    """The crèche has replied, or had the time to."""
    due = label.notice_reply_due_on
    if label.notice_replied_at or due is None or on > due:
        return []
    return [f"La crèche peut répondre jusqu’au {due:%d/%m/%Y}\xa0: le retrait attend sa réponse."]


def _leaves_later(label, on):
    return [] if label.leaves_on else ["Aucun départ n’est annoncé."]


def _leaves_by_now(label, on):
    if label.leaves_on and label.leaves_on <= on:
        return []
    return ["Le jour annoncé par la crèche n’est pas venu."]


def _has_reservations(label, on):
    if not label.reservations:
        return ["Ce label n’a pas de réserve."]
    return ["Ces réserves sont déjà levées."] if label.reservations_lifted_on else []


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
    reply_to_notice=Step(
        "Répondre à la mise en demeure",
        (L.NOTICE_GIVEN,),
        "",
        holds_label,
        done="Réponse de la crèche à la mise en demeure",
    ),
    close_notice=Step(
        "Clore la mise en demeure",
        (L.NOTICE_GIVEN,),
        L.ACTIVE,
        decides_on_label,
        done="Mise en demeure close",
    ),
    withdraw=Step(
        "Retirer le label",
        (L.NOTICE_GIVEN,),
        L.WITHDRAWN,
        withdraws_label,
        _time_to_reply_is_over,
        "Label retiré",
    ),
    withdraw_following=Step(
        "Retirer avec le label précédent",
        Label.LIVE,
        L.WITHDRAWN,
        system,
        done="Retiré avec le label qu’il prolongeait",
    ),
    lift_reservations=Step(
        "Lever les réserves",
        Label.LIVE,
        "",
        withdraws_label,
        _has_reservations,
        "Réserves levées",
    ),
    relinquish=Step(
        "Rendre le label", Label.LIVE, L.RELINQUISHED, holds_label, done="Label rendu par la crèche"
    ),
    plan_leaving=Step(
        "Annoncer le départ", Label.LIVE, "", holds_label, done="Départ annoncé par la crèche"
    ),
    cancel_leaving=Step(
        "Garder le label",
        Label.LIVE,
        "",
        holds_label,
        _leaves_later,
        "Départ annulé par la crèche",
    ),
    leave=Step(
        "Clore le label rendu",
        Label.LIVE,
        L.RELINQUISHED,
        system,
        _leaves_by_now,
        "Label rendu, au jour annoncé",
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


def _last_label(provider, on):
    """The label that still covers that day, though the night may have closed it since; or None."""
    kept = (*Label.LIVE, L.EXPIRED, L.RENEWED)
    labels = Label.objects.filter(provider=provider, status__in=kept, ends_on__gte=on)
    return labels.order_by("-ends_on").first()


def grant_label(application, *, by, at):
    """The label that a decision grants, with its dates from the rules of the decision's day."""
    starts_on = application.decided_on
    held = _last_label(application.provider, starts_on)
    if held:  # a renewal follows the label it renews, even decided for a day before its end
        starts_on = held.ends_on + timedelta(days=1)
    months = rules_for(application.caf, application.decided_on, moment(at)).label_duration_months
    with_reservations = application.decision == LabelApplication.Proposal.GRANT_WITH_RESERVATIONS
    label = Label.objects.open(
        provider=application.provider,
        caf=application.caf,
        application=application,
        granted_on=application.decided_on,
        starts_on=starts_on,
        ends_on=end_after_months(starts_on, months),
        reservations=application.decision_reasons if with_reservations else "",
        reservations_due_on=application.reservations_due_on if with_reservations else None,
        approved=approved_facts(application),
        created_at=moment(at),
    )
    label.history.create(
        step="grant", source="", target=label.status, at=moment(at), **LabelStatusChange.actor(by)
    )
    return label


def write_record(application):
    """What the committee approved becomes the crèche's own record, which the certificate prints.

    An amendment writes what it changes alone. A SIRET that another crèche has taken meanwhile stays
    with that one; other opening hours than amended ones are written where there are none. Who runs
    the crèche is kept with the label, as text.
    """
    provider = Provider.objects.select_for_update(no_key=True).get(pk=application.provider_id)
    facility, changed = provider.facility, fields_of(application)
    if application.facility_name and "facility_name" in changed:
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
    approved = {
        name: value
        for name, value in approved.items()
        if value not in ("", None) and {"type": "facility_type"}.get(name, name) in changed
    }
    for name, value in approved.items():
        setattr(facility, name, value)
    facility.save(update_fields=approved)
    _write_hours(application, provider, changed)


def _write_hours(application, provider, changed):
    amends = application.kind == LabelApplication.Kind.AMENDMENT
    if not application.open_days or "open_days" not in changed:
        return
    if amends:
        provider.opening_hours.all().delete()
    if not provider.opening_hours.exists():
        OpeningHours.objects.bulk_create(
            OpeningHours(
                provider=provider, weekday=day, opens=application.opens, closes=application.closes
            )
            for day in application.open_days
        )


def approved_facts(application) -> dict:
    """The facts that the committee approves with this dossier, as JSON values."""
    return {
        "facility_name": application.facility_name,
        "siret": application.siret,
        "address": application.address,
        "facility_type": application.facility_type,
        "funding": application.funding,
        "licensed_capacity": application.licensed_capacity,
        "opens": f"{application.opens:%H:%M}" if application.opens else "",
        "closes": f"{application.closes:%H:%M}" if application.closes else "",
        "open_days": application.open_days,
        "operator_name": application.operator_name,
        "director_name": application.director_name,
        "family_referent_name": application.family_referent_name,
        "planned_avip_children": application.planned_avip_children,
    }


def amend_label(application, *, by, at):
    """What an amendment changes is approved: in the label, and in the one that follows it.

    Each gets a new certificate; the file of the former one is kept.
    """
    changed = fields_of(application)
    facts = {name: fact for name, fact in approved_facts(application).items() if name in changed}
    labels = Label.objects.filter(
        provider=application.provider_id,
        status__in=Label.LIVE,
        ends_on__gte=application.current_label.ends_on,
    )
    for label in labels:
        fields = ["approved", "certificate", *RESERVATIONS]
        with edit(label, by=by, seen=None, fields=fields, at=at):
            label.approved = label.approved | facts
            label.certificate = None
            if application.decision == LabelApplication.Proposal.GRANT_WITH_RESERVATIONS:
                _add_reservations(application, label)
        outbox.add("labels.certificate", label, key=f"{label.pk}:{application.pk}", at=at)


def _add_reservations(application, label):
    """Those of the amendment, with those of the label that are not lifted yet, the earlier day."""
    waits = bool(label.reservations) and label.reservations_lifted_on is None
    former = label.reservations if waits else ""
    days = [application.reservations_due_on, label.reservations_due_on if waits else None]
    label.reservations = "\n\n".join(filter(None, [former, application.decision_reasons]))
    label.reservations_due_on = min(filter(None, days), default=None)
    label.reservations_lifted_on = None
