"""``forgeward people``: roles, switching off, absence, sessions; each refusal with its code and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_app import run

INES, DELE = "ines@example.com", "dele@example.com"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    run("init", "--vendor", "Lattice & Loom", "--lead", "Ines Okafor", "--email", INES, home=folder)
    assert people(folder, "add", "Dele Adeyemi", DELE, "--role", "leadership")[0] == 0
    return folder


def people(home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = run("people", *words, "--json", home=home)
    return done.returncode, json.loads(done.stdout or "{}")


def test_a_colleague_from_the_first_day_to_the_last(home: Path) -> None:
    """Added, given a second role, away with a stand-in, back, switched off and on; the audit agrees with all of it."""
    _, changed = people(home, "roles", DELE, "--role", "leadership", "--role", "security_lead")
    assert changed["people"][0]["roles"] == ["leadership", "security_lead"]
    _, away = people(home, "away", DELE, "--first", "2099-12-21", "--last", "2099-12-31", "--stand-in", INES)
    (absence,) = away["people"][0]["absences"]
    assert (absence["from"], absence["until"]) == ("2099-12-21T00:00:00Z", "2100-01-01T00:00:00Z")
    assert absence["stand_in"] == "Ines Okafor"
    assert people(home, "back", DELE)[1]["people"][0]["absences"] == []
    assert people(home, "off", DELE)[1]["people"][0]["active"] is False
    assert people(home, "on", DELE)[1]["people"][0]["active"] is True
    assert people(home, "sessions", DELE)[1]["sessions"] == []
    assert json.loads(run("audit", "--json", home=home).stdout)["ok"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("roles", INES, "--role", "support"), 1, "only Security Lead"),
        (("off", INES), 1, "only Security Lead"),
        (("roles", DELE, "--role", "leadership"), 1, "just these roles"),
        (("roles", DELE, "--role", "owner"), 2, "no role"),
        (("on", DELE), 1, "works here already"),
        (("back", DELE), 2, "not away"),
        (("end", DELE), 2, "no such session"),
        (("off", "who@example.com"), 2, "Nobody here"),
        (("away", DELE, "--first", "2020-01-01", "--last", "2020-01-02"), 2, "days are over"),
        (("away", DELE, "--first", "2099-01-01", "--last", "2099-01-02", "--stand-in", DELE), 2, "cannot stand in"),
        (("away", DELE, "--first", "soon", "--last", "2099-01-02"), 2, "soon"),
    ],
)
def test_what_cannot_be_done_is_told(home: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """The answer is no (1), or it could not be done (2); a sentence says which, and what to do."""
    found, answer = people(home, *words)
    assert (found, said in answer["error"]["message"]) == (code, True), answer


def test_others_are_for_the_security_lead(home: Path) -> None:
    """Acting as somebody else the same command is refused."""
    for words in (("roles", INES, "--role", "support"), ("off", INES), ("sessions", INES), ("end", INES)):
        done = run("--as", DELE, "people", *words, "--json", home=home)
        assert json.loads(done.stdout)["error"]["code"] == "not_allowed", words
