"""Rooms import only the rooms that DESIGN places above them: import-linter holds the contracts of pyproject.toml."""

import subprocess
import sys
from pathlib import Path


def test_rooms_import_only_rooms_above_them(repository: Path):
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        capture_output=True,
        text=True,
        cwd=repository,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(repository)},
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "0 broken" in done.stdout
