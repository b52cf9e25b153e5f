"""What commands print: data on stdout, everything else on stderr, JSON where it was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import msgspec

from forgeward.cli.state import RUN
from forgeward.errors import ForgewardError, PolicyInvalid, StepRefused


def line(text: str = "") -> None:
    """One line of data."""
    sys.stdout.write(text + "\n")


def say(text: str) -> None:
    """One line for the person in front of the terminal: progress, warnings, advice."""
    sys.stderr.write(text + "\n")


def emit(shape: Any, text: Callable[[], str]) -> None:
    """Prints ``shape`` as one line of JSON under --json, else what ``text`` makes of it."""
    if RUN.json:
        line(msgspec.json.encode(shape, order="deterministic" if isinstance(shape, dict) else None).decode())
    else:
        line(text())


def minute(instant: str | None) -> str:
    """An RFC 3339 instant for people: date and minute in UTC, like ``2026-11-24 20:56Z``; nothing for none."""
    return f"{instant[:10]} {instant[11:16]}Z" if instant else ""


def failure(problem: ForgewardError) -> int:
    """Prints an error and returns its exit code."""
    if RUN.json:
        error: dict[str, Any] = {"code": problem.code, "message": str(problem), "next": problem.next}
        if isinstance(problem, StepRefused):
            error["missing"] = [
                {"name": lack.name, "promise": lack.promise, "what": lack.sentence} for lack in problem.missing
            ]
        if isinstance(problem, PolicyInvalid):
            error["problems"] = [{"where": p.where, "what": p.what} for p in problem.problems]
        line(msgspec.json.encode({"error": error}).decode())
        return problem.exit_code
    say(str(problem))
    if isinstance(problem, StepRefused):
        for lack in problem.missing:
            say(
                f"  --{lack.name.replace('_', '-'):<22} {lack.sentence}"
                + (f"  ({lack.promise})" if lack.promise else "")
            )
    elif problem.next:
        say(problem.next)
    return problem.exit_code


def progress(what: str) -> Callable[[int, int], None]:
    """A progress line on stderr for long work: call it with (done, total). Silent without a terminal."""
    if RUN.json or not sys.stderr.isatty():
        return lambda _done, _total: None

    def show(done: int, total: int) -> None:
        share = 100 * done // total if total else 100
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{what}: {done:,} of {total:,} ({share} %){end}")
        sys.stderr.flush()

    return show
