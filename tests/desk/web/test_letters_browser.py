"""A letter in a real browser with its scripts switched off: begun with a template, looked at, changed, sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.desk.web.test_browser import Desk, browser, demo, noted, session

__all__ = ["browser", "demo", "session"]
pytestmark = [pytest.mark.slow, pytest.mark.journey, pytest.mark.browser]


def test_a_letter_without_scripts(demo: Desk, browser: Browser, session: object, tmp_path: Path) -> None:
    """Every step is a plain form; the file survives the look and the change; what was looked at is in the thread."""
    file = tmp_path / "trace.txt"
    file.write_text("GET /notes/2")
    context = browser.new_context(storage_state=session, java_script_enabled=False)
    page = context.new_page()
    complaints = noted(page)
    page.goto(f"{demo.url}/cases/")
    for link in [a.get_attribute("href") for a in page.locator("table a[href^='/cases/FW-']").all()]:
        page.goto(f"{demo.url}{link}")
        if page.get_by_role("button", name="Begin with it").count():
            break
    page.get_by_label("Write to").select_option("credit")
    page.get_by_role("button", name="Begin with it").click()
    letter = page.get_by_label("Letter", exact=True)
    assert "we are going to publish an advisory" in letter.input_value()
    page.get_by_label("Files").set_input_files(str(file))
    page.get_by_role("button", name="Look at it as it leaves").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The letter as it leaves")
    expect(page.get_by_text("trace.txt, text/plain, 12")).to_be_visible()
    page.get_by_role("button", name="Change it").click()
    letter.fill("Shall we name you? Äöü.\n\nInes")
    page.get_by_role("button", name="Look at it as it leaves").click()
    expect(page.locator("article .text")).to_contain_text("Shall we name you? Äöü.")
    page.get_by_role("button", name="Send to").click()
    expect(page.get_by_role("status").first).to_contain_text("It is on its way")
    thread = page.locator("article.mail", has_text="Shall we name you? Äöü.")
    expect(thread.get_by_role("link", name="trace.txt")).to_be_visible()
    assert complaints == []
    context.close()
