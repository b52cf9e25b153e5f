"""GnuPG as the peer in tests: another implementation, in a throw-away home, that makes and reads mails."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

GPG = shutil.which("gpg")
NO_GPG = "GnuPG is not installed (Debian: gnupg)"
THEN = "20250101T000000!"  # what --faked-system-time shows: the clock stands still


class Gpg:
    """One GnuPG home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._env = {**os.environ, "GNUPGHOME": str(folder), "LC_ALL": "C.UTF-8"}

    def run(self, *arguments: str, stdin: bytes = b"", check: bool = True) -> bytes:
        done = self.result(*arguments, stdin=stdin)
        assert not check or done.returncode == 0, done.stderr.decode()
        return done.stdout

    def result(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        options = ("--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "")
        command = [str(GPG), *options, "--trust-model", "always", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, env=self._env, check=False)

    def key(self, name: str, *algorithm: str, expires: str = "never", then: bool = False) -> None:
        """Makes a key; ``then`` in January 2025."""
        when = ("--faked-system-time", THEN) if then else ()
        address = name.lower().split()[-1]
        chosen = algorithm or ("default", "default")
        self.run(*when, "--quick-generate-key", f"{name} <{address}@example.org>", *chosen, expires)

    def subkey(self, who: str, algorithm: str, expires: str = "never", *, then: bool = False) -> None:
        """Adds a key to encrypt to; ``then`` in January 2025."""
        when = ("--faked-system-time", THEN) if then else ()
        listing = self.run("--with-colons", "--list-keys", who).decode()
        fingerprint = next(line for line in listing.splitlines() if line.startswith("fpr")).split(":")[9]
        self.run(*when, "--quick-add-key", fingerprint, algorithm, "encr", expires)

    def public(self, who: str) -> bytes:
        return self.run("--armor", "--export", who)

    def revoke(self, who: str) -> None:
        """Takes the revocation that GnuPG makes with each key."""
        listing = self.run("--with-colons", "--list-keys", who).decode()
        fingerprint = next(line for line in listing.splitlines() if line.startswith("fpr")).split(":")[9]
        text = (self._folder / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text(encoding="utf-8")
        self.run("--import", stdin=text[text.index(":-----BEGIN") + 1 :].encode())

    def close(self) -> None:
        with contextlib.suppress(OSError):
            subprocess.run(["gpgconf", "--kill", "all"], env=self._env, capture_output=True, check=False)


@contextlib.contextmanager
def gnupg() -> Iterator[Gpg]:
    """A fresh home in a folder whose path is short enough for the agent's socket."""
    with TemporaryDirectory(prefix="gpg-") as folder:
        Path(folder).chmod(0o700)
        peer = Gpg(Path(folder))
        try:
            yield peer
        finally:
            peer.close()


def signed_mail(peer: Gpg, who: str, entity: bytes, head: bytes) -> bytes:
    """multipart/signed by ``who`` (RFC 3156, 5)."""
    signature = peer.run("--armor", "--detach-sign", "--local-user", who, stdin=entity).replace(b"\n", b"\r\n")
    kind = b'multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="s"'
    return (
        head + b"Content-Type: " + kind + b"\r\n\r\n--s\r\n" + entity
        + b"\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n" + signature + b"\r\n--s--\r\n"
    )  # fmt: skip


def encrypted_mail(message: bytes, head: bytes) -> bytes:
    """multipart/encrypted around an armoured message (RFC 3156, 4)."""
    kind = b'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="e"'
    return (
        head + b"Content-Type: " + kind + b"\r\n\r\n"
        + b"--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        + b"\r\n--e\r\nContent-Type: application/octet-stream\r\n\r\n" + message + b"\r\n--e--\r\n"
    )  # fmt: skip
