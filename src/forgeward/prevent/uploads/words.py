"""What a case says of its findings."""

from __future__ import annotations

from collections.abc import Sequence

from forgeward.prevent.uploads.observation import Observation

TOLD = 20


def opening_title(root: Sequence[Observation]) -> str:
    """What it is and in which file, since one rule opens many cases."""
    first = root[0]
    name = first.path.rpartition("/")[2][:40]
    return f"{first.title} ({name}{f':{first.line}' if first.line else ''})" if name else first.title


def opening_text(root: Sequence[Observation], tool: str, branch: str, version: str) -> str:
    """The first words of a case: what, where, how to mend it."""
    first = root[0]
    where = f"version {version}, which production runs" if version else f"the branch {branch}"
    lines = [first.message or first.title, "", f"{tool} found it in {where}, by its rule {first.rule}.", ""]
    lines += _places(root)
    return "\n".join([*lines, "", "How to mend it:", first.fix] if first.fix else lines)


def added_text(found: Sequence[Observation], branch: str) -> str:
    """What an open case learns: more findings of its root."""
    return "\n".join([f"A scan of the branch {branch} found more of the same root.", "", *_places(found)])


def back_text(found: Sequence[Observation], branch: str) -> str:
    """What an open case learns: a finding that had gone is there again."""
    return "\n".join([f"A scan of the branch {branch} found it again, after it had gone.", "", *_places(found)])


def over_text(version: str) -> str:
    """The proposal to close; closing is a person's."""
    return (
        f"A complete scan of version {version}, which production runs, finds nothing of this case any more.\n\n"
        "Look whether that is the fix, and not a change of the scan or of its settings; then the case can go on to its"
        " end. It does not close by itself."
    )


def _places(found: Sequence[Observation]) -> list[str]:
    lines = [
        f"- {one.path or 'no file'}{f':{one.line}' if one.line else ''} ({one.level}): {one.title}" for one in found
    ]
    return lines if len(lines) <= TOLD else [*lines[:TOLD], f"… and {len(lines) - TOLD} more."]
