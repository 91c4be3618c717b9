"""« À traiter »: what waits for a person, computed from the live database.

One definition per kind of wait feeds both the page (its rows) and the navigation (its counts).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from avip.jobs import SCHEDULES
from families.models import (
    Alert,
    AvipContract,
    ContractVersion,
    MonthlyDeclaration,
    Referral,
)
from labels.models import LabelApplication, LabelRequest, NetworkMember
from partners.models import User

PERSON, MONTH, LATER = "person", "month", "later"
GROUPS = {
    PERSON: "Pour une personne qui attend",
    MONTH: "Ce mois-ci",
    LATER: "Quand vous pourrez",
}
ROWS_PER_KIND = 30


@dataclass(frozen=True)
class Item:
    """One line of the page."""

    title: str
    detail: str
    url: str
    action: str
    deadline: object = None
    when: str = ""
    badge: str = ""
    tone: str = "warn"


@dataclass(frozen=True)
class Wait:
    """A kind of thing that waits: who it concerns, where it counts in the navigation, how a row reads."""

    group: str
    nav: str  # the URL name of the navigation entry that bears its count
    concerns: Callable  # reach -> bool, so that nobody pays for another trade's queries
    rows: Callable  # (user, today) -> queryset, most urgent first
    item: Callable  # row -> Item


def todo(user, now):
    """[(group title, [Item])] of what waits for this person, without the empty groups."""
    today = timezone.localtime(now).date()
    groups = {name: [] for name in GROUPS}
    for wait in _waits_of(user):
        groups[wait.group] += [wait.item(row) for row in wait.rows(user, today)[:ROWS_PER_KIND]]
    return [(GROUPS[name], items) for name, items in groups.items() if items]


def counts(user, now):
    """How many things wait under each entry of the navigation: one query, whatever the trade."""
    today = timezone.localtime(now).date()
    columns, names = {}, {}
    for index, wait in enumerate(_waits_of(user)):
        columns[f"n{index}"] = Coalesce(Subquery(_count(wait.rows(user, today))), 0)
        names[f"n{index}"] = wait.nav
    totals = {}
    if columns:
        row = User.objects.filter(pk=user.pk).values(**columns).get()
        for column, name in names.items():
            totals[name] = totals.get(name, 0) + row[column]
    return totals


def _count(rows):
    rows = rows.order_by().select_related(None).prefetch_related(None)
    return (
        rows.annotate(everything=Value(1)).values("everything").annotate(n=Count("pk")).values("n")
    )


def _waits_of(user):
    return [wait for wait in WAITS if wait.concerns(user.reach)]


def _is_caf(reach):
    return bool(reach.cafs)


def _gives_care(reach):
    return bool(reach.providers or reach.operators)


def _is_agency(reach):
    return bool(reach.agencies)


def _coordinates(reach):
    return bool(reach.services)


def _children(referral):
    ages = len(referral.children.all())
    return "Un enfant" if ages == 1 else f"{ages} enfants"


def _own_applications(user):
    return LabelApplication.objects.filter(
        Q(provider__in=user.reach.providers)
        | Q(provider__facility__operator__in=user.reach.operators)
    )


def _run_by(user, prefix=""):
    """Rows whose provider this person runs herself (coordinators act on other pages)."""
    return Q(**{f"{prefix}provider__in": user.reach.providers}) | Q(
        **{f"{prefix}provider__facility__operator__in": user.reach.operators}
    )


def _referrals(user):
    return Referral.objects.select_related("provider", "agency").prefetch_related("children")


def _versions():
    return ContractVersion.objects.filter(status=ContractVersion.Status.TO_SIGN).select_related(
        "contract__provider", "contract__household"
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
            when=f"depuis le {timezone.localtime(application.edited_at):%d/%m}",
        )

    return item


def _version_item(version):
    contract = version.contract
    return Item(
        title="Contrat à lire et à signer",
        detail=f"{contract.provider}, à partir du {version.start_on:%d/%m/%Y}",
        url=contract.get_absolute_url(),
        action="Lire et signer",
        deadline=version.start_on,
        badge=f"{version.signatures_count} sur {version.signatories_expected} ont signé",
    )


WAITS = [
    # A person waits.
    Wait(
        PERSON,
        "families:referral_list",
        _gives_care,
        lambda user, today: (
            _referrals(user)
            .filter(_run_by(user), status=Referral.Status.SENT)
            .order_by("answer_due_at")
        ),
        lambda referral: Item(
            title=f"Une famille demande une place à partir du {referral.from_on:%d/%m/%Y}",
            detail=f"{_children(referral)}, {referral.agency}",
            url=referral.get_absolute_url(),
            action="Répondre",
            deadline=referral.answer_due_at,
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        _coordinates,
        lambda user, today: (
            _referrals(user)
            .filter(
                provider__childminder__service__in=user.reach.services,
                status=Referral.Status.TO_VALIDATE,
            )
            .order_by("answer_due_at")
        ),
        lambda referral: Item(
            title=f"Une situation à valider chez {referral.provider}",
            detail=f"{_children(referral)} à partir du {referral.from_on:%d/%m/%Y}, {referral.agency}",
            url=reverse("families:referral_validate", args=[referral.pk]),
            action="Examiner",
            deadline=referral.answer_due_at,
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        _is_agency,
        lambda user, today: (
            _referrals(user)
            .filter(agency__in=user.reach.agencies, status=Referral.Status.ACCEPTED)
            .order_by("answered_at")
        ),
        lambda referral: Item(
            title="Une place est acceptée : demandez à la famille de confirmer",
            detail=f"{referral.provider}, à partir du {referral.from_on:%d/%m/%Y}",
            url=referral.get_absolute_url(),
            action="Prévenir la famille",
            deadline=referral.answered_at + timedelta(days=SCHEDULES["family_confirmation_days"]),
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        _is_agency,
        lambda user, today: (
            _referrals(user)
            .filter(
                agency__in=user.reach.agencies,
                status__in=[Referral.Status.EXPIRED, Referral.Status.REFUSED],
                edited_at__date__gte=today - timedelta(days=SCHEDULES["unplaced_family_days"]),
            )
            .exclude(
                household__referrals__status__in=[
                    "sent",
                    "to_validate",
                    "accepted",
                    "confirmed",
                    "placed",
                ]
            )
            .order_by("edited_at")
        ),
        lambda referral: Item(
            title="Une famille reste sans place"
            if referral.status == Referral.Status.REFUSED
            else "Pas de réponse : proposez une autre place",
            detail=f"{referral.provider} : {referral.get_status_display()}",
            url=referral.get_absolute_url(),
            action="Voir les solutions",
        ),
    ),
    Wait(
        PERSON,
        "families:contract_list",
        lambda reach: _is_agency(reach) or _gives_care(reach),
        lambda user, today: (
            _referrals(user)
            .filter(
                Q(agency__in=user.reach.agencies) | _run_by(user),
                status=Referral.Status.CONFIRMED,
            )
            .exclude(contracts__status__in=["draft", "to_sign", "active"])
            .order_by("from_on")
        ),
        lambda referral: Item(
            title="La famille a confirmé : proposez le contrat",
            detail=f"{referral.provider}, à partir du {referral.from_on:%d/%m/%Y}",
            url=reverse("families:contract_propose", args=[referral.pk]),
            action="Proposer le contrat",
            deadline=referral.from_on,
        ),
    ),
    Wait(
        PERSON,
        "families:contract_list",
        _gives_care,
        lambda user, today: (
            _versions().filter(_run_by(user, "contract__"), care_signed=0).order_by("start_on")
        ),
        _version_item,
    ),
    Wait(
        PERSON,
        "families:contract_list",
        _is_agency,
        lambda user, today: (
            _versions()
            .filter(contract__agency__in=user.reach.agencies, adviser_signed=0)
            .order_by("start_on")
        ),
        _version_item,
    ),
    Wait(
        PERSON,
        "families:contract_list",
        _is_agency,
        lambda user, today: (
            _versions()
            .filter(
                contract__agency__in=user.reach.agencies,
                adviser_signed__gt=0,
                signatories_expected__gt=F("care_signed")
                + F("parents_signed")
                + F("adviser_signed"),
            )
            .order_by("start_on")
        ),
        lambda version: Item(
            title="Il manque une signature au contrat",
            detail=f"{version.contract.provider}, à partir du {version.start_on:%d/%m/%Y}",
            url=version.contract.get_absolute_url(),
            action="Relancer",
            deadline=version.start_on,
            badge=f"{version.signatures_count} sur {version.signatories_expected} ont signé",
        ),
    ),
    # This month.
    Wait(
        MONTH,
        "families:declaration_list",
        _gives_care,
        lambda user, today: (
            MonthlyDeclaration.objects.filter(
                _run_by(user), status=MonthlyDeclaration.Status.OPEN, month__lt=today.replace(day=1)
            )
            .select_related("provider")
            .order_by("month")
        ),
        lambda declaration: Item(
            title=f"Faire le point de {declaration.month:%m/%Y}",
            detail=f"{declaration.provider}, deux nombres à confirmer",
            url=declaration.get_absolute_url(),
            action="Faire le point",
            deadline=(declaration.month + timedelta(days=32)).replace(
                day=SCHEDULES["declaration_due_day"]
            ),
        ),
    ),
    Wait(
        MONTH,
        "families:contract_list",
        lambda reach: _is_agency(reach) or _gives_care(reach),
        lambda user, today: (
            AvipContract.objects.filter(
                Q(agency__in=user.reach.agencies) | _run_by(user),
                status=AvipContract.Status.ACTIVE,
                renewal=None,
                end_on__lte=today + timedelta(days=max(SCHEDULES["contract_end_reminder_days"])),
            )
            .select_related("provider")
            .order_by("end_on")
        ),
        lambda contract: Item(
            title="Un contrat finit bientôt : renouveler ou conclure",
            detail=f"{contract.provider}, jusqu’au {contract.end_on:%d/%m/%Y}",
            url=contract.get_absolute_url(),
            action="Préparer",
            deadline=contract.end_on,
        ),
    ),
    Wait(
        MONTH,
        "families:contract_list",
        _is_agency,
        lambda user, today: (
            AvipContract.objects.filter(
                agency__in=user.reach.agencies,
                status__in=[AvipContract.Status.ENDED, AvipContract.Status.TERMINATED],
                outcome="",
                renewal=None,
            )
            .select_related("provider")
            .order_by("ended_on")
        ),
        lambda contract: Item(
            title="Qu’est devenue la famille ? Notez l’issue du contrat",
            detail=f"{contract.provider}, terminé le {contract.ended_on:%d/%m/%Y}",
            url=reverse("families:outcome_record", args=[contract.pk]),
            action="Noter l’issue",
        ),
    ),
    # The Caf.
    Wait(
        PERSON,
        "labels:application_list",
        _is_caf,
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
        _is_caf,
        lambda user, today: (
            LabelApplication.objects.filter(
                caf__in=user.reach.cafs, status=LabelApplication.Status.DRAFT, attached_at=None
            )
            .select_related("provider")
            .order_by("created_at")
        ),
        _application_item("Une crèche demande à vous rejoindre", "Rattacher"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        _is_caf,
        lambda user, today: (
            LabelApplication.objects.filter(
                caf__in=user.reach.cafs, status=LabelApplication.Status.SUBMITTED
            )
            .select_related("provider")
            .order_by("submitted_at")
        ),
        _application_item("Demande de label déposée", "Instruire"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        _is_caf,
        lambda user, today: (
            LabelApplication.objects.filter(
                caf__in=user.reach.cafs, status=LabelApplication.Status.UNDER_REVIEW, reviewer=user
            )
            .select_related("provider")
            .order_by("submitted_at")
        ),
        _application_item("Demande de label que vous instruisez", "Reprendre"),
    ),
    Wait(
        MONTH,
        "labels:application_list",
        _is_caf,
        lambda user, today: (
            LabelApplication.objects.filter(
                caf__in=user.reach.cafs, status=LabelApplication.Status.READY
            )
            .exclude(reviewer=user)
            .select_related("provider")
            .order_by("submitted_at")
        ),
        _application_item("Dossier prêt : enregistrer la décision du comité", "Décider"),
    ),
    Wait(
        LATER,
        "reporting:caf_dashboard",
        _is_caf,
        lambda user, today: (
            Alert.objects.open()
            .filter(caf__in=user.reach.cafs)
            .select_related("provider")
            .order_by("opened_at")
        ),
        lambda alert: Item(
            title=f"{alert.provider} : {alert.get_kind_display()}",
            detail=alert.text,
            url=reverse("families:provider_detail", args=[alert.provider_id]),
            action="Voir",
            when=f"depuis le {timezone.localtime(alert.opened_at):%d/%m}",
        ),
    ),
    # The label, seen by the crèche.
    Wait(
        MONTH,
        "labels:application_list",
        _gives_care,
        lambda user, today: (
            _own_applications(user)
            .filter(status=LabelApplication.Status.CORRECTION_REQUESTED)
            .select_related("provider")
            .order_by("edited_at")
        ),
        _application_item("La Caf demande une correction", "Corriger"),
    ),
    Wait(
        LATER,
        "labels:application_list",
        _gives_care,
        lambda user, today: (
            _own_applications(user)
            .filter(status=LabelApplication.Status.DRAFT)
            .select_related("provider")
            .order_by("edited_at")
        ),
        _application_item("Demande de label commencée, pas encore déposée", "Reprendre"),
    ),
    # The network of childminders.
    Wait(
        LATER,
        "families:network_list",
        _coordinates,
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
