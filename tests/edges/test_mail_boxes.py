"""Mails from files, folders, boxes and standard input."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from forgeward.edges import mail_boxes
from forgeward.edges.mail_boxes import RawMail, Source, Unreadable, read_sources

ONE = b"From: a@example.org\nSubject: one\n\nfirst\n"
TWO = b"From: b@example.org\nSubject: two\n\nsecond\n"
LINE = b"From a@example.org Sat Jan  3 01:05:34 1996\n"


def taken(*names: str | Path, stdin: bytes = b"") -> list[Source]:
    return list(read_sources(names, io.BytesIO(stdin)))


def raws(found: list[Source]) -> list[bytes]:
    assert all(isinstance(each, RawMail) for each in found), found
    return [each.raw for each in found if isinstance(each, RawMail)]


def test_a_file_is_one_mail_byte_for_byte(tmp_path: Path) -> None:
    """A single mail is taken as it is, whatever its line ends and its bytes."""
    raw = b"Subject: x\r\n\r\n\xff\0 \n\n"
    (tmp_path / "a.eml").write_bytes(raw)
    assert taken(tmp_path / "a.eml") == [RawMail(str(tmp_path / "a.eml"), raw)]


def test_standard_input() -> None:
    """A dash reads one mail from standard input, or a whole mbox."""
    assert taken("-", stdin=ONE) == [RawMail("-", ONE)]
    assert raws(taken("-", stdin=LINE + ONE + b"\n" + LINE + TWO + b"\n")) == [ONE, TWO]


def test_mbox_parts_at_separators(tmp_path: Path) -> None:
    """An mbox's mails come out as they went in: the blank line between them and the quoting are the box's own."""
    quoted = b"Subject: q\n\n>From me to you\n>>From deeper\n> From x\n"
    box = tmp_path / "inbox"
    box.write_bytes(LINE + ONE + b"\n" + LINE + quoted + b"\n" + LINE + TWO)
    found = taken(box)
    assert raws(found) == [ONE, b"Subject: q\n\nFrom me to you\n>From deeper\n> From x\n", TWO]
    assert [each.name for each in found] == [f"{box}:1", f"{box}:2", f"{box}:3"]


@pytest.mark.parametrize(
    "prose",
    [
        b"From the beginning it was wrong.\n",
        b"\nFrom here on, nothing works.\n",
        b"\nFrom 10:30 until 1996 it ran,\nand then no more\n",
        b"not blank before\n" + LINE + b"Subject: x\n",
        b"\n" + LINE + b"a sentence, no field\n",
        b"\n" + LINE,
        b"\nFrom " + b"x" * 600 + b" 10:00:00 1996\nSubject: x\n",
    ],
)
def test_mbox_prose_is_no_separator(prose: bytes) -> None:
    """Lines of a text that only look a little like a separator stay in their mail."""
    assert raws(taken("-", stdin=LINE + ONE + prose)) == [ONE + prose]


def test_mbox_with_crlf() -> None:
    """A box written with CRLF is parted as well."""
    one, two, line = (each.replace(b"\n", b"\r\n") for each in (ONE, TWO, LINE))
    assert raws(taken("-", stdin=line + one + b"\r\n" + line + two + b"\r\n")) == [one, two]


def test_mbox_is_read_as_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail over the limit is named and skipped; the mails around it are taken; endless lines do not matter."""
    monkeypatch.setattr(mail_boxes, "MAIL_LIMIT", 3_000_000)
    huge = b"Subject: huge\n\n" + b"x" * 5_000_000 + b"\n"
    found = taken("-", stdin=LINE + ONE + b"\n" + LINE + huge + b"\n" + LINE + TWO)
    assert found[0] == RawMail("-:1", ONE)
    assert isinstance(found[1], Unreadable)
    assert "larger than 2 MB" in found[1].reason
    assert found[2] == RawMail("-:3", TWO)


def test_a_huge_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over the limit is not taken half: it is named."""
    monkeypatch.setattr(mail_boxes, "MAIL_LIMIT", 1_000)
    (tmp_path / "a.eml").write_bytes(ONE + b"x" * 1_000)
    [found] = taken(tmp_path / "a.eml")
    assert isinstance(found, Unreadable)


def test_maildir_in_order_of_delivery(tmp_path: Path) -> None:
    """A Maildir gives new and seen mails by name, which begins with the time; never what is still being written."""
    for box in ("cur", "new", "tmp"):
        (tmp_path / box).mkdir()
    (tmp_path / "new" / "1700000001.M1.host").write_bytes(ONE)
    (tmp_path / "cur" / "1700000002.M1.host:2,S").write_bytes(TWO)
    (tmp_path / "tmp" / "1700000000.M1.host").write_bytes(b"half")
    (tmp_path / "new" / ".hidden").write_bytes(b"x")
    assert raws(taken(tmp_path)) == [ONE, TWO]


def test_folder_of_mails(tmp_path: Path) -> None:
    """A folder gives its mail files by name and boxes mail by mail; other files are named, not swallowed."""
    (tmp_path / "b.eml").write_bytes(TWO)
    (tmp_path / "a.EML").write_bytes(ONE)
    (tmp_path / "c.mbox").write_bytes(LINE + ONE + b"\n" + LINE + TWO)
    (tmp_path / "readme.txt").write_bytes(b"x")
    *mails, other = taken(tmp_path)
    assert raws(mails) == [ONE, TWO, ONE, TWO]
    assert isinstance(other, Unreadable)
    assert "readme.txt" in other.reason


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Missing and empty files, pipes and folders among mails become sentences; the mails after them are taken."""
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "folder.eml").mkdir()
    os.mkfifo(tmp_path / "box" / "pipe.eml")
    (tmp_path / "z.eml").write_bytes(ONE)
    found = taken(tmp_path / "none.eml", tmp_path / "empty.eml", tmp_path / "box", tmp_path / "z.eml")
    assert [type(each) for each in found] == [Unreadable, Unreadable, Unreadable, Unreadable, RawMail]
    reasons = [each.reason for each in found if isinstance(each, Unreadable)]
    assert reasons[0] == "It cannot be read: No such file or directory."
    assert reasons[1] == "It is empty."
    assert reasons[2] == reasons[3] == "It is not a regular file."


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    """A file's name may hold any bytes; the name that is told can be stored and printed."""
    path = os.fsencode(tmp_path) + b"/\xff.eml"
    Path(os.fsdecode(path)).write_bytes(ONE)
    [found] = taken(Path(os.fsdecode(path)))
    assert isinstance(found, RawMail)
    assert found.name.encode().endswith("\ufffd.eml".encode())


def test_files_are_read_when_they_are_reached(tmp_path: Path) -> None:
    """The iterator does not run ahead: a mail that appears before its turn is found."""
    (tmp_path / "a.eml").write_bytes(ONE)
    sources = read_sources([tmp_path / "a.eml", tmp_path / "b.eml"])
    assert next(sources) == RawMail(str(tmp_path / "a.eml"), ONE)
    (tmp_path / "b.eml").write_bytes(TWO)
    assert next(sources) == RawMail(str(tmp_path / "b.eml"), TWO)
