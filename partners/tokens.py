"""Secret links: a token can be made again at each sending, and only its SHA-256 is stored."""

import base64
import hashlib

from django.utils.crypto import salted_hmac


def make_token(purpose, pk, generation=1) -> str:
    """The 256-bit token of an object for one purpose; another generation voids the former one."""
    digest = salted_hmac(f"avip.link.{purpose}", f"{pk}:{generation}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sha256_of(token) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
