"""Commands about incoming mail."""

from flask.cli import AppGroup

mail = AppGroup("mail", help="Mail: ingest, parse, serve the mail door, show the ledger.")
