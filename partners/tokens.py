"""Secret links: a token can be made again at each sending, and only its SHA-256 is stored."""

import base64
import hashlib

from django.shortcuts import redirect
from django.utils.crypto import salted_hmac


def make_token(purpose, pk, generation=1) -> str:
    """The 256-bit token of an object for one purpose; another generation voids the former one."""
    digest = salted_hmac(f"avip.link.{purpose}", f"{pk}:{generation}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sha256_of(token) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def leave_token(request, key, token, target):
    """Remember in the session which link was opened, and go on without its secret in the address.

    The session is a row of the database: it keeps the SHA-256 too.
    """
    request.session[key] = sha256_of(token)
    response = redirect(target)
    response["Referrer-Policy"] = "no-referrer"
    return response
