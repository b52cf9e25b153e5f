"""Hostile OpenPGP: what is cut off, flipped, nested or blown up takes a child with it at most, never the answer."""

from __future__ import annotations

import os
import random
import signal
import struct
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from pysequoia.packet import PacketPile

from forgeward.edges import openpgp_worker
from forgeward.edges.guarded import Guard
from forgeward.edges.openpgp_children import Children
from forgeward.edges.openpgp_mime import armoured
from forgeward.edges.openpgp_tasks import Certificates, Generate, Inspect, Made, Open, Opened, Refused, Seal, Verify
from tests.edges.gnupg import GPG, NO_GPG, gnupg

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MOST = 40 * 2**20


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children(workers=2) as pool:
        yield pool


@pytest.fixture(scope="module")
def own(children: Children) -> Made:
    made = children.do(Generate(("Security <security@example.com>",), 0, NOW))
    assert isinstance(made, Made)
    return made


@pytest.fixture(scope="module")
def public(own: Made) -> bytes:
    assert own.certificate
    return own.certificate.public


@pytest.fixture(scope="module")
def sealed(children: Children, own: Made, public: bytes) -> bytes:
    made = children.do(Seal(b"Hello.\r\n" * 40, own.data, (public,), datetime.now(UTC)))
    assert isinstance(made, Made)
    return made.data


def forks(children: Children) -> list[int]:
    """The processes that wait for a task, once each child has its next one."""
    time.sleep(0.2)
    listed = (Path(f"/proc/{pid}/task/{pid}/children").read_text().split() for pid in children.pids())
    return [int(pid) for each in listed for pid in each]


def packet(tag: int, body: bytes) -> bytes:
    """A packet in the new format (RFC 9580, 4.2.1)."""
    return bytes([0xC0 | tag, 255]) + struct.pack(">I", len(body)) + body


def literal(content: bytes) -> bytes:
    return packet(11, b"b\0" + bytes(4) + content)


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packet(8, b"\1" + packer.compress(content) + packer.flush())


def opened(children: Children, data: bytes, own: Made, public: bytes) -> Opened | Refused:
    result = children.do(Open(data, (own.data,), (public,), NOW, MOST))
    assert isinstance(result, Opened | Refused)
    return result


@pytest.mark.slow
def test_cut_off_anywhere(children: Children, own: Made, public: bytes, sealed: bytes) -> None:
    """Wherever a message is cut off, a sentence comes back; the next one opens."""
    for size in range(0, len(sealed) - 60, 11):
        result = opened(children, sealed[:size], own, public)
        assert isinstance(result, Refused), size
        assert result.sentence.endswith(".")
    assert isinstance(opened(children, sealed, own, public), Opened)


@pytest.mark.skipif(GPG is None, reason=NO_GPG)
def test_panics_are_sentences(children: Children, own: Made, public: bytes) -> None:
    """A session key of ours before too little ciphertext makes the library panic: told in words; the next one opens."""
    with gnupg() as peer:
        peer.run("--import", stdin=armoured(public).encode())
        message = peer.run("--encrypt", "--recipient", "security@example.com", stdin=b"Hello.\r\n" * 100)
    session_key, ciphertext = (bytes(each) for each in PacketPile.from_bytes(message))
    results = [
        opened(children, session_key + packet(18, ciphertext[2 : 2 + size]), own, public) for size in range(30, 45)
    ]
    panicked = [each for each in results if isinstance(each, Refused) and each.code == "panicked"]
    assert panicked
    assert all("gave up on it" in each.sentence for each in panicked)
    assert isinstance(opened(children, message, own, public), Opened)


@pytest.mark.slow
def test_flipped_bits(children: Children, own: Made, public: bytes, sealed: bytes) -> None:
    """No flipped bit yields a text, beyond those that the message's own header does not protect."""
    chance = random.Random(7)
    text = opened(children, sealed, own, public)
    assert isinstance(text, Opened)
    for _ in range(150):
        hostile = bytearray(sealed)
        hostile[chance.randrange(60, len(hostile) - 60)] ^= 1 << chance.randrange(8)
        result = opened(children, bytes(hostile), own, public)
        assert isinstance(result, Refused) or result.data == text.data


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["random", "packets", "armour"])
def test_noise(children: Children, own: Made, public: bytes, kind: str) -> None:
    """Random bytes, random packets and random armour are refused by every task, in time."""
    chance = random.Random(11)
    for _ in range(40):
        noise = chance.randbytes(chance.randrange(1, 3000))
        if kind == "packets":
            noise = b"".join(packet(chance.randrange(22), chance.randbytes(chance.randrange(300))) for _ in range(9))
        if kind == "armour":
            noise = armoured(noise, chance.choice(["MESSAGE", "SIGNATURE", "PUBLIC KEY BLOCK"])).encode()
        begun = time.monotonic()
        result = opened(children, noise, own, public)
        assert isinstance(result, Refused) or not result.own
        checked = children.do(Verify(b"text", noise, (public,), NOW))
        assert isinstance(checked, Refused | Opened)
        assert isinstance(checked, Refused) or not any(found.state == "good" for found in checked.signatures)
        children.do(Inspect(noise, NOW))
        assert time.monotonic() - begun < 10


@pytest.mark.slow
def test_bombs(children: Children, own: Made, public: bytes) -> None:
    """A message that is a megabyte and unpacks to a gigabyte is refused; the machine notices nothing."""
    bomb = deflated(literal(bytes(600_000_000)))
    assert len(bomb) < 1_000_000
    result = opened(children, bomb, own, public)
    assert isinstance(result, Refused)
    nested = literal(b"x")
    for _ in range(200):
        nested = deflated(nested)
    assert isinstance(opened(children, nested, own, public), Refused | Opened)
    assert isinstance(children.do(Inspect(public, NOW)), Certificates)


def test_a_child_that_hangs_is_a_sentence(own: Made, public: bytes, sealed: bytes) -> None:
    """A task over which its child hangs is given up in time, with a sentence; the next task is done by another."""
    with Children(guard=Guard(memory=600_000_000, wall_seconds=0.6, mails=1)) as pool:
        assert isinstance(opened(pool, sealed, own, public), Opened)
        for fork in forks(pool):
            os.kill(fork, signal.SIGSTOP)
        result = opened(pool, sealed, own, public)
        assert isinstance(result, Refused)
        assert "too long" in result.sentence
        assert isinstance(opened(pool, sealed, own, public), Opened)


def test_a_child_killed_at_work_is_replaced(own: Made, public: bytes, sealed: bytes) -> None:
    """A process killed from outside is no verdict on its task: another one does it."""
    with Children() as pool:
        assert isinstance(opened(pool, sealed, own, public), Opened)
        for fork in forks(pool):
            os.kill(fork, signal.SIGKILL)
        assert isinstance(opened(pool, sealed, own, public), Opened)


def test_forks_serve_one_task(children: Children, own: Made, public: bytes, sealed: bytes) -> None:
    """No process that opened one mail opens another."""
    seen = set()
    for _ in range(6):
        opened(children, sealed, own, public)
        seen |= set(forks(children))
    assert len(seen) >= 6


def test_whatever_the_library_raises_becomes_a_sentence() -> None:
    """A panic is a BaseException: it is told as one, and never leaves the worker."""
    task = Open(b"\xff" * 40, (b"no key",), (), NOW, MOST)
    result = msgspec.msgpack.decode(openpgp_worker.answer(0, msgspec.msgpack.encode(task)), type=Refused)
    assert result.code in {"damaged", "failed", "panicked"}


def test_a_thousand_keys(children: Children, public: bytes) -> None:
    """Of many keys in one file only the first few are looked at, and the rest is counted."""
    result = children.do(Inspect(public * 500, NOW, most=5))
    assert isinstance(result, Certificates)
    assert (len(result.certificates), result.left) == (5, 495)
