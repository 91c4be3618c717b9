"""Six-digit codes sent to a phone or an address: made again at each sending, kept as a slow hash.

They live a few minutes, bear a few tries, and leave a few times an hour (SCHEDULES).
"""

from datetime import timedelta

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone

from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_time
from avip.workflow import StepRefused
from partners.tokens import make_token, sha256_of

CODE_DIGITS = 6


def digits_of(purpose, code) -> str:
    """The six digits of a row, for one purpose."""
    number = int(sha256_of(make_token(purpose, code.pk)), 16)
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def refuse_too_many(codes, *, at, otherwise):
    """StepRefused after as many sendings in an hour as SCHEDULES allows; the caller has a lock."""
    recent = codes.filter(sent_at__gt=at - timedelta(hours=1)).order_by("-sent_at")
    limit = SCHEDULES["signing_codes_per_hour"]
    if len(sent := list(recent[:limit])) == limit:
        again = timezone.localtime(sent[-1].sent_at + timedelta(hours=1))
        raise StepRefused(
            f"{limit} codes sont déjà partis en une heure. Le prochain pourra partir à "
            f"{fr_time(again)}\xa0; {otherwise}."
        )


def expiry(at):
    """Until when a code sent then may be typed."""
    return at + timedelta(minutes=SCHEDULES["signing_code_minutes"])


def waiting(codes, *, at):
    """The latest of these codes that may still be typed."""
    alive = codes.filter(used_at=None, expires_at__gt=at, tries__lt=SCHEDULES["signing_code_tries"])
    return alive.order_by("-sent_at").first()


@transaction.atomic
def try_code(code, digits, *, at) -> str:
    """Try these digits: an empty answer when right, else a sentence. A try is never lost."""
    code = type(code)._base_manager.select_for_update().get(pk=code.pk)
    left = SCHEDULES["signing_code_tries"] - code.tries
    if code.used_at or code.expires_at <= at or left <= 0:
        return "Ce code n’est plus valable. Demandez-en un nouveau."
    code.tries += 1
    if check_password("".join(digits.split()), code.code_hash):
        code.used_at = at
    code.save(update_fields=["tries", "used_at"])
    if code.used_at:
        return ""
    if left == 1:
        return "Ce code est faux. Il ne peut plus servir\xa0: demandez-en un nouveau."
    return f"Ce code est faux. Il vous reste {left - 1}\xa0{'essais' if left > 2 else 'essai'}."


def mask(address) -> str:
    """Enough of an address to recognise one's own: « •• •• •• •• 78 », « f…@exemple.fr »."""
    if "@" in address:
        name, _, domain = address.partition("@")
        return f"{name[:1]}…@{domain}"[:60]
    return f"••\xa0••\xa0••\xa0••\xa0{''.join(filter(str.isdigit, address))[-2:]}"
