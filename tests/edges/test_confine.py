"""What a locked-up process can no longer do. Each test asks a child of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from forgeward.edges.confine import Confinement

ASK = """
import os, socket, sys
from forgeward.edges.confine import confine, allow_cpu
held = confine(300_000_000)
try:
    {deed}
except (OSError, MemoryError) as error:
    os.write(1, f"{{type(error).__name__}} {{held.whole}}".encode())
else:
    os.write(1, f"done {{held.whole}}".encode())
"""


def attempt(deed: str) -> tuple[str, bool]:
    """What came of ``deed`` in a confined process, and whether every layer of the confinement held."""
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(deed=deed)], stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    outcome, whole = done.stdout.decode().split()
    return outcome, whole == "True"


@pytest.mark.parametrize(
    "deed",
    [
        "socket.socket()",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.socketpair()",
        "open('/etc/passwd')",
        "open('/tmp/forgeward-confined', 'w')",
        "os.listdir('/')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "bytearray(400_000_000)",
    ],
)
def test_refused(deed: str) -> None:
    """Sockets, files, processes, signals and memory are out of reach where the kernel permits every layer."""
    outcome, whole = attempt(deed)
    if not whole:
        pytest.skip("this kernel permits only some layers of confinement; `forgeward doctor` says which")
    assert outcome in {"PermissionError", "MemoryError"}


@pytest.mark.parametrize("deed", ["b'x'.decode('cp037')", "os.write(1, b'')", "allow_cpu(3)", "bytearray(1_000_000)"])
def test_still_possible(deed: str) -> None:
    """Late codecs, open pipes, more processor time and a little memory are what a parser needs."""
    assert attempt(deed)[0] == "done"


@pytest.mark.parametrize(
    ("held", "words", "whole"),
    [
        (Confinement(True, True, 6, True, 300_000_000), "network cut: own namespace and seccomp; files closed", True),
        (Confinement(False, True, 1, True, 300_000_000), "network cut: seccomp; files closed", True),
        (Confinement(False, False, 4, True, 300_000_000), "network open: TCP refused by Landlock, UDP not", False),
        (Confinement(), "network open: the kernel permits no cut; files open", False),
    ],
)
def test_said_in_words(held: Confinement, words: str, whole: bool) -> None:
    """A layer that does not hold is named, and the whole is not called whole."""
    assert words in str(held)
    assert held.whole is whole
