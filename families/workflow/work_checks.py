"""« Toujours en emploi ? », six months after a good outcome: one word, said once."""

import base64
from datetime import date, timedelta
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Q

from avip.jobs import SCHEDULES
from avip.workflow import Step, StepRefused, Workflow
from families.models import AvipContract
from partners.permissions import is_adviser

Contract = AvipContract.Status
SALT = "families.work"
YES, NO, UNKNOWN = "yes", "no", "unknown"
ANSWERS = {YES: True, NO: False, UNKNOWN: None}
WORDS = {YES: "oui", NO: "non", UNKNOWN: "on ne sait pas"}
# In work or in training, whatever a Caf counts as positive.
ASKED = tuple(AvipContract.OUTCOME_CATEGORY)


def _adviser_or_link(by, contract):
    return by is None or is_adviser(by, contract)


def _asked_and_silent(contract, on):
    if contract.outcome not in ASKED:
        return ["La question ne se pose qu’après un emploi ou une formation."]
    if contract.still_in_work_on:
        return ["La réponse est déjà notée, merci."]
    return []


CHECK = Workflow(
    still_in_work=Step(
        "Toujours en emploi\xa0?",
        (Contract.ENDED, Contract.TERMINATED),
        "",
        _adviser_or_link,
        _asked_and_silent,
        done="Toujours en emploi\xa0: réponse notée",
    )
)


def due(on: date):
    """The contracts of which the question is to be asked, the adviser first."""
    since = on - relativedelta(months=SCHEDULES["work_check_months"])
    return AvipContract.objects.filter(
        Q(status=Contract.ENDED) | Q(status=Contract.TERMINATED),
        outcome__in=ASKED,
        outcome_recorded_on__lte=since,
        still_in_work_on=None,
    ).order_by("outcome_recorded_on", "pk")


def answer(contract, *, by, on: date, still: str, at=None):
    """Note the answer: by the adviser, or by the family through its one-question link (`by` None).

    Raises StepRefused when the question has been answered; the first answer stays.
    """
    if still not in ANSWERS:
        raise StepRefused("Choisissez oui, non, ou on ne sait pas.")
    who = "" if by else "par la famille"
    with CHECK.take(
        "still_in_work", contract, by=by, on=on, at=at, comment=f"{WORDS[still]} {who}".strip()
    ):
        contract.still_in_work = ANSWERS[still]
        contract.still_in_work_on = on


def token_for(contract) -> str:
    """The secret of the one-question link: signed, dated, stored nowhere, fit for one SMS."""
    pk = base64.urlsafe_b64encode(contract.pk.bytes).rstrip(b"=").decode()
    return signing.TimestampSigner(salt=SALT).sign(pk)


def contract_of(token):
    """The contract a one-question link asks about; None when it is forged or too old."""
    try:
        lasting = timedelta(days=SCHEDULES["work_check_link_days"])
        pk = signing.TimestampSigner(salt=SALT).unsign(token, max_age=lasting)
    except signing.BadSignature:
        return None
    # Signed by us: 16 bytes.
    return AvipContract.objects.filter(pk=UUID(bytes=base64.urlsafe_b64decode(pk + "=="))).first()


def refuse_strangers(by, contract):
    """PermissionDenied for whoever is not of the agency."""
    if not is_adviser(by, contract):
        raise PermissionDenied
