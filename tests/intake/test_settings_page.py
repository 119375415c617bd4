"""Settings: how the form comes into the company's own site."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import Agent
from helpdesk.cases.models import Queue

SignedIn = Callable[[Agent], FlaskClient]


def test_an_admin_copies_the_frame_from_settings(app: Flask, queue: Queue, signed_in: SignedIn, boss: Agent) -> None:
    app.config.update(BASE_URL="https://help.fjordlys.example", FORM_ANCESTORS=["https://www.fjordlys.example"])
    page = signed_in(boss).get("/settings/contact-form").get_data(as_text=True)
    assert "&lt;iframe src=&#34;https://help.fjordlys.example/contact/support?embed=1&#34;" in page
    assert "https://www.fjordlys.example" in page
    assert "curl -X POST https://help.fjordlys.example/api/inquiries" in page


def test_only_admins_see_it(queue: Queue, signed_in: SignedIn, ada: Agent) -> None:
    assert signed_in(ada).get("/settings/contact-form").status_code == 403
