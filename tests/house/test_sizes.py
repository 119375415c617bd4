"""Nothing grows past what one reads at once."""

import ast
from pathlib import Path

import pytest

from tests.house.sources import sources

FILE_LINES, THIN_FILE_LINES, FUNCTION_LINES, PARAMETERS = 300, 250, 40, 5
THIN = ("models.py", "web.py", "api.py")
FORBIDDEN_NAMES = ("utils.py", "services.py", "helpers.py")


def test_no_file_is_too_long(repository: Path):
    def most(path: str) -> int:
        return THIN_FILE_LINES if Path(path).name in THIN else FILE_LINES

    lengths = {path: len((repository / path).read_text().splitlines()) for path, _tree in sources(repository)}
    assert {path: lines for path, lines in lengths.items() if lines > most(path)} == {}


def test_no_function_is_too_long_or_asks_for_too_much(repository: Path):
    found = {}
    for path, tree in sources(repository):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                parameters = len([name for name in names if name not in ("self", "cls")])
                if lines > FUNCTION_LINES or parameters > PARAMETERS:
                    found[f"{path}:{node.lineno} {node.name}"] = f"{lines} lines, {parameters} parameters"
    assert found == {}


@pytest.mark.parametrize("name", FORBIDDEN_NAMES)
def test_no_file_is_a_drawer_for_everything(repository: Path, name: str):
    assert [path for path, _tree in sources(repository) if Path(path).name == name] == []


def test_every_room_says_what_it_is(repository: Path):
    silent = [
        path for path, tree in sources(repository) if path.endswith("__init__.py") and ast.get_docstring(tree) is None
    ]
    assert silent == []
