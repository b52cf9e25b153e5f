"""Files of letters that were looked at and never sent go by themselves; those of messages stay."""

from __future__ import annotations

import os
from datetime import timedelta

from forgeward.desk.actions import files
from forgeward.desk.models import AttachmentRow, CaseRow, Heartbeat
from forgeward.respond.commands import Acknowledge
from tests.desk.post import Office, report
from tests.desk.web.house import House


def grow_old(post: Office, **length: float) -> None:
    at = (post.now - timedelta(**length)).timestamp()
    for file in post.home.files.iterdir():
        os.utime(file, (at, at))


def test_what_no_letter_took_is_swept_after_two_days(post: Office, house: House) -> None:
    """Not earlier, and nothing that a message has."""
    from forgeward.desk.actions import letters

    number = post.one(report()).case or ""
    row = CaseRow.objects.get(number=number)
    (sent,) = letters.enclose(post.home, row, [("sent.txt", b"sent")])
    letters.send(post.home, number, Acknowledge(text="x", files=(sent.line,)), house.hannah, post.now)
    letters.enclose(post.home, row, [("looked.txt", b"only looked at")])
    assert len(list(post.home.files.iterdir())) == 2
    grow_old(post, hours=47)
    assert files.sweep(post.home, post.now) == 0
    grow_old(post, hours=49)
    assert files.sweep(post.home, post.now) == 1
    assert [file.name for file in post.home.files.iterdir()] == [AttachmentRow.objects.get().name]
    assert files.sweep(post.home, post.now) == 0


def test_a_file_that_comes_again_is_young_again(post: Office) -> None:
    """Between being kept and being written down nothing takes it away."""
    from forgeward.desk.actions import letters

    number = post.one(report()).case or ""
    row = CaseRow.objects.get(number=number)
    letters.enclose(post.home, row, [("a.txt", b"abc")])
    grow_old(post, days=30)
    letters.enclose(post.home, row, [("a.txt", b"abc")])
    (file,) = post.home.files.iterdir()
    assert file.stat().st_mtime > (post.now - timedelta(days=30)).timestamp()


def test_the_worker_sweeps(post: Office) -> None:
    """With the retention's hour."""
    from forgeward.desk.actions import letters, retention

    number = post.one(report()).case or ""
    letters.enclose(post.home, CaseRow.objects.get(number=number), [("a.txt", b"abc")])
    grow_old(post, days=3)
    Heartbeat.objects.filter(name=retention.BEAT).delete()
    retention.look_after(post.home, post.now)
    assert list(post.home.files.iterdir()) == []
