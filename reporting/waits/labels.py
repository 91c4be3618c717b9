"""What waits in the life of the label: requests, dossiers, the network."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from avip.jobs import SCHEDULES
from avip.templatetags.words import brief_day
from labels.models import (
    ApplicationStatusChange,
    Correction,
    FieldCommentStatusChange,
    Label,
    LabelApplication,
    LabelRequest,
    NetworkMember,
)
from labels.permissions import REMARK_STEPS, REVIEW_STEPS
from partners.models import Membership
from reporting.waits.wait import (
    LATER,
    MONTH,
    PERSON,
    Item,
    Wait,
    coordinates,
    gives_care,
    is_caf,
    run_by,
)


def _applications():
    return LabelApplication.objects.select_related("provider").only(
        "kind", "facility_name", "edited_at", "provider__name"
    )


def _application_item(title, action):
    def item(application):
        return Item(
            title=title,
            detail=f"{application.facility_name or application.provider}, "
            f"{application.get_kind_display()}",
            url=application.get_absolute_url(),
            action=action,
            deadline=None,
            when=f"depuis le {brief_day(application.edited_at)}",
        )

    return item


def _label_item(title, action, deadline="ends_on"):
    def item(label):
        return Item(
            title=title,
            detail=str(label.provider),
            url=label.get_absolute_url(),
            action=action,
            deadline=getattr(label, deadline),
        )

    return item


def _near_their_end(today):
    """Labels whose end is announced, that nothing follows and no submitted renewal concerns."""
    furthest = today + relativedelta(months=max(SCHEDULES["label_end_warning_months"]))
    filed = LabelApplication.objects.open().exclude(status=LabelApplication.Status.DRAFT)
    return (
        Label.objects.filter(
            status__in=Label.LIVE, ends_on__range=(today, furthest), leaves_on=None
        )
        .not_followed()
        .exclude(pk__in=filed.filter(kind=LabelApplication.Kind.RENEWAL).values("current_label"))
        .select_related("provider")
        .order_by("ends_on")
    )


def _reserved(today):
    """Labels whose reservations come due within the time of the first reminder."""
    first = max(SCHEDULES["reservations_reminder_days"])
    return (
        Label.objects.filter(
            status__in=Label.LIVE,
            reservations_lifted_on=None,
            reservations_due_on__lte=today + timedelta(days=first),
        )
        .select_related("provider")
        .order_by("reservations_due_on")
    )


def _under_notice():
    return (
        Label.objects.filter(status=Label.Status.NOTICE_GIVEN)
        .select_related("provider")
        .order_by("notice_reply_due_on")
    )


def _colleagues(today, **filters):
    """The members of the Caf of a dossier, on that day."""
    return Membership.objects.in_force(today).filter(caf=OuterRef("caf"), **filters)


# The states of a dossier in hand that nothing else offers to a colleague.
WITHOUT_REVIEWER = (
    LabelApplication.Status.CORRECTION_REQUESTED,
    LabelApplication.Status.ON_AGENDA,
)


def _late_corrections(today):
    """The dossiers whose correction was due before that day."""
    late = Correction.objects.filter(resolved_at=None, due_on__lt=today)
    return late.values("application")


def _took_part(dossier, person):
    """Whether this person took part in the review of this dossier; each may be an OuterRef."""
    steps = ApplicationStatusChange.objects.filter(
        dossier=dossier, user=person, step__in=REVIEW_STEPS
    )
    remarks = FieldCommentStatusChange.objects.filter(
        dossier__application=dossier, user=person, step__in=REMARK_STEPS
    )
    return Exists(steps) | Exists(remarks)


def left_to_others(user, today):
    """Dossiers that this person reviewed and that a colleague who did not decides."""
    colleague_took_part = _took_part(OuterRef(OuterRef("pk")), OuterRef("user"))
    others = _colleagues(today).exclude(user=user).exclude(colleague_took_part)
    return _took_part(OuterRef("pk"), user) & Exists(others)


LABELS = [
    # The Caf.
    Wait(
        PERSON,
        "labels:application_list",
        is_caf,
        lambda user, today: (
            LabelRequest.objects.visible_to(user)
            .to_attach()
            .select_related("provider")
            .order_by("confirmed_at")
        ),
        lambda request: Item(
            title="Une personne dit travailler dans une crèche connue",
            detail=str(request.provider),
            url=reverse("labels:application_list"),
            action="Répondre",
        ),
    ),
    Wait(
        PERSON,
        "labels:application_list",
        is_caf,
        lambda user, today: (
            _applications()
            .filter(caf__in=user.reach.cafs, status=LabelApplication.Status.DRAFT, attached_at=None)
            .order_by("created_at")
        ),
        _application_item("Une crèche demande à vous rejoindre", "Rattacher"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        is_caf,
        lambda user, today: (
            _applications()
            .filter(caf__in=user.reach.cafs, status=LabelApplication.Status.SUBMITTED)
            .order_by("submitted_at")
        ),
        _application_item("Demande de label déposée", "Instruire"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        is_caf,
        lambda user, today: (
            _applications()
            .filter(caf__in=user.reach.cafs, status=LabelApplication.Status.UNDER_REVIEW)
            # Whose reviewer has left the Caf is everybody's.
            .filter(Q(reviewer=user) | ~Exists(_colleagues(today, user=OuterRef("reviewer"))))
            .order_by("submitted_at")
        ),
        _application_item("Demande de label en cours d’instruction", "Reprendre"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        is_caf,
        lambda user, today: (
            _applications()
            .filter(caf__in=user.reach.cafs, status=LabelApplication.Status.READY)
            # Whoever reviewed does not decide, unless nobody else in the Caf could.
            .exclude(left_to_others(user, today))
            .order_by("submitted_at")
        ),
        _application_item("Dossier prêt\xa0: enregistrer la décision du comité", "Décider"),
    ),
    Wait(
        LATER,
        "labels:application_list",
        is_caf,
        lambda user, today: (
            _applications()
            .filter(caf__in=user.reach.cafs, status=LabelApplication.Status.TO_CONFIRM)
            .order_by("edited_at")
        ),
        _application_item("La décision attend d’être confirmée par le comité", "Voir"),
    ),
    Wait(
        MONTH,
        "labels:label_list",
        is_caf,
        lambda user, today: (
            _under_notice()
            .filter(caf__in=user.reach.cafs)
            .filter(Q(notice_replied_at__isnull=False) | Q(notice_reply_due_on__lt=today))
        ),
        _label_item(
            "Mise en demeure\xa0: dire ce que vous décidez", "Décider", "notice_reply_due_on"
        ),
    ),
    Wait(
        LATER,
        "labels:label_list",
        is_caf,
        lambda user, today: _reserved(today).filter(caf__in=user.reach.cafs),
        _label_item("Réserves à lever", "Voir", "reservations_due_on"),
    ),
    Wait(
        LATER,
        "labels:label_list",
        is_caf,
        lambda user, today: _near_their_end(today).filter(caf__in=user.reach.cafs),
        _label_item("Un label finit bientôt, sans renouvellement déposé", "Voir"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        is_caf,
        lambda user, today: (
            _applications()
            .filter(caf__in=user.reach.cafs, status__in=WITHOUT_REVIEWER)
            .filter(~Exists(_colleagues(today, user=OuterRef("reviewer"))))
            .order_by("submitted_at")
        ),
        _application_item("Demande sans instructeur\xa0: la personne a quitté la Caf", "Reprendre"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        is_caf,
        lambda user, today: (
            _applications()
            .filter(status=LabelApplication.Status.CORRECTION_REQUESTED, reviewer=user)
            .filter(caf__in=user.reach.cafs, pk__in=_late_corrections(today))
            .order_by("submitted_at")
        ),
        _application_item("La correction demandée n’est pas arrivée", "Voir"),
    ),
    # The label, seen by the crèche.
    Wait(
        MONTH,
        "labels:label_list",
        gives_care,
        lambda user, today: _under_notice().filter(run_by(user), notice_replied_at=None),
        _label_item("La Caf vous met en demeure", "Répondre", "notice_reply_due_on"),
    ),
    Wait(
        MONTH,
        "labels:label_list",
        gives_care,
        lambda user, today: _reserved(today).filter(run_by(user)),
        _label_item("Réserves à lever sur votre label", "Voir", "reservations_due_on"),
    ),
    Wait(
        LATER,
        "labels:label_list",
        gives_care,
        lambda user, today: _near_their_end(today).filter(run_by(user)),
        _label_item("Votre label finit bientôt", "Préparer la suite"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        gives_care,
        lambda user, today: (
            _applications()
            .filter(run_by(user), status=LabelApplication.Status.CORRECTION_REQUESTED)
            .order_by("edited_at")
        ),
        _application_item("La Caf demande une correction", "Corriger"),
    ),
    Wait(
        LATER,
        "labels:application_list",
        gives_care,
        lambda user, today: (
            _applications()
            .filter(run_by(user), status=LabelApplication.Status.DRAFT)
            .order_by("edited_at")
        ),
        _application_item("Demande de label commencée, pas encore déposée", "Reprendre"),
    ),
    # The network of childminders.
    Wait(
        LATER,
        "families:network_list",
        coordinates,
        lambda user, today: (
            NetworkMember.objects.filter(
                provider__childminder__service__in=user.reach.services,
                status__in=[NetworkMember.Status.WISH, NetworkMember.Status.LICENCE_CHECKED],
            )
            .select_related("provider")
            .order_by("created_at")
        ),
        lambda member: Item(
            title=f"{member.provider} souhaite rejoindre le réseau",
            detail=member.get_status_display(),
            url=reverse("families:provider_detail", args=[member.provider_id]),
            action="Vérifier l’agrément"
            if member.status == NetworkMember.Status.WISH
            else "Faire entrer",
        ),
    ),
]
