"""The desk in a real browser, served as `forgeward up` serves it: Debian's Chromium, Playwright, axe-core."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

pytestmark = [pytest.mark.slow, pytest.mark.journey, pytest.mark.browser]

CHROMIUM = shutil.which("chromium")
PAGES = (
    *("/", "/cases/", "/cases/?state=all", "/cases/?number=FW-NONE", "/cases/new/", "/nothing/"),
    *("/promises/", "/promises/?standing=missed", "/promises/IR-4/", "/promises/TC-5/", "/notices/"),
    *("/account/", "/account/app/", "/account/passkeys/add/", "/webhooks/"),
    *("/people/", "/people/1/", "/people/add/", "/people/1/roles/", "/people/1/away/", "/people/1/reset/"),
    *("/people/tokens/", "/account/sessions/", "/account/tokens/", "/account/tokens/make/", "/policy/adopt/"),
)
PASSWORD = "four words in a row"


@dataclass(frozen=True)
class Desk:
    """A desk that runs: its address, and its home for the command line."""

    url: str
    home: Path
    first_link: str

    def link(self, email: str) -> str:
        command = [sys.executable, "-m", "forgeward.cli", "--home", str(self.home), "people", "link", email]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        return self.url + said[said.index("/sign-in/") :]


def served(folder: Path, *options: str) -> Iterator[Desk]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FORGEWARD", "DJANGO"))}
    command = [sys.executable, "-m", "forgeward.cli", "--home", str(folder), "up", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert process.stdout
    try:
        link = next(found[1] for line in process.stdout if (found := re.search(r"Sign in once.*?(http\S+)", line)))
        yield Desk(f"http://localhost:{port}", folder, link)
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    yield from served(tmp_path_factory.mktemp("demo") / "home", "--demo")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("real") / "home"
    init = ["init", "--vendor", "Lattice & Loom", "--lead", "Ines Okafor", "--email", "ines@example.com"]
    command = [sys.executable, "-m", "forgeward.cli", "--home", str(folder), *init]
    subprocess.run(command, check=True, capture_output=True)
    yield from served(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; script/test installs it on Debian")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def session(demo: Desk, browser: Browser) -> object:
    """What a browser remembers after the one-time link was used."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(demo.first_link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core, as the locked package carries it."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def noted(page: Page) -> list[str]:
    """What the browser complains about from now on: errors of scripts, anything that the content policy blocks."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    return complaints


def addresses(page: Page, desk: Desk) -> list[str]:
    """All pages of the desk, and one of each that has a number in its address."""
    found = [desk.url + path for path in PAGES]
    page.goto(f"{desk.url}/cases/?state=all")
    cases = [a.get_attribute("href") for a in page.locator("table a[href^='/cases/FW-']").all()]
    page.goto(f"{desk.url}/notices/")
    mail = page.locator("table a[href^='/notices/']").first.get_attribute("href")
    found += [f"{desk.url}{case}" for case in (cases[0], cases[4], cases[-1])]
    found += [f"{desk.url}{cases[0]}entries/1/", f"{desk.url}{mail}"]
    found += [f"{desk.url}/mail/", f"{desk.url}{cases[0]}letter/", f"{desk.url}{cases[0]}letter/?template=credit.de"]
    return found + [f"{desk.url}{cases[0]}do/{step}/" for step in ("assess", "ship", "restrict", "review", "seen")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_violates_axe(demo: Desk, browser: Browser, session: object, axe: str, scheme: str, width: int) -> None:
    """0 violations on every page, light and dark, wide and narrow; the browser complains of nothing either."""
    context = browser.new_context(
        storage_state=session, color_scheme=scheme, viewport={"width": width, "height": 860}, reduced_motion="reduce"
    )
    page = context.new_page()
    complaints = noted(page)
    violations = {}
    for address in addresses(page, demo):
        page.goto(address)
        found = page.evaluate(axe + "; axe.run({resultTypes: ['violations']}).then(r => r.violations.map("
                              "v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | ')))")  # fmt: skip
        if found:
            violations[address] = found
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{address} is {overflow} px too wide"
    context.close()
    assert not violations
    assert not [text for text in complaints if "404" not in text]


def test_the_door_violates_nothing(demo: Desk, browser: Browser, axe: str) -> None:
    """Sign-in, a refused sign-in, a dead link and the one-time link's page, without a session."""
    context = browser.new_context()
    page = context.new_page()
    for address in ("/sign-in/", "/sign-in/once/nonsense/", "/nothing/"):
        page.goto(demo.url + address)
        assert not page.evaluate(axe + "; axe.run().then(r => r.violations.map(v => v.id))"), address
    page.goto(f"{demo.url}/sign-in/")
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    assert not page.evaluate(axe + "; axe.run().then(r => r.violations.map(v => v.id))")
    context.close()


def test_everything_works_without_javascript(demo: Desk, browser: Browser) -> None:
    """Sign in, record an event, keep a note, be refused, assess, choose colours, sign out: links and forms only."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(demo.link("ines@lattice-loom.example"))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Record an event").click()
    page.get_by_label("Title").fill("Permission prompts rose")
    page.locator("#f-text").fill("Since 09:00 on two sites.")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("status")).to_contain_text("is open.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Permission prompts rose")
    page.get_by_label("Internal note").fill("Looking at it.")
    page.get_by_role("button", name="Keep as internal note").click()
    expect(page.locator(".mail.inside")).to_contain_text("Looking at it.")
    page.get_by_role("link", name="Assess the case").first.click()
    page.locator("#f-scope").fill("Permission prompts")
    page.get_by_role("button", name="Assess the case").click()
    expect(page.get_by_role("alert")).to_contain_text("Not recorded")
    expect(page.locator("#f-scope")).to_have_value("Permission prompts")
    for name in ("impact", "affected", "exploitability", "reason"):
        page.locator(f"#f-{name}").fill("None seen")
    page.locator("#f-severity").select_option("low")
    page.get_by_role("button", name="Assess the case").click()
    expect(page.locator(".timeline")).to_contain_text("Assessed Low")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{demo.url}/cases/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign in")
    context.close()


def test_the_menu_opens_without_a_script_on_a_phone(demo: Desk, browser: Browser, session: object) -> None:
    """The rooms are behind one button, by `popover` alone; the skip link is the first stop of the keyboard."""
    context = browser.new_context(
        storage_state=session, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(demo.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Promises 63")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Promises 63").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Promises")
    context.close()


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_a_real_home_asks_for_factors(real: Desk, browser: Browser, axe: str) -> None:
    """Link, enrolment, recovery codes, password, code, then a passkey that signs in alone; all under our CSP."""
    context = browser.new_context()
    page = context.new_page()
    complaints = noted(page)
    page.goto(real.first_link)
    assert not page.evaluate(axe + "; axe.run().then(r => r.violations.map(v => v.id))")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{real.url}/cases/")
    expect(page.locator(".note.unproven")).to_contain_text("Nothing else opens before you set one up")
    page.get_by_role("link", name="Set a password").click()
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("link", name="Set up an app").click()
    assert not page.evaluate(axe + "; axe.run().then(r => r.violations.map(v => v.id))")
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Six digits").fill(code(secret))
    page.get_by_role("button", name="Use this app").click()
    expect(page.locator(".codes li")).to_have_count(10)
    recovery = page.locator(".codes li").first.inner_text()
    assert not page.evaluate(axe + "; axe.run().then(r => r.violations.map(v => v.id))")
    page.get_by_role("link", name="Kept; go to Today").click()
    expect(page.locator(".note.risk")).to_contain_text("Outgoing mail is written to files: set [mail] in settings.toml")
    add_passkey(context, page, real)
    page.get_by_role("button", name="Sign out").click()

    page.goto(f"{real.url}/notices/")
    page.get_by_label("E-mail").fill("ines@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    assert not page.evaluate(axe + "; axe.run().then(r => r.violations.map(v => v.id))")
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Notices")
    page.get_by_role("button", name="Sign out").click()

    page.goto(f"{real.url}/sign-in/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator(".strip")).to_be_visible()
    assert not complaints
    context.close()


def add_passkey(context: BrowserContext, page: Page, desk: Desk) -> None:
    """A virtual authenticator with a finger always at hand (WebAuthn over CDP)."""
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(f"{desk.url}/account/passkeys/add/")
    page.get_by_label("Name").fill("Blue key")
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("status")).to_contain_text("The passkey was added.")
    page.goto(f"{desk.url}/account/passkeys/")
    expect(page.locator(".rows")).to_contain_text("Blue key")
