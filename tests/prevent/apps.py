"""Small Forge apps for tests: one text file each, with its files one after the other.

    -- src/index.js --
    …

An app without a ``manifest.yml`` gets one with a resolver (``index.handler``) behind an issue panel, and one without a
lock file a lock file. A line that holds ``HIT`` is where the rule of the folder must find something.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from forgeward.prevent.findings import Finding, Report
from forgeward.prevent.project import Project, assemble
from forgeward.prevent.rules import all_rules, find_rule
from forgeward.prevent.rules.base import Rule
from forgeward.prevent.scan import scan

FOLDER = Path(__file__).parent / "rules"
TODAY = date(2026, 11, 23)
MANIFEST = """\
app:
  id: ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000
  runtime:
    name: nodejs22.x
modules:
  jira:issuePanel:
    - key: panel
      title: Panel
      resource: main
      resolver:
        function: resolver
  function:
    - key: resolver
      handler: index.handler
resources:
  - key: main
    path: static/main/build
"""


def read(path: Path) -> dict[str, bytes]:
    """The files of an app in one text file."""
    return files(path.read_text(encoding="utf-8"))


def files(text: str) -> dict[str, bytes]:
    """The files of an app in one text."""
    parts = re.split(r"^-- (\S+) --\n", text, flags=re.MULTILINE)
    found = {name: content.encode() for name, content in zip(parts[1::2], parts[2::2], strict=True)}
    found.setdefault("manifest.yml", MANIFEST.encode())
    found.setdefault("package-lock.json", b"{}")
    return found


def project(text: str) -> Project:
    return assemble(files(text))


def report(app: dict[str, bytes], rules: Sequence[Rule] = ()) -> Report:
    """The report of an app with some rules, or all."""
    return scan(assemble(app), rules or all_rules(), TODAY)


def found(text: str, rule: str) -> list[Finding]:
    """What one rule finds in an app."""
    return list(report(files(text), [find_rule(rule)]).findings)


def marked(app: dict[str, bytes]) -> set[tuple[str, int]]:
    """Path and line of everything that holds ``HIT``."""
    return {
        (path, number)
        for path, data in app.items()
        for number, line in enumerate(data.decode().splitlines(), 1)
        if "HIT" in line
    }
