"""What waits around a committee: one to convene, to close, to confirm, dossiers without one."""

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from avip.templatetags.words import brief_day, count_of
from labels.models import LabelApplication, LabelCommittee
from partners.models import Caf
from reporting.waits.labels import left_to_others
from reporting.waits.wait import LATER, MONTH, Item, Wait, is_caf

C = LabelCommittee.Status
PAGE = "labels:committee_list"


def _committees(status, **filters):
    def rows(user, today):
        days = {name: today if value is None else value for name, value in filters.items()}
        return LabelCommittee.objects.filter(
            caf__in=user.reach.cafs, status=status, **days
        ).order_by("held_on", "pk")

    return rows


def _item(title, action):
    def item(committee):
        return Item(
            title=title,
            detail=str(committee),
            url=committee.get_absolute_url(),
            action=action,
            deadline=committee.held_on,
        )

    return item


def _ready_elsewhere(user, today):
    """The Cafs whose ready dossiers this person may not decide alone, and how many there are."""
    ready = LabelApplication.objects.filter(
        left_to_others(user, today), caf=OuterRef("pk"), status=LabelApplication.Status.READY
    )
    waiting = Q(labelapplication__status=LabelApplication.Status.READY)
    return (
        Caf.objects.filter(Exists(ready), pk__in=user.reach.cafs)
        .annotate(ready=Count("labelapplication", filter=waiting))
        .order_by("pk")
    )


COMMITTEES = [
    Wait(
        MONTH,
        PAGE,
        is_caf,
        _committees(C.CONVENED, held_on__lte=None),
        _item("Comité à clore\xa0: noter les décisions", "Clore"),
    ),
    Wait(
        LATER,
        PAGE,
        is_caf,
        _committees(C.PLANNED),
        _item("Comité en préparation", "Préparer"),
    ),
    Wait(
        LATER,
        PAGE,
        is_caf,
        _committees(C.TO_CONFIRM),
        lambda committee: Item(
            title="Les décisions du comité attendent d’être confirmées par un membre",
            detail=str(committee),
            url=committee.get_absolute_url(),
            action="Voir",
            when=f"depuis le {brief_day(committee.edited_at)}",
        ),
    ),
    Wait(
        LATER,
        PAGE,
        is_caf,
        _ready_elsewhere,
        lambda caf: Item(
            title=f"{count_of(caf.ready, 'dossier prêt,dossiers prêts')} pour un comité",
            detail=str(caf),
            url=reverse(PAGE),
            action="Inscrire à un comité",
        ),
    ),
]
