"""What lies around a crèche: the labelled places, the priority neighbourhoods, the agencies."""

from dataclasses import dataclass
from datetime import date

from labels.models import labelled_providers
from partners.models import Agency, PriorityNeighbourhood, Provider

NEAREST = 5
WITHIN_KM = 40


@dataclass(frozen=True)
class Surroundings:
    """Each list has `distance_km` on its rows, nearest first; empty where nothing is known."""

    is_commune: bool  # measured from the commune: the crèche is not on the map yet
    labelled: list
    neighbourhoods: list
    agencies: list


def surroundings(provider: Provider, on: date) -> Surroundings:
    """The territory of a crèche on that day; its commune stands for it while it has no point."""
    point = provider if provider.lat is not None else provider.commune
    if point.lat is None:
        return Surroundings(True, [], [], [])
    around = (point.lat, point.lon, WITHIN_KM)
    labelled = labelled_providers(on).exclude(pk=provider.pk).near(*around)
    neighbourhoods = PriorityNeighbourhood.objects.filter(communes=provider.commune_id)
    agencies = Agency.objects.near(*around)
    return Surroundings(
        is_commune=point is not provider,
        labelled=_nearest(labelled.select_related("commune")),
        neighbourhoods=_nearest(neighbourhoods.near(*around)),
        agencies=_nearest(agencies.select_related("commune")),
    )


def _nearest(rows):
    return list(rows.order_by("distance_km", "pk")[:NEAREST])
