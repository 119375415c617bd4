"""The yardstick of pages: a bare Flask page of 50 rows from one indexed query, served by the same gunicorn."""

import os

from flask import Flask, render_template_string
from sqlalchemy import create_engine, text

ROWS = text(
    "select number, subject, from_name, closed_at from cases where status = 'closed' order by closed_at desc limit 50"
)
PAGE = """<!doctype html><title>Bare</title><table>
{% for row in rows %}<tr><td>{{ row.number }}<td>{{ row.subject }}<td>{{ row.from_name }}<td>{{ row.closed_at }}
{% endfor %}</table>"""

app = Flask(__name__)
engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg://"), pool_size=10)


@app.get("/")
def page() -> str:
    """Fifty rows."""
    with engine.connect() as connection:
        return render_template_string(PAGE, rows=connection.execute(ROWS).all())
