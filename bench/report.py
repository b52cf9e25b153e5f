"""One measured figure, and the table that figures make."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``figure`` and ``floor`` as people read them, ``ratio`` of the two (1 = as fast as the floor), and a ``goal``."""

    part: str
    what: str
    figure: str
    floor: str = ""
    ratio: float | None = None
    goal: str = ""

    def __str__(self) -> str:
        beside = f"; floor {self.floor}, ratio {self.ratio:.2f}" if self.ratio is not None else ""
        return f"{self.what}: {self.figure}{beside}" + (f"  (goal {self.goal})" if self.goal else "")


def table(figures: list[Figure]) -> str:
    """A Markdown table of the figures of one part."""
    lines = ["| what | figure | floor of the same run | ratio | goal |", "|---|---|---|---|---|"]
    for f in figures:
        ratio = f"{f.ratio:.2f}" if f.ratio is not None else ""
        lines.append(f"| {f.what} | {f.figure} | {f.floor} | {ratio} | {f.goal} |")
    return "\n".join(lines)
