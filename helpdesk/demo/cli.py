"""`flask demo load`."""

import secrets
import time

import click
from flask import current_app
from flask.cli import AppGroup

from helpdesk.core.commands import in_plain_words
from helpdesk.demo.load import Wanted, check_empty, load
from helpdesk.demo.people import agent_address, names

demo = AppGroup("demo", help="A made-up company to look around in: load.")


@demo.command("load")
@click.option("--cases", type=click.IntRange(1, 5_000_000), default=2000, show_default=True, help="How many cases.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same company.")
@click.option("--agents", type=click.IntRange(2, 500), default=12, show_default=True, help="How many colleagues.")
@click.option("--customers", type=click.IntRange(5, 100_000), default=400, show_default=True, help="How many.")
@click.option("--password", help="With which all the made-up colleagues sign in; without it one is made and printed.")
@click.option("--yes", is_flag=True, help="Load it even beside real cases and customers.")
@in_plain_words
def load_demo(password: str | None, yes: bool, **wanted: int) -> None:
    """Load the made-up company Fjordlys: colleagues, customers, and cases of the last 18 months."""
    if not yes:
        check_empty()
    cases, chosen = wanted["cases"], password or secrets.token_urlsafe(12)
    began, before = time.monotonic(), 0
    with click.progressbar(length=cases, label=f"Loading {cases} cases", show_pos=True) as bar:
        for done in load(Wanted(**wanted), chosen):
            bar.update(done - before)
            before = done
    admin = agent_address(names()["agents"][0], current_app.config["MAIL_DOMAIN"].lower())
    click.echo(f"Loaded {cases} cases in {time.monotonic() - began:.0f} s. Sign in as {admin}, password: {chosen}")
