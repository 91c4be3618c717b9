"""The key of the instance's seal: named by the settings in production, made at first start else."""

import os
import tempfile
from datetime import UTC, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pyhanko.sign.signers import SimpleSigner

MADE_FOR_DAYS = 3650
CLOCKS_DIFFER_MINUTES = 5


def signer() -> SimpleSigner:
    """The key of the settings and its certificates; ImproperlyConfigured without them."""
    passphrase = settings.SEAL_PASSPHRASE.encode() or None
    return open_key(_key_file(passphrase), passphrase)


@cache
def open_key(path, passphrase) -> SimpleSigner:
    """The key of one file, read once per process; ImproperlyConfigured when it does not open."""
    try:
        return SimpleSigner.load_pkcs12_data(
            path.read_bytes(), other_certs=[], passphrase=passphrase
        )
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"La clé du sceau ne s’ouvre pas ({path}) : vérifiez le fichier de AVIP_SEAL_P12 "
            "et la phrase secrète de AVIP_SEAL_PASSPHRASE."
        ) from error


def known_certificates() -> list:
    """Every certificate in the key's file: today's, former ones kept there, their authorities."""
    return [signer().signing_cert, *signer().cert_registry]


def sealing_certificates() -> list:
    """Those that made our seals. An authority's would make ours whatever else it has signed."""
    return [found for found in known_certificates() if not found.ca]


def _key_file(passphrase):
    if settings.SEAL_P12:
        return Path(settings.SEAL_P12)
    if settings.MODE == "production":
        raise ImproperlyConfigured(
            "Aucun certificat pour sceller les contrats : donnez son fichier PKCS#12 dans "
            "AVIP_SEAL_P12 et sa phrase secrète dans AVIP_SEAL_PASSPHRASE."
        )
    path = settings.PRIVATE_DIR / "seal.p12"
    if not path.exists():
        make_key(path, passphrase)
    return path


def make_key(path, passphrase=None):
    """Write a new key that its owner alone reads; of two workers at once, the first one's stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".seal-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_new_pkcs12(passphrase))
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)


def _new_pkcs12(passphrase):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Avip"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Avip, sceau de démonstration"),
        ]
    )
    now = timezone.now().astimezone(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=CLOCKS_DIFFER_MINUTES))
        .not_valid_after(now + timedelta(days=MADE_FOR_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            _sealing_only(),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    return pkcs12.serialize_key_and_certificates(b"sceau", key, certificate, None, encryption)


def _sealing_only():
    """A key that signs documents and does nothing else."""
    nothing_else = (
        *("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"),
        *("crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(
        digital_signature=True, content_commitment=True, **dict.fromkeys(nothing_else, False)
    )
