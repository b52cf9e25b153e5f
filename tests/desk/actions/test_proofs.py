"""What a mail is worth reaches the case: DKIM, SPF, DMARC, OpenPGP in its history, in sentences, and in who joins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec import structs

from forgeward.desk import kept, proofs, shown
from forgeward.desk.actions import held
from forgeward.desk.actions.filing import Taken
from forgeward.desk.models import AttachmentRow, Entry, RawMail
from forgeward.desk.programme import vault
from forgeward.desk.readers import mail as reader
from forgeward.desk.readers.case_page import case_page
from forgeward.edges.home import Home
from forgeward.edges.keyring import Keyring
from forgeward.edges.mail_auth import Authenticator, Nobody
from forgeward.edges.openpgp import OpenPgp
from forgeward.edges.openpgp_children import Children
from forgeward.edges.openpgp_mime import autocrypt
from forgeward.errors import HomeUnusable
from tests.desk.post import SETTINGS, Office, answer, pool, report
from tests.desk.sealed import ENTITY, OURS, RITA, TAG_SETTINGS, agreed, head, sealed
from tests.desk.tables import agrees, case_of
from tests.desk.web.house import House
from tests.edges.gnupg import Gpg, signed_mail
from tests.edges.mail_zone import Zone
from tests.edges.test_mail_dkim import NAME, record, signed

ZONE = {NAME: record(), "_dmarc.example.org": "v=DMARC1; p=reject", "example.org": "v=spf1 ip4:198.41.0.4 -all"}


@pytest.fixture
def zone(post: Office, monkeypatch: pytest.MonkeyPatch) -> Zone:
    """A DNS with example.org's records, asked as the real one would be, at the instant at which the peer signs."""
    post.now = datetime.now(UTC)
    found = Zone(ZONE)
    monkeypatch.setattr(proofs, "authenticator", lambda _home, parsers: Authenticator(found, parsers))
    return found


def opened_by(taken: Taken) -> set[str]:
    return set(case_of(taken.case or "").signals)


# --- where it comes from ----------------------------------------------------------------------------------------------


def test_verdicts_are_in_the_history_and_in_words(post: Office, house: House, zone: Zone) -> None:
    """A signed report has each verdict in its case's history; the case's page and the mail's say what they mean."""
    taken = post.one(signed(report()))
    assert {"dkim:pass", "dmarc:pass", "spf:none", "arc:none", "openpgp:none"} <= opened_by(taken)
    assert taken.signals == {"dkim": "pass", "dmarc": "pass", "spf": "none", "arc": "none", "openpgp": "none"}
    sentence = "It comes from example.org: a signature that holds belongs to that domain (DMARC)."
    page = case_page(taken.case or "", house.ines, post.now)
    assert sentence in page.thread[0].told
    assert (page.answers_to, page.unverified) == (RITA, False)
    assert sentence in reader.opened(post.home, house.ines, RawMail.objects.get().pk).details
    assert agrees(post.now)


def test_an_unproven_reporter_is_marked(post: Office, house: House, zone: Zone) -> None:
    """A forged report opens a case all the same, its page says that nothing proves the address that replies go to."""
    taken = post.one(report())
    assert "dmarc:fail" in opened_by(taken)
    page = case_page(taken.case or "", house.ines, post.now)
    assert page.unverified
    assert shown.case(page).reporter_unverified, "programs and the command line are told as well"
    assert any("Nothing proves that it comes from example.org" in each for each in page.thread[0].told)


def test_the_listener_knows_who_handed_it_over(post: Office, zone: Zone) -> None:
    """By SMTP from a server of the domain SPF passes, and DMARC with it; a neighbour's address proves nothing."""
    way = {"protocol": "smtp", "hello": "mx.example.org", "sender": RITA, "recipients": [OURS]}
    assert {"spf:pass", "dmarc:pass"} <= opened_by(post.one(report(1), client="198.41.0.4", **way))
    assert {"spf:fail", "dmarc:fail"} <= opened_by(post.one(report(2), client="198.41.0.9", **way))
    assert "spf:none" in opened_by(post.one(report(3), client="127.0.0.1", **way))
    assert "spf:none" in opened_by(post.one(report(4), client="198.41.0.4", **{**way, "protocol": "lmtp"}))


def test_who_may_not_ask_the_dns(post: Office, house: House, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    """With look-ups off, and in a demo home, nobody is asked; an answer waits, and the reason says why."""
    monkeypatch.undo()
    post.home.settings_file.write_text(TAG_SETTINGS + "[dns]\noff = true\n")
    assert isinstance(proofs.authenticator(post.home, pool()), Nobody)
    number = post.one(signed(report())).case or ""
    (receipt,) = post.deliver()
    taken = post.one(signed(answer(receipt)))
    assert (taken.state, case_of(number).signals.count("dmarc:none")) == ("held", 1)
    assert "Nothing proves that it comes from rita@example.org. Where it comes from was not checked" in (
        taken.held or ""
    )
    post.home.settings_file.write_text(SETTINGS)
    assert isinstance(proofs.authenticator(post.home, pool()), Authenticator)
    monkeypatch.setattr(Home, "is_demo", property(lambda _: True))
    assert isinstance(proofs.authenticator(post.home, pool()), Nobody)


@pytest.mark.parametrize(
    ("dmarc", "proof_needed", "state"),
    [("pass", True, "parsed"), ("none", True, "held"), ("fail", True, "held"), ("none", False, "parsed"),
     ("fail", False, "held"), ("pass", False, "parsed")],
)  # fmt: skip
def test_who_joins(post: Office, dmarc: str, proof_needed: bool, state: str) -> None:
    """A participant's answer joins where DMARC passes; without the need of proof also where nothing speaks against."""
    post.one(report())
    (receipt,) = post.deliver()
    post.home.settings_file.write_text(f"{SETTINGS}\n[intake]\nproof_needed = {str(proof_needed).lower()}\n")
    post.proven, post.dmarc = False, dmarc  # type: ignore[assignment]
    taken = post.one(answer(receipt))
    assert taken.state == state
    assert bool(taken.held) == (state == "held")


def test_a_signed_tag_is_no_proof(post: Office, house: House) -> None:
    """Whoever knows the reply address is held: a stranger with proof of being one, the reporter without any."""
    post.home.settings_file.write_text(TAG_SETTINGS)
    number = post.one(report()).case or ""
    (receipt,) = post.deliver()
    tagged = str(receipt["Reply-To"])
    assert tagged.startswith("security+fw-")
    stranger = post.one(report(2, "noor@example.net", To=tagged))
    assert stranger.state == "held"
    assert "noor@example.net takes no part in this case so far" in (stranger.held or "")
    post.proven = False
    assert post.one(report(3, To=tagged)).state == "held"
    post.proven = True
    assert post.one(report(4, To=tagged)).joined == number


# --- OpenPGP ----------------------------------------------------------------------------------------------------------


def test_what_is_encrypted_is_read(post: Office, house: House, zone: Zone, ours: OpenPgp, peer: Gpg) -> None:
    """The case has the text and the subject from inside, with the files; the mail lies as it came, encrypted."""
    raw = sealed(peer, ENTITY)
    taken = post.one(raw)
    page = case_page(taken.case or "", house.ines, post.now)
    assert (page.title, page.thread[0].text) == ("A hole in the importer", "It is open to everybody.")
    assert [file.name for file in page.thread[0].attachments] == ["steps.txt"]
    assert kept.file_bytes(post.home, AttachmentRow.objects.get()).strip() == b"1. Open it."
    assert {"encrypted:opened", "openpgp:none"} <= opened_by(taken)
    assert any("It was encrypted to our key" in each for each in page.thread[0].told)
    row = RawMail.objects.get()
    assert kept.raw_bytes(post.home, row) == raw
    assert b"BEGIN PGP MESSAGE" not in (post.home.raw / row.name).read_bytes()
    assert reader.opened(post.home, house.ines, row.pk).text.startswith("It is open")
    assert agrees(post.now)


def test_what_cannot_be_read_says_why(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """Encrypted to another key it opens a case, is receipted, and the case says why nobody can read it."""
    taken = post.one(sealed(peer, ENTITY, to="eve"))
    page = case_page(taken.case or "", house.ines, post.now)
    assert page.thread[0].text.startswith("[It is encrypted to a key that is not ours")
    assert "encrypted:no_key" in opened_by(taken)
    (receipt,) = post.deliver()
    later = post.one(sealed(peer, ENTITY, to="eve", number=2, In_Reply_To=str(receipt["Message-ID"])))
    assert later.joined == taken.case
    assert "not ours" in case_page(taken.case or "", house.ines, post.now).thread[-1].text


def test_keys_that_come_along_are_offered(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """Attached inside the encryption, or in the Autocrypt header: known as an offer, used for nothing yet."""
    part = b"--m\r\nContent-Type: application/pgp-keys\r\n\r\n" + peer.public("rita").replace(b"\n", b"\r\n")
    taken = post.one(sealed(peer, ENTITY.replace(b"--m--", part + b"--m--"), by="rita"))
    (known,) = ours.keyring.known(RITA)
    assert (known.origin, known.state(post.now)) == ("attached", "offered")
    assert {"openpgp:none", "signature:offered"} <= opened_by(taken)
    assert any("nobody here has agreed to use that key yet" in each for each in _told(taken, house, post))
    eve = ours.inspect(peer.public("eve"), post.now)[0].public
    header = autocrypt("eve@example.org", eve).decode().partition(": ")[2]
    post.one(report(2, "eve@example.org", Autocrypt=header))
    assert [each.origin for each in ours.keyring.known("eve@example.org")] == ["autocrypt"]


def test_a_forged_mail_offers_no_key(post: Office, zone: Zone, ours: OpenPgp, peer: Gpg) -> None:
    """What its domain disowns pushes no key forward."""
    part = b"--m\r\nContent-Type: application/pgp-keys\r\n\r\n" + peer.public("rita").replace(b"\n", b"\r\n")
    assert "dmarc:fail" in opened_by(post.one(sealed(peer, ENTITY.replace(b"--m--", part + b"--m--"))))
    assert ours.keyring.known(RITA) == ()


def _told(taken: Taken, house: House, post: Office) -> tuple[str, ...]:
    return case_page(taken.case or "", house.ines, post.now).thread[0].told


def test_the_agreed_key_proves_who_writes(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """Signed with it an answer joins without any DMARC; by another key it is held, whatever its domain says."""
    number = post.one(sealed(peer, ENTITY)).case or ""
    (receipt,) = post.deliver()
    agreed(ours, peer.public("rita"), post.now)
    post.proven = False
    answers = {"In_Reply_To": str(receipt["Message-ID"])}
    assert post.one(sealed(peer, ENTITY, by="rita", number=2, **answers)).joined == number
    post.dmarc = "fail"
    assert post.one(signed_mail(peer, "rita", ENTITY, head(3, **answers))).joined == number
    post.proven = True
    other = post.one(sealed(peer, ENTITY, by="eve", number=4, **answers))
    assert other.state == "held"
    assert "Its OpenPGP signature is not one that was agreed on with rita@example.org" in (other.held or "")
    row = RawMail.objects.get(state="held")
    shown = reader.opened(post.home, house.hannah, row.pk)
    assert shown.text.startswith("It is open to everybody.")
    assert any("It is signed with another key" in each or "a key that we do not have" in each for each in shown.details)
    assert agrees(post.now)


def test_a_held_mail_joins_with_its_plain_text(
    post: Office, house: House, zone: Zone, ours: OpenPgp, peer: Gpg
) -> None:
    """A person's decision decrypts it, and what the DNS said when it came is what the history keeps."""
    number = post.one(report()).case or ""
    (receipt,) = post.deliver()
    zone.asked.clear()
    raw = signed(sealed(peer, ENTITY, number=2, sender="Rita <other@example.org>", In_Reply_To=receipt["Message-ID"]))
    assert post.one(raw).state == "held"
    asked = sum(zone.asked.values())
    held.join(post.home, RawMail.objects.get(state="held").pk, house.hannah.actor(), post.clock)
    assert sum(zone.asked.values()) == asked
    page = case_page(number, house.ines, post.now)
    assert page.thread[-1].text == "It is open to everybody."
    assert {"dmarc:pass", "encrypted:opened"} <= set(page.thread[-1].signals)
    assert Entry.objects.get(kind="case:joined").actor == f"person:{house.hannah.pk}"


def test_plain_mail_starts_no_openpgp_process(post: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of ours and no OpenPGP in the mail: not one task for a crypto process, in nor out."""

    def never(*_: object) -> None:
        raise AssertionError("a crypto process was asked")

    monkeypatch.setattr(Children, "do", never)
    assert post.one(report()).new
    assert len(post.deliver()) == 1


def test_a_keyring_out_of_reach_stops_no_mail(
    post: Office, ours: OpenPgp, peer: Gpg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that cannot be kept is logged; its mail becomes a case."""

    def full(*_: object, **__: object) -> None:
        raise HomeUnusable("The disk is full.", next="Make room.")

    monkeypatch.setattr(Keyring, "offer", full)
    part = b"--m\r\nContent-Type: application/pgp-keys\r\n\r\n" + peer.public("rita").replace(b"\n", b"\r\n")
    assert post.one(sealed(peer, ENTITY.replace(b"--m--", part + b"--m--"))).new


def test_the_resolver_is_kept_and_follows_the_settings(post: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cache of answers for the whole process, until the settings name other servers."""
    dns = post.home.settings.dns
    first = proofs._resolver(dns)
    assert proofs._resolver(dns) is first
    assert proofs._resolver(structs.replace(dns, servers=("192.0.2.53",))) is not first


def test_an_erased_person_leaves_no_sentences(post: Office, house: House) -> None:
    """A mail whose person was erased has no sentences left, and its page still opens."""
    number = post.one(report(sender="gone@example.org")).case or ""
    vault().keys.destroy(vault().reporter("gone@example.org"), post.now)
    page = case_page(number, house.ines, post.now)
    assert (page.thread[0].told, page.answers_to) == ((), "")
