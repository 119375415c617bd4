"""What a running `make run` in this folder offers to the commands beside it."""

import json
from pathlib import Path


def running_services(var_dir: Path) -> dict[str, str] | None:
    """The settings of the embedded services under `var_dir`, or None when they do not run."""
    path = var_dir / "services.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
