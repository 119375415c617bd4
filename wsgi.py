"""Entry of the web process: `gunicorn wsgi:app`; also `flask` commands."""

from helpdesk.factory import create_app

app = create_app()
