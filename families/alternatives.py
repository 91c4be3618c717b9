"""Other labelled places near a family whose request went unanswered."""

from families.models import Referral
from families.places import keys_of
from families.search import Need, search
from partners.calendars import age_in_months

RADIUS_KM = 15
FEW = 3


def alternatives(referral, providers, on, limit=FEW):
    """The nearest places of `providers` that fit the need, where this family has not asked yet."""
    commune = referral.household.commune
    if commune.lat is None:
        return []
    asked = Referral.objects.filter(household=referral.household_id).values("provider")
    need = Need(
        lat=commune.lat,
        lon=commune.lon,
        radius_km=RADIUS_KM,
        from_on=max(referral.from_on, on),
        ages=tuple(age_in_months(c.birth_date, referral.from_on) for c in referral.children.all()),
        keys=tuple(keys_of(referral.slots.all())),
    )
    return search(providers.exclude(pk__in=asked), need, on)[:limit]
