"""What the daily test mails show is on the pages of the promises that rest on them, and beside each mailbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forgeward.desk.actions import canaries
from tests.desk.policy_texts import adopt, changed
from tests.desk.post import SETTINGS, Office, office
from tests.desk.web.house import House, signed_in


@pytest.fixture
def post(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with office(monkeypatch, SETTINGS.replace("privacy@", "dpo@")) as here:
        monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: here.now)
        contacts = [
            ("security: null", 'security: "security@lattice-loom.example"'),
            ("privacy: null", 'privacy: "dpo@lattice-loom.example"'),
        ]
        adopt(changed(2, *contacts), house.ines.actor(), here.now)
        yield here


def send(post: Office, *lost: str) -> None:
    canaries.look_after(post.home, post.now)
    for mail in post.deliver():
        name = str(mail["To"]).partition("@")[0]
        if mail["X-Forgeward-Canary"] and name not in lost:
            post.one(mail.as_bytes(), box="privacy" if name == "dpo" else name)


@pytest.mark.parametrize("promise", ["IR-2", "VM-1", "CT-1"])
def test_the_promise_says_what_the_test_mails_saw(house: House, post: Office, promise: str) -> None:
    """Kept while they arrive; missed within the hour when one does not, with the address."""
    send(post)
    client = signed_in(house.ines)
    page = client.get(f"/promises/{promise}/").content.decode()
    assert "The test mail to" in page
    assert "arrived." in page
    post.pass_time(hours=24)
    send(post, "security")
    post.pass_time(minutes=46)
    canaries.look_after(post.home, post.now)
    page = client.get(f"/promises/{promise}/").content.decode()
    assert "The test mail to security@lattice-loom.example did not arrive." in page
    assert "Missed" in page


def test_each_mailbox_shows_its_last_test_mail(house: House, post: Office) -> None:
    """When one arrived, and that a later one did not."""
    send(post)
    client = signed_in(house.ines)
    assert "not seen" not in client.get("/mail/").content.decode()
    post.pass_time(hours=24)
    send(post, "help")
    post.pass_time(minutes=46)
    canaries.look_after(post.home, post.now)
    page = client.get("/mail/").content.decode()
    assert page.count("did not arrive</span>") == 1
    assert "is read by no mailbox here" not in page


def test_a_published_address_that_nobody_reads_is_named(house: House, post: Office) -> None:
    """It is no secret that CT-1 is unproven."""
    post.home.settings_file.write_text(SETTINGS)
    page = signed_in(house.ines).get("/mail/").content.decode()
    assert "dpo@lattice-loom.example is read by no mailbox here" in page
