"""Only core.db commits, and what writes does not look at the request."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import sources

KNOWS_BOTH = {"helpdesk/accounts/session.py"}
"""Signing a browser in is a row and a cookie."""


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_only_the_transaction_commits(repository: Path):
    found = [path for path, tree in sources(repository) if "commit" in calls(tree)]
    assert found == ["helpdesk/core/db.py"]


def test_an_act_never_asks_flask_who_is_there(repository: Path):
    """Who acts is an argument, so that page, command and task call the same."""
    asking = {
        path
        for path, tree in sources(repository)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("flask", "flask_login")
        for name in node.names
        if name.name in ("request", "session", "current_user")
    }
    writing = {path for path, tree in sources(repository) if "transaction" in calls(tree)}
    assert asking & writing == KNOWS_BOTH
