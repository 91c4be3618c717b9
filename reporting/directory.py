"""The public directory: the crèches that hold the label on a day, for anybody.

Crèches only: where a childminder lives is public nowhere.
"""

from django.db.models import Exists, OuterRef, Q, Subquery

from labels.models import Label
from partners.models import Provider

ON_THE_MAP = 1000


def labelled_creches(on):
    """The crèches whose label runs on that day, by commune, each with `label_code`, `label_until`.

    Suspended, withdrawn, relinquished and ended labels are not there.
    """
    running = Label.objects.public().running_on(on).filter(provider=OuterRef("pk"))
    return (
        Provider.objects.filter(Exists(running), kind=Provider.Kind.FACILITY)
        .annotate(
            label_code=Subquery(running.values("code")[:1]),
            label_until=Subquery(running.values("ends_on")[:1]),
        )
        .select_related("commune", "facility__operator", "caf")
        .order_by("commune", "name", "pk")
    )


def narrowed(creches, *, caf=None, commune=None, around=None, type=""):
    """Those of a Caf, of a commune or so many kilometres around it (nearest first), of a type."""
    if caf:
        creches = creches.filter(caf=caf)
    if type:
        creches = creches.filter(facility__type=type)
    if commune and around:
        creches = creches.near(commune.lat, commune.lon, around).order_by("distance_km", "pk")
    elif commune:
        creches = creches.filter(Q(commune=commune) | Q(commune__parent_code=commune.code))
    return creches


def places_on_map(creches):
    """What the map draws of them: a name, a commune, a point."""
    placed = creches.exclude(lat=None).values("pk", "name", "commune__name", "lat", "lon")
    return [
        {
            "id": str(row["pk"]),
            "name": row["name"],
            "commune": row["commune__name"],
            "at": [round(row["lat"], 5), round(row["lon"], 5)],
        }
        for row in placed[:ON_THE_MAP]
    ]
