"""What the settings refuse before anything starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "AVIP_MODE": "production",
    "SECRET_KEY": "une clé propre à cette instance, longue et tirée au hasard",
    "DATABASE_URL": "postgres:///avip",
    "EMAIL_URL": "smtp+tls://avip:secret@smtp.example.fr:587",
    "AVIP_SMS_BACKEND": "operateur.send",
}


def start(**own):
    """Read the settings as a machine in production would; what it wrote before it stopped."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    command = [
        sys.executable,
        "-c",
        "from avip import settings as s; print(s.EMAIL_HOST, s.EMAIL_USE_TLS)",
    ]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=kept | PRODUCTION | own, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def test_production_starts_with_what_sends_mails_and_sms():
    assert start() == (0, "smtp.example.fr True\n")


@pytest.mark.parametrize(
    "url", ["consolemail://", "dummymail://", "filemail:///tmp/mails", "memorymail://"]
)
def test_production_refuses_mails_that_reach_nobody(url):
    status, said = start(EMAIL_URL=url)
    assert status and "ImproperlyConfigured" in said and "EMAIL_URL" in said


def test_production_refuses_sms_written_to_a_file():
    status, said = start(AVIP_SMS_BACKEND="avip.mail.sms_to_file")
    assert status and "ImproperlyConfigured" in said and "AVIP_SMS_BACKEND" in said


@pytest.mark.parametrize("name", ["EMAIL_URL", "AVIP_SMS_BACKEND"])
def test_production_refuses_to_start_without_them(name):
    status, said = start(**{name: ""})
    assert status and "ImproperlyConfigured" in said and name in said
