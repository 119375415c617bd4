"""An inquiry by the web form, in a browser, becomes a case; the customer is told its number."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.conftest import World
from tests.journeys.test_mail_to_closed_case import cases, received, show
from tests.stack import eventually


def test_a_form_with_files_becomes_a_case_and_is_confirmed(
    world: World, customer_at_the_form: Callable[..., Page], tmp_path: Path
) -> None:
    for name in ("screen.txt", "log.txt"):
        (tmp_path / name).write_text(f"what {name} shows")
    page = customer_at_the_form("/contact")
    page.get_by_label("Your name").fill("Per Strand")
    page.get_by_label("Your e-mail address").fill("per@strand.example")
    page.get_by_label("Your message").fill("Can I change my subscription in the middle of the month?")
    page.locator("input[type=file]").set_input_files([tmp_path / "screen.txt", tmp_path / "log.txt"])
    page.wait_for_timeout(3500)  # a person takes longer than FORM_MIN_S
    page.get_by_role("button", name="Send").click()
    expect(page.locator("main")).to_contain_text("#1001", timeout=10_000)
    [case] = eventually(lambda: cases(world))  # type: ignore[misc]
    assert case["customer"] == {"name": "Per Strand", "email": "per@strand.example"}
    [message] = show(world, case["number"])["messages"]
    assert message["text"].strip() == "Can I change my subscription in the middle of the month?"
    assert [file["filename"] for file in message["attachments"]] == ["screen.txt", "log.txt"]
    confirmation = received(world, "per")
    assert "1001" in confirmation["Subject"] + confirmation.get_body(("plain",)).get_content()
    assert "subscription" not in confirmation.as_string()
    assert confirmation["Auto-Submitted"].startswith("auto-")


def test_the_form_works_without_javascript(world: World, customer_at_the_form: Callable[..., Page]) -> None:
    page = customer_at_the_form("/contact?lang=nb", java_script_enabled=False)
    page.get_by_label("Navnet ditt").fill("Live Moen")
    page.get_by_label("E-postadressen din").fill("live@moen.example")
    page.get_by_label("Meldingen din").fill("Jeg meldte meg av kurset i tide.")
    page.wait_for_timeout(3500)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("main")).to_contain_text("#1001")
    [case] = eventually(lambda: cases(world))  # type: ignore[misc]
    assert case["customer"]["name"] == "Live Moen"
