"""The whole check of a mail's origin, with a zone for the DNS: the guarded child, the budget, what people read."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import ClassVar

import dkim
import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from forgeward.edges.dns import DnsResolver
from forgeward.edges.mail_auth import QUESTIONS, UNANSWERED, Authenticator, Cache, Nobody
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.mail_settings import Dns
from forgeward.respond.dns import FAILED, NOTHING, Answer, Question
from forgeward.respond.mail import Address, Mail, Parsed
from forgeward.respond.spf import Envelope
from tests.edges.mail_zone import KEYS, SlowZone, Zone
from tests.edges.mails import NO_REAL, REAL, mail
from tests.edges.test_mail_dkim import NAME, PRIVATE, record

PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
ZONE = {
    NAME: record(),
    "_dmarc.example.org": "v=DMARC1; p=reject",
    "example.org": "v=spf1 ip4:192.0.2.10 -all",
}
SIGNED = bytes(dkim.sign(mail(), b"s", b"example.org", PEM)) + mail()
GOOD = Envelope("192.0.2.10", "rita@example.org", "mx.example.org")


@pytest.fixture(scope="module")
def parsers() -> Iterator[ParserPool]:
    with ParserPool() as pool:
        yield pool


def read(parsers: ParserPool, raw: bytes) -> Mail:
    reading = parsers.parse(raw)
    assert isinstance(reading, Parsed)
    return reading.mail


def signed(parsers: ParserPool, raw: bytes, zone: Zone, envelope: Envelope | None = None, *own: str) -> Mail:
    return Authenticator(zone, parsers, own).signed(raw, read(parsers, raw), datetime.now(UTC), envelope)


def test_a_signed_mail_passes(parsers: ParserPool) -> None:
    """A mail with a signature of its own domain passes DKIM and DMARC, and people are told so first."""
    found = signed(parsers, SIGNED, Zone(ZONE)).signals
    assert (found.dkim, found.dmarc, found.spf, found.arc) == ("pass", "pass", "none", "none")
    assert found.details[0] == "It comes from example.org: a signature that holds belongs to that domain (DMARC)."


def test_a_forged_mail_fails(parsers: ParserPool) -> None:
    """An unsigned mail in the name of a domain that protects itself fails, and says what its owner asks for."""
    found = signed(parsers, mail(), Zone(ZONE), Envelope("203.0.113.9", "rita@example.org", "evil.example")).signals
    assert (found.dkim, found.dmarc, found.spf) == ("none", "fail", "fail")
    assert "asks for such mail to be rejected" in found.details[0]


def test_spf_alone_is_enough(parsers: ParserPool) -> None:
    """Handed over by a server of its domain, an unsigned mail passes DMARC; by another domain's server it does not."""
    found = signed(parsers, mail(), Zone(ZONE), GOOD).signals
    assert (found.dmarc, found.spf) == ("pass", "pass")
    zone = Zone({**ZONE, "evil.example": "v=spf1 +all"})
    found = signed(parsers, mail(), zone, Envelope("203.0.113.9", "x@evil.example")).signals
    assert (found.dmarc, found.spf) == ("fail", "pass")


def test_fetched_mail_knows_its_envelope_from_our_own_server(parsers: ParserPool) -> None:
    """Of fetched mail the Received line of a server of ours tells who handed it over, where that server is named."""
    line = b"Received: from mx.example.org (mx.example.org [192.0.2.10]) by mx.ours.example (Postfix) with ESMTPS id 1"
    raw = b"Return-Path: <rita@example.org>\r\n" + line + b";\r\n\tMon, 2 Nov 2026 09:00:00 +0000\r\n" + mail()
    assert signed(parsers, raw, Zone(ZONE), None, "mx.ours.example").signals.spf == "pass"
    assert signed(parsers, raw, Zone(ZONE)).signals.spf == "none"


def test_a_changed_mail(parsers: ParserPool) -> None:
    """A mail that was changed on its way fails DKIM; SPF of its domain still carries DMARC."""
    found = signed(parsers, SIGNED + b"more", Zone(ZONE), GOOD).signals
    assert (found.dkim, found.dmarc) == ("fail", "pass")
    assert any("changed after it was signed" in each for each in found.details)


def test_several_senders_have_no_domain(parsers: ParserPool) -> None:
    """Two senders are nobody's: DMARC is not even asked."""
    zone = Zone(ZONE)
    found = signed(parsers, b"From: boss@example.net\r\n" + SIGNED, zone).signals
    assert found.dmarc == "none"
    assert "_dmarc.example.org" not in zone.asked


def test_a_dns_that_is_down(parsers: ParserPool) -> None:
    """Without a DNS nothing passes and nothing fails."""
    found = signed(parsers, SIGNED, Zone({}, failing=(NAME, "_dmarc.example.org", "example.org")), GOOD).signals
    assert (found.dkim, found.dmarc, found.spf) == ("none", "none", "none")
    assert all("could not be checked" in each for each in found.details)


def test_the_budget_of_one_mail(parsers: ParserPool) -> None:
    """A mail made to ask and ask gets its share of questions and of time, and no more."""
    includes = " ".join(f"include:i{i}.example.org" for i in range(9))
    hostile: dict[str, str | tuple[str, ...]] = {**ZONE, "example.org": f"v=spf1 {includes} -all"}
    hostile |= {f"i{i}.example.org": "v=spf1 mx mx:b.example.org -all" for i in range(9)}
    hostile |= {f"MX i{i}.example.org": tuple(f"m{i}{j}.example.org" for j in range(10)) for i in range(9)}
    zone = Zone(hostile)
    signed(parsers, SIGNED, zone, GOOD)
    assert sum(zone.asked.values()) <= QUESTIONS
    slow = SlowZone(hostile, seconds=0.03)
    Authenticator(slow, parsers, seconds=0.1).check(SIGNED, read(parsers, SIGNED), datetime.now(UTC), GOOD)
    assert sum(slow.asked.values()) <= 6


def test_a_silent_dns_is_not_asked_on_and_on(parsers: ParserPool) -> None:
    """After three look-ups that nobody answered a mail asks no more: each would cost the whole time limit."""
    names = [f"k{i}" for i in range(6)]
    raw = b"".join(SIGNED.partition(b"From:")[0].replace(b"s=s;", f"s={name};".encode()) for name in names) + mail()
    zone = Zone({}, failing=tuple(f"{name}._domainkey.example.org" for name in names))
    assert signed(parsers, raw, zone, GOOD).signals.dkim == "none"
    assert sum(zone.asked.values()) == UNANSWERED


def test_our_mail_server_is_nobodys_sender(parsers: ParserPool) -> None:
    """Mail from the server beside us: its Received line says who handed it over, our listener who the sender is."""
    line = b"Received: from mx.example.org (mx.example.org [192.0.2.10]) by mx.ours.example (Postfix) with ESMTPS id 1"
    raw = line + b";\r\n\tMon, 2 Nov 2026 09:00:00 +0000\r\n" + mail()
    told = Envelope("", "rita@example.org", "localhost")
    assert signed(parsers, raw, Zone(ZONE), told, "mx.ours.example").signals.spf == "pass"
    assert signed(parsers, raw, Zone(ZONE), told).signals.spf == "none"


def test_without_signatures_no_child_is_asked(parsers: ParserPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail without DKIM and ARC needs the DNS for DMARC alone, and no process; blank lines in front hide nothing."""
    asked: list[bytes] = []
    real = parsers.asked

    def counted(raw: bytes) -> object:
        asked.append(raw)
        return real(raw)

    monkeypatch.setattr(parsers, "asked", counted)
    assert signed(parsers, mail(b"DKIM-Signature: in the text\r\n"), Zone(ZONE)).signals.dmarc == "fail"
    assert not asked
    assert signed(parsers, b"\r\n" + SIGNED, Zone(ZONE)).signals.dkim == "pass"
    assert len(asked) == 1


def test_nobody_is_asked() -> None:
    """Where look-ups are off, that is what people read, and nothing is concluded."""
    before = Mail(sender=Address("rita@example.org"))
    found = Nobody().signed(SIGNED, before, datetime.now(UTC)).signals
    assert (found.dkim, found.dmarc, found.spf, found.arc) == ("none", "none", "none", "none")
    assert found.details == ("Where it comes from was not checked: this home looks nothing up in the DNS.",)


def test_each_name_once(parsers: ParserPool) -> None:
    """One mail asks for a name once, whoever wants it."""
    zone = Zone(ZONE)
    signed(parsers, SIGNED, zone, GOOD)
    assert set(zone.asked.values()) == {1}


@pytest.mark.skipif(not REAL.is_dir(), reason=NO_REAL)
def test_a_real_forwarded_mail(parsers: ParserPool) -> None:
    """A real mail that Gmail passed on: its first signature holds, the seals hold, and people read by whom."""
    raw = (REAL / "auth/arc-pass.eml").read_bytes()
    received = datetime(2020, 11, 1, tzinfo=UTC)
    zone = Zone({**KEYS, "_dmarc.ekiri.ee": "v=DMARC1; p=none"})
    found = Authenticator(zone, parsers).signed(raw, read(parsers, raw), received).signals
    assert (found.dkim, found.arc, found.dmarc) == ("pass", "pass", "pass")
    assert "google.com, which found dkim=pass and spf=pass when it came in" in " ".join(found.details)


@pytest.mark.slow
def test_a_large_signed_mail(parsers: ParserPool) -> None:
    """A mail of 25 MB is checked within the parser's memory."""
    raw = mail(b"x y\r\n" * 5_000_000)
    raw = bytes(dkim.sign(raw, b"s", b"example.org", PEM, canonicalize=(b"relaxed", b"relaxed"))) + raw
    zone = Zone(ZONE)
    authenticator = Authenticator(zone, parsers)
    found = authenticator.check(raw, Mail(sender=read(parsers, mail()).sender), datetime.now(UTC))
    assert found.dmarc.state == "pass"


def test_the_cache() -> None:
    """Answers are remembered for some minutes, failures for some seconds."""
    now = [0.0]
    zone = Zone({"a.example": "x"}, failing=("b.example",))
    cache = Cache(zone, clock=lambda: now[0])
    for _ in range(3):
        assert cache.resolve(Question("a.example")) == Answer("found", ("x",))
        assert cache.resolve(Question("c.example")) == NOTHING
        assert cache.resolve(Question("b.example")) == FAILED
    assert (zone.asked["a.example"], zone.asked["b.example"], zone.asked["c.example"]) == (1, 1, 1)
    now[0] = 21
    assert cache.resolve(Question("b.example")) == FAILED
    assert cache.resolve(Question("a.example")) == Answer("found", ("x",))
    assert (zone.asked["a.example"], zone.asked["b.example"]) == (1, 2)
    now[0] = 301
    cache.resolve(Question("a.example"))
    assert zone.asked["a.example"] == 2


def test_who_asks_at_once_asks_once() -> None:
    """Eight threads that need the same name make one look-up; one that breaks breaks for all of them, and is over."""
    zone = SlowZone({"a.example": "x"}, seconds=0.2)
    cache = Cache(zone)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: cache.resolve(Question("a.example")), range(8)))
    assert (answers, zone.asked["a.example"]) == ([Answer("found", ("x",))] * 8, 1)

    class Broken:
        def resolve(self, question: Question) -> Answer:
            raise ValueError(question.name)

    broken = Cache(Broken())
    for _ in range(2):
        with pytest.raises(ValueError, match=r"a\.example"):
            broken.resolve(Question("a.example"))


def test_a_machine_without_a_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no name server is set, look-ups are not answered, and nothing breaks."""

    def unset(self: object, configure: bool = True, **_: object) -> None:
        if configure:
            raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr("forgeward.edges.dns.dns.resolver.Resolver.__init__", unset)
    assert DnsResolver(Dns()).resolve(Question("a.example")) == FAILED


class NameServer(threading.Thread):
    """A name server on loopback: answers from a table, refuses one name, stays silent about another."""

    TABLE: ClassVar = {
        ("t.example.", "TXT"): ['"v=spf1 " "-all"', '"\\255\\254"'],
        ("a.example.", "A"): ["192.0.2.1", "192.0.2.2"],
        ("m.example.", "MX"): ["20 b.example.", "10 A.example."],
        ("6.example.", "AAAA"): ["2001:db8::1"],
    }

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self) -> None:
        while True:
            data, back = self.socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            name, kind = str(query.question[0].name), query.question[0].rdtype.name
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            if name == "refused.example.":
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif (name, kind) in self.TABLE:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *self.TABLE[name, kind]))
            elif name == "nobody.example.":
                answer.set_rcode(dns.rcode.NXDOMAIN)
            if name != "silent.example.":
                self.socket.sendto(answer.to_wire(), back)


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    running = NameServer()
    running.start()
    yield running
    running.socket.sendto(b"", ("127.0.0.1", running.port))
    running.join()
    running.socket.close()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (Question("t.example"), Answer("found", ("v=spf1 -all", "\N{REPLACEMENT CHARACTER}" * 2))),
        (Question("a.example", "A"), Answer("found", ("192.0.2.1", "192.0.2.2"))),
        (Question("m.example", "MX"), Answer("found", ("a.example", "b.example"))),
        (Question("6.example", "AAAA"), Answer("found", ("2001:db8::1",))),
        (Question("a.example"), NOTHING),
        (Question("nobody.example"), NOTHING),
        (Question("refused.example"), FAILED),
        (Question("silent.example"), FAILED),
    ],
)
def test_the_real_resolver(server: NameServer, question: Question, answer: Answer) -> None:
    """Texts are joined, mail servers sorted, missing names are none, and silence is a failure in time."""
    settings = Dns(servers=("127.0.0.1",), port=server.port, timeout=1)
    found = DnsResolver(settings).resolve(question)
    assert (found.state, sorted(found.records)) == (answer.state, sorted(answer.records))
    assert question.kind != "MX" or found.records == answer.records


def test_a_resolver_that_is_off() -> None:
    """Switched off, nothing is asked and nothing is known."""
    assert DnsResolver(Dns(off=True)).resolve(Question("a.example")) == FAILED
