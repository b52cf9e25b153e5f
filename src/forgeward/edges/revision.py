"""The files of a git revision, without checking it out."""

from __future__ import annotations

import subprocess
from pathlib import Path

from forgeward.errors import BadInput
from forgeward.prevent.wanted import MAX_FILE, MAX_FILES, SKIPPED_FOLDERS, NotScanned, is_wanted

_SECONDS = 60
_ADVICE = "Name a branch, tag or commit of the repository that holds the folder, or another folder."


def read_revision(root: Path, revision: str) -> tuple[dict[str, bytes], list[NotScanned]]:
    """What ``read_tree`` would have read below ``root`` at a revision. Raises ``BadInput``."""
    if revision.startswith("-") or "\0" in revision or ":" in revision:
        raise BadInput(f"“{revision}” is no revision.", next=_ADVICE)
    listing = _git(root, "ls-tree", "-r", "-z", "-l", f"{revision}^{{commit}}", "--", ".")
    wanted: list[tuple[str, str]] = []
    left_out: list[NotScanned] = []
    for row in filter(None, listing.split(b"\0")):
        facts, _, raw = row.partition(b"\t")
        mode, kind, name, size = facts.decode().split()
        path = raw.decode("utf-8", "replace")
        if kind != "blob" or mode == "120000" or not is_wanted(path) or SKIPPED_FOLDERS & set(path.split("/")[:-1]):
            continue
        if int(size) > MAX_FILE:
            left_out.append(NotScanned(path, f"larger than {MAX_FILE:,} bytes"))
        elif len(wanted) < MAX_FILES:
            wanted.append((path, name))
    return _contents(root, wanted), left_out


def _contents(root: Path, wanted: list[tuple[str, str]]) -> dict[str, bytes]:
    asked = "".join(f"{name}\n" for _, name in wanted).encode()
    answer = _git(root, "cat-file", "--batch", given=asked)
    found, at = {}, 0
    for path, _ in wanted:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        found[path] = answer[end + 1 : end + 1 + size]
        at = end + 2 + size
    return found


def _git(root: Path, *arguments: str, given: bytes = b"") -> bytes:
    folder = root if root.is_dir() else root.parent
    # No pager, no hooks, no helper of the repository: what is read may be a stranger's.
    command = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and a revision that cannot be an option
            command, input=given, capture_output=True, check=False, timeout=_SECONDS
        )
    except FileNotFoundError:
        raise BadInput("git is not installed.", next="Install git, or name a folder with the earlier files.") from None
    except subprocess.TimeoutExpired:
        raise BadInput(f"git took more than {_SECONDS} seconds.", next=_ADVICE) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BadInput(f"git: {said[-1] if said else 'failed'}.", next=_ADVICE)
    return done.stdout
