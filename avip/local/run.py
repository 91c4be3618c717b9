"""`make run`: the whole demonstration from one terminal, and nothing left when it closes."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import TextIO

import environ

from avip.local import CHECKOUT, LocalError, say, seat, servers, system

LOCAL = CHECKOUT / ".local"
LOCK = LOCAL / "lock"
KEPT_BY_RESET = {"uv", "lock"}
PORTS_TRIED = 50
# A page has ten seconds; what prepares and what works behind the pages has longer.
PATIENT = {"AVIP_STATEMENT_TIMEOUT": "10min"}
PREPARE = "avip.local prepare"
WEB = (
    "gunicorn avip.wsgi --workers 2 --threads 4 --timeout 120 "
    "--graceful-timeout 5 --no-control-socket"
)
WORKER = "celery -A avip worker --beat --concurrency 1 --loglevel INFO"


class AlreadyRunning(LocalError):
    def __init__(self, state: dict):
        self.state = state
        where = f"{state.get('address', 'elle démarre')} (processus {state['pid']})"
        stop = "Ctrl-C dans son terminal l’arrête, make reset l’arrête et efface ses données."
        super().__init__(f"La démonstration tourne déjà : {where}. {stop}")


def run() -> int:
    """Start everything, say where it answers, stop everything on Ctrl-C."""
    servers.die_with_parent()
    servers.leave_on_signals()
    settings = _settings()
    system.ensure_pdf_libraries()
    with (
        contextlib.suppress(KeyboardInterrupt, SystemExit),
        _alone() as lock,
        contextlib.ExitStack() as stack,
    ):
        try:
            _run(stack, lock, settings)
        finally:
            servers.ignore_signals()  # a second Ctrl-C does not cut the stopping short
            say("\nArrêt…")
    say("Tout est arrêté. Les données restent dans .local ; make reset les efface.")
    return 0


def _run(stack: contextlib.ExitStack, lock: TextIO, settings: dict[str, str]) -> None:
    listening = stack.enter_context(contextlib.closing(listen(int(settings["PORT"]))))
    address = "http://{}:{}".format(*listening.getsockname())
    settings.setdefault("AVIP_BASE_URL", address)
    children = _embedded(stack, settings)
    urls = {name: settings[name] for name in ("DATABASE_URL", "REDIS_URL", "AVIP_BASE_URL")}
    _publish(lock, address=address, urls=urls)
    _finish(PREPARE, settings | PATIENT)

    def start(name, module, environment, **options):
        log = LOCAL / f"{name}.log"
        command = [sys.executable, "-m", *module.split()]
        process = servers.spawn(command, log=log, cwd=CHECKOUT, env=environment, **options)
        stack.callback(servers.stop, process)
        children.append(servers.Server(name, address, process, log))

    fd = listening.fileno()
    start("web", f"{WEB} --bind fd://{fd}", settings, pass_fds=[fd])
    start("worker", WORKER, settings | PATIENT)
    _wait_for_first_page(address, children)
    _welcome(address, settings.get("AVIP_PRIVATE_DIR", ".local"))
    while True:
        _check(children)
        time.sleep(1)


def prepare() -> int:
    """Bring the database to this version, and build the demonstration where there is none."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("build_demo", "--if-empty")
    return 0


def reset() -> int:
    """Stop the demonstration if it runs, and delete its data. Another database is left alone."""
    settings = _settings()
    try:
        with _alone():
            pass
    except AlreadyRunning as running:
        say("Arrêt de la démonstration en cours…")
        os.kill(running.state["pid"], signal.SIGTERM)
    with _alone(patience=60):
        servers.erase(LOCAL / "postgres")
        shutil.rmtree(seat.fallback_folder(LOCAL).parent, ignore_errors=True)
        for path in LOCAL.iterdir():
            if path.name not in KEPT_BY_RESET:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    say("Les données locales sont effacées. make run repart de zéro.")
    if settings.get("DATABASE_URL"):
        say("La base nommée par DATABASE_URL n’est pas touchée.")
    return 0


def manage(arguments: list[str]) -> int:
    """A `manage.py` command on the demonstration's database, whether it runs or not."""
    settings = _settings() | PATIENT
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_alone())
            _embedded(stack, settings)
        except AlreadyRunning as running:
            settings |= running.state.get("urls", {})
        return servers.run_in_front([sys.executable, "manage.py", *arguments], settings)


def listen(port: int) -> socket.socket:
    """A socket that listens on `port` or the next free one: from then on nobody can take it."""
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", candidate))
            listening.listen(64)
        except OSError:
            listening.close()
            continue
        if candidate != port:
            say(f"Le port {port} est pris : la démonstration répondra sur le {candidate}.")
        return listening
    raise LocalError(f"Aucun port libre à partir de {port} : essayez make run PORT=9000.")


def _settings() -> dict[str, str]:
    """The environment of every child, `.env` included; refuses what is not a demonstration."""
    environ.Env.read_env(CHECKOUT / ".env")
    if (mode := os.environ.get("AVIP_MODE", "demo")) != "demo":
        raise LocalError(
            f"AVIP_MODE vaut {mode} (environnement ou fichier .env). Cette commande est celle de "
            "la démonstration : elle ne touche à aucune autre instance."
        )
    own = {"AVIP_MODE": "demo", "DJANGO_SETTINGS_MODULE": "avip.settings"}
    return {"PORT": "8000", "EMAIL_URL": "filemail:///.local/mails"} | os.environ | own


@contextlib.contextmanager
def _alone(patience: int = 0) -> Iterator[TextIO]:
    """Hold the checkout's lock; the kernel frees it however its holder ends."""
    try:
        LOCAL.mkdir(exist_ok=True)
        LOCAL.chmod(0o700)  # a seal, mails, sockets without a password
        opened = LOCK.open("a+")
    except PermissionError:
        raise LocalError(f"{LOCAL} appartient à un autre compte : supprimez ce dossier.") from None
    deadline = time.monotonic() + patience
    with opened as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    lock.seek(0)
                    raise AlreadyRunning(json.load(lock)) from None
                time.sleep(0.2)
        _publish(lock)
        yield lock


def _publish(lock: TextIO, **state) -> None:
    lock.truncate(0)
    lock.write(json.dumps({"pid": os.getpid()} | state))
    lock.flush()


def _embedded(stack: contextlib.ExitStack, settings: dict[str, str]) -> list[servers.Server]:
    """Start the servers that no URL names, and name them."""
    started = []
    for variable, server in (("DATABASE_URL", servers.postgres), ("REDIS_URL", servers.valkey)):
        if not settings.get(variable):
            started.append(stack.enter_context(server(LOCAL / server.__name__)))
            settings[variable] = started[-1].url
    return started


def _finish(module: str, settings: dict[str, str]) -> None:
    status = servers.run_in_front([sys.executable, "-m", *module.split()], settings)
    if status == -signal.SIGINT:
        raise KeyboardInterrupt
    if status:
        raise LocalError("La base n’a pas pu être préparée (voir ci-dessus).")


def _check(children: list[servers.Server]) -> None:
    for child in children:
        if child.process.poll() is not None:
            raise LocalError(f"{child.name} s’est arrêté :\n{servers.last_lines(child.log)}")


def _wait_for_first_page(address: str, children: list[servers.Server]) -> None:
    while True:
        _check(children)
        try:
            return urllib.request.urlopen(address, timeout=60).close()
        except urllib.error.HTTPError as error:
            log = servers.last_lines(LOCAL / "web.log", 40)
            raise LocalError(f"La première page a échoué ({error}) :\n{log}") from None
        except OSError:
            time.sleep(0.1)


def _welcome(address: str, private: str) -> None:
    seconds = time.time() - float(os.environ.get("AVIP_STARTED_AT", time.time()))
    say(f"""
Première page en {seconds:.0f} s :

    {address}

À essayer : la page de connexion propose un personnage par métier, en un clic.
  · La directrice : ce qui l’attend dans « À traiter », un contrat à signer, le mois à déclarer.
  · La conseillère : une famille, les places proches, une orientation.
  · La Caf : une candidature à instruire, les quotas, les contrats en cours.
Courriels envoyés : .local/mails. SMS : {private}/sms.jsonl. Journaux : .local/*.log.
Ctrl-C arrête tout.""")
