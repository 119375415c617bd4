"""`flask mail parse`: why did this mail look like that? Needs no database."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from helpdesk.mail_reading.as_json import as_json
from helpdesk.mail_reading.bare import read_bare
from helpdesk.mail_reading.mail import Mail
from helpdesk.mail_reading.safely import read_safely


@click.command("parse")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "json_lines", is_flag=True, help="Print one JSON object a line.")
@click.option("--body", type=click.Choice(["text", "html"]), help="Take each file as a bare body of that kind.")
def parse(files: tuple[str, ...], json_lines: bool, body: str | None) -> None:
    """Read mail from files, or from standard input with `-`, and show what was understood."""
    failed = False
    for file in files:
        try:
            raw = sys.stdin.buffer.read() if file == "-" else _read_file(file)
        except OSError as error:
            click.echo(f"{file}: cannot be read: {error.strerror or error}", err=True)
            failed = True
            continue
        mail = read_bare(raw, body) if body else read_safely(raw)
        if json_lines:
            click.echo(json.dumps(as_json(mail, file), ensure_ascii=False))
        else:
            _print(file, mail)
    if failed:
        raise SystemExit(1)


def _read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _print(file: str, mail: Mail) -> None:
    """The mail for a person's eyes."""
    rows: list[tuple[str, Any]] = [
        ("From", ", ".join(map(str, mail.from_all))),
        ("Written by", mail.original_sender),
        ("Reply-To", ", ".join(map(str, mail.reply_to))),
        ("To", ", ".join(map(str, mail.to))),
        ("Cc", ", ".join(map(str, mail.cc))),
        ("Subject", mail.subject),
        ("Date", mail.date),
        ("Message-ID", mail.message_id),
        ("In reply to", ", ".join(mail.in_reply_to)),
        ("Automatic", f"{mail.automatic.kind}: {mail.automatic.why}" if mail.automatic else None),
    ]
    click.secho(file, bold=True)
    for name, value in rows:
        if value:
            click.echo(f"{name + ':':<13}{value}")
    for recipient in mail.bounce.recipients if mail.bounce else ():
        click.echo(
            f"{'Bounce:':<13}{recipient.address} {recipient.status} {recipient.code} {recipient.reason}".rstrip()
        )
    if mail.forwarded:
        click.echo(f"{'Forwarded:':<13}{mail.forwarded.sender or 'unknown'}: {mail.forwarded.subject}")
    for attachment in mail.attachments:
        click.echo(f"{'Attachment:':<13}{attachment.filename} ({attachment.content_type}, {attachment.size:,} bytes)")
    for problem in mail.problems:
        click.echo(f"{'Problem:':<13}{problem}")
    click.echo(f"\n{mail.reply_text}\n")
    if mail.quoted_text:
        click.secho(_indented(mail.quoted_text), dim=True)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n")) + "\n"
