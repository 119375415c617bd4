"""Whether a back-up is whole: every byte of it, before anything else is touched."""

from pathlib import Path

from helpdesk.backup import manifest as manifests
from helpdesk.backup.create import Tell, index_of
from helpdesk.backup.errors import NotWhole
from helpdesk.backup.manifest import DUMP, INDEX, Manifest, path_of, sha256_of


def check(folder: Path, tell: Tell) -> Manifest:
    """Read the whole back-up and compare it with its own hashes. Raises NotWhole."""
    found = manifests.read(folder)
    for name, sha256 in ((DUMP, found.dump_sha256), (INDEX, found.index_sha256)):
        tell("Checking the database", 0, None)
        path = folder / name
        if not path.is_file():
            raise NotWhole(folder, f"{name} is missing")
        if sha256_of(path) != sha256:
            raise NotWhole(folder, f"{name} is damaged or cut short")
    lost, done = set(found.missing), 0
    for sha256, size in index_of(folder):
        tell("Checking the files", done, found.files_bytes)
        done += size
        if sha256 not in lost:
            _check_file(folder, sha256)
    tell("Checking the files", found.files_bytes, found.files_bytes)
    return found


def _check_file(folder: Path, sha256: str) -> None:
    path = path_of(folder, sha256)
    name = path.relative_to(folder)
    if not path.is_file():
        raise NotWhole(folder, f"{name} is missing")
    if sha256_of(path) != sha256:
        raise NotWhole(folder, f"{name} is damaged or cut short")
