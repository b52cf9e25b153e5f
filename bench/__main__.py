"""Runs every measurement, each in a process of its own, and writes docs/reference/performance.md.

python -m bench            all
python -m bench start      one part; prints, writes nothing
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from bench.report import Figure, table

PARTS = {
    "start": "The command",
    "deadlines": "Business time and clocks",
    "actions": "Case actions",
    "writers": "Several writers at once",
    "reclock": "Re-clocking",
    "ledger": "The ledger",
    "mail": "Reading mail",
    "intake": "Taking mail in",
    "scan": "Scanning apps",
    "desk_pages": "Pages of the desk",
}
PAGE = Path(__file__).parent.parent / "docs" / "reference" / "performance.md"


def _measure(part: str) -> list[Figure]:
    """One part in a fresh process, so that no part warms another."""
    code = f"import json, bench.__main__ as m; print('\\n' + json.dumps(m.rows({part!r})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    return [Figure(**row) for row in json.loads(done.stdout.strip().splitlines()[-1])]


def rows(part: str) -> list[dict[str, object]]:
    """The figures of one part as plain rows."""
    return [asdict(figure) for figure in import_module(f"bench.{part}").run()]


def main(wanted: list[str]) -> None:
    sections = []
    for part in wanted or PARTS:
        print(f"{PARTS[part]} …", file=sys.stderr)
        figures = _measure(part)
        print(*figures, sep="\n")
        sections.append(f"## {PARTS[part]}\n\n`python -m bench {part}`\n\n{table(figures)}\n")
    if not wanted:
        cores = len(os.sched_getaffinity(0))
        head = (
            "# Performance\n\n`python -m bench` writes this page. Each figure stands beside a floor that was measured "
            "in the same run: on a noisy machine the ratio is what to trust.\n\n"
            f"Measured on {datetime.now(UTC):%d %B %Y}, {cores} cores, Python {platform.python_version()}, "
            f"{platform.system()} {platform.machine()}.\n\n"
        )
        PAGE.write_text(head + "\n".join(sections), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
