"""The seal: what we sealed is recognised, and nothing else, down to one byte."""

import io
import os
import random
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ImproperlyConfigured
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps import DummyTimeStamper

from avip.pdf import render_pdf
from families import seal, seal_key

pytestmark = pytest.mark.pdf

MUTATIONS = 1000 if os.environ.get("AVIP_LONG") else 40


@pytest.fixture(scope="module")
def plain():
    return render_pdf("pdf/_base.html", {"title": "Contrat", "caf": "Caf de Paris"})


@pytest.fixture(scope="module")
def sealed(plain):
    return seal.seal(plain)


@pytest.fixture
def another_key(settings, tmp_path):
    """From here on, a key of its own; each file's key is remembered apart."""

    def use(**changes):
        for name, value in changes.items():
            setattr(settings, name, value)
        seal_key.open_key.cache_clear()

    settings.PRIVATE_DIR = tmp_path
    use(SEAL_P12="", SEAL_PASSPHRASE="")
    yield use
    seal_key.open_key.cache_clear()


def added_text(pdf):
    """The same document with something written after it, as any PDF editor does."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def flip(pdf, position, bit):
    mutated = bytearray(pdf)
    mutated[position] ^= 1 << bit
    return bytes(mutated)


def place_of_the_seal(pdf):
    """(first, last) byte between the two signed ranges."""
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    _, before, after, _ = signature.byte_range
    return before, after - 1


def pdfsig(pdf, tmp_path):
    if not shutil.which("pdfsig"):
        pytest.skip("pdfsig (poppler-utils) is not installed")
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdfsig", path], capture_output=True, text=True, check=False).stdout


def test_a_sealed_document_is_ours_and_intact(sealed):
    verdict = seal.verify(sealed)
    assert verdict.valid and verdict.ours


def test_another_tool_agrees_on_the_original(sealed, tmp_path):
    said = pdfsig(sealed, tmp_path)
    assert "Signature is Valid" in said and "Total document signed" in said


def test_another_tool_agrees_on_what_was_altered(sealed, tmp_path):
    for altered in [flip(sealed, 200, 0), added_text(sealed), sealed + b"\n% note\n"]:
        said = pdfsig(altered, tmp_path)
        assert not ("Signature is Valid" in said and "Total document signed" in said)


def test_the_seal_is_pades_and_allows_no_change(sealed):
    (signature,) = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.docmdp_level.name == "NO_CHANGES"


def test_one_changed_bit_anywhere_breaks_the_seal(sealed):
    """Also inside the place of the seal itself, which no signature covers."""
    chance = random.Random(20160501)
    first, last = place_of_the_seal(sealed)
    inside = [chance.randint(first, last) for _ in range(MUTATIONS // 2)]
    anywhere = [chance.randrange(len(sealed)) for _ in range(MUTATIONS - len(inside))]
    accepted = [
        position
        for position in [*inside, *anywhere, 0, first, last, len(sealed) - 1]
        if seal.verify(flip(sealed, position, chance.randrange(8))).valid
    ]
    assert not accepted


def test_the_head_of_the_seal_may_not_be_rewritten(sealed):
    """The version and algorithm of the envelope are read before anything is proved."""
    first, _ = place_of_the_seal(sealed)
    for position in range(first + 1, first + 120):
        digit = int(chr(sealed[position]), 16)
        mutated = sealed[:position] + b"%X" % (digit ^ 1) + sealed[position + 1 :]
        assert not seal.verify(mutated).valid


@pytest.mark.parametrize("tail", [b"\n", b"%%EOF\n", b"\n% a note\n%%EOF\n"])
def test_bytes_added_after_the_seal_are_seen(sealed, tail):
    assert not seal.verify(sealed + tail).valid


def test_a_change_saved_over_the_seal_is_seen(sealed):
    verdict = seal.verify(added_text(sealed))
    assert not verdict.valid and verdict.ours
    assert "ajouté après le sceau" in verdict.reason


def test_a_document_whose_seal_was_taken_off_is_not_ours(sealed, plain):
    stripped = sealed[: len(plain)]
    assert stripped == plain
    verdict = seal.verify(stripped)
    assert not verdict.valid and not verdict.ours


def test_a_cut_document_is_refused(sealed):
    verdict = seal.verify(sealed[:-200])
    assert not verdict.valid and verdict.ours


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7", b"PK\x03\x04", b"%PDF-1.7\n%%EOF", b"\0" * 500])
def test_what_is_no_document_gets_a_sentence(junk):
    verdict = seal.verify(junk)
    assert not verdict.valid and not verdict.ours and verdict.reason


def test_the_seal_of_somebody_else_is_not_ours(plain, sealed, another_key):
    foreign = seal.seal(plain)  # made with another instance's key
    assert seal.verify(foreign).valid
    assert not seal.verify(sealed).valid and not seal.verify(sealed).ours


def test_a_second_signature_is_refused(sealed, another_key):
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    metadata = PdfSignatureMetadata(field_name="Autre", md_algorithm="sha256")
    with pytest.raises(SigningError):  # the certification itself forbids it
        signers.sign_pdf(writer, metadata, signer=seal_key.signer())


def test_the_key_is_made_once_by_many_workers_at_once(tmp_path):
    path = tmp_path / "private" / "seal.p12"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: seal_key.make_key(path), range(16)))
    assert [file.name for file in path.parent.iterdir()] == ["seal.p12"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    seal_key.make_key(path)
    assert path.read_bytes() == before


def test_production_asks_for_its_certificate(another_key):
    another_key(MODE="production")
    with pytest.raises(ImproperlyConfigured, match="AVIP_SEAL_P12"):
        seal_key.signer()


def test_without_a_certificate_nothing_is_ours(sealed, another_key):
    another_key(MODE="production")
    verdict = seal.verify(sealed)
    assert not verdict.valid and not verdict.ours and "pour le moment" in verdict.reason


def test_a_key_that_does_not_open_is_said(another_key, tmp_path):
    path = tmp_path / "production.p12"
    seal_key.make_key(path, b"la bonne phrase")
    another_key(MODE="production", SEAL_P12=str(path), SEAL_PASSPHRASE="une autre")
    with pytest.raises(ImproperlyConfigured, match="AVIP_SEAL_PASSPHRASE"):
        seal_key.signer()
    another_key(SEAL_PASSPHRASE="la bonne phrase")
    assert seal_key.signer().signing_cert
    another_key(SEAL_P12=str(tmp_path / "absent.p12"))
    with pytest.raises(ImproperlyConfigured, match="absent.p12"):
        seal_key.signer()


def test_a_certificate_past_its_time_seals_nothing(plain, another_key, monkeypatch):
    monkeypatch.setattr(seal_key, "MADE_FOR_DAYS", -1)
    monkeypatch.setattr(seal_key, "CLOCKS_DIFFER_MINUTES", 3 * 24 * 60)
    with pytest.raises(ImproperlyConfigured, match="expiré"):
        seal.seal(plain)


@pytest.fixture
def authority(settings, monkeypatch):
    """A time-stamping authority of our own."""
    settings.TSA_URL = "https://horodatage.example.fr"
    certificate, key = make_timestamp_key()
    monkeypatch.setattr(seal, "HTTPTimeStamper", lambda url: DummyTimeStamper(certificate, key))


def test_with_an_authority_the_seal_carries_its_time(plain, authority):
    sealed = seal.seal(plain)
    assert len(seal.timestamp_token(sealed)) > 500
    assert seal.verify(sealed).valid
    assert not seal.verify(flip(sealed, 300, 1)).valid


def test_without_an_authority_there_is_no_token(sealed):
    assert seal.timestamp_token(sealed) == "none"


def make_timestamp_key():
    """A self-signed certificate that may only stamp time, and its key, as pyHanko wants them."""
    from datetime import UTC, datetime, timedelta

    from asn1crypto import keys, x509
    from cryptography import x509 as pyca
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = pyca.Name([pyca.NameAttribute(NameOID.COMMON_NAME, "Horodatage d’essai")])
    now = datetime.now(UTC)
    certificate = (
        pyca.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(pyca.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(pyca.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
        keys.PrivateKeyInfo.load(
            key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        ),
    )
