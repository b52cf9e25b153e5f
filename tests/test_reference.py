"""The generated pages of the reference say what the program has."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from forgeward.cli.app import COMMANDS, build

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


def taught() -> Iterator[tuple[str, list[str]]]:
    """Every call of ``forgeward`` in a code block of the README and the docs, with its page, continued lines joined."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            found = re.match(r"(?: {4,}|export .*; )?(?:some-program \| )?forgeward (.*)$", line)
            if found and "DIR]" not in line:
                yield page.name, shlex.split(found[1].split(" || ")[0], comments=True)


def test_commands_in_the_docs_exist() -> None:
    """Each command that a page teaches is one that the program has, with the options that it is given."""
    groups = {name: typer.main.get_command(build([name])).commands[name] for name in COMMANDS}
    wrong, calls = [], list(taught())
    for page, words in calls:
        rest = words[2:] if words[0] in {"--as", "--home", "--server"} else words
        command = groups.get(rest.pop(0))
        while isinstance(command, TyperGroup) and rest and not rest[0].isupper():
            command = command.commands.get(rest.pop(0))
        known = {option for p in command.params for option in p.opts} if command else set()
        given = {word.partition("=")[0] for word in rest if word.startswith("--")}
        if command is None or given - known:
            wrong.append(f"{page}: forgeward {' '.join(words)}")
    assert wrong == []
    assert len(calls) > 60
