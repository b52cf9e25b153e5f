"""Calls to addresses that people entered reach no place inside the network, and end in time, whatever answers."""

from __future__ import annotations

import ipaddress
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from forgeward.edges.mail_settings import Dns
from forgeward.edges.outgoing import Caller, is_allowed, lookup_by
from forgeward.edges.outgoing_settings import Outgoing, networks
from forgeward.errors import BadInput
from tests.edges.nameserver import serving
from tests.edges.receiver import garbage, receiving, says

LOOPBACK = Outgoing(private=("127.0.0.1",), timeout=1)

REFUSED = (  # as dotted or coloned as people and resolvers write them, and not
    "127.0.0.1 127.8.8.8 0.0.0.0 10.0.0.1 172.16.5.4 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.1 192.0.2.1",
    "198.18.0.1 224.0.0.1 239.1.2.3 224.0.1.1 240.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 ff02::1",
    "fd12:3456::1 ff0e::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 2002:7f00:1:: 2002:a00:1::",
    "fec0::1 3fff::1 5f00::1 100::1 192.88.99.1 ::7f00:1 ::127.0.0.1 64:ff9b:1::7f00:1 2001:0:7f00:1::",
    "64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2001:db8::1 localhost 127.1 0x7f000001 2130706433 x",
)
PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", " ".join(REFUSED).split())
def test_no_address_inside_a_network_is_allowed(address: str) -> None:
    """Private, loopback, link-local (a cloud's metadata), shared, multicast, reserved; also inside an IPv6 address."""
    assert not is_allowed(address, ())


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    """The world can be called."""
    assert is_allowed(address, ())


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_each_of_its_forms(address: ipaddress.IPv4Address) -> None:
    """Law: mapped, by 6to4 or by NAT64, an address is allowed exactly where it is in itself."""
    number = int(address)
    forms = [f"::ffff:{address}", str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80)))]
    forms.append(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number)))
    assert {is_allowed(form, ()) for form in forms} == {is_allowed(str(address), ())}


def test_permitted_networks_are_allowed_and_no_others() -> None:
    """What settings name, and nothing beside it; a slip is told."""
    permitted = networks(Outgoing(private=("10.2.0.0/16", "fd00::/8")))
    assert is_allowed("10.2.3.4", permitted)
    assert is_allowed("::ffff:10.2.3.4", permitted)
    assert is_allowed("fd12::1", permitted)
    assert not is_allowed("10.3.0.1", permitted)
    with pytest.raises(BadInput, match=r"outgoing.private"):
        networks(Outgoing(private=("10.2.0.0/8",)))


def test_a_call_carries_body_and_headers() -> None:
    """What is sent arrives; a good status is a good reply."""
    with receiving(says(204)) as there:
        reply = Caller(LOOPBACK).post(there.url(), b'{"a":1}', {"webhook-id": "msg_1"})
    assert (reply.status, reply.good) == (204, True)
    assert (there.got[0].body, there.got[0].headers["webhook-id"]) == (b'{"a":1}', "msg_1")
    assert there.got[0].headers["content-type"] == "application/json"


def test_loopback_is_not_called_unless_permitted() -> None:
    """No connection is made, not even one that is closed at once."""
    with receiving() as there:
        reply = Caller(Outgoing(timeout=1)).post(there.url(), b"{}", {})
        by_name = Caller(Outgoing(timeout=1)).post(there.url("localhost"), b"{}", {})
    assert there.connections == 0
    assert reply.status == by_name.status == 0
    assert "private network" in reply.words
    assert "private network" in by_name.words


def test_a_name_that_is_rebound_reaches_nothing_inside() -> None:
    """DNS rebinding: public at the first look and ours at the second. Each call looks once, and calls what it saw."""
    answers = [["203.0.113.9"], ["127.0.0.1"]]
    with receiving() as there, serving({}, hosts={"rebound.example": lambda: answers.pop(0)}) as port:
        lookup = lookup_by(Dns(servers=("127.0.0.1",), port=port))
        caller = Caller(Outgoing(private=("203.0.113.0/24",), timeout=0.5), lookup)
        first = caller.post(there.url("rebound.example"), b"{}", {})
        assert len(answers) == 1  # it was resolved once, and that address was called (nobody is there)
        second = caller.post(there.url("rebound.example"), b"{}", {})
    assert there.connections == 0
    assert (first.status, second.status) == (0, 0)
    assert "private network" in second.words


def test_a_name_with_one_address_inside_is_not_called() -> None:
    """A public address beside a private one is no way in."""
    both = lambda: ["203.0.113.9", "127.0.0.1"]  # noqa: E731 - a table of one line
    with receiving() as there, serving({}, hosts={"both.example": both}) as port:
        lookup = lookup_by(Dns(servers=("127.0.0.1",), port=port))
        reply = Caller(Outgoing(private=("203.0.113.0/24",), timeout=1), lookup).post(
            there.url("both.example"), b"", {}
        )
    assert (there.connections, reply.status) == (0, 0)


def test_a_named_server_that_knows_the_host_is_heard() -> None:
    """The pinned address is called under the host's own name."""
    with receiving() as there, serving({}, hosts={"hook.example": lambda: ["127.0.0.1"]}) as port:
        reply = Caller(LOOPBACK, lookup_by(Dns(servers=("127.0.0.1",), port=port))).post(
            there.url("hook.example"), b"{}", {}
        )
    assert reply.good
    assert there.got[0].headers["host"] == f"hook.example:{there.port}"


def test_a_host_that_is_not_there_is_said() -> None:
    """No records, no call."""
    with serving({}) as port:
        caller = Caller(LOOPBACK, lookup_by(Dns(servers=("127.0.0.1",), port=port)))
        assert "no such host" in caller.post("https://gone.example/", b"{}", {}).words


def test_redirects_are_not_followed() -> None:
    """Not even to a place that could be called: whoever answers 302 chooses where we call otherwise."""
    with receiving() as inside, receiving(says(302, Location=inside.url())) as there:
        reply = Caller(LOOPBACK).post(there.url(), b"{}", {})
    assert (reply.status, reply.good, inside.connections) == (302, False, 0)
    assert "not followed" in reply.words


@pytest.mark.parametrize("fault", ["hangs", "drips"])
def test_slow_answers_end_in_time(fault: str) -> None:
    """A receiver that says nothing, or a header now and then for ever, holds us no longer than the settings say."""
    with receiving(fault) as there:
        began = time.monotonic()
        reply = Caller(LOOPBACK).post(there.url(), b"{}", {})
        lasted = time.monotonic() - began
    assert (reply.status, reply.words) == (0, "No answer within 1 seconds.")
    assert lasted < 20  # a hang is for ever: this only says that it ended


def test_an_endless_body_is_not_read() -> None:
    """The status is all that counts."""
    with receiving("floods") as there:
        assert Caller(LOOPBACK).post(there.url(), b"{}", {}).good


def test_what_is_no_http_is_said() -> None:
    """Garbage, a closed door and a connection that is dropped are replies, not errors."""
    with receiving(garbage) as there:
        assert "does not speak HTTP" in Caller(LOOPBACK).post(there.url(), b"{}", {}).words
        port = there.port
    with receiving(lambda connection: connection.close()) as there:
        assert Caller(LOOPBACK).post(there.url(), b"{}", {}).status == 0
    assert Caller(LOOPBACK).post(f"http://127.0.0.1:{port}/", b"{}", {}).status == 0


@pytest.mark.parametrize(
    ("status", "after", "expected"),
    [(429, "120", timedelta(seconds=120)), (503, "7", timedelta(seconds=7)), (500, "9", None), (429, "soon", None),
     (429, "9" * 30, None), (429, "-1", None)],
)  # fmt: skip
def test_retry_after_is_heard_in_seconds(status: int, after: str, expected: timedelta | None) -> None:
    """Where it belongs, and only as a number that can be one."""
    with receiving(says(status, Retry_After=after)) as there:
        reply = Caller(LOOPBACK).post(there.url(), b"{}", {})
    assert (reply.status, reply.retry_after) == (status, expected)


def certificate(folder: Path, host: str) -> Path:
    """A self-signed certificate with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_tls_is_verified_for_the_hosts_name(tmp_path: Path) -> None:
    """A certificate of nobody, or of another host, ends the call; one that settings believe in lets it through."""
    pem = certificate(tmp_path, "hook.example")
    with receiving(certificate=pem) as there:
        known = lambda host: ["127.0.0.1"]  # noqa: E731
        believing = Outgoing(private=("127.0.0.1",), timeout=2, ca_file=str(pem))
        unknown = Caller(LOOPBACK, known).post(there.url("hook.example", "https"), b"{}", {})
        other = Caller(believing, known).post(there.url("other.example", "https"), b"{}", {})
        assert there.got == []
        good = Caller(believing, known).post(there.url("hook.example", "https"), b"{}", {})
    assert "certificate is not valid" in unknown.words
    assert "certificate is not valid" in other.words
    assert good.good


def test_a_certificate_file_that_is_not_there_is_told() -> None:
    """Before anything is called."""
    with pytest.raises(BadInput, match=r"outgoing.ca_file"):
        Caller(Outgoing(ca_file="/nowhere.pem"))


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name once more, for itself."""
    with receiving() as proxy, receiving() as there:
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        monkeypatch.setenv("ALL_PROXY", proxy.url())
        assert Caller(LOOPBACK).post(there.url(), b"{}", {}).good
        assert proxy.connections == 0
