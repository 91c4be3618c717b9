"""« Ma page »: what a parent reads of her own path, and how she finds her link again."""

from django.db.models import Q

from avip.templatetags.words import fr_datetime
from families.models import AvipContract, ParentLink
from families.signing import send_link_again
from families.workflow import reviews

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


def more_of(contract, on) -> dict:
    """For `_parent_more.html`: what may be said today from this page."""
    runs = contract.status == contract.Status.ACTIVE
    return {
        "may_say_job": runs and contract.job_said_at is None,
        "job_said": contract.job_said_at is not None,
        "may_wish": reviews.is_due(contract, on),
    }


def send_lost_links(contact: str, *, at):
    """Send again the links that lead to this address or number; nothing is said back."""
    digits = "".join(filter(str.isdigit, contact))
    mine = Q(parent__email__iexact=contact) if "@" in contact else Q(parent__phone=digits)
    if "@" not in contact and len(digits) < 9:
        return
    links = ParentLink.objects.filter(mine, revoked_at=None, contract__status__in=WAITING)
    for link in links.select_related("parent", "contract"):
        send_link_again(link, at=at)
