"""Commands about cases and queues."""

from flask.cli import AppGroup

cases = AppGroup("cases", help="Cases: list, show, claim, answer, close, reopen.")
queues = AppGroup("queues", help="Queues: list.")
