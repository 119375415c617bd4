"""Settings: the contact form's addresses and how it comes into the company's own site."""

from flask import Blueprint, current_app, render_template, url_for
from markupsafe import Markup

from helpdesk.cases.models import Queue
from helpdesk.core.i18n import _
from helpdesk.intake.queues import form_queues

web = Blueprint("intake", __name__, template_folder="templates")

SNIPPET = Markup(
    '<iframe src="{url}" title="{title}" width="100%" height="980" style="border:0" loading="lazy"></iframe>'
)
EXAMPLE = """curl -X POST {url} -H "Content-Type: application/json" \\
  -d '{{"name": "Kari Nordmann", "email": "kari@example.com", "message": "Hello", "queue": "{slug}"}}'"""


@web.get("/settings/contact-form")
def embed() -> str:
    """The forms, what to copy into a page, and the endpoint for programs."""
    queues = form_queues()
    api_url = _address("intake_api.create")
    return render_template(
        "intake/embed.html",
        forms=[_form(queue) for queue in queues],
        sites=current_app.config["FORM_ANCESTORS"],
        example=EXAMPLE.format(url=api_url, slug=queues[0].slug if queues else "support"),
    )


def _form(queue: Queue) -> dict[str, str]:
    framed = _address("contact.form", slug=queue.slug, embed=1)
    return {
        "slug": queue.slug,
        "name": queue.name,
        "url": _address("contact.form", slug=queue.slug),
        "snippet": str(SNIPPET.format(url=framed, title=_("Contact form"))),
    }


def _address(endpoint: str, **args: object) -> str:
    """A whole address: from the configured base, not from what the browser said."""
    return current_app.config["BASE_URL"].rstrip("/") + url_for(endpoint, **args)  # type: ignore[arg-type]
