"""What a running `make run` offers to the commands beside it, and the secrets it keeps between starts."""

import json
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from helpdesk.embedded.processes import EmbeddedError, fingerprint

SERVICES = "services.json"
SECRETS = "secrets.json"


def running_services(var_dir: Path) -> dict[str, str] | None:
    """The settings of the desk that runs with its data in `var_dir`; None when none does, or it is another user's."""
    try:
        found = json.loads((var_dir / SERVICES).read_text())
        alive = fingerprint(int(found["pid"])) == found["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found["settings"] if alive else None


def announce(var_dir: Path, settings: dict[str, str]) -> None:
    """Let commands beside this process find `settings`, for as long as this process lives."""
    pid = os.getpid()
    write_for_owner(var_dir / SERVICES, {"pid": pid, "fingerprint": fingerprint(pid), "settings": settings})


def kept_secrets(var_dir: Path) -> dict[str, str]:
    """SECRET_KEY and SECRETS_KEYS of this folder, made at the first call and the same ever after.

    Raises EmbeddedError when the file is there and cannot be read: new keys could not open what the old ones locked.
    """
    path = var_dir / SECRETS
    if not path.exists():
        made = {"SECRET_KEY": secrets.token_urlsafe(48), "SECRETS_KEYS": Fernet.generate_key().decode()}
        write_for_owner(path, made)
        return made
    try:
        found = json.loads(path.read_text())
        return {"SECRET_KEY": found["SECRET_KEY"], "SECRETS_KEYS": found["SECRETS_KEYS"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise EmbeddedError(
            f"{path} cannot be read, and the passwords of mailboxes are locked with the keys in it. "
            "Bring it back from a back-up; or remove it, and enter those passwords again."
        )


def write_for_owner(path: Path, value: object) -> None:
    """Write `value` as JSON. Only the owner may read it, and it is never there half."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
