"""What a running `make run` offers to the commands beside it, and the secrets it keeps between starts."""

import json
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from helpdesk.embedded.processes import fingerprint

SERVICES = "services.json"
SECRETS = "secrets.json"


def running_services(var_dir: Path) -> dict[str, str] | None:
    """The settings of the desk that runs with its data in `var_dir`; None when none does."""
    found = _read(var_dir / SERVICES)
    if found is None or fingerprint(int(found.get("pid", 0))) != found.get("fingerprint"):
        return None
    return found["settings"]


def announce(var_dir: Path, settings: dict[str, str]) -> None:
    """Let commands beside this process find `settings`, for as long as this process lives."""
    pid = os.getpid()
    _write(var_dir / SERVICES, {"pid": pid, "fingerprint": fingerprint(pid), "settings": settings})


def kept_secrets(var_dir: Path) -> dict[str, str]:
    """SECRET_KEY and SECRETS_KEYS of this folder, made at the first call and the same ever after."""
    found = _read(var_dir / SECRETS)
    if found is None:
        found = {"SECRET_KEY": secrets.token_urlsafe(48), "SECRETS_KEYS": Fernet.generate_key().decode()}
        _write(var_dir / SECRETS, found)
    return found


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return None


def _write(path: Path, value: dict) -> None:
    """Only the owner may read it, and it is never there half."""
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(value, file)
    temporary.replace(path)
