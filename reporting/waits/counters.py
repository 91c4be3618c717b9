"""Requests that a guichet unique has still to pass on; its Caf's, once it has kept silent."""

from django.db.models import Count, Q
from django.urls import reverse

from avip.templatetags.words import fr_date
from families.models import Referral
from reporting.waits.wait import PERSON, Item, Wait


def _to_dispatch(user, today):
    silent = Q(escalated_at__isnull=False, caf__in=user.reach.cafs)
    return (
        Referral.objects.filter(
            Q(counter__in=user.reach.services) | silent, status=Referral.Status.TO_DISPATCH
        )
        .select_related("provider", "agency")
        .annotate(ages=Count("children"))
        .order_by("answer_due_at")
    )


COUNTERS = [
    Wait(
        PERSON,
        "families:referral_list",
        lambda reach: bool(reach.services or reach.cafs),
        _to_dispatch,
        lambda referral: Item(
            title=f"Une demande à adresser à {referral.provider}",
            detail=f"{'Un enfant' if referral.ages == 1 else f'{referral.ages} enfants'} "
            f"à partir du {fr_date(referral.from_on)}, {referral.agency}",
            url=reverse("families:referral_dispatch", args=[referral.pk]),
            action="Adresser",
            deadline=referral.answer_due_at,
        ),
    ),
]
