"""Mail servers on loopback for tests: a real one (aiosmtpd), one that follows a script, and a small CA."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Sink:
    """Takes what it is given; answers what it is told to: ``{"rita@example.org": "550 5.1.1 nobody"}``."""

    answers: dict[str, str] = field(default_factory=dict)
    after_data: str = "250 2.0.0 Ok: queued as 4F2A"
    taken: list[Envelope] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        self.secured.append(session.ssl is not None)
        return self.after_data


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def serving(sink: Sink, **options: object) -> Iterator[int]:
    """The sink behind a real SMTP server; yields its port. ``options`` are aiosmtpd's."""
    port = free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port, **options)  # type: ignore[arg-type]
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def only(user: bytes, password: bytes) -> dict[str, object]:
    """aiosmtpd's options for a server that lets this one user in."""

    def check(_server: object, _session: object, _envelope: object, _how: object, given: LoginPassword) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (user, password), handled=False)

    return {"authenticator": check, "auth_required": True}


@contextlib.contextmanager
def scripted(*replies: bytes, heard: list[bytes] | None = None) -> Iterator[int]:
    """A server that says ``replies[0]``, then one more for each line it reads, and hangs up when it has none left.

    ``heard`` gets the lines.
    """
    server = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as lines:
                for reply in replies:
                    connection.sendall(reply)
                    line = lines.readline()
                    if heard is not None:
                        heard.append(line)
                    if not line:
                        return

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


@dataclass(frozen=True)
class TestCA:
    """A certificate authority of this test run: its certificate's file, and a server's context made by it."""

    __test__ = False
    file: Path
    server: ssl.SSLContext
    expired: ssl.SSLContext
    other: ssl.SSLContext  # for another host


def make_ca(folder: Path) -> TestCA:
    """Writes a CA and a server's certificates for 127.0.0.1 (one of them expired) into ``folder``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = _certificate(name, name, key, key, now, ca=True)
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    long_ago = now - datetime.timedelta(days=300)
    return TestCA(
        folder / "ca.pem",
        _context(folder, "ok", name, key, now),
        _context(folder, "old", name, key, long_ago),
        _context(folder, "other", name, key, now, host="127.0.0.2"),
    )


def _context(
    folder: Path,
    file: str,
    issuer: x509.Name,
    ca_key: ec.EllipticCurvePrivateKey,
    at: datetime.datetime,
    host: str = "127.0.0.1",
) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = _certificate(subject, issuer, key, ca_key, at, ca=False, host=host)
    (folder / f"{file}.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / f"{file}.pem")
    return context


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    ca_key: ec.EllipticCurvePrivateKey,
    at: datetime.datetime,
    *,
    ca: bool,
    host: str = "127.0.0.1",
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(at + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    if not ca:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(ca_key, hashes.SHA256())
