"""Places of childminders that nobody has confirmed for two months: whoever coordinates asks."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date
from families.models import Hold, PlaceOffer
from labels.models.labels import labelled_providers
from reporting.waits.wait import LATER, Item, Wait


def _silent(user, today):
    late = today - timedelta(days=SCHEDULES["place_silent_days"])
    hers = Q(provider__childminder__service__in=user.reach.services)
    alone = Q(provider__childminder__service=None, provider__kind="childminder")
    return (
        PlaceOffer.objects.open_on(today)
        .filter(hers | alone & Q(provider__caf__in=user.reach.cafs))
        .filter(Exists(labelled_providers(today).filter(pk=OuterRef("provider"))), is_blocked=True)
        .filter(Q(confirmed_on=None) | Q(confirmed_on__lt=late), from_on__lt=late)
        # A place given asks nothing.
        .exclude(provider__in=Hold.objects.standing(today, today).values("provider"))
        .select_related("provider")
        .order_by("confirmed_on", "pk")
    )


PLACES = [
    Wait(
        LATER,
        "families:network_list",
        lambda reach: bool(reach.services or reach.cafs),
        _silent,
        lambda offer: Item(
            title=f"La place de {offer.provider} est-elle toujours libre\xa0?",
            detail=f"Confirmée pour la dernière fois le {fr_date(offer.confirmed_on)}"
            if offer.confirmed_on
            else "Jamais confirmée",
            url=reverse("families:own_place", args=[offer.provider_id]),
            action="Demander",
        ),
    ),
]
