"""The project's own Python, parsed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path


@cache
def _parsed(repository: Path) -> list[tuple[str, ast.Module]]:
    files = [*(repository / "helpdesk").rglob("*.py"), *(repository / "workers").rglob("*.py")]
    files += [repository / "config.py", repository / "wsgi.py"]
    return [(str(path.relative_to(repository)), ast.parse(path.read_text())) for path in sorted(files)]


def sources(repository: Path) -> Iterator[tuple[str, ast.Module]]:
    """Path from the top, and tree, of every module of helpdesk and workers, of config and wsgi."""
    yield from _parsed(repository)
