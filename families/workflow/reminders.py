"""« Relancer »: whoever has not signed is written to again, not more often than people bear."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip import outbox
from avip.jobs import SCHEDULES
from avip.models import Outbox
from avip.workflow import StepRefused, moment
from families.models import AvipContract, ContractVersion, ParentLink, Signatory
from families.parties import link_channels
from families.permissions import may_sign_as, takes_part
from families.recipients import people_of
from families.signing import again_at, issue_link

LETTERS = ("families.contract_to_sign", "families.contract_reminder")


def people_to_remind(version, *, by, on) -> list:
    """Who has not signed and may be written to: (signatory, users or the parent's channel)."""
    found = []
    waiting = version.signatories.filter(signature=None).select_related("parent")
    for signatory in waiting:
        signatory.version = version
        if signatory.role == Signatory.Role.PARENT:
            if channel := _channel(version.contract_id, signatory.parent):
                found.append((signatory, channel))
        elif not may_sign_as(by, signatory, "account"):
            people = [user for user in people_of(signatory, on=on) if user != by]
            if people:
                found.append((signatory, people))
    return found


def next_reminder_at(version, signatory, way, *, at):
    """When this person may be written to again; None: now.

    An address or a number corrected since kills the former link: nothing is waited for.
    """
    if signatory.parent_id:
        link = _live_link(version.contract_id, signatory.parent)
        return again_at(link, at) if link else None
    rows = Outbox.objects.filter(
        kind__in=LETTERS, object_id=str(version.pk), recipient_id__in=[str(u.pk) for u in way]
    )
    last = rows.exclude(given_up_at__isnull=False).order_by("-created_at").first()
    if last is None:
        return None
    again = last.created_at + timedelta(minutes=SCHEDULES["parent_link_cooldown_minutes"])
    return again if again > at else None


@transaction.atomic
def remind(contract, *, by, on, at=None) -> list[Signatory]:
    """Write again to everybody who has not signed and may be: whom. StepRefused when nobody."""
    at = moment(at)
    if getattr(by, "is_hijacked", False) or not takes_part(by, contract):
        raise PermissionDenied
    AvipContract.objects.select_for_update(no_key=True).get(pk=contract.pk)
    version = contract.versions.filter(status=ContractVersion.Status.TO_SIGN).first()
    if version is None:
        raise StepRefused("Ce contrat n’attend plus de signature.")
    version.contract = contract
    written = []
    for signatory, way in people_to_remind(version, by=by, on=on):
        if next_reminder_at(version, signatory, way, at=at):
            continue
        if signatory.parent_id:
            issue_link(contract, signatory.parent, channel=way, by=by, at=at)
        else:
            for user in way:
                key = f"{version.pk}:{at:%Y%m%d%H%M}:{user.pk}"
                outbox.add("families.contract_reminder", version, recipient=user, key=key, at=at)
        written.append(signatory)
    if not written:
        raise StepRefused("Tous viennent d’être relancés\xa0: laissez-leur le temps de lire.")
    return written


def _live_link(contract_id, parent):
    return ParentLink.objects.filter(contract=contract_id, parent=parent, revoked_at=None).first()


def _channel(contract_id, parent):
    """The channel of the last link, while it still leaves another one for the code."""
    channels = link_channels(parent)
    last = ParentLink.objects.filter(contract=contract_id, parent=parent).order_by("-issued_at")
    link = last.first()
    if link is None:
        return None  # never sent one: the page proposes to sign on site, by link or on paper
    return link.channel if link.channel in channels else next(iter(channels), None)
