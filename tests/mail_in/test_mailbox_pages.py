"""Mailboxes in the settings: added, tried out, changed; no password is ever shown or sent elsewhere."""

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import AuditEntry
from helpdesk.core import secret_box
from helpdesk.core.db import db
from helpdesk.mail_in.models import Mailbox
from helpdesk.mail_in.poll import poll_mailbox
from tests.mail_in.conftest import PLAIN
from tests.servers_dovecot import PASSWORD, running_dovecot


@pytest.fixture(scope="module")
def dovecot():
    with running_dovecot() as server:
        yield server


@pytest.fixture
def page(signed_in, boss):
    return signed_in(boss)


@pytest.fixture
def typed(dovecot, queue):
    """What an admin types."""
    return {
        "name": "Support",
        "queue_id": str(queue.id),
        "host": "localhost",
        "port": str(dovecot.imap_port),
        "security": "plain",
        "username": "settings",
        "password": PASSWORD,
        "folder": "INBOX",
        "after": "flag",
        "moved_to": "",
        "active": "y",
    }


def only() -> Mailbox:
    db.session.rollback()
    return db.session.scalars(select(Mailbox).execution_options(populate_existing=True)).one()


def test_mailboxes_are_for_admins(signed_in, ada):
    assert signed_in(ada).get("/settings/mailboxes").status_code == 403


def test_a_mailbox_is_added_and_its_password_is_locked_away(page, typed):
    answer = page.post("/settings/mailboxes/new", data=typed, follow_redirects=True)
    assert "Support is being looked at now." in answer.text
    mailbox = only()
    assert PASSWORD not in mailbox.secret
    assert secret_box.unlock(mailbox.secret) == PASSWORD
    assert PASSWORD not in page.get(f"/settings/mailboxes/{mailbox.id}").text
    assert PASSWORD not in str([entry.change for entry in db.session.scalars(select(AuditEntry))])


def test_a_test_says_that_it_works_and_changes_nothing(page, typed, dovecot):
    dovecot.deliver("settings", PLAIN)
    answer = page.post("/settings/mailboxes/new", data=typed | {"test": "1"})
    assert "It works: one mail in the folder." in answer.text
    assert "The password goes over the network in the open" in answer.text
    assert db.session.scalars(select(Mailbox)).all() == []
    assert [head for head, _raw in dovecot.mails("settings") if "Seen" in head or "Taken" in head] == []


def test_a_test_that_fails_says_why_and_keeps_what_was_typed(page, typed):
    answer = page.post("/settings/mailboxes/new", data=typed | {"test": "1", "folder": "Nowhere", "name": "Ours"})
    assert answer.status_code == 409
    assert "There is no folder Nowhere. There are: INBOX, Taken." in answer.text
    assert 'value="Ours"' in answer.text
    assert 'value="Nowhere"' in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host": ""}, "This is needed."),
        ({"host": "https://mail.example.com"}, "Only the name of the server, such as imap.example.com."),
        ({"port": "ninety"}, "A number from 1 to 65535"),
        ({"port": "0"}, "A number from 1 to 65535"),
        ({"after": "move"}, "Name the folder that taken mail is moved to."),
        ({"after": "move", "moved_to": "INBOX"}, "Another folder than the one that is read."),
        ({"password": ""}, "This is needed."),
        ({"queue_id": "999"}, "This is needed."),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(page, typed, wrong, said):
    answer = page.post("/settings/mailboxes/new", data=typed | wrong)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'value="settings"' in answer.text
    assert db.session.scalars(select(Mailbox)).all() == []


def test_a_change_keeps_the_password_unless_another_is_typed_or_the_server_is_another(page, typed):
    page.post("/settings/mailboxes/new", data=typed)
    where = f"/settings/mailboxes/{only().id}"
    page.post(where, data=typed | {"password": "", "name": "Help"})
    assert (only().name, secret_box.unlock(only().secret)) == ("Help", PASSWORD)
    elsewhere = page.post(where, data=typed | {"password": "", "host": "elsewhere.example"})
    assert elsewhere.status_code == 400
    assert "Another server needs the password again." in elsewhere.text
    page.post(where, data=typed | {"password": "new one", "host": "elsewhere.example"})
    assert secret_box.unlock(only().secret) == "new one"


def test_the_stored_password_is_tried_at_its_own_server_only(page, typed):
    page.post("/settings/mailboxes/new", data=typed)
    where = f"/settings/mailboxes/{only().id}"
    assert "It works" in page.post(where, data=typed | {"password": "", "test": "1"}).text
    elsewhere = page.post(where, data=typed | {"password": "", "test": "1", "host": "127.0.0.1"})
    assert elsewhere.status_code == 400


def test_another_folder_begins_anew(page, typed):
    page.post("/settings/mailboxes/new", data=typed)
    poll_mailbox(only().id)
    assert only().uidvalidity is not None
    page.post(f"/settings/mailboxes/{only().id}", data=typed | {"folder": "Taken"})
    assert (only().uidvalidity, only().last_uid) == (None, 0)


def test_the_list_says_how_each_mailbox_goes_and_whether_it_balances(page, typed, dovecot):
    dovecot.deliver("balance", PLAIN)
    page.post("/settings/mailboxes/new", data=typed | {"username": "balance"})
    assert "not looked at yet" in page.get("/settings/mailboxes").text
    poll_mailbox(only().id)
    text = page.get("/settings/mailboxes").text
    assert "works" in text
    assert "waiting 1" in text
    assert "does not have as many" not in text
    page.post(f"/settings/mailboxes/{only().id}", data=typed | {"folder": "Nowhere"})
    poll_mailbox(only().id)
    assert "There is no folder Nowhere." in page.get("/settings/mailboxes").text


def test_look_now_wakes_a_worker(page, typed):
    page.post("/settings/mailboxes/new", data=typed)
    answer = page.post(f"/settings/mailboxes/{only().id}/poll", follow_redirects=True)
    assert "Support is being looked at now." in answer.text
