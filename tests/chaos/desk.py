"""The whole desk as real processes over real servers, each of which may be killed and is started again."""

import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from cryptography.fernet import Fernet
from flask import Flask
from flask_migrate import upgrade

import config
from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue
from helpdesk.core import secret_box
from helpdesk.core.db import transaction
from helpdesk.embedded.postgres import Postgres, start_postgres
from helpdesk.embedded.valkey import Valkey, start_valkey
from helpdesk.factory import create_app
from helpdesk.mail_in.models import Mailbox
from tests.chaos.nursery import Child, Nursery
from tests.faults.proxy import Proxy
from tests.live.servers import cookie_of
from tests.ports import free_port
from tests.servers import SmtpServer, smtp_server_running
from tests.servers_dovecot import PASSWORD, Dovecot, running_dovecot

ADDRESS = "support@desk.example"
MAILBOX_USERS = ("post", "sales", "web", "shop", "press")
AGENTS = 3
POOL = 4
START_AGAIN_AFTER_S = 0.2
SETTINGS = {
    "SECRET_KEY": "a-secret-of-the-chaos-and-nothing-else-at-all",
    "MAIL_DOMAIN": "desk.example",
    "COMPANY_NAME": "Fjordlys",
    "FREE_DISK_MIN_BYTES": "1000000",
    "FLASK_APP": "wsgi",
    "LOG_LEVEL": "WARNING",
    "PYTHONUNBUFFERED": "1",
    "SMTP_STARTTLS": "0",
    "FORM_LIMIT": "100000 per minute",
    "FORM_NETWORK_LIMIT": "100000 per minute",
    "FORM_MIN_S": "0",
    # Shorter than in earnest, so that much can go wrong in little time.
    "SWEEP_S": "2",
    "IMAP_POLL_S": "2",
    "LEASE_S": "3",
    "SMTP_TIMEOUT_S": "5",
    "SMTP_LAST_TIMEOUT_S": "5",
    "IMAP_TIMEOUT_S": "5",
}


@dataclass
class Desk:
    """The running desk, its servers, and how to hurt them. Servers are started and ended from the main thread."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    smtp: SmtpServer
    dovecot: Dovecot
    imap: Proxy
    settings: dict[str, str]
    nursery: Nursery
    app: Flask
    """The test's own application over the same services."""
    cookies: list[str] = field(default_factory=list)
    children: dict[str, Child] = field(default_factory=dict)
    held_back: dict[str, float] = field(default_factory=dict)
    """Programs that are to stay away until that time."""
    deaths: Counter[str] = field(default_factory=Counter)

    @property
    def web_url(self) -> str:
        return self.settings["BASE_URL"]

    @property
    def kill_folder(self) -> Path:
        return self.folder / "kill"

    def programs(self) -> dict[str, tuple[str, ...]]:
        """What runs, by name; as `make run` starts it."""
        celery = ("celery", "--quiet", "-A", "workers.app")
        web = ("gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{self.settings['WEB_PORT']}", "--worker-class", "gthread")
        return {
            "web": (*web, "--threads", "32", "--workers", "2", "--graceful-timeout", "2", "--no-control-socket"),
            "worker": (
                *(*celery, "worker", "-Q", "mail_in,mail_out,default", "-c", str(POOL), "--loglevel", "WARNING"),
                *("--without-gossip", "--without-mingle"),
            ),
            "beat": (*celery, "beat", "-s", str(self.folder / "beat"), "--pidfile=", "--loglevel", "WARNING"),
            "door": ("flask", "mail", "serve"),
        }

    def keep_up(self) -> None:
        """Start again what has ended, as the supervisor of `make run` does."""
        present = time.monotonic()
        for name, argv in self.programs().items():
            child = self.children.get(name)
            if child is not None:
                if child.poll() is None:
                    continue
                # What it started may have outlived it.
                child.kill()
                self.deaths[name] += 1
                del self.children[name]
                self.held_back[name] = max(self.held_back.get(name, 0), present + START_AGAIN_AFTER_S)
            if present >= self.held_back.get(name, 0):
                self.children[name] = self.nursery.start(*argv, log=self.log_of(name))

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def ask_to_die(self, point: str, passings: int = 1) -> None:
        """The first process that passes `point` for the so-manieth time kills itself there."""
        unfinished = self.folder / "asked"
        unfinished.write_text(str(passings))
        unfinished.rename(self.kill_folder / point)

    def still_asked(self) -> set[str]:
        """The points where nobody has died yet."""
        return {path.name for path in self.kill_folder.iterdir() if path.suffix != ".died"}

    def died_at(self) -> set[str]:
        """The points where somebody has."""
        return {path.name.removesuffix(".died") for path in self.kill_folder.glob("*.died")}

    def ask_nothing(self) -> None:
        """Forget every wish."""
        for path in self.kill_folder.iterdir():
            path.unlink(missing_ok=True)

    def database(self) -> psycopg.Connection[Any]:
        """A connection of the test's own. Raises psycopg.OperationalError while the server is away."""
        return psycopg.connect(self.postgres.url.replace("+psycopg", ""), autocommit=True)

    def stop_postgres(self) -> None:
        """As `pg_ctl stop -m immediate`: without a word, to be recovered from the log at the next start."""
        self.postgres._child.send_signal(signal.SIGQUIT)
        self.postgres._child.wait(20)
        self.postgres.stop()

    def start_postgres(self) -> None:
        self.postgres = start_postgres(self.postgres.data_dir)

    def stop_valkey(self) -> None:
        self.valkey._child.kill()
        self.valkey.stop()

    def start_valkey(self) -> None:
        self.valkey = start_valkey(self.valkey.data_dir, port=self.valkey.port)

    def pool_children(self, name: str) -> list[int]:
        """The processes that a program forked for the work itself."""
        child = self.children.get(name)
        with suppress(psutil.Error):
            return [one.pid for one in psutil.Process(child.pid).children()] if child else []
        return []

    def time_passes(self) -> None:
        """Let the pauses between the tries of outgoing mail be over."""
        with self.database() as connection:
            connection.execute(
                "update outbound_mails set next_try_at = now()"
                " where state in ('delayed', 'uncertain') and next_try_at > now()"
            )

    def tracebacks(self) -> list[str]:
        """Stack traces in the logs, by program, that no fault explains: bugs."""
        found = []
        for path in sorted(self.folder.glob("*.log")):
            for block in re.findall(r"Traceback \(most recent call last\):\n(?:[ \t]+.*\n|\n)*\S.*", path.read_text()):
                found.append(f"{path.stem}: {block.splitlines()[-1]}")
        return found


@contextmanager
def running_desk(folder: Path, **more: str) -> Iterator[Desk]:
    """Everything started and migrated, with a queue, a mailbox and AGENTS agents. The caller calls keep_up()."""
    (folder / "kill").mkdir()
    with ExitStack() as stack:
        postgres = start_postgres(folder / "pg" / "data")
        valkey = start_valkey(folder / "valkey")
        dovecot = stack.enter_context(running_dovecot())
        smtp = stack.enter_context(smtp_server_running(enable_SMTPUTF8=True))
        imap = stack.enter_context(Proxy(dovecot.imap_port))
        web, smtp_door, lmtp_door = free_port(), free_port(), free_port()
        settings = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            **SETTINGS,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "BLOB_URL": str(folder / "blobs"),
            "VAR_DIR": str(folder / "var"),
            "SECRETS_KEYS": Fernet.generate_key().decode(),
            "BASE_URL": f"http://127.0.0.1:{web}",
            "WEB_PORT": str(web),
            "SMTP_DOOR_PORT": str(smtp_door),
            "LMTP_DOOR_PORT": str(lmtp_door),
            "SMTP_URL": smtp.url,
            "KILL_AT": f"@{folder / 'kill'}",
            **more,
        }
        nursery = stack.enter_context(Nursery(settings))
        app = create_app(config.load({**settings, "KILL_AT": ""}, services={}))
        desk = Desk(folder, postgres, valkey, smtp, dovecot, imap, settings, nursery, app)
        try:
            _furnish(desk)
            yield desk
        finally:
            for child in desk.children.values():
                child.kill()
            desk.valkey.stop()
            desk.postgres.stop()


def _furnish(desk: Desk) -> None:
    with desk.database() as connection:
        # A server that is stopped without a word loses nothing by this; a machine without power would.
        for name in ("fsync", "full_page_writes"):
            connection.execute(f"alter system set {name} = off")
        connection.execute("select pg_reload_conf()")
    with desk.app.app_context():
        upgrade()
        with transaction() as session:
            queue = Queue(name="Support", slug="support", address=ADDRESS)
            session.add(queue)
            session.flush()
            session.add_all(_mailbox(user, queue, desk.imap.port) for user in MAILBOX_USERS)
            agents = [Agent(email=f"agent{n}@desk.example", name=f"Agent {n}", role="agent") for n in range(AGENTS)]
            session.add_all(agents)
        desk.cookies = [cookie_of(desk.app, agent) for agent in agents]
    desk.nursery.warm_up(desk.cookies[0])


def _mailbox(user: str, queue: Queue, port: int) -> Mailbox:
    secret = secret_box.lock(PASSWORD)
    where = {"host": "127.0.0.1", "port": port, "security": "plain", "username": user, "secret": secret}
    return Mailbox(name=user, queue_id=queue.id, **where)


@contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder; paths of sockets must be short."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@dataclass
class Pulse:
    """Keeps everything up while the main thread waits for something."""

    desk: Desk

    def until(self, is_so: Callable[[], object], within_s: float, every_s: float = 0.1) -> bool:
        """Keep everything up until `is_so()` holds; False when that took longer than `within_s`."""
        patience_ends = time.monotonic() + within_s
        while True:
            self.desk.keep_up()
            with suppress(psycopg.OperationalError):
                if is_so():
                    return True
            if time.monotonic() > patience_ends:
                return False
            time.sleep(every_s)
