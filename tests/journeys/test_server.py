"""The same commands on a desk of another machine: a real server, real processes, the token in the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.browser import running
from tests.journeys.programme import OFFLINE, REPORT, Answer, Programme, found, free_port

pytestmark = [pytest.mark.journey, pytest.mark.slow]

SCOPES = ("cases:read", "cases:write", "mail:read", "intake:write", "policy:read", "policy:write", "people:read",
          "ledger:read", "ledger:write", "admin")  # fmt: skip
ASSESSMENT = ("--scope", "Note bodies", "--impact", "Reading", "--affected", "Field Notes", "--exploitability",
              "Any user", "--vector", "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N")  # fmt: skip


class Far(Programme):
    """The command with ``--server`` and without any home."""

    base: str = ""

    def run(self, *words: str, who: str = "", stdin: bytes = b"") -> Answer:
        return super().run("--server", self.base, *words, stdin=stdin)


def test_the_same_commands_over_the_network(tmp_path: Path) -> None:
    """From a mail to an assessed case over /api/v1; then both ways print the same and end with the same code."""
    here = found(tmp_path / "home")
    here.settings(OFFLINE)
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    token = here.do("token", "make", "Laptop", *scopes)["token"]
    report = tmp_path / "report.eml"
    report.write_bytes(REPORT)
    port = free_port()
    with running(here, port) as base:
        there = Far(tmp_path / "nowhere", environment={"FORGEWARD_TOKEN": token})
        there.base = base
        number = there.do("intake", "mail", str(report))["received"][0]["case"]
        assert there.do("intake", "mail", str(report))["received"][0]["new"] is False
        lacks = there.refused("case", "assess", number)
        assert {"scope", "impact"} <= {lack["name"] for lack in lacks["missing"]}
        assert there.do("case", "acknowledge", number, "--text", "Thank you, Noor.")["step"] == "acknowledge"
        assert there.do("case", "assess", number, *ASSESSMENT)["state"] == "assessed"
        opened = there.do("case", "open", "--title", "Errors", "--text", "More than usual")["id"]
        pack = tmp_path / "case.pack"
        assert there.do("ledger", "pack", "--case", number, "--out", str(pack))["entries"] > 3
        assert there.do("ledger", "verify", str(pack), "--key", there.do("ledger", "key")["key"])["ok"]
        _prints_the_same(here, there, number, opened)
        _says_what_it_cannot(there, number)
        here.do("token", "revoke", token)
        assert there.run("case", "list", "--json").json["error"]["code"] == "sign_in_needed"
    assert here.do("audit")["ok"]
    assert not (tmp_path / "nowhere").exists()


def _prints_the_same(here: Programme, there: Programme, number: str, opened: str) -> None:
    here.do("tick")
    differ = []
    for place, words in enumerate((
        ("case", "list"), ("case", "show", number), ("case", "next", number), ("case", "assess", opened),
        ("case", "assess", opened, "--json"), ("case", "show", "FW-222222"), ("notice", "status"), ("people", "list"),
        ("people", "sessions", "ines@lattice-loom.example"), ("people", "back", "ines@lattice-loom.example"),
        ("policy", "standing", "IR-4"), ("policy", "diff", "in-force", "1"), ("audit",),
        ("intake", "held", "discard", "1"),
    )):  # fmt: skip
        more = ("--json",) if place % 2 and words[-1] not in {"--json", "render"} else ()
        one, two = here.run(*words, *more), there.run(*words, *more)
        if (one.code, _still(one.out), one.err) != (two.code, _still(two.out), two.err):
            differ.append((words, one, two))
    assert differ == []


def _still(text: str) -> str:
    """Without the instant at which a standing was asked for, and the space on the disk."""
    return "\n".join(line for line in text.replace(",", "\n").splitlines() if '"at"' not in line and " MB " not in line)


def _says_what_it_cannot(there: Programme, number: str) -> None:
    for words in (
        ("tick",),
        ("token", "list"),
        ("policy", "adopt"),
        ("people", "add", "X", "x@example.com", "--role", "support"),
        ("ledger", "pack", "--out", "all.pack"),
    ):
        answer = there.run(*words, "--json")
        assert (answer.code, answer.json["error"]["code"]) == (2, "bad_input"), words
        assert "home" in answer.json["error"]["message"], words
    other = Far(there.folder, environment={"FORGEWARD_TOKEN": ""})
    other.base = there.base  # type: ignore[attr-defined]
    assert "FORGEWARD_TOKEN" in other.run("case", "show", number).err
    assert there.run("--as", "ines@lattice-loom.example", "case", "list").code == 2
