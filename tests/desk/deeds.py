"""Deeds of one process on a home of its own: ``python -m tests.desk.deeds HOME DEED WORDS…``.

Django serves one home a process, so a test that wants several processes on one home starts this.
"""

from __future__ import annotations

import json
import random
import select
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from forgeward.desk.setup import open_home
from forgeward.edges.home import Home

WORDS = ("amber", "basil", "cedar", "delta", "ember", "flint", "grove", "hazel", "inlet", "juniper", "kelp", "larch")


def note(home: Home, number: str, email: str, count: str, mark: str) -> int:
    """Writes so many notes on a case; returns how many were refused as a conflict."""
    from forgeward.desk.actions import cases
    from forgeward.desk.models import Person
    from forgeward.errors import Conflict
    from forgeward.respond.parse import parse

    actor, refused = Person.objects.get(email=email).actor(), 0
    for i in range(int(count)):
        try:
            cases.perform(number, parse("note", {"text": f"{mark} {i}"}), actor, home.now())
        except Conflict:
            refused += 1
    return refused


def open_some(home: Home, email: str, count: str) -> list[str]:
    """Opens so many cases; returns their numbers."""
    from forgeward.desk.actions import cases
    from forgeward.desk.models import Person
    from forgeward.respond.parse import parse

    actor = Person.objects.get(email=email).actor()
    command = parse("receive", {"title": "Errors", "text": "More than usual", "reporter_address": "noor@example.net"})
    return [cases.open_case(command, actor, home.now()).number for _ in range(int(count))]


def number(home: Home) -> int:
    """Numbers what waits; returns how many entries got their place here."""
    from forgeward.desk.actions import sequence

    return sequence.number()


def merge(home: Home, this: str, into: str, email: str) -> str:
    """Merges; returns what came of it."""
    from forgeward.desk.actions import cases
    from forgeward.desk.models import Person
    from forgeward.errors import ForgewardError
    from forgeward.respond.parse import parse

    try:
        cases.perform(this, parse("merge", {"into": into}), Person.objects.get(email=email).actor(), home.now())
    except ForgewardError as problem:
        return problem.code
    return "done"


MAIL = """\
From: Reporter {i} <reporter{i}@research{i}.example>
To: security@lattice-loom.example
Subject: Report {i}
Message-ID: <report-{i}@research{i}.example>
Content-Type: text/plain; charset=utf-8

The resolver number {i} reads what number {i} asks for. It was found in {words}.
"""


def _told_to_end() -> bool:
    """Whether whoever started this closed our stdin."""
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable) and not sys.stdin.read(1)


def stream(home: Home, seconds: str) -> dict[str, Any]:
    """Mails arrive and people work until stdin ends, for so many seconds at most; reading and sending is the worker's.

    Returns how many mails were kept, the cases that were entered a day late, noted upon or acknowledged.
    """
    from forgeward.desk.actions import cases, stored
    from forgeward.desk.models import CaseRow, Person
    from forgeward.errors import ForgewardError
    from forgeward.respond.parse import parse

    hannah, end = Person.objects.get(name__startswith="Hannah").actor(), time.monotonic() + float(seconds)
    kept, late, noted, acknowledged = 0, list[str](), list[str](), list[str]()
    while time.monotonic() < end and not _told_to_end():
        if kept < 40:
            raw = MAIL.format(i=kept, words=" ".join(random.sample(WORDS, 8))).encode()
            stored.store(home, stored.Incoming(raw, f"mail {kept}", home.now()))
            kept += 1
        if len(late) < 20:
            fields = {
                "title": f"Late {len(late)}",
                "text": "By telephone",
                "reported_at": home.now() - timedelta(hours=30),
            }
            late.append(cases.open_case(parse("receive", fields), hannah, home.now()).number)
        for number in random.sample(
            numbers := list(CaseRow.objects.values_list("number", flat=True)), min(2, len(numbers))
        ):
            try:
                cases.perform(number, parse("note", {"text": f"Note {len(noted)}"}), hannah, home.now())
                noted.append(number)
                if number not in acknowledged and number not in late:
                    cases.perform(number, parse("acknowledge", {"text": "Thank you"}), hannah, home.now())
                    acknowledged.append(number)
            except ForgewardError as problem:
                raise AssertionError(f"{number}: {problem}") from problem
        time.sleep(0.3)
    return {"kept": kept, "late": late, "noted": noted, "acknowledged": acknowledged}


def audit(home: Home, times: str) -> list[str]:
    """Audits so many times while others write; returns what differed."""
    from forgeward.desk.readers import audit as reader

    found: list[str] = []
    for _ in range(int(times)):
        result = reader.examine(home.now(), lambda _done, _total: None)
        found += [f"{p.where}: {p.what}" for p in result.problems]
    return found


DEEDS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (note, open_some, number, merge, stream, audit)}


def main(folder: str, deed: str, *words: str) -> None:
    home = Home(Path(folder))
    open_home(home)
    sys.stdout.write(json.dumps(DEEDS[deed](home, *words)))


if __name__ == "__main__":
    main(*sys.argv[1:])
