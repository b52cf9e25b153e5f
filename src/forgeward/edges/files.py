"""Reads the files of a scan: bounded, without following links, saying what was left out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from forgeward.errors import BadInput
from forgeward.prevent.wanted import MAX_FILE, MAX_FILES, SKIPPED_FOLDERS, NotScanned, is_wanted

_MANY_BYTES = 400_000_000


def read_tree(root: Path) -> tuple[dict[str, bytes], list[NotScanned]]:
    """The files below a folder that a scan looks at, by path relative to it; and what was not read, with reasons.

    Raises ``BadInput`` where the path does not exist.
    """
    if root.is_file():
        return {root.name: root.read_bytes()}, []
    if not root.is_dir():
        raise BadInput(f"There is no folder {root}.", next="Name the folder that holds the app's manifest.yml.")
    files: dict[str, bytes] = {}
    left_out: list[NotScanned] = []
    size = 0
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if len(files) >= MAX_FILES or size > _MANY_BYTES:
            left_out.append(NotScanned(name, f"more than {MAX_FILES:,} files or {_MANY_BYTES:,} bytes"))
            break
        try:
            length = path.stat().st_size
            if length > MAX_FILE and not name.endswith((".lock", "-lock.json", "shrinkwrap.json", "lock.yaml")):
                left_out.append(NotScanned(name, f"larger than {MAX_FILE:,} bytes"))
                continue
            files[name] = path.read_bytes()
            size += length
        except OSError as error:
            left_out.append(NotScanned(name, error.strerror or type(error).__name__))
    return files, left_out


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
        yield from (
            Path(folder, n) for n in sorted(names) if is_wanted(_below(root, folder, n)) and _is_plain(folder, n)
        )


def _below(root: Path, folder: str, name: str) -> str:
    return Path(folder, name).relative_to(root).as_posix()


def _is_plain(folder: str, name: str) -> bool:
    path = Path(folder, name)
    return path.is_file() and not path.is_symlink()


def read_trees(roots: Iterable[Path]) -> tuple[dict[str, bytes], list[NotScanned]]:
    """Several folders as one; with more than one, paths begin with each folder's name as it was given."""
    listed = list(roots)
    if len(listed) == 1:
        return read_tree(listed[0])
    files: dict[str, bytes] = {}
    left_out: list[NotScanned] = []
    for root in listed:
        prefix = root.as_posix().removeprefix("./").strip("/")
        below, missed = read_tree(root)
        files.update({f"{prefix}/{name}": data for name, data in below.items()})
        left_out += [NotScanned(f"{prefix}/{m.path}", m.reason) for m in missed]
    return files, left_out
