"""The server as it is deployed: gunicorn, two synchronous workers, production settings."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from avip.local import servers

HOST = "127.0.0.1"
WORKERS = 2
# What the proxy in front of the server would say.
PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "Host": HOST}
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float


def environment(folder: Path, secret: str) -> dict[str, str]:
    """What a production machine would set; `folder` is thrown away."""
    return {
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "AVIP_MODE": "production",
        "SECRET_KEY": secret,
        "DEBUG": "False",
        "ALLOWED_HOSTS": HOST,
        "AVIP_BASE_URL": f"https://{HOST}",
        "AVIP_BENCH_STATIC": str(folder / "static"),
        "AVIP_SEAL_P12": str(folder / "seal.p12"),
        "AVIP_SEAL_PASSPHRASE": "",
        "EMAIL_URL": "smtp://localhost",
        "AVIP_SMS_BACKEND": "operateur.send",
        "LOG_LEVEL": "ERROR",
    }


@contextlib.contextmanager
def gunicorn(log) -> Iterator[int]:
    """The running server; the free port it listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(64)
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "tests.bench.wsgi:application"]
        command += ["--workers", str(WORKERS), "--worker-class", "sync", "--timeout", "60"]
        command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning"]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            preexec_fn=servers.die_with_parent,
            env=os.environ,
        )
    try:
        yield port
    finally:
        servers.stop(process)


def get(port: int, path: str, session: str = "") -> Answer:
    """One page as a browser asks for it, on a connection of its own."""
    headers = PROXIED | ({"Cookie": f"__Host-session={session}"} if session else {})
    started = time.perf_counter()
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    seconds = time.perf_counter() - started
    connection.close()
    return Answer(response.status, body, seconds)
