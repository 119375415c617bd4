"""Commands about agents."""

from flask.cli import AppGroup

agents = AppGroup("agents", help="Agents: add, list, deactivate.")
