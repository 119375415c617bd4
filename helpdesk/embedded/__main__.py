"""`make run` and `make demo`: everything the desk needs, started under one roof."""

import fcntl
import json
import os
import shlex
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import config
from helpdesk.embedded.groups import POLITELY, end_leftovers
from helpdesk.embedded.postgres import start_postgres
from helpdesk.embedded.processes import EmbeddedError
from helpdesk.embedded.programs import FOLDER, check_ports, flask, is_open, programs
from helpdesk.embedded.running import announce, kept_secrets, running_services
from helpdesk.embedded.supervisor import KeptServer, Supervisor
from helpdesk.embedded.valkey import start_valkey

DEMO_CASES = 2000
DEMO_DOMAIN = "fjordlys.example"
DEMO_PASSWORD = "fjordlys is a made-up company"  # noqa: S105 - shown to everybody who starts the demo


@dataclass(frozen=True)
class Invitation:
    """What lets the first person in: a link while there is no admin, the admin of the made-up company in the demo."""

    link: str
    demo_admin: str


def main() -> None:
    """Run until Ctrl-C. Every refusal is one sentence and exit code 1."""
    if sys.argv[1:] not in (["run"], ["demo"]):
        raise SystemExit("Use: python -m helpdesk.embedded run|demo")
    signal.signal(signal.SIGTERM, _leave)
    var_dir = FOLDER / os.environ.get("VAR_DIR", "var")
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        with ExitStack() as parts:
            open_the_desk(var_dir, parts, demo=sys.argv[1] == "demo")
    except EmbeddedError as error:
        raise SystemExit(str(error))
    except OSError as error:
        raise SystemExit(f"{error.filename or var_dir}: {error.strerror}. The desk keeps its data in {var_dir}.")
    except KeyboardInterrupt:
        raise SystemExit(130)


def _leave(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def open_the_desk(var_dir: Path, parts: ExitStack, *, demo: bool) -> None:
    """Servers, migrations, first queue, then the four programs until somebody ends them."""
    began = time.monotonic()
    parts.enter_context(only_one(var_dir))
    end_leftovers(var_dir / "run.json", POLITELY)
    given = ours(var_dir, demo)
    settings = config.load({"DATABASE_URL": "later", "REDIS_URL": "later", **given}, services={})
    check_ports(settings)
    if demo:
        keep_real_work_apart(var_dir)
    servers = start_servers(var_dir, parts, given)
    announce(var_dir, {name: given[name] for name in (one.name for one in config.SETTINGS) if name in given})
    parts.callback((var_dir / "services.json").unlink, missing_ok=True)
    environment = {**os.environ, **given, "FLASK_APP": "wsgi", "PYTHONUNBUFFERED": "1"}
    # Celery's remark on root is for deployments; this is one person's machine.
    environment["PYTHONWARNINGS"] = "ignore::UserWarning:celery.platforms"
    invitation = prepare(environment, var_dir, demo)
    supervisor = Supervisor(programs(settings), servers, environment, FOLDER, var_dir / "run.json")

    def greet() -> None:
        print(banner(settings, invitation, time.monotonic() - began), flush=True)

    supervisor.run(lambda: is_open(settings), greet)


def only_one(var_dir: Path) -> IO[str]:
    """A lock that the system takes back however we end. Raises EmbeddedError when another start holds it."""
    lock = (var_dir / "run.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        where = (running_services(var_dir) or {}).get("BASE_URL")
        raise EmbeddedError(
            f"The desk already runs in this folder{f', at {where}' if where else ''}. End it there with Ctrl-C first."
        )
    return lock


def ours(var_dir: Path, demo: bool) -> dict[str, str]:
    """What this start sets where the environment says nothing, and what the environment says."""
    port = os.environ.get("WEB_PORT") or "8000"
    given = {"VAR_DIR": str(var_dir), "BLOB_URL": str(var_dir / "blobs"), "BASE_URL": f"http://localhost:{port}"}
    given |= kept_secrets(var_dir)
    if demo:
        sent = var_dir / "sent"
        sent.mkdir(exist_ok=True)
        given |= {"SMTP_URL": sent.as_uri(), "MAIL_DOMAIN": DEMO_DOMAIN, "COMPANY_NAME": "Fjordlys"}
    names = [setting.name for setting in config.SETTINGS]
    return given | {name: os.environ[name] for name in names if os.environ.get(name)}


def start_servers(var_dir: Path, parts: ExitStack, given: dict[str, str]) -> list[KeptServer]:
    """Start PostgreSQL and Valkey where `given` does not name one's own, and add their addresses to it."""
    kept: list[KeptServer] = []
    if "DATABASE_URL" not in given:
        print("Starting PostgreSQL …", flush=True)
        postgres = start_postgres(var_dir / "postgres")
        given["DATABASE_URL"] = postgres.url
        kept.append(KeptServer("PostgreSQL", postgres, lambda: start_postgres(var_dir / "postgres")))
        parts.callback(kept[-1].stop)
    if "REDIS_URL" not in given:
        print("Starting Valkey …", flush=True)
        valkey = start_valkey(var_dir / "valkey")
        given["REDIS_URL"] = valkey.url
        kept.append(KeptServer("Valkey", valkey, lambda: start_valkey(var_dir / "valkey", port=valkey.port)))
        parts.callback(kept[-1].stop)
    return kept


def keep_real_work_apart(var_dir: Path) -> None:
    """Raises EmbeddedError rather than pour a made-up company into a database that `make run` made."""
    begun = var_dir / "demo.begun"
    if (var_dir / "postgres").exists() and not begun.exists():
        raise EmbeddedError("This folder holds a desk of your own. Keep the demo apart: VAR_DIR=var-demo make demo")
    begun.touch()


def prepare(environment: dict[str, str], var_dir: Path, demo: bool) -> Invitation:
    """Migrate, make the first queue, load the demo's data once. Gives what lets the first person in."""
    log = var_dir / "prepare.log"
    print("Bringing the database up to date …", flush=True)
    if demo:
        load_once(environment, log, var_dir / "demo.loaded")
    said = flask(environment, log, "db upgrade", "setup", *(["agents list --json"] if demo else []))
    link = next((word for word in said.split() if "/setup/" in word), "")
    return Invitation(link, demo_admin(said))


def load_once(environment: dict[str, str], log: Path, loaded: Path) -> None:
    """Load the made-up company unless it is there, whatever became of the start that loaded it."""
    if loaded.exists():
        return
    if not demo_admin(flask(environment, log, "db upgrade", "agents list --json")):
        load = f"demo load --cases {DEMO_CASES} --seed 1 --password {shlex.quote(DEMO_PASSWORD)}"
        flask(environment, log, load, shown=True)
    loaded.touch()


def demo_admin(said: str) -> str:
    """The address of the made-up company's admin in a list of agents, or nothing."""
    agents = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    admins = [agent["email"] for agent in agents if agent["role"] == "admin"]
    return next((email for email in admins if email.endswith(f"@{DEMO_DOMAIN}")), "")


def banner(settings: dict[str, Any], invitation: Invitation, seconds: float) -> str:
    """What a person wants to know now."""
    base = settings["BASE_URL"]
    lines = [f"The desk is open: {base}   (ready after {seconds:.0f} s; Ctrl-C ends it)"]
    doors = [f"{name} {settings[f'{name}_DOOR_PORT']}" for name in ("SMTP", "LMTP") if settings[f"{name}_DOOR_PORT"]]
    lines.append(
        f"Mail comes in by {', '.join(doors)}, and at {base}/contact" if doors else f"The form: {base}/contact"
    )
    if invitation.demo_admin:
        lines.append(f"Sign in as {invitation.demo_admin} with the password: {DEMO_PASSWORD}")
    if invitation.link:
        lines.append(f"Make the first admin here (works once, for a day): {invitation.link}")
    return "\n" + "\n".join(f"  {line}" for line in lines) + "\n"


if __name__ == "__main__":
    main()
