"""Files that look like one family: the Caf says, then an agency makes one of them."""

from django.urls import reverse

from avip.templatetags.words import brief_day
from families.models import HouseholdMatch
from reporting.waits.wait import LATER, Item, Wait, is_agency, is_caf

MATCHES = [
    Wait(
        LATER,
        "families:match_list",
        is_caf,
        lambda user, today: (
            HouseholdMatch.objects.filter(caf__in=user.reach.cafs, verdict="")
            .select_related("first__agency", "second__agency")
            .order_by("found_at")
        ),
        lambda match: Item(
            title="Deux agences suivent peut-être la même famille",
            detail=f"{match.first.agency}, {match.second.agency}",
            url=reverse("families:match_detail", args=[match.pk]),
            action="Vérifier",
            when=f"depuis le {brief_day(match.found_at)}",
        ),
    ),
    Wait(
        LATER,
        "families:household_list",
        is_agency,
        lambda user, today: (
            HouseholdMatch.objects.managed_by(user).select_related("first").order_by("settled_at")
        ),
        lambda match: Item(
            title="Une autre agence a inscrit une de vos familles\xa0: réunissez les dossiers",
            detail="La Caf a vérifié\xa0: c’est la même famille.",
            url=match.first.get_absolute_url(),
            action="Voir le dossier",
        ),
    ),
]
