"""What waits in the families' path: requests, contracts, months to declare, alerts."""

from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Concat, Left
from django.urls import reverse

from avip.jobs import SCHEDULES
from avip.templatetags.words import brief_day, fr_date
from families.models import (
    Alert,
    AvipContract,
    ContractVersion,
    Parent,
    ReferentChange,
    Referral,
)
from families.workflow import outcomes
from partners.models import Membership
from reporting.waits.wait import (
    LATER,
    MONTH,
    PERSON,
    Item,
    Wait,
    coordinates,
    gives_care,
    is_agency,
    is_caf,
    run_by,
)


def _children(referral):
    return "Un enfant" if referral.ages == 1 else f"{referral.ages} enfants"


# Every page counts these rows and this one builds eight queries: only the columns that are read.
def _referrals():
    return Referral.objects.select_related("provider", "agency").only(
        "status", "from_on", "answer_due_at", "answered_at", "provider__name", "agency__name"
    )


def _validated_by(reach):
    """The coordinator, her deputy once it is asked, the Caf once it is or where nobody is."""
    service = "provider__childminder__service"
    return (
        Q(**{f"{service}__in": reach.services})
        | Q(**{f"{service}__deputy__in": reach.services}, deputy_at__isnull=False)
        | Q(caf__in=reach.cafs, escalated_at__isnull=False)
    )


def _family(household):
    """« Fatoumata D. », read with the row: whoever reads these lines is a party of the contract."""
    referring = Parent.objects.filter(household=OuterRef(household), is_referring=True)
    name = Concat("first_name", Value(" "), Left("last_name", 1), Value("."))
    return Coalesce(Subquery(referring.values(name=name)), Value("cette famille"))


def _versions():
    return (
        ContractVersion.objects.filter(status=ContractVersion.Status.TO_SIGN)
        .select_related("contract__provider")
        .annotate(family=_family("contract__household"))
        .only(
            "start_on",
            "signatories_expected",
            "care_signed",
            "parents_signed",
            "adviser_signed",
            "contract__provider__name",
        )
    )


def _contracts():
    return (
        AvipContract.objects.not_renewed()
        .select_related("provider")
        .annotate(family=_family("household"))
        .only("end_on", "ended_on", "provider__name")
    )


def _version_item(version):
    contract = version.contract
    return Item(
        title=f"Le contrat de {version.family} est à lire et à signer",
        detail=f"{contract.provider}, à partir du {fr_date(version.start_on)}",
        url=contract.get_absolute_url(),
        action="Lire et signer",
        deadline=version.start_on,
        badge=f"{version.signatures_count} sur {version.signatories_expected} ont signé",
    )


FAMILIES = [
    # A person waits.
    Wait(
        PERSON,
        "families:referral_list",
        gives_care,
        lambda user, today: (
            _referrals()
            .filter(run_by(user), status=Referral.Status.SENT, is_urgent=False)
            .annotate(ages=Count("children"))
            .order_by("answer_due_at")
        ),
        lambda referral: Item(
            title=f"Une famille demande une place à partir du {fr_date(referral.from_on)}",
            detail=f"{_children(referral)}, {referral.agency}",
            url=referral.get_absolute_url(),
            action="Répondre",
            deadline=referral.answer_due_at,
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        lambda reach: coordinates(reach) or is_caf(reach),
        lambda user, today: (
            _referrals()
            .filter(
                _validated_by(user.reach),
                status=Referral.Status.TO_VALIDATE,
            )
            .annotate(ages=Count("children"))
            .order_by("answer_due_at")
        ),
        lambda referral: Item(
            title=f"Une situation à valider chez {referral.provider}",
            detail=f"{_children(referral)} à partir du {fr_date(referral.from_on)}, "
            f"{referral.agency}",
            url=reverse("families:referral_validate", args=[referral.pk]),
            action="Examiner",
            deadline=referral.answer_due_at,
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        is_agency,
        lambda user, today: (
            _referrals()
            .filter(agency__in=user.reach.agencies, status=Referral.Status.ACCEPTED)
            .order_by("answered_at")
        ),
        lambda referral: Item(
            title="Une place est acceptée\xa0: demandez à la famille de confirmer",
            detail=f"{referral.provider}, à partir du {fr_date(referral.from_on)}",
            url=referral.get_absolute_url(),
            action="Prévenir la famille",
            deadline=referral.answered_at + timedelta(days=SCHEDULES["family_confirmation_days"]),
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        is_agency,
        lambda user, today: (
            _referrals()
            .filter(agency__in=user.reach.agencies, status=Referral.Status.WAITING_LIST)
            .family_to_tell()
            .order_by("answered_at")
        ),
        lambda referral: Item(
            title="La famille est en liste d’attente\xa0: dites-le-lui",
            detail=f"{referral.provider}, à partir du {fr_date(referral.from_on)}",
            url=referral.get_absolute_url(),
            action="Prévenir la famille",
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        coordinates,
        lambda user, today: (
            _referrals()
            .filter(
                ~Exists(Membership.objects.in_force(today).filter(provider=OuterRef("provider"))),
                provider__childminder__service__in=user.reach.services,
                status=Referral.Status.SENT,
            )
            .order_by("answer_due_at")
        ),
        lambda referral: Item(
            title=f"Répondre pour {referral.provider}, qui n’a pas de compte",
            detail=f"À partir du {fr_date(referral.from_on)}, {referral.agency}",
            url=referral.get_absolute_url(),
            action="Répondre",
            deadline=referral.answer_due_at,
        ),
    ),
    Wait(
        PERSON,
        "families:referral_list",
        is_agency,
        lambda user, today: (
            _referrals()
            .filter(
                agency__in=user.reach.agencies,
                status__in=[Referral.Status.EXPIRED, Referral.Status.REFUSED],
                edited_at__date__gte=today - timedelta(days=SCHEDULES["unplaced_family_days"]),
            )
            .exclude(
                household__referrals__status__in=[
                    "sent",
                    "to_validate",
                    "hours_proposed",
                    "shortlisted",
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
            else "Pas de réponse\xa0: proposez une autre place",
            detail=f"{referral.provider}\xa0: {referral.get_status_display()}",
            url=referral.get_absolute_url(),
            action="Voir les solutions",
        ),
    ),
    Wait(
        PERSON,
        "families:contract_list",
        lambda reach: is_agency(reach) or gives_care(reach),
        lambda user, today: (
            _referrals()
            .filter(
                Q(agency__in=user.reach.agencies) | run_by(user),
                status=Referral.Status.CONFIRMED,
                kind=Referral.Kind.REGULAR,
            )
            .exclude(contracts__status__in=["draft", "to_sign", "active"])
            .order_by("from_on")
        ),
        lambda referral: Item(
            title="La famille a confirmé\xa0: proposez le contrat",
            detail=f"{referral.provider}, à partir du {fr_date(referral.from_on)}",
            url=reverse("families:contract_propose", args=[referral.pk]),
            action="Proposer le contrat",
            deadline=referral.from_on,
        ),
    ),
    Wait(
        PERSON,
        "families:contract_list",
        gives_care,
        lambda user, today: (
            _versions().filter(run_by(user, "contract__"), care_signed=0).order_by("start_on")
        ),
        _version_item,
    ),
    Wait(
        PERSON,
        "families:contract_list",
        is_agency,
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
        is_agency,
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
            title=f"Il manque une signature au contrat de {version.family}",
            detail=f"{version.contract.provider}, à partir du {fr_date(version.start_on)}",
            url=version.contract.get_absolute_url(),
            action="Relancer",
            deadline=version.start_on,
            badge=f"{version.signatures_count} sur {version.signatories_expected} ont signé",
        ),
    ),
    Wait(
        PERSON,
        "families:contract_list",
        is_agency,
        lambda user, today: (
            ReferentChange.objects.filter(
                to_agency__in=user.reach.agencies, status=ReferentChange.Status.PROPOSED
            )
            .select_related("from_agency", "contract")
            .order_by("created_at")
        ),
        lambda change: Item(
            title="Une famille à accompagner\xa0: lire et répondre",
            detail=f"{change.from_agency}, contrat jusqu’au {fr_date(change.contract.end_on)}",
            url=reverse("families:referent_change", args=[change.pk]),
            action="Lire et répondre",
        ),
    ),
    # This month.
    Wait(
        MONTH,
        "families:contract_list",
        lambda reach: is_agency(reach) or gives_care(reach),
        lambda user, today: (
            _contracts()
            .filter(
                Q(agency__in=user.reach.agencies) | run_by(user),
                status=AvipContract.Status.ACTIVE,
                end_on__lte=today + timedelta(days=max(SCHEDULES["contract_end_reminder_days"])),
            )
            .order_by("end_on")
        ),
        lambda contract: Item(
            title=f"Le contrat de {contract.family} finit bientôt\xa0: renouveler ou conclure",
            detail=f"{contract.provider}, jusqu’au {fr_date(contract.end_on)}",
            url=contract.get_absolute_url(),
            action="Préparer",
            deadline=contract.end_on,
        ),
    ),
    Wait(
        MONTH,
        "families:contract_list",
        is_agency,
        lambda user, today: (
            outcomes.waiting(_contracts())
            .filter(agency__in=user.reach.agencies, ended_on__lte=today)
            .order_by("ended_on")
        ),
        lambda contract: Item(
            title=f"Notez l’issue du contrat de {contract.family}",
            detail=f"{contract.provider}, terminé le {fr_date(contract.ended_on)}",
            url=reverse("families:outcome_record", args=[contract.pk]),
            action="Noter l’issue",
        ),
    ),
    # The Caf.
    Wait(
        LATER,
        "reporting:caf_dashboard",
        is_caf,
        lambda user, today: (
            Alert.objects.open()
            .filter(caf__in=user.reach.cafs)
            .select_related("provider")
            .order_by("opened_at")
        ),
        lambda alert: Item(
            title=f"{alert.provider}\xa0: {alert.get_kind_display()}",
            detail=alert.text,
            url=reverse("families:provider_detail", args=[alert.provider_id]),
            action="Voir",
            when=f"depuis le {brief_day(alert.opened_at)}",
        ),
    ),
]
