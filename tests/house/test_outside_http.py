"""Only one helper may speak HTTP to the outside: it refuses our own network, redirects and endless answers."""

import ast
from pathlib import Path

from tests.house.sources import sources

CLIENTS = ("requests", "httpx", "urllib.request", "urllib3", "http.client", "aiohttp", "pycurl", "httplib2")
ALLOWED = {
    "helpdesk/embedded/programs.py": {"urllib.request"},
}
"""The supervisor asks its own web process, on loopback, whether it is up."""


def clients(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return {client for client in CLIENTS for module in found if f"{module}.".startswith(f"{client}.")}


def test_nobody_else_imports_a_client(repository: Path):
    found = {path: clients(tree) for path, tree in sources(repository) if clients(tree)}
    assert {path: names for path, names in found.items() if not names <= ALLOWED.get(path, set())} == {}


def test_the_search_finds_each_way_of_importing_one():
    for source in (
        "import requests",
        "from urllib import request",
        "import urllib.request as r",
        "from httpx import get",
    ):
        assert clients(ast.parse(source)), source
