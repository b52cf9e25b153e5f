"""The parser's child process, ``python -m forgeward.edges.mail_worker MEMORY CPU WALL MAILS``; `mail_parser` starts it.

A mail that breaks the parser is answered with NotParsed, or with nothing where only its OpenPGP parts or its signatures
were asked for; when one breaks the process, `mail_parser` sees how.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from forgeward.edges import guarded_child
from forgeward.edges.mail_pgp import carried
from forgeward.edges.mail_reading import read
from forgeward.edges.mail_signatures import asked, checked
from forgeward.respond.mail import NotParsed, Reading

WHOLE, HEAD, CARRIED, ASKED, SIGNED = range(5)  # kinds of frames to the child
_OTHERS: dict[int, Callable[[bytes], object]] = {CARRIED: carried, ASKED: asked, SIGNED: checked}

_WARM_UP = (
    b"From: =?utf-8?q?W=C3=A4rm?= <a@example.org>\r\nTo: b@example.org\r\nSubject: =?utf-8?b?w6Q=?=\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
    b"Content-Type: text/html; charset=iso-8859-1\r\n\r\n<p>x\r\n--b--\r\n"
)


def answer(kind: int, body: bytes) -> bytes:
    """What was asked for, as msgpack; never raises what the mail could cause."""
    other = _OTHERS.get(kind)
    if other is None:
        return _reading(kind, body)
    try:
        return msgspec.msgpack.encode(other(body))
    except Exception:  # noqa: BLE001 - the standard parser raises nearly anything on hostile bytes
        return msgspec.msgpack.encode(None)


def _reading(kind: int, raw: bytes) -> bytes:
    encode = msgspec.msgpack.encode
    try:
        return encode(read(raw, head_only=kind == HEAD))
    except MemoryError:
        failed: Reading = NotParsed("Reading it takes more memory than the parser has.", "memory")
    except RecursionError:
        failed = NotParsed("Its parts are nested too deep.", "too_deep")
    except Exception as error:  # noqa: BLE001 - the standard parser raises nearly anything on hostile bytes
        failed = NotParsed(f"The mail library failed on it ({type(error).__name__}).", "crashed")
    return encode(failed)


if __name__ == "__main__":
    guarded_child.main(answer, warm_up=lambda: read(_WARM_UP))
