"""Reading the files of a scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgeward.edges.files import read_tree, read_trees
from forgeward.errors import BadInput
from forgeward.prevent.wanted import MAX_FILE


def test_only_wanted_files_are_read(tmp_path: Path) -> None:
    """Sources, manifests, lock and CI files are; dependencies, builds, pictures and git's own files are not."""
    for name in ("manifest.yml", "src/a.ts", ".github/workflows/ci.yml", ".env", "yarn.lock"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    for name in ("node_modules/a/index.js", "build/a.js", ".git/config", "icon.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    files, left_out = read_tree(tmp_path)
    assert sorted(files) == [".env", ".github/workflows/ci.yml", "manifest.yml", "src/a.ts", "yarn.lock"]
    assert left_out == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link out of the folder is neither read nor walked, and a loop ends."""
    (tmp_path / "app").mkdir()
    (tmp_path / "secret.js").write_text("x")
    (tmp_path / "app" / "a.js").symlink_to(tmp_path / "secret.js")
    (tmp_path / "app" / "loop").symlink_to(tmp_path)
    assert read_tree(tmp_path / "app") == ({}, [])


def test_large_files_are_named(tmp_path: Path) -> None:
    """What is larger than the cap is left out, with the reason."""
    (tmp_path / "big.js").write_bytes(b"x" * (MAX_FILE + 1))
    files, left_out = read_tree(tmp_path)
    assert files == {}
    assert [n.path for n in left_out] == ["big.js"]


def test_missing_folder_is_bad_input(tmp_path: Path) -> None:
    """A path that is not there is told, not skipped."""
    with pytest.raises(BadInput, match="There is no folder"):
        read_trees([tmp_path / "gone"])
