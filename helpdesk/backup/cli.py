"""`flask backup`: create, check, restore."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from rich.console import Console
from rich.filesize import decimal
from rich.progress import Progress

from helpdesk.backup.check import check
from helpdesk.backup.create import Tell, create
from helpdesk.backup.errors import BackupRefused
from helpdesk.backup.manifest import Manifest
from helpdesk.backup.restore import Restored, living, refuse_what_cannot_be, restore
from helpdesk.core.commands import in_plain_words

backup = AppGroup("backup", help="The database and all files, as of one moment: create, check, restore.")

FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
KEYS = (
    "The keys are not in it. Keep SECRET_KEY and SECRETS_KEYS elsewhere (with `make run`: the file secrets.json in "
    "VAR_DIR): without them, sign-ins end, replies are not known by their tokens, and mailbox passwords are lost."
)


@backup.command("create")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@in_plain_words
def create_backup(folder: Path | None) -> None:
    """Back the desk up into a new FOLDER, while it runs. Without one: a folder named by the time, under VAR_DIR."""
    target = folder or current_app.config["VAR_DIR"] / "backups" / f"{datetime.now(UTC):%Y-%m-%dT%H.%M.%SZ}"
    with _bar() as tell:
        made = create(target.absolute(), tell)
    click.echo(f"{target}: {_contents(made)}.")
    click.echo(KEYS)
    if made.missing:
        click.echo(
            f"{len(made.missing)} files were not whole in the store, and so are not in the back-up: "
            f"{', '.join(made.missing[:5])}",
            err=True,
        )
        raise SystemExit(3)


@backup.command("check")
@FOLDER
@in_plain_words
def check_backup(folder: Path) -> None:
    """Read a back-up from end to end and say whether it is whole."""
    with _bar() as tell:
        found = check(folder, tell)
    click.echo(f"{folder} is whole: made {found.made_at}, {_contents(found)}.")


@backup.command("restore")
@FOLDER
@click.option("--yes", is_flag=True, help="Replace living data without asking.")
@in_plain_words
def restore_backup(folder: Path, yes: bool) -> None:
    """Replace database and files with the back-up in FOLDER. Asks first when there is work in this database."""
    with _bar() as tell:
        found = check(folder, tell)
    refuse_what_cannot_be(found)
    if not yes:
        _ask(found)
    with _bar() as tell:
        restored = restore(folder, found, tell)
    click.echo(f"Restored: {_contents(found)}, as of {found.made_at}.")
    for sentence in _told_after(restored):
        click.echo(sentence)


def _ask(found: Manifest) -> None:
    there = living()
    if not there:
        return
    rows = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in there.items())
    click.echo(f"This database has {rows}. All of it is replaced by the back-up of {found.made_at}.")
    click.echo("Screens and workers that are open now are cut off meanwhile, and then go on with the restored data.")
    if not sys.stdin.isatty():
        raise BackupRefused("Nothing was changed. To replace it from a script, say --yes.")
    if click.prompt('Type "yes" to replace it', default="", show_default=False) != "yes":
        raise BackupRefused("Nothing was changed.")


def _told_after(restored: Restored) -> Iterator[str]:
    yield "Restart the desk where it is running: open screens and workers still remember what was there before."
    if restored.waiting_letters:
        yield (
            f"{restored.waiting_letters} letters had not left when the back-up was made. They leave now, with the "
            "Message-IDs they had: who got one since gets it twice. `flask mail outbox` lists them."
        )
    if "SECRET_KEY" in restored.other_keys:
        yield "SECRET_KEY is another than then: everybody signs in anew, and replies are not known by their tokens."
    if "SECRETS_KEYS" in restored.other_keys:
        yield "SECRETS_KEYS are others than then: enter the mailboxes' passwords again."
    if restored.manifest.missing:
        yield f"{len(restored.manifest.missing)} files were lost before the back-up was made."


def _contents(manifest: Manifest) -> str:
    cases = manifest.tables.get("cases", 0)
    return f"{cases} cases, {manifest.files} files ({decimal(manifest.files_bytes)})"


@contextmanager
def _bar() -> Iterator[Tell]:
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        steps = {}

        def tell(step: str, done: int, total: int | None) -> None:
            if step not in steps:
                steps[step] = bar.add_task(step, total=total)
            bar.update(steps[step], completed=done, total=total)

        yield tell
