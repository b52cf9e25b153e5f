"""A backup is taken as it was made, or not at all."""

from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from forgeward.edges import archive
from forgeward.edges.archive import About
from forgeward.errors import BadInput, ForgewardError, VerificationFailed

ABOUT = About(kind="data", made_at="2026-11-23T10:20:00Z", home="0f", database="sqlite")
RAW = f"raw/{'ab' * 16}"
HOSTILE = (
    "../escape",
    "/etc/passwd",
    "raw/../../escape",
    "raw/short",
    "keys/openpgp/own/../../x.key",
    "home.json\x00",
    "RAW/" + "ab" * 16,
    "files/" + "ab" * 20 + "/x",
    "",
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A backup with a database, a policy and one mail."""
    source = tmp_path / "source"
    source.write_bytes(b"some bytes" * 1000)
    file = tmp_path / "out" / "x.backup"
    file.parent.mkdir()
    with archive.writing(file, ABOUT) as out:
        for name in ("forgeward.sqlite3", "policy.yaml", RAW):
            assert out.add(name, source)
        assert not out.add("settings.toml", tmp_path / "gone")
    return file


def rewritten(file: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]) -> Path:
    """The archive with other members."""
    with tarfile.open(file) as tar:
        members = [(each, tar.extractfile(each).read()) for each in tar]  # type: ignore[union-attr]  # all are files
    change(members)
    other = file.with_name("other.backup")
    with tarfile.open(other, "w") as tar:
        for each, content in members:
            each.size = len(content) if each.isreg() else 0
            tar.addfile(each, io.BytesIO(content))
    return other


def test_what_was_written_is_read(made: Path, tmp_path: Path) -> None:
    """Owner only, every byte; nothing half-made is left."""
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [file.name for file in made.parent.iterdir()] == ["x.backup"]
    assert archive.about(made) == ABOUT
    assert archive.check(made).keys() == {"about.json", "forgeward.sqlite3", "policy.yaml", RAW}
    archive.extract(made, tmp_path / "home")
    assert (tmp_path / "home" / RAW).read_bytes() == b"some bytes" * 1000
    assert stat.S_IMODE((tmp_path / "home" / RAW).stat().st_mode) == 0o600
    with pytest.raises(BadInput, match="there already"), archive.writing(made, ABOUT):
        pass


def test_every_changed_byte_is_noticed(made: Path) -> None:
    """Of contents and of names; at a place of each kind, and cut at each block."""
    whole = made.read_bytes()
    damaged = made.with_name("damaged.backup")
    end = whole.rstrip(b"\0").__len__()
    for at in range(0, end, 97):
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        if tarfile_same(damaged, made):
            continue  # a byte that tar does not read, like padding or a user's name
        with pytest.raises(ForgewardError):
            _read(damaged)
    for size in range(0, end, 512):
        damaged.write_bytes(whole[:size])
        with pytest.raises(ForgewardError):
            _read(damaged)


def _read(file: Path) -> None:
    archive.about(file)
    archive.check(file)


def tarfile_same(one: Path, two: Path) -> bool:
    """Whether both hold the same members with the same bytes."""
    try:
        found = []
        for file in (one, two):
            with tarfile.open(file, "r:") as tar:
                found.append([(each.name, each.type, tar.extractfile(each).read()) for each in tar])  # type: ignore[union-attr]
        return found[0] == found[1]
    except (tarfile.TarError, EOFError, AttributeError, OSError):
        return False


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strange_name_is_refused(made: Path, name: str, tmp_path: Path) -> None:
    """Neither written nor read: nothing leaves the folder."""

    def strange(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[1][0].name = name
        listed = msgspec.json.decode(members[-1][1])
        listed[name] = listed.pop("forgeward.sqlite3")
        members[-1] = members[-1][0], msgspec.json.encode(listed)

    with pytest.raises(VerificationFailed):
        archive.check(rewritten(made, strange))
    (tmp_path / "a").touch()
    with pytest.raises(BadInput), archive.writing(tmp_path / "b.backup", ABOUT) as out:
        out.add(name, tmp_path / "a")
    assert not (tmp_path / "b.backup").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_only_plain_files_are_members(made: Path, kind: bytes) -> None:
    """No link leads out, no device is made."""

    def linked(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[1][0].type, members[1][0].linkname = kind, "/etc/passwd"

    with pytest.raises(VerificationFailed):
        archive.check(rewritten(made, linked))


@pytest.mark.parametrize("what", ["left out", "doubled", "added", "after the end"])
def test_members_are_those_that_were_listed(made: Path, what: str) -> None:
    """No more, no fewer, each once."""

    def other(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        if what == "left out":
            del members[1]
        elif what == "doubled":
            members.insert(2, members[1])
        else:
            fresh = tarfile.TarInfo(f"files/{'cd' * 20}")
            members.insert(2 if what == "added" else len(members), (fresh, b"x"))

    with pytest.raises(VerificationFailed):
        archive.check(rewritten(made, other))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\0" * 10240, b"plain text" * 200])
def test_other_files_are_no_backup(tmp_path: Path, content: bytes) -> None:
    """Said in a sentence."""
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ForgewardError):
        archive.about(tmp_path / "x")
    with pytest.raises(BadInput):
        archive.about(tmp_path / "gone")
