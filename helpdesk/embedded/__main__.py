"""`make run` and `make demo`: everything the desk needs, started under one roof."""

import fcntl
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from helpdesk.embedded.postgres import start_postgres
from helpdesk.embedded.processes import EmbeddedError
from helpdesk.embedded.running import announce, kept_secrets
from helpdesk.embedded.supervisor import Program, Supervisor, end_leftovers
from helpdesk.embedded.valkey import start_valkey

FOLDER = Path(__file__).parent.parent.parent
PORTS = {"WEB_PORT": "8000", "SMTP_DOOR_PORT": "2525", "LMTP_DOOR_PORT": "2424"}
DEMO_CASES = 2000
DEMO_DOMAIN = "fjordlys.example"
DEMO_PASSWORD = "fjordlys is a made-up company"  # noqa: S105 - shown to everybody who starts the demo
READY_WITHIN_S = 60.0


def main() -> None:
    """Run until Ctrl-C. Every refusal is one sentence and exit code 1."""
    demo = sys.argv[1:] == ["demo"]
    if sys.argv[1:] not in (["run"], ["demo"]):
        raise SystemExit("Use: python -m helpdesk.embedded run|demo")
    var_dir = FOLDER / os.environ.get("VAR_DIR", "var")
    var_dir.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        with ExitStack() as parts:
            parts.enter_context(only_one(var_dir))
            end_leftovers(var_dir / "run.json")
            check_ports()
            settings = services(var_dir, parts, demo)
            announce(var_dir, settings)
            parts.callback((var_dir / "services.json").unlink, missing_ok=True)
            environment = {**os.environ, **settings, "FLASK_APP": "wsgi", "PYTHONUNBUFFERED": "1"}
            link = prepare(environment, var_dir, demo)
            supervisor = Supervisor(programs(environment, var_dir), environment, FOLDER, var_dir / "run.json")
            supervisor.start()
            if wait_until_ready(environment, supervisor):
                print(banner(environment, link, time.monotonic() - began, demo), flush=True)
            supervisor.run()
    except EmbeddedError as error:
        raise SystemExit(str(error))
    except KeyboardInterrupt:
        raise SystemExit(130)


def only_one(var_dir: Path) -> IO[str]:
    """A lock that the system takes back however we end. Raises EmbeddedError when another start holds it."""
    lock = (var_dir / "run.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise EmbeddedError(f"The desk is already running in this folder ({FOLDER.name}). Stop it first, with Ctrl-C.")
    return lock


def check_ports() -> None:
    """Raises EmbeddedError that names the setting of a port that is taken."""
    for name, default in PORTS.items():
        port = int(os.environ.get(name, default))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise EmbeddedError(f"Port {port} is in use by another program. Choose one: {name}={port + 1} make run")


def services(var_dir: Path, parts: ExitStack, demo: bool) -> dict[str, str]:
    """Start what the environment does not name, and give its settings."""
    settings = {"VAR_DIR": str(var_dir), "BLOB_URL": str(var_dir / "blobs")}
    settings["BASE_URL"] = f"http://localhost:{os.environ.get('WEB_PORT', PORTS['WEB_PORT'])}"
    settings.update(kept_secrets(var_dir))
    if demo:
        (var_dir / "sent").mkdir(exist_ok=True)
        settings |= {"SMTP_URL": f"file://{var_dir / 'sent'}", "MAIL_DOMAIN": DEMO_DOMAIN, "COMPANY_NAME": "Fjordlys"}
    settings = {name: os.environ.get(name) or value for name, value in settings.items()}
    if not os.environ.get("DATABASE_URL"):
        print("Starting PostgreSQL …", flush=True)
        settings["DATABASE_URL"] = parts.enter_context(start_postgres(var_dir / "postgres")).url
    if not os.environ.get("REDIS_URL"):
        print("Starting Valkey …", flush=True)
        settings["REDIS_URL"] = parts.enter_context(start_valkey(var_dir / "valkey")).url
    return settings


def prepare(environment: dict[str, str], var_dir: Path, demo: bool) -> str:
    """Migrate, load the demo's data once, and make the first queue. Gives the first admin's link, or nothing."""
    print("Bringing the database up to date …", flush=True)
    flask(environment, "db", "upgrade")
    loaded = var_dir / "demo.loaded"
    if demo and not loaded.exists():
        wanted = ("--cases", str(DEMO_CASES), "--seed", "1", "--password", DEMO_PASSWORD)
        flask(environment, "demo", "load", *wanted, quiet=False)
        loaded.touch()
    said = flask(environment, "setup")
    return next((word for word in said.split() if "/setup/" in word), "")


def flask(environment: dict[str, str], *command: str, quiet: bool = True) -> str:
    """Run a flask command and give what it prints. Raises EmbeddedError with its words when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", *command],
        cwd=FOLDER,
        env=environment,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EmbeddedError(f"`flask {' '.join(command)}` failed:\n{(done.stderr or '').strip()}")
    return done.stdout or ""


def programs(environment: dict[str, str], var_dir: Path) -> list[Program]:
    """Web, worker, beat and mail door."""
    python = [sys.executable, "-m"]
    web = ["gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{environment.get('WEB_PORT', '8000')}"]
    web += ["--worker-class", "gthread", "--threads", environment.get("WEB_THREADS", "64")]
    web += ["--workers", environment.get("WEB_WORKERS", "1"), "--graceful-timeout", "3", "--log-level", "warning"]
    worker = [
        "celery",
        "-A",
        "workers.app",
        "worker",
        "-Q",
        "mail_in,mail_out,default",
        "--quiet",
        "--loglevel",
        "WARNING",
    ]
    worker += ["-c", environment.get("WORKER_PROCESSES", "1"), "--without-gossip", "--without-mingle"]
    beat = [
        "celery",
        "-A",
        "workers.app",
        "beat",
        "-s",
        str(var_dir / "beat"),
        "--pidfile=",
        "--quiet",
        "--loglevel",
        "WARNING",
    ]
    return [
        Program("web", [*python, *web], 6),
        Program("worker", [*python, *worker], 3),
        Program("beat", [*python, *beat], 5),
        Program("mail door", [*python, "flask", "mail", "serve"], 4),
    ]


def wait_until_ready(environment: dict[str, str], supervisor: Supervisor) -> bool:
    """Whether the web process answered before somebody asked us to stop."""
    until = time.monotonic() + READY_WITHIN_S
    url = f"http://127.0.0.1:{environment.get('WEB_PORT', '8000')}/health"
    while time.monotonic() < until and not supervisor.asked_to_stop:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return True
        time.sleep(0.1)
    return False


def banner(environment: dict[str, str], link: str, seconds: float, demo: bool) -> str:
    """What a person wants to know now."""
    lines = [f"The desk is open: {environment['BASE_URL']}   (ready after {seconds:.0f} s, Ctrl-C ends it)"]
    doors = f"SMTP {environment.get('SMTP_DOOR_PORT', '2525')}, LMTP {environment.get('LMTP_DOOR_PORT', '2424')}"
    lines.append(f"Mail comes in by {doors}, and at {environment['BASE_URL']}/contact")
    if demo:
        lines.append(f"Sign in as admin@{DEMO_DOMAIN} with the password: {DEMO_PASSWORD}")
    if link:
        lines.append(f"Make the first admin here (works once, for a day): {link}")
    return "\n" + "\n".join(f"  {line}" for line in lines) + "\n"


if __name__ == "__main__":
    main()
