"""Several `flask` commands in one process: reading the whole application in costs more than most of them do.

python -m helpdesk.embedded.commands "db upgrade" setup
"""

import shlex
import sys

from click import ClickException
from flask.cli import cli


def main() -> None:
    """Run the commands in turn. The first that refuses ends the row, with its sentence."""
    for command in sys.argv[1:]:
        try:
            cli.main(shlex.split(command), prog_name="flask", standalone_mode=False)
        except ClickException as refusal:
            raise SystemExit(refusal.format_message())


if __name__ == "__main__":
    main()
