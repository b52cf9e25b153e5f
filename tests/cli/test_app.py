"""The frame of the command line: quick, lazy, and every error a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from forgeward import __version__
from forgeward.cli.app import COMMANDS, build


def run(*words: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    place = ["--home", str(home)] if home else []
    return subprocess.run(
        [sys.executable, "-m", "forgeward.cli", *place, *words], capture_output=True, text=True, timeout=60, check=False
    )


def test_version_imports_nothing_heavy() -> None:
    """``--version`` answers without the option parser, Django or the core."""
    code = (
        "import sys; sys.argv = ['forgeward', '--version']; from forgeward.cli import main; main();"
        "print(sorted(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"forgeward {__version__}\n")
    for heavy in ("typer", "django", "msgspec", "rich"):
        assert f"'{heavy}'" not in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_has_an_example_in_its_help(name: str) -> None:
    """Each group or command of the table exists; each command's help ends with an example."""
    from typer.main import get_command

    root = get_command(build([name]))
    command = root.commands[name]  # type: ignore[attr-defined]
    waiting = [command]
    while waiting:
        leaf = waiting.pop()
        inside = list(getattr(leaf, "commands", {}).values())
        waiting += inside
        assert inside or "Example: forgeward" in (leaf.help or ""), f"{name} {leaf.name}"


def test_a_missing_home_is_a_sentence_and_exit_2(tmp_path: Path) -> None:
    done = run("case", "list", home=tmp_path / "none")
    assert done.returncode == 2
    assert "There is no Forgeward home" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_with_json_an_error_is_an_object_on_stdout(tmp_path: Path) -> None:
    """``{"error": {"code", "message", "next"}}``, exit code 2."""
    done = run("case", "list", "--json", home=tmp_path / "none")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (2, "home_unusable")
    assert "forgeward init" in error["next"]


@pytest.mark.parametrize(
    "words", [("nonsense",), ("case", "nonsense"), ("case", "list", "--nonsense"), ("case", "show")]
)
def test_a_usage_error_is_a_sentence_and_exit_2(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_a_key_that_is_no_file_and_no_key_says_so(tmp_path: Path) -> None:
    """``ledger verify`` needs no home, and explains a wrong --key."""
    done = run("ledger", "verify", str(tmp_path / "none.pack"), "--key", "nonsense")
    assert done.returncode == 2
    assert "neither a verifier key nor a file" in done.stderr


def test_completion_knows_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)
