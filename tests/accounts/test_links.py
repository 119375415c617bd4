"""One-time links: the first admin, invitations, forgotten passwords."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from helpdesk.accounts import links, passwords
from helpdesk.accounts.models import Agent, AuditEntry, OneTimeLink
from helpdesk.accounts.people import deactivate, link_for
from helpdesk.accounts.set_password import first_setup_link
from helpdesk.core.db import db, transaction

GOOD = "four blue cables and a lamp"


def path_of(link: str | None) -> str:
    assert link is not None
    assert link.startswith("http://localhost/")
    return link.removeprefix("http://localhost")


def is_in(client: FlaskClient) -> bool:
    return client.get("/sign-in").status_code == 302


def first_admin(email: str = "berit@desk.example", password: str = GOOD) -> dict[str, str]:
    return {"name": "Berit", "email": email, "password": password}


def test_the_first_link_makes_an_admin_who_is_signed_in_and_works_once(app: Flask):
    path = path_of(first_setup_link())
    client = app.test_client()
    assert client.get(path).status_code == 200
    assert client.get(path).status_code == 200
    assert client.post(path, data=first_admin()).location == "/"
    admin = db.session.execute(select(Agent)).scalar_one()
    assert (admin.email, admin.role, admin.active) == ("berit@desk.example", "admin", True)
    assert is_in(client)
    again = app.test_client().post(path, data=first_admin("eve@desk.example"))
    assert again.status_code == 410
    assert db.session.scalar(select(func.count(Agent.id))) == 1


def test_a_slip_in_the_form_uses_nothing_up_and_loses_nothing_but_the_password(app: Flask):
    path = path_of(first_setup_link())
    answer = app.test_client().post(path, data=first_admin("not an address", "short"))
    assert answer.status_code == 400
    assert "This is not an e-mail address." in answer.text
    assert "at least 8 characters" in answer.text
    assert 'value="not an address"' in answer.text
    assert app.test_client().post(path, data=first_admin()).status_code == 302


def test_printing_the_first_link_again_ends_the_one_before(app: Flask):
    old, new = path_of(first_setup_link()), path_of(first_setup_link())
    assert app.test_client().get(old).status_code == 410
    assert app.test_client().get(new).status_code == 200


def test_there_is_no_first_link_once_there_is_an_admin_and_an_old_one_makes_no_second(app: Flask):
    path = path_of(first_setup_link())
    with transaction() as session:
        session.add(Agent(email="boss@desk.example", name="Boss", role="admin"))
    assert first_setup_link() is None
    assert app.test_client().get(path).status_code == 409
    assert app.test_client().post(path, data=first_admin()).status_code == 409


def test_two_people_with_the_same_link_at_once_make_one_admin(app: Flask):
    path = path_of(first_setup_link())

    def make(n: int) -> int:
        return app.test_client().post(path, data=first_admin(f"person{n}@desk.example")).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(make, range(4)))
    assert answers == [302, 410, 410, 410]


def test_an_invited_colleague_chooses_a_password_once(app: Flask, ada: Agent, boss: Agent):
    path = path_of(link_for(ada, by=boss))
    client = app.test_client()
    page = client.get(path)
    assert "Welcome, Ada" in page.text
    assert 'value="ada@desk.example"' in page.text
    assert client.post(path, data={"password": GOOD}).location == "/"
    db.session.refresh(ada)
    assert passwords.fits(ada.password_hash, GOOD)
    assert app.test_client().post(path, data={"password": "another fine password"}).status_code == 410


@pytest.mark.parametrize(("kept", "minutes"), [(None, 24 * 60), ("forgotten", 15)])
def test_a_link_ends_after_its_time(app: Flask, ada: Agent, boss: Agent, kept: str | None, minutes: int):
    with transaction():
        ada.password_hash = kept and passwords.keep(kept)
    path = path_of(link_for(ada, by=boss))
    shift = OneTimeLink.expires_at - timedelta(minutes=minutes - 1)
    with transaction() as session:
        session.execute(update(OneTimeLink).values(expires_at=shift))
    assert app.test_client().get(path).status_code == 200
    with transaction() as session:
        session.execute(update(OneTimeLink).values(expires_at=OneTimeLink.expires_at - timedelta(minutes=1)))
    assert app.test_client().get(path).status_code == 410
    assert app.test_client().post(path, data={"password": GOOD}).status_code == 410


def test_a_forgotten_password_ends_every_other_sign_in(app: Flask, ada: Agent, boss: Agent, signed_in):
    with transaction():
        ada.password_hash = passwords.keep("the old one, known to somebody")
    elsewhere = signed_in(ada)
    here = app.test_client()
    here.post(path_of(link_for(ada, by=boss)), data={"password": GOOD})
    assert not is_in(elsewhere)
    assert is_in(here)


def test_a_link_is_good_for_its_one_purpose_and_only_its_hash_is_kept(app: Flask, ada: Agent, boss: Agent):
    secret = path_of(link_for(ada, by=boss)).removeprefix("/join/")
    assert app.test_client().get(f"/setup/{secret}").status_code == 410
    assert len(secret) >= 43
    kept = db.session.execute(select(OneTimeLink)).scalar_one()
    assert secret.encode() not in kept.secret_hash
    assert secret not in str(db.session.execute(select(AuditEntry)).scalar_one().change)


def test_a_deactivated_colleagues_link_is_dead(app: Flask, ada: Agent, boss: Agent):
    path = path_of(link_for(ada, by=boss))
    deactivate(ada, by=boss)
    assert app.test_client().get(path).status_code == 410
    assert app.test_client().post(path, data={"password": GOOD}).status_code == 410


def test_a_made_up_link_says_that_it_does_not_work(app: Flask):
    answer = app.test_client().get("/join/" + "A" * 43)
    assert answer.status_code == 410
    assert "no longer works" in answer.text
    with pytest.raises(links.LinkSpent):
        links.look_at("x", links.INVITATION)
