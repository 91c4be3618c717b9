"""Whose network is counted: a coordinator's communes, a Caf's whole network; never more."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q
from django.utils import timezone

from families.desk import home_of
from families.models import Household, Referral
from labels.models import NetworkMember
from partners.models import Caf, Commune


@dataclass(frozen=True)
class Scope:
    """The rows a person may count, over a period, in one commune or in all of hers."""

    name: str  # whose figures these are
    caf: Caf
    communes: object  # Commune queryset
    members: object  # NetworkMember queryset
    asked: object  # Referral queryset: to her providers, or from families of her communes
    since: date
    until: date

    @property
    def begins(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.since, time.min))

    @property
    def ends(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.until, time.max))


def counts_network(reach) -> bool:
    """Coordinators and Cafs have figures of a network."""
    return bool(reach.services or reach.cafs)


def communes_of(user):
    """The communes a person's figures bear on: of her services, or where her Caf has somebody."""
    reach = user.reach
    if reach.cafs:
        served = Q(municipal_services__caf__in=reach.cafs)
        homes = Q(pk__in=Household.objects.filter(caf__in=reach.cafs).values("commune"))
        lived = Q(
            pk__in=NetworkMember.objects.visible_to(user).still_here().values("provider__commune")
        )
        return Commune.objects.filter(served | homes | lived).distinct()
    return Commune.objects.filter(municipal_services__in=reach.services).distinct()


def scope_of(user, *, since: date, until: date, commune=None) -> Scope:
    """What this person may count. Requests are counted whoever sent them, and never shown."""
    reach = user.reach
    communes, members = communes_of(user), NetworkMember.objects.visible_to(user)
    if reach.cafs:
        mine = Q(caf__in=reach.cafs) | Q(household__caf__in=reach.cafs)
    else:
        mine = Q(provider__commune__in=communes) | Q(household__commune__in=communes)
    asked = Referral.objects.filter(mine)
    if commune:
        communes = Commune.objects.filter(pk=commune.pk)
        members = members.filter(provider__commune=commune)
        asked = asked.filter(Q(provider__commune=commune) | Q(household__commune=commune))
    service, caf = home_of(user)
    return Scope(str(service or caf), caf, communes, members, asked, since, until)
