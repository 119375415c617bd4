"""The desk in a browser: keys, drafts, what others do, notices, colours, a phone, paper."""

import gzip
import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from helpdesk.accounts.models import Agent
from helpdesk.cases.append import append
from helpdesk.cases.claim import claim
from helpdesk.cases.drafts import draft_of
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case
from helpdesk.core.db import db
from tests.look.conftest import PHONE

Open = Callable[..., Page]


def status_of(case: Case) -> str:
    db.session.refresh(case)
    return case.status


def test_a_case_is_claimed_answered_and_closed_without_a_mouse(open_desk: Open, ada: Agent, case: Case):
    page = open_desk("/cases", ada)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#case h1")).to_have_text("Printer on fire")
    expect(page).to_have_url(re.compile(rf"/cases/{case.number}"))
    page.keyboard.press("c")
    expect(page.locator(".state")).to_contain_text("yours")
    expect(page.locator(".note-toast p")).to_have_text(f"#{case.number} is yours.")
    page.keyboard.press("r")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("Try the blue cable, e and c are letters here.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".state")).to_contain_text("closed")
    expect(page.locator(".msg.ours .text")).to_have_text("Try the blue cable, e and c are letters here.")
    expect(page.locator("#list .empty")).to_be_visible()
    assert status_of(case) == "closed"


def test_every_control_can_be_reached_with_the_tab_key_and_shows_it(open_desk: Open, ada: Agent, case: Case):
    page = open_desk(f"/cases/{case.number}", ada)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    seen = set()
    for _step in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e.closest('.tab') ?? e);"
            " return [(e.innerText || e.ariaLabel || e.name || '').split('\\n')[0].trim(),"
            " s.outlineStyle !== 'none' || e.matches('iframe, body, input[type=file]')]; }"
        )
        assert focused[1], focused
        seen.add(focused[0])
    for word in ("Claim", "Hand over", "Close", "Answer and wait", "Answer and close", "Claim next"):
        assert any(found.startswith(word) for found in seen), (word, seen)


def test_letters_can_be_switched_off(open_desk: Open, ada: Agent, case: Case):
    page = open_desk(f"/cases/{case.number}", ada)
    page.keyboard.press("?")
    page.get_by_label("Use single letters as shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("e")
    expect(page.locator("kbd").first).to_be_hidden()
    assert status_of(case) == "open"


def test_undo_takes_the_last_act_back(open_desk: Open, ada: Agent, case: Case):
    page = open_desk(f"/cases/{case.number}", ada)
    page.keyboard.press("e")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".state")).to_contain_text("open")
    assert status_of(case) == "open"


def test_what_is_typed_is_kept_as_a_draft_and_waits_after_a_reload(open_desk: Open, ada: Agent, case: Case):
    page = open_desk(f"/cases/{case.number}", ada)
    page.keyboard.press("t")
    page.keyboard.type("Half a note")
    expect(page.locator("[data-draft-state]")).to_have_text("Draft saved")
    page.reload()
    expect(page.locator("#composer-text")).to_have_value("Half a note")
    expect(page.get_by_role("button", name="Save note")).to_be_visible()
    expect(page.get_by_role("button", name="Answer and close")).to_be_hidden()
    draft = draft_of(case, ada)
    assert draft is not None
    assert draft.kind == "note"


def test_going_to_another_case_saves_what_was_typed_first(open_desk: Open, ada: Agent, make_case, case: Case):
    other = make_case(message_id="<other@x.example>", subject="Scanner")
    page = open_desk(f"/cases/{case.number}", ada)
    page.locator("#composer-text").fill("Unsent words")
    page.locator(f"#row-{other.number} a").click()
    expect(page.locator("#case h1")).to_have_text("Scanner")
    page.go_back()
    expect(page.locator("#composer-text")).to_have_value("Unsent words")


def test_a_colleagues_claim_shows_by_itself(open_desk: Open, ada: Agent, kim: Agent, case: Case):
    page = open_desk("/cases", ada)
    expect(page.locator(f"#row-{case.number}")).to_be_visible()
    page.wait_for_timeout(300)
    claim(case, by=kim)
    expect(page.locator(f"#row-{case.number}")).to_have_count(0, timeout=3000)
    expect(page.locator("#summary")).to_have_text("Nothing unclaimed", timeout=3000)


def test_new_words_in_the_open_case_are_announced_and_never_disturb_the_writer(open_desk: Open, ada: Agent, case: Case):
    page = open_desk(f"/cases/{case.number}", ada)
    page.locator("#composer-text").fill("I am writing")
    page.wait_for_timeout(300)
    append(case, Incoming(text="It works again!", from_name="Solveig Dahl", from_address="solveig@fjordlys.example"))
    expect(page.locator("#case-news")).to_be_visible(timeout=5000)
    expect(page.get_by_text("It works again!", exact=True)).to_have_count(0)
    page.locator("#case-news a").click()
    expect(page.locator(".msg.fresh .text")).to_have_text("It works again!")
    expect(page.locator("#composer-text")).to_have_value("I am writing")
    page.locator("#composer-text").press("Control+Enter")
    expect(page.locator(".msg.ours .text")).to_have_text("I am writing")


def test_an_answer_against_old_words_is_stopped_with_text_and_files_kept(open_desk: Open, ada: Agent, case: Case):
    page = open_desk(f"/cases/{case.number}", ada)
    page.route("**/live**", lambda route: route.abort())
    page.reload()
    page.locator("#composer-text").fill("Too late")
    page.locator("input[type=file]").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"})
    append(case, Incoming(text="Wait!", from_name="Solveig Dahl", from_address="solveig@fjordlys.example"))
    page.locator("#composer-text").press("Control+Enter")
    expect(page.get_by_text("Not sent yet.")).to_be_visible()
    expect(page.locator(".msg.fresh .text")).to_have_text("Wait!")
    expect(page.locator("#composer-text")).to_have_value("Too late")
    expect(page.locator("[data-file-list] .name")).to_have_text("a.txt")
    page.locator("#composer-text").press("Control+Enter")
    expect(page.locator(".msg.ours .text")).to_have_text("Too late")
    expect(page.locator(".msg.ours .file .name")).to_have_text("a.txt")


def test_without_an_answer_from_the_server_the_text_stays(open_desk: Open, ada: Agent, case: Case):
    page = open_desk(f"/cases/{case.number}", ada)
    page.locator("#composer-text").fill("Precious")
    page.route("**/write**", lambda route: route.abort())
    page.locator("#composer-text").press("Control+Enter")
    expect(page.locator(".note-toast.bad")).to_contain_text("No answer from the server")
    expect(page.locator("#composer-text")).to_have_value("Precious")


def test_show_more_appends_and_a_live_refresh_keeps_what_is_shown(open_desk: Open, ada: Agent, make_case):
    for n in range(60):
        make_case(message_id=f"<{n}@x.example>")
    page = open_desk("/cases", ada)
    expect(page.locator(".row-item")).to_have_count(50)
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".row-item")).to_have_count(60)
    page.locator(".row-act button").first.click()
    expect(page.locator(".row-item")).to_have_count(59)


def test_the_chosen_colours_are_painted_by_the_server(open_desk: Open, ada: Agent, case: Case):
    page = open_desk("/cases", ada, color_scheme="light")
    day = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("button[popovertarget=me]").click()
    page.get_by_role("button", name="Dark").click()
    night = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert day != night
    assert 'data-bs-theme="dark"' in page.request.get("/cases").text()


def test_on_a_phone_the_list_and_the_case_are_two_steps(open_desk: Open, ada: Agent, case: Case):
    page = open_desk("/cases", ada, viewport=PHONE)
    page.locator(f"#row-{case.number} .row-case").click()
    expect(page.locator("#case h1")).to_be_visible()
    expect(page.locator("#list")).to_be_hidden()
    page.get_by_role("link", name="Customer").click()
    expect(page.locator("#side")).to_be_visible()
    page.get_by_role("link", name="Back to the case").click()
    expect(page.locator("#side")).to_be_hidden()
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.locator("#list")).to_be_visible()


def test_a_printed_case_is_its_messages(open_desk: Open, ada: Agent, case: Case):
    page = open_desk(f"/cases/{case.number}", ada)
    page.emulate_media(media="print")
    expect(page.get_by_text("The printer is on fire.").last).to_be_visible()
    for gone in (".desk-rail", "#list", ".composer"):
        expect(page.locator(gone)).to_be_hidden()


def test_the_desk_works_without_javascript(open_desk: Open, ada: Agent, case: Case):
    page = open_desk("/cases", ada, java_script_enabled=False)
    page.locator(f"#row-{case.number} .row-case").click()
    page.get_by_role("button", name="Claim", exact=True).click()
    page.locator("#composer-text").fill("Plain words")
    page.get_by_role("button", name="Answer and close").click()
    expect(page.locator(".msg.ours .text")).to_have_text("Plain words")
    assert status_of(case) == "closed"


@pytest.mark.parametrize("path", ["/cases", "/cases/{number}"])
def test_a_first_visit_brings_at_most_150_kilobytes(open_desk: Open, app: Flask, ada: Agent, case: Case, path: str):

    page = open_desk("/cases/999999", ada)
    bodies: dict[str, bytes] = {}
    page.on(
        "response", lambda answer: bodies.__setitem__(answer.url, answer.body()) if "/live" not in answer.url else None
    )
    page.goto(path.format(number=case.number))
    page.wait_for_timeout(300)
    assert sum(len(gzip.compress(body)) for body in bodies.values()) <= 150_000
