"""The tutorial is run as it stands: every command in order, every line of output that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.programme import mail_server

pytestmark = [pytest.mark.journey, pytest.mark.slow]

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```(?P<kind>sh|text|sh aside|toml)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "--- end of block {} ---"
NUMBER = re.compile(r"FW-[0-9A-Z]{6}")


def shown(expected: str, output: str) -> list[str]:
    """The lines of a text block that the output lacks, in its order; “…” stands for anything within a line."""
    position, lacking = 0, []
    for line in filter(None, map(str.strip, expected.splitlines())):
        pattern = re.compile(".*?".join(map(re.escape, map(str.strip, line.split("…")))))
        found = pattern.search(output, position)
        if found:
            position = found.end()
        else:
            lacking.append(line)
    return lacking


def test_the_tutorial_does_what_it_shows(tmp_path: Path) -> None:
    """Each sh block of first-case.md runs in one shell, and what the text block after it shows is printed."""
    blocks = [(b["kind"], b["body"]) for b in BLOCK.finditer((ROOT / "docs/tutorial/first-case.md").read_text())]
    commands = [body for kind, body in blocks if kind == "sh"]
    with mail_server() as (sink, port):
        script = "\n".join(f"{body}\nprintf '\\n{MARK.format(i)}\\n'" for i, body in enumerate(commands))
        script = script.replace("8025", str(port))
        numbered = 'CASE=$(forgeward case list --json | sed \'s/.*"id":"\\([^"]*\\)".*/\\1/\')'
        script = re.sub(r"^CASE=FW-\S+.*$", lambda _: numbered, script, flags=re.MULTILINE)
        environment = {
            **os.environ,
            "TMPDIR": str(tmp_path),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            ["bash", "-e"], input=script, env=environment, cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout
    lacking, index, rest = [], -1, done.stdout
    outputs = []
    for i in range(len(commands)):
        output, _, rest = rest.partition(MARK.format(i))
        outputs.append(output)
    for kind, body in blocks:
        index += kind == "sh"
        if kind == "text":
            lacking += [f"block {index}: {line}" for line in shown(body, outputs[index])]
    assert lacking == [], done.stdout
    assert [message["To"] for _, message in sink.mails] == ["mira@researcher.example"] * 3
