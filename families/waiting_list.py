"""The order of a waiting list: priority families first, then the date of the request."""

from dataclasses import dataclass

from django.db.models import Case, Value, When

from families.models import Referral

ORDER = "Les familles prioritaires d’abord, puis la date de la demande."


@dataclass(frozen=True)
class Position:
    """Where a request stands: « 2ᵉ sur 5 »."""

    rank: int
    total: int

    def __str__(self):
        rank = "1ʳᵉ" if self.rank == 1 else f"{self.rank}ᵉ"
        return f"{rank} sur {self.total}"


def in_order(referrals):
    """The requests of this queryset that wait, in the order in which places are given."""
    first = (
        When(household__single_parent=True, then=Value(0)),
        When(household__in_qpv=True, then=Value(0)),
    )
    return referrals.filter(status=Referral.Status.WAITING_LIST).order_by(
        Case(*first, default=Value(1)), "sent_at", "pk"
    )


def first_waiting(provider_id, *, but=None):
    """The request to which the next free place of a provider goes first; None without any."""
    waiting = Referral.objects.filter(provider=provider_id).exclude(pk=but and but.pk)
    return in_order(waiting).first()


def position_of(referral) -> Position:
    """Where a waiting request stands at its provider's."""
    waiting = Referral.objects.filter(provider=referral.provider_id)
    keys = list(in_order(waiting).values_list("pk", flat=True))
    return Position(keys.index(referral.pk) + 1, len(keys))
