"""The four programs of the desk as `make run` starts them, and the `flask` commands that go before."""

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from helpdesk.embedded.processes import EmbeddedError
from helpdesk.embedded.supervisor import Program

FOLDER = Path(__file__).parent.parent.parent
PORTS = ("WEB_PORT", "SMTP_DOOR_PORT", "LMTP_DOOR_PORT")
HOST = "127.0.0.1"


def check_ports(settings: Mapping[str, Any]) -> None:
    """Raises EmbeddedError that names the setting of a port that is taken, or may not be used."""
    for name in PORTS:
        port = settings[name]
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except PermissionError:
                raise EmbeddedError(f"Port {port} needs root. Choose one above 1023: {name}={port + 8000} make run")
            except OverflowError:
                raise EmbeddedError(f"{name}={port} is no port: choose one between 1024 and 65535.")
            except OSError:
                raise EmbeddedError(
                    f"Port {port} ({name}) is in use by another program. Choose another: {name}={port + 1} make run"
                )


def programs(settings: Mapping[str, Any]) -> list[Program]:
    """Web, worker, beat, and the mail door unless both its ports are off."""
    python = [sys.executable, "-m"]
    web = ["gunicorn", "wsgi:app", "--bind", f"{HOST}:{settings['WEB_PORT']}", "--worker-class", "gthread"]
    web += ["--threads", str(settings["WEB_THREADS"]), "--workers", str(settings["WEB_WORKERS"])]
    web += ["--graceful-timeout", "3", "--log-level", "warning"]
    celery = ["celery", "--quiet", "-A", "workers.app"]
    worker = [*celery, "worker", "-Q", "mail_in,mail_out,default", "-c", str(settings["WORKER_PROCESSES"])]
    worker += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--pidfile=", "--loglevel", "WARNING"]
    found = [
        Program("web", [*python, *web], 6),
        Program("worker", [*python, *worker], 3),
        Program("beat", [*python, *beat], 5),
    ]
    if settings["SMTP_DOOR_PORT"] or settings["LMTP_DOOR_PORT"]:
        found.append(Program("mail door", [*python, "flask", "mail", "serve"], 4))
    return found


def is_open(settings: Mapping[str, Any]) -> bool:
    """Whether the pages are ready for people and the mail door listens."""
    with suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{settings['WEB_PORT']}/ready", timeout=1):
        return all(_listens(settings[name]) for name in PORTS)
    return False


def _listens(port: int) -> bool:
    if port == 0:
        return True
    with suppress(OSError), socket.create_connection((HOST, port), 1):
        return True
    return False


def flask(environment: dict[str, str], log: Path, *commands: str, shown: bool = False) -> str:
    """Run `flask` commands in turn and give what they print, or let them print (`shown`).

    Raises EmbeddedError with the last of their words when one fails; all of them are in `log`.
    """
    done = subprocess.run(
        [sys.executable, "-m", "helpdesk.embedded.commands", *commands],
        cwd=FOLDER,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout or ""
    log.write_text(f"{done.stdout or ''}{done.stderr or ''}")
    last = _last_words(done.stderr or "")
    said = f": {last} (all of it is in {log})" if last else "."
    raise EmbeddedError(f"`flask {' and '.join(commands)}` did not succeed{said}")


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("(Background on")]
    errors = [line for line in lines if "Error" in line or "error" in line]
    return (errors or lines or [""])[-1]
