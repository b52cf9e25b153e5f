"""Keys from a Web Key Directory: the addresses of the draft, and a hostile server on loopback."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from forgeward.edges import wkd
from forgeward.edges.wkd import MOST, Wkd
from forgeward.respond.openpgp_wkd import addresses, z_base_32


def test_the_example_of_the_draft() -> None:
    """Joe.Doe@Example.ORG, as in the draft's section 3.1."""
    hashed = "iy9q119eutrkn8s1mk4r39qejnbu3n5q"
    assert addresses("Joe.Doe@Example.ORG") == (
        f"https://openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/{hashed}?l=Joe.Doe",
        f"https://example.org/.well-known/openpgpkey/hu/{hashed}?l=Joe.Doe",
    )
    assert len(z_base_32(bytes(20))) == 32


@pytest.mark.parametrize("address", ["", "joe", "joe@", "@example.org", "joe@localhost", "joe@exa mple.org", "a@[::1]"])
def test_addresses_without_a_directory(address: str) -> None:
    """Where there is no proper domain nobody is asked."""
    assert addresses(address) == ()
    assert Wkd().find(address) is None


@pytest.mark.parametrize("name", ["a b&c=d@example.org", "../../x@example.org", "a\r\nX: y@example.org"])
def test_nothing_slips_into_the_request(name: str) -> None:
    """Signs that mean something in an address are escaped."""
    for address in addresses(name):
        assert " " not in address
        assert "\r" not in address
        assert address.partition("?l=")[2].count("/") == 0
        assert "&" not in address


class Directory(BaseHTTPRequestHandler):
    """Answers by the local part that is asked for."""

    def do_GET(self) -> None:
        asked = self.path.rpartition("?l=")[2]
        if asked == "slow":
            time.sleep(1.5)
        self.send_response(302 if asked == "moved" else 404 if asked == "nobody" else 200)
        self.send_header("Location", "https://example.org/")
        self.end_headers()
        self.wfile.write(b"k" * (MOST + 1) if asked == "huge" else b"key of " + asked.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def lookup(host: str) -> list[str]:
    """Some names of the world, all of them on loopback."""
    if host not in {"example.org", "openpgpkey.example.net", "example.com"}:
        raise OSError(host)
    return ["127.0.0.1"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wkd]:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.org")])
    names = [x509.DNSName("example.org"), x509.DNSName("openpgpkey.example.net")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "both.pem").write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    server = HTTPServer(("127.0.0.1", 0), Directory)
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(folder / "both.pem")
    server.socket = inside.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    trusting = ssl.create_default_context(cafile=str(Path(folder / "both.pem")))
    yield Wkd(trusting, server.server_address[1], lookup, private=True)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("rita@example.org", b"key of rita"),  # by the second address: the first host does not exist
        ("rita@example.net", b"key of rita"),  # by the first one
        ("rita@example.com", None),  # its certificate is another host's
        ("rita@nowhere.example", None),
        ("nobody@example.org", None),
        ("moved@example.org", None),
        ("huge@example.org", None),
    ],
)
def test_a_directory(directory: Wkd, address: str, found: bytes | None) -> None:
    """A key that is there comes; what is missing, elsewhere, absurdly large or somebody else's is none."""
    assert directory.find(address) == found


def test_private_addresses_are_refused() -> None:
    """A domain that points into our own network is not even connected to."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.3)
    assert Wkd(port=listener.getsockname()[1], lookup=lookup).find("rita@example.org") is None
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()


def test_what_is_private() -> None:
    """Loopback, private, link-local and mapped addresses are none of the world's."""
    assert wkd.SECONDS <= 10
    for inside in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:10.0.0.1"):
        assert not ipaddress.ip_address(inside).is_global
