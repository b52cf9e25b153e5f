"""One message to a chat, by apprise in a process of its own: with a time limit, and without anything to lose.

apprise resolves, connects and logs by itself. So it runs in a child that gets the address by its standard input, has an
empty environment, may look up the permitted hosts only and connect to permitted addresses only, follows no redirect,
and whose words nobody hears: neither logs nor errors can hold a secret.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from forgeward.edges.chat_settings import Target
from forgeward.respond.chat import Post
from forgeward.respond.webhooks import Reply

CHILD = "forgeward.edges.chat_child"
LOADING = 30.0  # seconds that the child may take to begin


class Order(msgspec.Struct, frozen=True):
    """What the child is asked to do."""

    url: str
    title: str
    body: str
    hosts: tuple[str, ...]
    private: tuple[str, ...]
    seconds: float


class Report(msgspec.Struct, frozen=True):
    """What the child says: whether it was taken, the last status (0: none), and seconds of Retry-After."""

    taken: bool
    status: int = 0
    after: int = 0
    forbidden: bool = False


def send(target: Target, post: Post, private: Sequence[str], seconds: float) -> Reply:
    """Sends it and says what became of it, in our own words. Lasts ``seconds`` and ``LOADING`` at most."""
    order = Order(target.url, post.title, post.body, target.hosts, tuple(private), seconds)
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-I", "-m", CHILD],
            input=msgspec.json.encode(order),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # apprise's log names addresses
            timeout=seconds + LOADING,
            env={},
            check=False,
            start_new_session=True,
        )
        if done.returncode == -signal.SIGALRM:
            return _late(seconds)
        report = msgspec.json.decode(done.stdout[-4096:], type=Report)
    except subprocess.TimeoutExpired:
        return _late(seconds)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Reply(0, "The process that sends to chats failed.")
    return _told(report)


def _told(report: Report) -> Reply:
    if report.taken:
        return Reply(200, "Taken.")
    if report.forbidden:
        return Reply(0, "It leads to a host or an address that is not permitted.")
    if 300 <= report.status < 400:
        return Reply(report.status, f"Answered {report.status}: redirects are not followed.")
    after = timedelta(seconds=report.after) if report.after else None
    return Reply(report.status, f"Answered {report.status}." if report.status else "Not reached.", after)


def _late(seconds: float) -> Reply:
    return Reply(0, f"No answer within {seconds:g} seconds.")
