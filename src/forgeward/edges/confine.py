"""Locks the calling process up before it touches hostile bytes: no network, no files, bounded memory and time.

Each layer is taken where the kernel permits it, and what was not permitted is said, never assumed:

    namespace   an own, empty network: unshare(2) with CLONE_NEWNET, in an own user namespace where that is allowed
    seccomp     no socket, no other program, no further process (seccomp(2), a BPF filter that answers EPERM)
    landlock    no file but Python's own library, read-only (landlock(7)); its TCP rule stands in for a namespace

All three outlive an exec, need no privilege once ``no_new_privs`` is set, and cannot be undone by the process itself.
Linux only; elsewhere every layer is reported as open.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from pathlib import Path

import msgspec

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same numbers on every architecture
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_HARD_CPU_SECONDS = 1800


class Confinement(msgspec.Struct, frozen=True):
    """Which layers hold for one child. ``memory`` is in bytes, 0 where the system refused the limit."""

    namespace: bool = False
    seccomp: bool = False
    landlock: int = 0  # the kernel's Landlock version, 0 for none
    no_new_privs: bool = False
    memory: int = 0

    @property
    def network_cut(self) -> bool:
        """True where no socket can be opened, or where one that was opened reaches nothing."""
        return self.namespace or self.seccomp

    @property
    def whole(self) -> bool:
        """True where network, files, privileges and memory are all taken away."""
        return self.network_cut and self.landlock > 0 and self.no_new_privs and self.memory > 0

    def __str__(self) -> str:
        cuts = [name for name, held in (("own namespace", self.namespace), ("seccomp", self.seccomp)) if held]
        left = "TCP refused by Landlock, UDP not" if self.landlock >= 4 else "the kernel permits no cut"
        parts = (
            f"network cut: {' and '.join(cuts)}" if cuts else f"network open: {left}",
            "files closed: Landlock" if self.landlock else "files open: the kernel has no Landlock",
            "no new privileges" if self.no_new_privs else "privileges could grow",
            f"memory at most {self.memory // 1_000_000} MB" if self.memory else "memory without limit",
        )
        return "; ".join(parts) + "."


def end_with_parent() -> None:
    """Lets the kernel send SIGTERM to the calling process when its parent ends, also by kill -9 (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def confine(memory: int) -> Confinement:
    """Locks up the calling process, which must have one thread, and says how well. ``memory`` is in bytes.

    Open file descriptors stay usable. It dies with its parent. Cannot be undone.
    """
    held = _limit(memory)
    if sys.platform != "linux":
        return Confinement(memory=held)
    libc = ctypes.CDLL(None, use_errno=True)
    namespace = libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWNET) == 0
    _drop_capabilities(libc)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # after the change of credentials, which resets both
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    no_new_privs = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    landlock = _landlock(libc) if no_new_privs else 0
    seccomp = _seccomp(libc) if no_new_privs else False
    return Confinement(namespace, seccomp, landlock, no_new_privs, held)


def allow_cpu(seconds: int) -> None:
    """Gives the process ``seconds`` more of processor time; beyond them the kernel ends it with SIGXCPU.

    RLIMIT_CPU counts from the process's start, so the soft limit is moved before each piece of work.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _limit(memory: int) -> int:
    """Sets the limits of getrlimit(2); answers the memory limit that holds, 0 for none."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 16,
        resource.RLIMIT_CPU: _HARD_CPU_SECONDS,
    }
    if hasattr(resource, "RLIMIT_NPROC"):
        limits[resource.RLIMIT_NPROC] = 0
    for which, value in limits.items():
        with contextlib.suppress(ValueError, OSError):  # a stricter limit than ours is in force already
            resource.setrlimit(which, (value, value))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except (ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        return 0 if hard == resource.RLIM_INFINITY else hard
    return memory


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """capset(2) with nothing: a process started as root, or root of its own user namespace, keeps no power."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())


def _landlock(libc: ctypes.CDLL) -> int:
    """Refuses every file but Python's library (codecs load late). Answers the kernel's version, 0 where it has none."""
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return 0
    files = (1 << (13, 14, 15, 15, 16)[min(version, 5) - 1]) - 1
    rules = struct.pack("=QQQ", files, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    ruleset = libc.syscall(_LANDLOCK_CREATE, rules, 8 if version < 4 else 16 if version < 6 else 24, 0)
    if ruleset < 0:
        return 0
    library = os.open(Path(os.__file__).parent, os.O_PATH)
    try:
        beneath = struct.pack("=Qi", _READ_FILE | _READ_DIR, library)
        added = libc.syscall(_LANDLOCK_ADD, ruleset, 1, beneath, 0)
        return version if added == 0 and libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0 else 0
    finally:
        os.close(library)
        os.close(ruleset)


# Refused system calls by their numbers: socket, socketpair, connect, bind, listen, sendto, execve, execveat, fork,
# vfork, clone, clone3, ptrace, io_uring_setup (which could open sockets unseen), process_vm_writev, bpf, mount.
_REFUSED = {
    "x86_64": (0xC000003E, (41, 53, 42, 49, 50, 44, 59, 322, 57, 58, 56, 435, 101, 425, 311, 321, 165)),
    "aarch64": (0xC00000B7, (198, 199, 203, 200, 201, 206, 221, 281, 220, 435, 117, 425, 271, 280, 40)),
}
_X32 = 0x40000000  # x86_64's second set of numbers, which would pass by the first
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000


def _seccomp(libc: ctypes.CDLL) -> bool:
    """Installs a filter that answers EPERM to `_REFUSED`. False on architectures that the table does not hold."""
    machine = os.uname().machine
    if machine not in _REFUSED or sys.maxsize < 2**32:  # a 32-bit Python on a 64-bit kernel has other numbers
        return False
    architecture, numbers = _REFUSED[machine]
    refuse = len(numbers) + 2
    program = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    program += [(_JUMP_AT_LEAST, refuse - 1, 0, _X32)]
    program += [(_JUMP_EQUAL, refuse - 2 - i, 0, number) for i, number in enumerate(numbers)]
    program += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_program = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    return bool(libc.prctl(_PR_SET_SECCOMP, 2, filter_program, 0, 0) == 0)
