"""The settings about people, page by page."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.accounts import passwords
from helpdesk.accounts.models import Agent, AuditEntry, SignIn
from helpdesk.core.db import db, transaction
from helpdesk.mail_out.models import OutboundMail, Recipient

GOOD = "four blue cables and a lamp"
Browser = Callable[[Agent], FlaskClient]


@pytest.fixture
def bosss(boss: Agent, signed_in: Browser) -> FlaskClient:
    """The boss's browser."""
    return signed_in(boss)


def link_on(page: str) -> str:
    return re.search(r'value="http://localhost(/join/[^"]+)"', page).group(1)


def test_an_admin_invites_a_colleague_with_a_link_that_is_shown_once(app: Flask, bosss: FlaskClient):
    page = bosss.post(
        "/settings/agents/new", data={"name": "Ola Nordmann", "email": "Ola@desk.example", "role": "reader"}
    )
    assert page.status_code == 200
    assert "outgoing mail is not set up" in page.text
    newcomer = app.test_client()
    assert newcomer.post(link_on(page.text), data={"password": GOOD}).location == "/"
    ola = db.session.execute(select(Agent).where(Agent.email == "ola@desk.example")).scalar_one()
    assert (ola.name, ola.role, passwords.fits(ola.password_hash, GOOD)) == ("Ola Nordmann", "reader", True)
    assert "Ola Nordmann" in bosss.get("/settings/agents").text
    assert "/join/" not in bosss.get("/settings/agents").text


def test_an_invitation_is_mailed_in_its_readers_language_when_mail_goes_out(app: Flask, bosss: FlaskClient, tmp_path):
    app.config.update(SMTP_URL=f"file://{tmp_path}", DEFAULT_LANGUAGE="nb")
    page = bosss.post("/settings/agents/new", data={"name": "Ola", "email": "ola@desk.example", "role": "agent"})
    assert "on its way to ola@desk.example" in page.text
    mail = db.session.execute(select(OutboundMail)).scalar_one()
    assert db.session.execute(select(Recipient.address)).scalar_one() == "ola@desk.example"
    assert mail.automatic
    assert mail.subject == "Invitasjon til Fjordlys"
    assert f"http://localhost{link_on(page.text)}" in mail.text


def test_a_slip_in_an_invitation_keeps_what_was_typed(app: Flask, bosss: FlaskClient, ada: Agent):
    page = bosss.post("/settings/agents/new", data={"name": "Ada 2", "email": "ada@desk.example", "role": "admin"})
    assert page.status_code == 400
    assert "A colleague with this address is here already." in page.text
    assert 'value="Ada 2"' in page.text
    assert '<option selected value="admin">' in page.text


def test_an_admin_changes_deactivates_and_reactivates_a_colleague(
    app: Flask, bosss: FlaskClient, ada: Agent, signed_in: Browser
):
    adas = signed_in(ada)
    here = f"/settings/agents/{ada.id}"
    bosss.post(here, data={"name": "Ada B.", "role": "reader", "language": "nb"})
    db.session.refresh(ada)
    assert (ada.name, ada.role, ada.language) == ("Ada B.", "reader", "nb")
    assert adas.get("/settings/me").status_code == 200
    bosss.post(f"{here}/deactivate")
    assert adas.get("/settings/me").location.startswith("/sign-in")
    assert db.session.scalar(select(func.count(SignIn.id)).where(SignIn.agent_id == ada.id)) == 0
    assert "cannot sign in" in bosss.get(here).text
    bosss.post(f"{here}/reactivate")
    db.session.refresh(ada)
    assert ada.active
    assert db.session.scalar(select(func.count(AuditEntry.id))) == 3


def test_the_last_admin_reads_why_they_cannot_deactivate_themselves(app: Flask, bosss: FlaskClient, boss: Agent):
    answer = bosss.post(f"/settings/agents/{boss.id}/deactivate")
    assert answer.status_code == 409
    assert "only active admin" in answer.text


def test_a_new_link_replaces_the_one_before(app: Flask, bosss: FlaskClient, ada: Agent):
    first = link_on(bosss.post(f"/settings/agents/{ada.id}/link").text)
    second = link_on(bosss.post(f"/settings/agents/{ada.id}/link").text)
    assert app.test_client().get(first).status_code == 410
    assert app.test_client().get(second).status_code == 200


def test_everybody_changes_their_own_name_language_and_signature(app: Flask, reader: Agent, signed_in: Browser):
    browser = signed_in(reader)
    browser.post("/settings/me", data={"name": "Rolf R.", "language": "nb", "signature": "Hilsen\nRolf"})
    db.session.refresh(reader)
    assert (reader.name, reader.language, reader.signature) == ("Rolf R.", "nb", "Hilsen\nRolf")
    assert '<html lang="nb"' in browser.get("/settings/me").text
    wrong = browser.post("/settings/me", data={"name": " ", "language": "nb", "signature": "kept"})
    assert wrong.status_code == 400
    assert "kept</textarea>" in wrong.text
    long = browser.post("/settings/me", data={"name": "Rolf", "language": "nb", "signature": "x" * 2001})
    assert (long.status_code, "høyst 2000 tegn" in long.text) == (400, True)


def test_a_role_cannot_be_slipped_in_with_ones_own_settings(app: Flask, ada: Agent, signed_in: Browser):
    signed_in(ada).post("/settings/me", data={"name": "Ada", "language": "en", "signature": "", "role": "admin"})
    db.session.refresh(ada)
    assert ada.role == "agent"


def test_a_new_password_needs_the_old_one_and_signs_out_everywhere_else(app: Flask, ada: Agent, signed_in: Browser):
    with transaction():
        ada.password_hash = passwords.keep("the old one of mine")
    here, elsewhere = signed_in(ada), signed_in(ada)
    wrong = here.post("/settings/me/password", data={"old": "a guess", "password": GOOD})
    assert wrong.status_code == 400
    assert "not your present password" in wrong.text
    assert 'value="Ada"' in wrong.text
    assert here.post("/settings/me/password", data={"old": "the old one of mine", "password": GOOD}).status_code == 302
    assert here.get("/settings/me").status_code == 200
    assert elsewhere.get("/settings/me").location.startswith("/sign-in")
    db.session.refresh(ada)
    assert passwords.fits(ada.password_hash, GOOD)


def test_the_old_password_cannot_be_guessed_at_without_end(app: Flask, ada: Agent, signed_in: Browser):
    with transaction():
        ada.password_hash = passwords.keep("the old one of mine")
    app.config.update(RATELIMIT_ENABLED=True, SIGN_IN_LIMIT="2 per 5 minutes")
    here = signed_in(ada)
    answers = [here.post("/settings/me/password", data={"old": "x", "password": GOOD}).status_code for _ in range(3)]
    assert answers == [400, 400, 429]


def test_signing_out_everywhere_ends_this_browser_and_all_others_but_nobody_elses(
    app: Flask, ada: Agent, kim: Agent, signed_in: Browser
):
    here, elsewhere, kims = signed_in(ada), signed_in(ada), signed_in(kim)
    assert here.post("/settings/me/sign-out-everywhere").location == "/sign-in"
    assert here.get("/settings/me").location.startswith("/sign-in")
    assert elsewhere.get("/settings/me").location.startswith("/sign-in")
    assert kims.get("/settings/me").status_code == 200


def test_my_page_says_where_i_am_signed_in(app: Flask, ada: Agent):
    with transaction():
        ada.password_hash = passwords.keep(GOOD)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    browser = app.test_client()
    browser.post("/sign-in", data={"email": ada.email, "password": GOOD}, headers={"User-Agent": agent})
    page = browser.get("/settings/me").text
    assert "Firefox, Linux" in page
    assert "this browser" in page
    assert "127.0.0.1" in page


def test_the_settings_list_shows_an_agent_only_what_they_may_open(
    app: Flask, ada: Agent, bosss: FlaskClient, signed_in: Browser
):
    assert 'href="/settings/agents"' not in signed_in(ada).get("/settings/me").text
    assert 'href="/settings/agents"' in bosss.get("/settings/me").text
    assert 'href="/settings/queues"' in bosss.get("/settings/me").text


@pytest.mark.parametrize("path", ["/settings/agents/999", "/settings/queues/999"])
def test_a_thing_that_is_not_there_says_so(app: Flask, bosss: FlaskClient, path: str):
    assert bosss.get(path).status_code == 404


@pytest.mark.parametrize("typed", ["\x00", "a\x00b@desk.example", "x" * 5000])
def test_odd_input_gets_a_sentence_and_never_a_crash(app: Flask, bosss: FlaskClient, typed: str):
    for answer in (
        bosss.post("/settings/agents/new", data={"name": typed, "email": "odd@desk.example", "role": "agent"}),
        bosss.post("/settings/agents/new", data={"name": "Odd", "email": typed, "role": "agent"}),
        bosss.post("/settings/me", data={"name": "Odd", "language": "en", "signature": typed}),
        app.test_client().post("/sign-in", data={"email": typed, "password": typed}),
    ):
        assert answer.status_code in (200, 302, 400, 401)
