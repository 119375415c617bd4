"""README and docs are true: their commands run, their links lead somewhere, their targets exist."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from helpdesk.cases.models import Queue

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
FLASK = re.compile(r"\bflask ((?:[a-z]+ ){0,2}[a-z]+)")
FILE = re.compile(r"\b(?:helpdesk|workers|tests|docs|benchmarks|migrations)/[\w./]*\w\.(?:py|md|toml)\b")
MAKE = re.compile(r"\bmake ([a-z]+)\b")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def code(page: Path) -> Iterator[str]:
    """What stands in code on a page: its blocks without their comments, and its `words` in the text."""
    text = page.read_text()
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield re.sub(r"(?m)\s#\s.*$", "", block)
    yield from re.findall(r"`([^`\n]+)`", text)


def test_the_tour_of_the_readme_runs(environment: dict[str, str], queue: Queue) -> None:
    """As a person would type it, from the activated environment on; the numbers in it are those of a new desk."""
    [tour] = [block for block in BLOCK.findall((ROOT / "README.md").read_text()) if "flask cases claim" in block]
    script = "set -euo pipefail\n" + tour.replace(". .venv/bin/activate\n", "")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env={**environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "#1001 is closed." in done.stdout
    assert "We caught it in time." in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_flask_command_on_the_page_exists(page: Path, app: Flask) -> None:
    for text in code(page):
        for words in FLASK.findall(text):
            command: click.Command = app.cli
            for word in words.split():
                if not isinstance(command, click.Group):
                    break
                with app.app_context():
                    found = command.get_command(click.Context(command), word)
                assert found is not None, f"flask {words}"
                command = found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_on_the_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for text in code(page) for target in MAKE.findall(text)}
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_named_in_code_exists(page: Path) -> None:
    """`helpdesk/cases/answer.py` and its like."""
    named = {word for text in code(page) for word in FILE.findall(text)}
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
