"""Builds the command line of one call: the group that is asked for, and the names of the others.

Importing all groups would cost a quarter of a second on every call, so a table names them and only the one that
``argv`` asks for is imported. Completion and ``--help`` see every name.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from forgeward import __version__
from forgeward.cli import out
from forgeward.cli.state import RUN, NoHome
from forgeward.edges.home import Home, default_folder, translated
from forgeward.edges.refusals import refused
from forgeward.errors import BadInput, ForgewardError


class Group(NamedTuple):
    """Where a command lives (``module:attribute``) and what it is for."""

    target: str
    help: str


COMMANDS: dict[str, Group] = {
    "init": Group("forgeward.cli.start:init", "Make a home with a policy in force."),
    "up": Group("forgeward.cli.up:up", "Run the desk and the worker on this home."),
    "demo": Group("forgeward.cli.start:demo", "Fill an empty home with a vendor's year."),
    "tick": Group("forgeward.cli.start:tick", "Do once what the worker does: clocks, outbox, ledger."),
    "doctor": Group("forgeward.cli.start:doctor", "Say what is set up and what is not."),
    "audit": Group("forgeward.cli.start:audit", "Replay history and compare it with every table."),
    "backup": Group("forgeward.cli.backup:backup", "Back the home up: data and keys apart."),
    "restore": Group("forgeward.cli.backup:restore", "Make a home from a backup, or try whether one can be made."),
    "erase": Group("forgeward.cli.privacy:erase", "Erase a person for good."),
    "export": Group("forgeward.cli.privacy:export", "Give a person what is kept about them."),
    "people": Group("forgeward.cli.people:app", "Who works here: add, list, sign-in links."),
    "token": Group("forgeward.cli.token:app", "Ways in for programs: make, list, revoke."),
    "webhook": Group("forgeward.cli.webhook:app", "Whom we tell what happens: add, list, test, replay."),
    "chat": Group("forgeward.cli.chat:app", "Chats that the team is reminded in: list, test."),
    "policy": Group("forgeward.cli.policy:app", "The policy: check, show, diff, adopt, standing."),
    "scan": Group("forgeward.cli.scan:scan", "Find what endangers an app's users, before a release."),
    "manifest": Group("forgeward.cli.manifest:app", "What a manifest's scopes and egress are for."),
    "intake": Group("forgeward.cli.intake:app", "Take reports in from files."),
    "findings": Group("forgeward.cli.findings:app", "Results of scans: hand in, list, show."),
    "case": Group("forgeward.cli.case:app", "Cases: list, show, and every step."),
    "notice": Group("forgeward.cli.notice:app", "Outgoing mail and its fate."),
    "mail": Group("forgeward.cli.mail:app", "One mail, OpenPGP keys, templates of letters."),
    "ledger": Group("forgeward.cli.ledger:app", "Checkpoints, packs and their verification."),
}
_VALUE_OPTIONS = {"--home", "--server", "--as"}


def _version(asked: bool) -> None:
    if asked:
        out.line(f"forgeward {__version__}")
        raise typer.Exit


def _root(
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", readable=False, help="The home folder (else FORGEWARD_HOME)."),
    ] = None,
    acting: Annotated[
        str,
        typer.Option(
            "--as", metavar="E-MAIL", envvar="FORGEWARD_AS", help="Who acts, where the home has several people."
        ),
    ] = "",
    server: Annotated[
        str, typer.Option("--server", metavar="URL", help="A desk on another machine, with FORGEWARD_TOKEN.")
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Runs the security programme that a Forge app vendor's policy promises, and proves that it does.

    Example: forgeward init --vendor "Lattice & Loom"
    """
    RUN.home = NoHome(Path()) if server else Home(home or default_folder())
    RUN.server = server
    RUN.__dict__.pop("far", None)
    RUN.acting = acting


def build(argv: list[str]) -> typer.Typer:
    """The Typer application for ``argv``: real where called, names and helps elsewhere."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(_root)
    called = _called(argv)
    for name, group in COMMANDS.items():
        if called in {name, "*"}:
            _add(app, name, group)
        else:
            app.command(name, help=group.help)(_not_loaded)
    return app


def _add(app: typer.Typer, name: str, group: Group) -> None:
    module, attribute = group.target.split(":")
    target = getattr(import_module(module), attribute)
    if isinstance(target, typer.Typer):
        app.add_typer(target, name=name, help=group.help)
    else:
        app.command(name)(target)


def _not_loaded() -> None:
    raise AssertionError("a command that was not asked for was run")


def _called(argv: list[str]) -> str:
    """The first word that is neither an option nor an option's value; ``*`` when completion wants them all."""
    if "_FORGEWARD_COMPLETE" in os.environ:
        return "*"
    words = iter(argv)
    for word in words:
        if word in _VALUE_OPTIONS:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def run(argv: list[str]) -> int:
    """Runs one command line. Returns the exit code of cli.md: 0 done, 1 the answer is no, 2 could not do it."""
    os.umask(0o077)  # whatever a command writes into a home is its owner's alone
    RUN.json = "--json" in argv or _follows(argv, "--format", "json")
    try:
        with translated(default_folder()):
            result = build(argv)(args=argv, prog_name="forgeward", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except ForgewardError as problem:
        return out.failure(problem)
    except typer.Exit as done:
        return done.exit_code
    except typer.Abort:
        return 2
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; Python would complain once more at exit
        return 2
    except Exception as problem:  # noqa: BLE001 - what is not known is raised again
        return out.failure(_known(problem))


def _follows(argv: list[str], option: str, value: str) -> bool:
    return any(a == option and b == value for a, b in pairwise(argv)) or f"{option}={value}" in argv


def _known(problem: Exception) -> ForgewardError:
    """The sentence for an error of a library; anything unknown goes on as the bug that it is."""
    if hasattr(problem, "format_message") and hasattr(problem, "exit_code"):  # a usage error of the option parser
        return BadInput(str(problem.format_message()), next="See the same command with --help.")
    found = refused(problem, RUN.home.folder)
    if found is not None:
        return found
    raise problem
