"""Letters by command: templates listed, shown, checked; a look that sends nothing; files; two people."""

from __future__ import annotations

import email
import json
from email import policy
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_app import run

MAIL = """From: Rita <rita@example.org>
To: security@example.com
Subject: Export reads any note
Message-ID: <a1@example.org>
Content-Language: de-AT

Hallo
"""


class Bench:
    """A home with one case, and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.json("init", "--vendor", "Lattice & Loom", "--lead", "Ines Okafor", "--email", "ines@example.com")
        self.json("people", "add", "Tomasz", "tomasz@example.com", "--role", "engineering")
        (folder / "a.eml").write_text(MAIL)
        self.case = self.json("intake", "mail", str(folder / "a.eml"))["received"][0]["case"]

    def ask(self, *words: str) -> tuple[int, dict[str, Any]]:
        done = run(*words, "--json", home=self.home)
        return done.returncode, json.loads(done.stdout or "{}")

    def json(self, *words: str) -> dict[str, Any]:
        code, answer = self.ask(*words)
        assert code == 0, (words, answer)
        return answer

    def sent(self, subject: str) -> list[Any]:
        found = [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in self._out()]
        return [mail for mail in found if subject in str(mail["Subject"])]

    def _out(self) -> list[Path]:
        return sorted((self.home / "outbox").glob("*.eml"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_letter_from_template_to_outbox(bench: Bench) -> None:
    """Looked at first, which sends nothing; then sent just so, in the reporter's language, with its file."""
    file = bench.folder / "trace.txt"
    file.write_text("GET /notes/2")
    words = ("case", "acknowledge", bench.case, "--template", "acknowledge", "--attach", str(file))
    seen = bench.json(*words, "--preview")
    assert (seen["to"], seen["language"], seen["second_person"], seen["withheld"]) == (
        "rita@example.org", "de", False, False,
    )  # fmt: skip
    assert "vielen Dank für Ihren Bericht" in seen["text"]
    assert [(f["name"], f["type"], f["size"]) for f in seen["files"]] == [("trace.txt", "text/plain", 12)]
    assert bench.sent("Ihr Bericht") == []
    done = bench.json(*words)
    assert done["notices"][0]["state"] == "filed"
    (mail,) = bench.sent("Ihr Bericht")
    body, attached = mail.iter_parts()
    assert body.get_content().replace("\r\n", "\n").rstrip("\n") == seen["text"]
    assert attached.get_payload(decode=True) == b"GET /notes/2"
    assert run("audit", home=bench.home).returncode == 0


def test_a_refusal_waits_for_somebody_else(bench: Bench) -> None:
    """It is recorded and not sent; the second person names the change that they read."""
    bench.json("case", "acknowledge", bench.case, "--text", "Thank you.")
    words = (
        "case",
        "reply",
        bench.case,
        "--kind",
        "not_a_vulnerability",
        "--text",
        "It is meant so.",
        "--subject",
        "No",
    )
    assert bench.json(*words, "--preview")["second_person"] is True
    done = bench.json(*words)
    assert done["waits_for"] == ["second_person"]
    assert bench.sent("No") == []
    agree = ("case", "approve", bench.case, "--step", "reply", "--proposal", str(done["change"]))
    assert bench.ask(*agree)[0] == 1
    assert bench.json("--as", "tomasz@example.com", *agree)["notices"][0]["state"] == "filed"
    assert len(bench.sent("No")) == 1


def test_templates_are_listed_shown_and_checked(bench: Bench) -> None:
    """A home's own file is checked with its lines; exit 1 where there is one."""
    names = {(t["name"], t["language"]) for t in bench.json("mail", "template", "list")["templates"]}
    assert {("fixed", "en"), ("fixed", "de")} <= names
    shown = bench.json("mail", "template", "show", "fixed", "--case", bench.case)
    assert bench.case in shown["text"]
    assert shown["template"]["language"] == "de"
    assert len(shown["gaps"]) == 2
    own = bench.home / "letters.yaml"
    own.write_text("schema: forgeward/letters/1\nversion: 1\nletters:\n  - name: x\n    text: '{{ nobody }}'\n")
    code, told = bench.ask("mail", "template", "check")
    assert code == 1
    assert any(p.startswith("letters.yaml:5: Nothing is called “nobody”") for p in told["problems"])
    assert bench.ask("mail", "template", "list")[0] == 2
    own.unlink()
    assert bench.ask("mail", "template", "check")[0] == 2


def test_what_cannot_be_attached_says_so(bench: Bench) -> None:
    """A missing file, an empty one; nothing is sent."""
    empty = bench.folder / "empty"
    empty.touch()
    for name in (str(bench.folder / "missing"), str(empty)):
        code, told = bench.ask("case", "acknowledge", bench.case, "--text", "x", "--attach", name)
        assert (code, told["error"]["code"]) == (2, "bad_input")
    code, told = bench.ask("case", "acknowledge", bench.case, "--template", "nothing")
    assert (code, told["error"]["code"]) == (2, "not_found")
