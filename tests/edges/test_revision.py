"""Reading a git revision, and scanning what came since."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from forgeward.edges.files import read_tree
from forgeward.edges.revision import read_revision
from forgeward.edges.scanning import scan_folders
from forgeward.errors import BadInput
from forgeward.prevent.rules import all_rules
from forgeward.prevent.settings import read
from tests.prevent import apps

CODE = """\
-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('a', ({ payload }) => eval(payload.x));
export const handler = resolver.getDefinitions();
"""


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, "-C", str(root), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An app in a folder of a repository, committed once."""
    app = tmp_path / "apps" / "one"
    for name, data in apps.files(CODE).items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_bytes(data)
    (app / "node_modules").mkdir()
    (app / "node_modules" / "x.js").write_text("eval(1)")
    (app / "src" / "ünïcode name.js").write_bytes(b"1\n\n2")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A", "-f")
    git(tmp_path, "commit", "-q", "-m", "one")
    return app


def test_revision_reads_as_the_folder_did(repository: Path) -> None:
    """The same files with the same bytes, also from a folder below the repository's; what is skipped is skipped."""
    before = read_tree(repository)
    (repository / "src" / "index.js").write_text("changed")
    assert read_revision(repository, "HEAD") == before
    assert read_revision(repository, "main")[0].keys() == before[0].keys()


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD:src", "", "-h"])
def test_what_is_no_revision_is_refused(repository: Path, revision: str) -> None:
    """An unknown name, an option in disguise, or a path: a sentence, not a trace."""
    with pytest.raises(BadInput):
        read_revision(repository, revision)


def test_folder_without_git_is_refused(tmp_path: Path) -> None:
    """Outside of a repository there are no revisions."""
    with pytest.raises(BadInput, match="git"):
        read_revision(tmp_path, "HEAD")


def test_diff_tells_what_a_change_adds(repository: Path) -> None:
    """By revision and by an earlier folder: the new finding and the manifest's change; not what was there."""
    index, manifest = repository / "src" / "index.js", repository / "manifest.yml"
    earlier = repository.parent / "earlier"
    subprocess.run(["cp", "-r", str(repository), str(earlier)], check=True)
    index.write_text(
        index.read_text().replace("export", "resolver.define('b', ({ payload }) => eval(payload.y));\nexport")
    )
    manifest.write_text(manifest.read_text() + "permissions:\n  scopes: ['write:confluence-content']\n")
    for base in ("HEAD", str(earlier)):
        report = scan_folders([repository], all_rules(), date(2026, 11, 23), base=base)
        assert [f.location.line for f in report.findings if f.rule == "injection-code"] == [4]
        assert [(c.words, c.consent) for c in report.changes] == [("adds write:confluence-content", True)]
    assert not scan_folders([repository], all_rules(), date(2026, 11, 23)).changes


def test_settings_apply_to_both_sides(repository: Path) -> None:
    """A rule that is off finds nothing and is noted; a severity is what the file says; excluded files are not read."""
    names = [rule.id for rule in all_rules()]
    off = read("[rules.injection-code]\nenabled = false\nreason = 'a parser checks'\n", names)
    report = scan_folders([repository], all_rules(), date(2026, 11, 23), settings=off)
    assert "injection-code" not in {f.rule for f in report.findings}
    assert "a parser checks" in report.notes[0]
    low = read("[rules.injection-code]\nseverity = 'low'\nreason = 'x'\n", names)
    report = scan_folders([repository], all_rules(), date(2026, 11, 23), settings=low)
    assert {f.severity.value for f in report.findings if f.rule == "injection-code"} == {"low"}
    without = read("[scan]\nexclude = ['src']\n", names)
    assert not [f for f in scan_folders([repository], all_rules(), date(2026, 11, 23), settings=without).findings
                if f.rule == "injection-code"]  # fmt: skip
