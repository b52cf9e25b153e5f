"""Parser, DNS and OpenPGP together: what a mail is worth, in one call, in order, and never held up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest

from forgeward.edges.guarded import Guard
from forgeward.edges.keyring import Keyring
from forgeward.edges.keys import Keys
from forgeward.edges.mail_auth import Authenticator
from forgeward.edges.mail_examine import Examined, Examiner, Incoming
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.openpgp import OpenPgp
from forgeward.edges.openpgp_children import Children
from forgeward.respond.mail import NotParsed, Parsed, Signals
from tests.edges.gnupg import GPG, NO_GPG, gnupg, signed_mail
from tests.edges.mail_zone import SlowZone, Zone
from tests.edges.mails import HEAD, mail
from tests.edges.test_mail_auth import PEM, ZONE
from tests.edges.test_mail_dkim import signed

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def parsers() -> Iterator[ParserPool]:
    with ParserPool() as pool:
        yield pool


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    keys = Keys(tmp_path / "keys")
    keys.create("example.com/ledger")
    return Keyring(tmp_path / "keys" / "openpgp", keys)


def parsed(examined: Examined) -> Parsed:
    assert isinstance(examined.reading, Parsed)
    return examined.reading


@pytest.mark.skipif(GPG is None, reason=NO_GPG)
def test_both_kinds_of_signatures(parsers: ParserPool, keyring: Keyring) -> None:
    """A mail that is signed by its domain and by its author has both verdicts, and both are told."""
    with gnupg() as peer, OpenPgp(keyring, parsers) as openpgp:
        peer.key("Rita", "future-default", "default")
        key = b"Content-Type: application/pgp-keys\r\n\r\n" + peer.public("rita").replace(b"\n", b"\r\n")
        entity = (
            b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nIt is open.\r\n--m\r\n"
            + key
            + b"\r\n--m--\r\n"
        )
        raw = signed(signed_mail(peer, "rita", entity, HEAD))
        examiner = Examiner(parsers, Authenticator(Zone(ZONE), parsers), openpgp)
        examined = examiner.examine(Incoming(raw, NOW))
        signals = parsed(examined).mail.signals
        assert (signals.dkim, signals.dmarc, signals.openpgp, examined.seen.signature) == (
            "pass",
            "pass",
            "none",
            "offered",
        )
        assert examined.opened
        known = openpgp.remember(examined.opened, NOW)
        keyring.agree("rita@example.org", known[0].certificate.fingerprint, "person:1", NOW)
        signals = parsed(examiner.examine(Incoming(raw, NOW))).mail.signals
        assert (signals.dkim, signals.openpgp) == ("pass", "pass")
        assert any("DMARC" in each for each in signals.details)
        assert any("agreed on with rita@example.org" in each for each in signals.details)


def test_what_is_not_read_is_not_examined(parsers: ParserPool) -> None:
    """A mail that cannot be parsed asks the DNS nothing."""
    zone = Zone(ZONE)
    examined = Examiner(parsers, Authenticator(zone, parsers)).examine(Incoming(b"no mail", NOW))
    assert isinstance(examined.reading, NotParsed)
    assert examined.opened is None
    assert not zone.asked


def test_openpgp_that_cannot_start_holds_up_nothing(parsers: ParserPool, keyring: Keyring) -> None:
    """Where no crypto process starts, the mail comes through with a sentence."""
    with Children(guard=Guard(start_seconds=0)) as children:
        examiner = Examiner(parsers, openpgp=OpenPgp(keyring, parsers, children))
        body = b"-----BEGIN PGP MESSAGE-----\r\n\r\nbWljZQ==\r\n-----END PGP MESSAGE-----\r\n"
        told = parsed(examiner.examine(Incoming(mail(body), NOW))).mail.signals.details
    assert "Its OpenPGP was not looked at" in told[0]


def test_many_keep_their_order_while_some_wait(parsers: ParserPool) -> None:
    """Sixty mails whose look-ups take their time come back in order, much faster than one after the other."""
    examiner = Examiner(parsers, Authenticator(SlowZone(ZONE, seconds=0.05), parsers))
    raws = [
        Incoming(bytes(dkim.sign(mail(b"%d" % i), b"s", b"example.org", PEM)) + mail(b"%d" % i), NOW) for i in range(60)
    ]
    begun = time.monotonic()
    found = [parsed(each).mail for each in examiner.examine_many(raws)]
    assert time.monotonic() - begun < 60 * 3 * 0.05 / 2
    assert [each.text for each in found] == [str(i) for i in range(60)]
    assert {each.signals.dmarc for each in found} == {"pass"}


def test_what_was_found_is_not_looked_up_again(parsers: ParserPool) -> None:
    """A mail that was examined before keeps what the DNS said of it then."""
    zone = Zone({})
    found = Signals(dkim="pass", dmarc="pass", details=("It came from there.",))
    examined = Examiner(parsers, Authenticator(zone, parsers)).examine(Incoming(signed(mail()), NOW, found=found))
    assert parsed(examined).mail.signals == found
    assert examined.origin == ("It came from there.",)
    assert not zone.asked


def test_large_mails_are_not_read_far_ahead(parsers: ParserPool) -> None:
    """Of mails with 30 MB each no more than three are held at once."""
    taken: list[int] = []

    def large() -> Iterator[Incoming]:
        for number in range(5):
            taken.append(number)
            yield Incoming(mail(b"x" * 30_000_000), NOW)

    for done, _ in enumerate(Examiner(parsers).examine_many(large())):
        assert len(taken) <= done + 4
