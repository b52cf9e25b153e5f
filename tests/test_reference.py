"""The generated pages of the reference say what the program has."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MADE = runpy.run_path(str(ROOT / "script" / "reference"))["PAGES"]


@pytest.mark.parametrize("name", MADE)
def test_reference_page_is_what_the_program_says(name: str) -> None:
    """A page of the reference equals what script/reference makes of the program now."""
    page = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert page == MADE[name](), "run .venv/bin/python script/reference"


def test_reference_has_an_example_for_every_command() -> None:
    """cli.md: the help of each command has an example; so the page shows one below each heading of a command."""
    sections = MADE["commands.md"]().split("\n## ")[1:]
    commands = [part for section in sections for part in section.split("\n### ") if "\n    forgeward" in part]
    assert len(commands) > 15
    assert [part.splitlines()[0] for part in commands if part.count("\n    forgeward") < 2] == []
