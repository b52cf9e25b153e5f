"""How long the command takes to say its version, beside a bare interpreter."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from bench.report import Figure

ROUNDS = 15


def _median(command: list[str]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(perf_counter() - began)
    return sorted(times)[len(times) // 2]


def run() -> list[Figure]:
    """Seconds, the floor being ``python -c pass``."""
    floor = _median([sys.executable, "-c", "pass"])
    version = _median([sys.executable, "-m", "forgeward.cli", "--version"])
    return [
        Figure(
            part="start",
            what="`forgeward --version`",
            figure=f"{version * 1000:.0f} ms",
            floor=f"`python -c pass`: {floor * 1000:.0f} ms",
            ratio=version / floor,
            goal="≤ 300 ms",
        )
    ]


if __name__ == "__main__":
    print(*run(), sep="\n")
