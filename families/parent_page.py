"""« Ma page »: what a parent reads of her own path, and how she finds her link again."""

from django.db.models import Q

from avip.templatetags.words import fr_datetime
from families.models import AvipContract, ParentLink
from families.signing import send_link_again

WAITING = (AvipContract.Status.TO_SIGN, AvipContract.Status.ACTIVE)


def next_appointment(contract, now) -> dict | None:
    """What comes next for this family: an interview planned, else the first day in the crèche."""
    interview = (
        contract.interviews.filter(planned_at__gte=now, was_held=None)
        .order_by("planned_at")
        .first()
    )
    referral = contract.referral
    first = referral.first_appointment_at if referral else None
    if first and first >= now and (interview is None or first < interview.planned_at):
        return {
            "when": fr_datetime(first),
            "who": referral.contact_name or str(contract.provider),
            "where": contract.provider,
        }
    if interview:
        return {
            "when": fr_datetime(interview.planned_at),
            "who": str(contract.adviser or contract.agency),
            "where": contract.agency,
        }
    return None


def send_lost_links(contact: str, *, at):
    """Send again the links that lead to this address or number; nothing is said back."""
    digits = "".join(filter(str.isdigit, contact))
    mine = Q(parent__email__iexact=contact) if "@" in contact else Q(parent__phone=digits)
    if "@" not in contact and len(digits) < 9:
        return
    links = ParentLink.objects.filter(mine, revoked_at=None, contract__status__in=WAITING)
    for link in links.select_related("parent", "contract"):
        send_link_again(link, at=at)
