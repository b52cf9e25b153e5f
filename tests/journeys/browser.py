"""A person of the team in a real browser: signs in by a one-time link, sets up a second factor, takes steps."""

from __future__ import annotations

import base64
import hmac
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.programme import Programme, address

PATIENCE = 60
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium without a window. Skips by name where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine; Debian has it as the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def running(programme: Programme, port: int) -> Iterator[str]:
    """``forgeward up`` on a port; yields its address once it answers. SIGTERM ends it, as a service manager would."""
    command = [sys.executable, "-m", "forgeward.cli", "--home", str(programme.folder), "up", "--port", str(port)]
    log = (programme.folder / "up.log").open("wb")
    process = subprocess.Popen(
        command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **programme.environment}
    )
    base = f"http://localhost:{port}"
    try:
        _wait_for(base, process)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        log.close()


def _wait_for(base: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "forgeward up ended"
        try:
            urllib.request.urlopen(f"{base}/sign-in/", timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("forgeward up did not answer")


def one_time_code(secret: str) -> str:
    """RFC 6238: six digits of HMAC-SHA-1 over the half minute."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


@dataclass
class Member:
    """Somebody of the team at their desk."""

    page: Page
    base: str

    @classmethod
    def arrive(cls, browser: Browser, programme: Programme, base: str, who: str) -> Member:
        """Comes in by a one-time link and sets up an authenticator app, since no page opens without (O-4)."""
        link = programme.run("people", "link", address(who)).out.strip()
        page = browser.new_context().new_page()
        page.goto(base + "/sign-in/once/" + link.rstrip("/").rpartition("/")[2] + "/")
        page.locator("form button[type=submit]").last.click()
        page.goto(base + "/")
        assert "/account/" in page.url, f"{page.url} opened without a second factor"
        page.goto(base + "/account/app/")
        page.fill("input[name=code]", one_time_code(page.inner_text("#secret")))
        page.get_by_role("button", name="Use this app").click()
        page.goto(base + "/")
        assert page.url == base + "/"
        return cls(page, base)

    def step(self, number: str, step: str, **fields: str | bool) -> None:
        """Fills the form of a step and sends it; the case's page must follow."""
        self.attempt(number, step, **fields)
        assert self.page.url.rstrip("/").endswith(number), self.page.inner_text("main")

    def attempt(self, number: str, step: str, **fields: str | bool) -> None:
        """Fills the form of a step and sends it, whatever comes."""
        self.page.goto(f"{self.base}/cases/{number}/do/{step}/")
        for name, value in fields.items():
            control = self.page.locator(f"main [name={name.rstrip('_')}]").first
            if control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(label=value) if value.startswith("=") else control.select_option(str(value))
            elif value is True:
                control.check()
            else:
                control.fill(str(value))
        self.page.locator("main form button[type=submit]").last.click()

    def reads(self, number: str) -> str:
        """What the case's page says."""
        self.page.goto(f"{self.base}/cases/{number}/")
        return self.page.inner_text("main")
