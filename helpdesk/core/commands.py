"""What `flask` commands share: errors in plain words with exit code 1, and output for people or for programs."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from helpdesk.core.errors import HelpdeskError, InvalidInput

P = ParamSpec("P")
R = TypeVar("R")


class Commands(AppGroup):
    """The application's commands by name, each imported when it is asked for: `where` gives "module:command"."""

    def __init__(self, where: Mapping[str, str], name: str) -> None:
        super().__init__(name)
        self._where = where

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, without importing any."""
        return sorted({*super().list_commands(ctx), *self._where})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self._where:
            return super().get_command(ctx, cmd_name)
        module, _colon, attribute = self._where[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


NO_SUCH_TABLE = "42P01"
"""PostgreSQL's code, appendix A of its manual."""


def in_plain_words(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a refusal within `command` into its sentence on standard error and exit code 1."""

    @wraps(command)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InvalidInput as error:
            sentences = [str(sentence) for sentence in error.fields.values()]
            raise click.ClickException(" ".join(sentences) or str(error))
        except HelpdeskError as error:
            raise click.ClickException(str(error))
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", "") != NO_SUCH_TABLE:
                raise
            raise click.ClickException("The database has no tables yet, or old ones. Run this first: flask db upgrade")
        except OperationalError as error:
            raise click.ClickException(f"The database does not answer: {str(error.orig).splitlines()[0]}")

    return speaking


def print_rows(rows: Iterable[Mapping[str, Any]], as_json: bool) -> None:
    """Each row as one JSON object a line, or as columns for people."""
    listed = list(rows)
    if as_json:
        for row in listed:
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
        return
    if not listed:
        return
    lines = [list(listed[0]), *[[_word(value) for value in row.values()] for row in listed]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip())


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
