"""What a back-up says of itself. Values in, values out, but for reading and writing the file."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from helpdesk.backup.errors import NotWhole

FORMAT = 1
NAME, DUMP, INDEX, FILES = "manifest.json", "desk.dump", "files.txt", "files"
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """The contents of manifest.json. Sizes are bytes; hashes are SHA-256 in hex."""

    made_at: str
    revision: str
    """The migration that the database was at."""
    postgres: int
    """The major version of the server."""
    dump_size: int
    dump_sha256: str
    index_sha256: str
    files: int
    files_bytes: int
    missing: list[str] = field(default_factory=list)
    """Hashes of files that the store had lost, or damaged, when the back-up was made."""
    tables: dict[str, int] = field(default_factory=dict)
    """Rows of each table."""
    secrets: dict[str, list[str]] = field(default_factory=dict)
    """Marks of the keys in use, by which a restore tells whether it has the same ones. They reveal no key."""
    format: int = FORMAT


def path_of(folder: Path, sha256: str) -> Path:
    """Where a blob stands in a back-up."""
    return folder / FILES / sha256[:2] / sha256


def write(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json with a hash of itself; durable when this returns."""
    body = asdict(manifest)
    text = json.dumps(body | {"sha256": _hash_of(body)}, indent=1, ensure_ascii=False)
    handle = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> Manifest:
    """The manifest of a back-up. Raises NotWhole when it is missing, damaged, or of a later format."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotWhole(folder, f"{NAME} is missing")
    except (OSError, ValueError):
        raise NotWhole(folder, f"{NAME} cannot be read")
    if not isinstance(found, dict) or found.pop("sha256", None) != _hash_of(found):
        raise NotWhole(folder, f"{NAME} is damaged")
    if found["format"] != FORMAT:
        raise NotWhole(folder, "a newer version of the helpdesk wrote it")
    return Manifest(**found)


def _hash_of(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def marks(secret_key: str, secrets_keys: list[str]) -> dict[str, list[str]]:
    """A short mark of each key: enough to see whether two are the same, too little to find one."""

    def mark(key: str) -> str:
        return hashlib.sha256(b"back-up of a helpdesk\0" + key.encode()).hexdigest()[:8]

    return {"SECRET_KEY": [mark(secret_key)], "SECRETS_KEYS": [mark(key) for key in secrets_keys]}


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
