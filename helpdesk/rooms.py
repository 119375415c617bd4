"""The rooms' tables, pages and commands, in one list."""

from flask import Blueprint

import helpdesk.accounts.audit_web
import helpdesk.accounts.models
import helpdesk.blobs.models
import helpdesk.cases.models
import helpdesk.cases.web_acts
import helpdesk.cases.web_files
import helpdesk.customers.models
import helpdesk.customers.web_people
import helpdesk.mail_in.mailbox_web
import helpdesk.mail_in.models
import helpdesk.mail_out.models
import helpdesk.search.models
import helpdesk.watch.models  # noqa: F401
from helpdesk.accounts.settings_web import web as accounts
from helpdesk.cases.queue_web import web as queue_pages
from helpdesk.cases.web import web as cases
from helpdesk.customers.web import web as customers
from helpdesk.intake.api import api as intake_api
from helpdesk.intake.contact import contact
from helpdesk.intake.web import web as intake
from helpdesk.live.web import web as live
from helpdesk.mail_in.web import web as mail_in
from helpdesk.mail_out.web import web as mail_out
from helpdesk.search.web import web as search
from helpdesk.watch.web import web as watch

PAGES: list[Blueprint] = [accounts, cases, queue_pages, customers, mail_out, mail_in, intake, search, live, watch]
PAGES_FOR_PROGRAMS: list[Blueprint] = [intake_api]
"""No cookies, so no CSRF token either."""
PUBLIC_FORMS: list[Blueprint] = [contact]
"""In nobody's name but the one typed in, so there is nothing a foreign site could misuse (see intake/contact.py)."""
COMMANDS = {
    "db": "flask_migrate.cli:db",
    "setup": "helpdesk.cases.setup_cli:setup",
    "agents": "helpdesk.accounts.cli:agents",
    "cases": "helpdesk.cases.cli:cases",
    "queues": "helpdesk.cases.setup_cli:queues",
    "mail": "helpdesk.mail_in.cli:mail",
    "demo": "helpdesk.demo.cli:demo",
    "backup": "helpdesk.backup.cli:backup",
}
"""Where each `flask` command is. It is imported when somebody types it: web and workers need none of them."""
