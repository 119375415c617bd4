"""A folder of migrations that has the made-up ones too."""

import shutil
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def head(repository: Path) -> str:
    """The newest migration that there is."""
    return str(ScriptDirectory(str(repository / "migrations")).get_current_head())


@pytest.fixture(scope="session")
def next_version(head: str, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's migrations, and those of a made-up next version after them."""
    folder = tmp_path_factory.mktemp("next") / "migrations"
    shutil.copytree(repository / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (HERE / "versions").glob("*.py"):
        (folder / "versions" / path.name).write_text(path.read_text().replace("{head}", head))
    return folder
