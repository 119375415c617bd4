"""The desk by HTTP: what each page shows, what each click does, and what is refused in which words."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.accounts.models import Agent
from helpdesk.cases.append import append
from helpdesk.cases.claim import claim
from helpdesk.cases.drafts import draft_of
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case, Message, Queue
from helpdesk.cases.note import note
from helpdesk.core.db import db, transaction

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "main#case"}
LIST = FRAGMENT | {"HX-Target": "section#list"}


@pytest.fixture
def desk(ada: Agent, signed_in: Callable[[Agent], FlaskClient]) -> FlaskClient:
    """Ada's browser."""
    return signed_in(ada)


def seen(case: Case) -> int:
    db.session.refresh(case)
    return case.last_event_id


def test_the_list_shows_what_waits_and_offers_to_claim_it(desk: FlaskClient, case: Case):
    page = desk.get("/cases").get_data(as_text=True)
    assert "Printer on fire" in page
    assert f"/cases/{case.number}/claim" in page


def test_a_reader_sees_the_case_and_is_offered_no_act(
    reader: Agent, case: Case, signed_in: Callable[[Agent], FlaskClient]
):
    browser = signed_in(reader)
    page = browser.get(f"/cases/{case.number}").get_data(as_text=True)
    assert "The printer is on fire." in page
    assert "/claim" not in page
    assert "<textarea" not in page
    assert browser.post(f"/cases/{case.number}/claim").status_code == 403


def test_claiming_leads_back_to_the_case_and_can_be_undone(desk: FlaskClient, ada: Agent, case: Case):
    page = desk.post(f"/cases/{case.number}/claim", follow_redirects=True).get_data(as_text=True)
    assert f"#{case.number} is yours." in page
    assert f'action="/cases/{case.number}/release"' in page
    db.session.refresh(case)
    assert case.owner_id == ada.id
    desk.post(f"/cases/{case.number}/release")
    db.session.refresh(case)
    assert case.owner_id is None


def test_claiming_in_the_list_stays_in_the_list(desk: FlaskClient, case: Case):
    answer = desk.post(
        f"/cases/{case.number}/claim?view=unclaimed", data={"from": "list"}, headers=LIST, follow_redirects=True
    )
    words = answer.get_data(as_text=True)
    assert "<html" not in words
    assert 'id="list"' in words
    assert f'id="row-{case.number}"' not in words


def test_the_second_to_claim_is_told_who_was_first(desk: FlaskClient, kim: Agent, case: Case):
    claim(case, by=kim)
    answer = desk.post(f"/cases/{case.number}/claim", headers=FRAGMENT)
    assert answer.status_code == 409
    words = answer.get_data(as_text=True)
    assert "Kim has taken this case already." in words
    assert words.lstrip().startswith("<hx-partial")


def test_claim_next_opens_the_oldest_and_says_when_there_is_none(desk: FlaskClient, case: Case):
    assert desk.post("/cases/claim-next").headers["Location"] == f"/cases/{case.number}"
    answer = desk.post("/cases/claim-next", follow_redirects=True)
    assert "Nothing is waiting." in answer.get_data(as_text=True)


def test_answer_and_close_sends_and_leaves_the_list(desk: FlaskClient, case: Case):
    form = {"text": "Try the blue cable.", "seen": seen(case), "kind": "answer", "then": "close"}
    page = desk.post(f"/cases/{case.number}/write", data=form, follow_redirects=True).get_data(as_text=True)
    assert "Try the blue cable." in page
    assert "sending" in page
    assert "Reopen" in page
    assert "Printer on fire" not in desk.get("/cases?view=open").get_data(as_text=True)


def test_files_go_with_an_answer_and_can_be_fetched_but_never_run(desk: FlaskClient, case: Case):
    form = {"text": "See this.", "seen": seen(case), "then": "wait", "files": (BytesIO(b"<script>"), "../a/b.html")}
    page = desk.post(f"/cases/{case.number}/write", data=form, follow_redirects=True).get_data(as_text=True)
    address = re.search(r"/attachments/\d+", page)
    assert address
    file = desk.get(address[0])
    assert file.data == b"<script>"
    assert file.headers["Content-Disposition"] == 'attachment; filename="b.html"'
    assert file.mimetype == "application/octet-stream"
    assert "sandbox" in file.headers["Content-Security-Policy"]


def test_too_many_files_are_refused_and_the_text_stays(desk: FlaskClient, case: Case):
    desk.application.config["ATTACHMENTS_MAX"] = 1
    files = [(BytesIO(b"1"), "1.txt"), (BytesIO(b"2"), "2.txt")]
    form = {"text": "Two files", "seen": seen(case), "then": "wait", "files": files}
    answer = desk.post(f"/cases/{case.number}/write", data=form)
    assert answer.status_code == 413
    assert "At most 1 files can go with one message." in answer.get_data(as_text=True)
    assert ">Two files</textarea>" in answer.get_data(as_text=True)


def test_a_bad_address_in_cc_is_named_and_nothing_typed_is_lost(desk: FlaskClient, case: Case):
    form = {"text": "Hello there", "cc": "kim@@desk", "seen": seen(case), "then": "wait"}
    answer = desk.post(f"/cases/{case.number}/write", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "is not an e-mail address" in page
    assert ">Hello there</textarea>" in page
    assert 'value="kim@@desk"' in page


def test_an_answer_against_an_older_message_shows_what_is_new_and_keeps_the_text(
    desk: FlaskClient, ada: Agent, kim: Agent, case: Case
):
    old = seen(case)
    news = note(case, "I called her: it was the toner.", by=kim)
    form = {"text": "Try the blue cable.", "seen": old, "then": "wait"}
    answer = desk.post(f"/cases/{case.number}/write", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Not sent yet." in page
    assert re.search(rf'class="msg note fresh" id="message-{news.id}"', page)
    assert ">Try the blue cable.</textarea>" in page
    draft = draft_of(case, ada)
    assert draft is not None
    assert draft.text == "Try the blue cable."


@pytest.mark.parametrize("headers", [{}, FRAGMENT])
def test_a_case_is_not_closed_over_words_that_its_closer_has_not_seen(desk: FlaskClient, case: Case, headers):
    page = desk.get(f"/cases/{case.number}").get_data(as_text=True)
    [shown] = re.findall(r'/close[^>]*>.*?name="seen" value="(\d+)"', page, re.DOTALL)
    append(case, Incoming(text="It burns again!", from_name="Solveig", from_address="solveig@fjordlys.example"))
    answer = desk.post(f"/cases/{case.number}/close", data={"seen": shown}, headers=headers)
    words = answer.get_data(as_text=True)
    db.session.refresh(case)
    assert (answer.status_code, case.status) == (409, "open")
    assert "The customer has just written again." in words
    assert "It burns again!" in words
    assert desk.post(f"/cases/{case.number}/close", data={"seen": seen(case)}).status_code == 303


def test_what_became_of_a_mail_does_not_make_a_reply_seen(desk: FlaskClient, case: Case):
    old = seen(case)
    append(case, Incoming(text="It burns again!", from_name="Solveig", from_address="solveig@fjordlys.example"))
    words = desk.get(f"/cases/{case.number}/news?seen={old}&delivery", headers=FRAGMENT).get_data(as_text=True)
    assert f'name="seen" value="{old}"' in words
    assert f'value="{seen(case)}"' not in words


def test_with_htmx_a_stale_answer_leaves_the_composer_alone(desk: FlaskClient, kim: Agent, case: Case):
    old = seen(case)
    note(case, "I called her.", by=kim)
    form = {"text": "Try", "seen": old, "then": "wait"}
    answer = desk.post(f"/cases/{case.number}/write", data=form, headers=FRAGMENT)
    words = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "I called her." in words
    assert "<textarea" not in words
    assert f'id="composer-seen" value="{seen(case)}"' in words


def test_a_note_never_goes_out(desk: FlaskClient, case: Case):
    form = {"text": "Only us", "kind": "note", "then": "note", "seen": seen(case)}
    desk.post(f"/cases/{case.number}/write", data=form)
    said = db.session.scalars(select(Message).where(Message.text == "Only us")).one()
    assert said.direction == "note"
    assert said.outbound_id is None


def test_a_draft_waits_in_the_composer(desk: FlaskClient, case: Case):
    form = {"text": "half a sent", "kind": "note"}
    assert desk.post(f"/cases/{case.number}/draft", data=form).status_code == 204
    page = desk.get(f"/cases/{case.number}").get_data(as_text=True)
    assert ">half a sent</textarea>" in page
    assert re.search(r'value="note"[^>]* checked', page)


def test_a_colleague_is_chosen_and_has_the_case(desk: FlaskClient, kim: Agent, reader: Agent, case: Case):
    page = desk.get(f"/cases/{case.number}/hand-over").get_data(as_text=True)
    assert "Kim" in page
    assert "Rolf" not in page
    told = desk.post(f"/cases/{case.number}/assign", data={"agent_id": kim.id}, follow_redirects=True)
    assert f"#{case.number} is now with Kim." in told.get_data(as_text=True)


def test_a_possible_double_is_merged_with_one_click_and_taken_apart_again(desk: FlaskClient, make_case, case: Case):
    other = make_case(text="And the scanner too.", message_id="<second@fjordlys.example>")
    with transaction():
        other.maybe_of_id = case.id
    page = desk.get(f"/cases/{other.number}").get_data(as_text=True)
    assert f"Possibly belongs to #{case.number}" in page
    merged = desk.post(f"/cases/{other.number}/merge", data={"into": case.number}, follow_redirects=True)
    assert "And the scanner too." in merged.get_data(as_text=True)
    assert f"merged into #{case.number}" in desk.get(f"/cases/{other.number}").get_data(as_text=True)
    apart = desk.post(f"/cases/{other.number}/unmerge", follow_redirects=True).get_data(as_text=True)
    assert f"#{other.number} stands alone again." in apart


def test_html_mail_is_framed_without_scripts_and_without_remote_images(desk: FlaskClient, case: Case):
    with transaction() as session:
        message = session.scalars(select(Message).where(Message.case_id == case.id)).one()
        message.html = (
            '<p onclick="x()">Hi <b>there</b></p><script>alert(1)</script><style>p{}</style>'
            '<img src="https://tracker.example/1.png"><a href="javascript:alert(1)">a</a>'
        )
    frame = desk.get(f"/messages/{message.id}/formatted")
    words = frame.get_data(as_text=True)
    assert "<b>there</b>" in words
    for bad in ("onclick", "<script", "tracker.example", "javascript:"):
        assert bad not in words
    policy = frame.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    with_images = desk.get(f"/messages/{message.id}/formatted?images=1").get_data(as_text=True)
    assert "tracker.example" in with_images
    assert "sandbox=" in desk.get(f"/cases/{case.number}").get_data(as_text=True)


def test_a_hundred_thousand_nested_tags_are_shown_as_text(desk: FlaskClient, case: Case):
    with transaction() as session:
        message = session.scalars(select(Message).where(Message.case_id == case.id)).one()
        message.html = "<div>" * 100_000
    words = desk.get(f"/messages/{message.id}/formatted").get_data(as_text=True)
    assert "The printer is on fire." in words


def test_old_mail_without_end_tags_is_not_taken_for_a_bomb(desk: FlaskClient, case: Case):
    with transaction() as session:
        message = session.scalars(select(Message).where(Message.case_id == case.id)).one()
        message.html = "<ul>" + "<li>one<p>two<br>" * 2000 + "</ul><b>last</b>"
    assert "<b>last</b>" in desk.get(f"/messages/{message.id}/formatted").get_data(as_text=True)


@pytest.mark.parametrize("path", ["/cases?queue=nowhere", "/cases/999999", "/cases/1001/hand-over", "/attachments/1"])
def test_what_is_not_there_is_said_in_a_sentence(desk: FlaskClient, path: str):
    answer = desk.get(path)
    assert answer.status_code == 404
    assert "<h1>We could not find that.</h1>" in answer.get_data(as_text=True)


def test_a_cursor_that_we_did_not_write_is_refused(desk: FlaskClient):
    assert desk.get("/cases?after=abc").status_code == 400


@pytest.mark.parametrize(("cases", "pages"), [(3, 1), (60, 2)])
def test_show_more_leads_through_all_cases(desk: FlaskClient, make_case, cases: int, pages: int):
    for n in range(cases):
        make_case(message_id=f"<{n}@x.example>")
    found: list[str] = []
    path = "/cases"
    for _page in range(pages):
        page = desk.get(path).get_data(as_text=True)
        found += re.findall(r'id="row-(\d+)"', page)
        more = re.search(r'class="more" href="([^"]+)"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert len(found) == len(set(found)) == cases
    assert path == ""


def test_pages_ask_the_database_no_more_for_more_cases(desk: FlaskClient, make_case, queue: Queue, queries):
    first = make_case(message_id="<0@x.example>")

    def asked(path: str) -> int:
        answers = []
        statements = queries(lambda: answers.append(desk.get(path)))
        assert answers[0].status_code == 200
        return len(statements)

    few = [asked("/cases"), asked(f"/cases/{first.number}")]
    for n in range(1, 30):
        make_case(message_id=f"<{n}@x.example>")
    many = [asked("/cases"), asked(f"/cases/{first.number}")]
    assert many == few
    assert many[0] <= 8
    assert many[1] <= 12


def test_the_desk_speaks_norwegian(desk: FlaskClient, ada: Agent, case: Case):
    with transaction():
        ada.language = "nb"
    page = desk.get(f"/cases/{case.number}").get_data(as_text=True)
    for word in ("Ta neste", "Gi videre", "Lukk", "Svar og vent", "Ledige", "Notat"):
        assert word in page
