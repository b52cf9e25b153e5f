"""How letters leave: signed and encrypted with GnuPG as the reader, or held where they may not go in the clear."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from forgeward.desk.actions import agreements, sealing_mail
from forgeward.desk.models import ClockRow, Entry, NoticeRow
from forgeward.desk.readers import doctor, notices
from forgeward.edges.mail_out import Outgoing
from forgeward.edges.openpgp import OpenPgp
from forgeward.edges.openpgp_children import Children
from forgeward.errors import Conflict, NotAllowed, NotFound, ParserUnavailable, StepRefused
from forgeward.respond import openpgp as rules
from forgeward.respond.openpgp import Offer
from tests.desk.post import Office, answer, bounce, letters, report
from tests.desk.sealed import ENTITY, OURS, RITA, TAG_SETTINGS, agreed, sealed
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import House
from tests.desk.web.story import step
from tests.edges.gnupg import Gpg


def acknowledged(post: Office, house: House, number: str) -> list[EmailMessage]:
    """A person answers; what went out, what a machine wrote first: a database may send them in any order."""
    step(number, "acknowledge", house.hannah, post.now, text="Thank you, we look into it.")
    return sorted(post.deliver(), key=lambda letter: "Auto-Submitted" not in letter)


def clock(number: str) -> str:
    return ClockRow.objects.filter(case__number=number, promise="IR-4").latest("pk").state


def inside(peer: Gpg, letter: EmailMessage) -> EmailMessage:
    """What GnuPG makes of an encrypted letter; it must be signed by a key that it knows."""
    assert letter.get_content_type() == "multipart/encrypted"
    message = letter.get_payload()[1].get_payload(decode=True)  # type: ignore[index, union-attr]
    done = peer.result("--decrypt", stdin=message)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr.decode()
    assert b"Good signature" in done.stderr
    return message_from_bytes(done.stdout, policy=policy.default)  # type: ignore[return-value]


def said(kind: str = "acknowledgement") -> str:
    """What the outbox says of the newest letter of a kind."""
    (line,) = notices.lines([NoticeRow.objects.select_related("case").filter(kind=kind).latest("pk")])
    return line.answer


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_without_keys_a_letter_leaves_as_it_is(post: Office, house: House) -> None:
    """Nobody has a key: plain, and not a word about OpenPGP."""
    (letter,) = acknowledged(post, house, post.one(report()).case or "")[1:]
    assert letter.get_content_type() == "text/plain"
    assert re.fullmatch(r"250 taken as \d", said())


def test_with_our_key_letters_are_signed(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """Receipt and answer, with our key in their header; the tagged reply address survives, an answer to it joins."""
    post.home.settings_file.write_text(TAG_SETTINGS)
    number = post.one(report()).case or ""
    receipt, letter = acknowledged(post, house, number)
    for each in (receipt, letter):
        assert each.get_content_type() == "multipart/signed"
        assert str(each["Reply-To"]).startswith("security+fw-")
        assert each["Autocrypt"].startswith(f"addr={OURS};")
    assert " Signed with our key" in said()
    assert clock(number) == "met"
    assert post.one(report(2, To=str(letter["Reply-To"]))).joined == number


def test_to_an_agreed_key_letters_are_encrypted(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """GnuPG opens it: text and subject are inside, outside stands a placeholder; Reply-To and thread survive."""
    post.home.settings_file.write_text(TAG_SETTINGS)
    agreed(ours, peer.public("rita"), post.now)
    number = post.one(report()).case or ""
    receipt, letter = acknowledged(post, house, number)
    assert (receipt["Subject"], letter["Subject"]) == ("[...]", "[...]")
    assert number not in letter.as_string().partition("\n\n")[2]
    read = inside(peer, letter)
    assert "Thank you, we look into it." in words(read)
    assert number in read["Subject"]
    assert str(letter["Reply-To"]).startswith("security+fw-")
    assert letter["In-Reply-To"] == "<report-1@example.org>"
    assert clock(number) == "met"
    assert post.one(answer(letter)).joined == number
    assert "encrypted to the key" in said()


def test_who_wrote_encrypted_is_not_answered_in_the_clear(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """The receipt leaves and says nothing; the answer is held, IR-4 stays open, until somebody agrees on a key."""
    number = post.one(sealed(peer, ENTITY)).case or ""
    (receipt,) = acknowledged(post, house, number)
    assert "importer" not in receipt.as_string()
    (row,) = letters("acknowledgement")
    assert (row.state, row.try_at, clock(number)) == ("held", None, "running")
    assert said() == (
        "Held: it must be encrypted, since its recipient wrote to us encrypted, and cannot be. "
        "No key was agreed on with rita@example.org."
    )
    assert [each.state for each in notices.latest(house.ines) if each.kind == "acknowledgement"] == ["held"]
    assert any("1 letters are held" in finding.what for finding in doctor.examine(post.home, post.now))
    assert post.deliver() == []
    sealing_mail.try_again(post.now)
    assert post.deliver() == []
    assert letters("acknowledgement")[0].state == "held"
    agreed(ours, peer.public("rita"), post.now)
    assert sealing_mail.try_again(post.now) == 1
    (letter,) = post.deliver()
    assert "we look into it" in words(inside(peer, letter))
    assert clock(number) == "met"
    assert agrees(post.now)


def test_what_we_cannot_read_is_answered_encrypted_too(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """Encrypted to a key that is not ours is encrypted all the same."""
    number = post.one(sealed(peer, ENTITY, to="rita")).case or ""
    acknowledged(post, house, number)
    assert letters("acknowledgement")[0].state == "held"


def test_a_person_lets_it_go_in_the_clear(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """With a reason that stands in the ledger, sealed; once, by who may answer, and only what is held."""
    number = post.one(sealed(peer, ENTITY)).case or ""
    acknowledged(post, house, number)
    key = letters("acknowledgement")[0].key
    for who, reason, refusal in (
        (house.hannah, "  ", StepRefused),
        (house.ada, "She asked for it", NotAllowed),
    ):
        with untouched(), pytest.raises(refusal):
            sealing_mail.release(key, reason, who.actor(), post.now)
    with untouched(), pytest.raises(NotFound):
        sealing_mail.release("nothing", "x", house.hannah.actor(), post.now)
    sealing_mail.release(key, "She asked for it\nby phone", house.hannah.actor(), post.now)
    entry = Entry.objects.get(kind="mail:sent_in_clear")
    assert entry.actor == f"person:{house.hannah.pk}"
    assert b"phone" not in bytes(entry.body)
    (letter,) = post.deliver()
    assert letter.get_content_type() == "multipart/signed"
    assert "we look into it" in letter.as_string()
    assert clock(number) == "met"
    with untouched(), pytest.raises(Conflict):
        sealing_mail.release(key, "again", house.hannah.actor(), post.now)
    assert agrees(post.now)


def test_a_key_that_ended_holds_the_letter(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """Somebody agreed on it, it expired since: the answer says so and waits; the receipt quotes nothing, and leaves."""
    then = datetime(2025, 1, 2, tzinfo=UTC)
    agreed(ours, peer.public("late"), then, "late@example.org")
    number = post.one(report(sender="late@example.org")).case or ""
    (receipt,) = acknowledged(post, house, number)
    assert receipt.get_content_type() == "multipart/signed"
    (row,) = letters("acknowledgement")
    assert (row.state, clock(number)) == ("held", "running")
    assert "since a key was agreed on with its recipient" in said()
    assert "expired on 3 January 2025" in said()


def test_without_a_key_of_ours_nothing_is_encrypted(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """Our key is gone, theirs was agreed on: held, with that reason."""
    agreed(ours, peer.public("rita"), post.now)
    for file in (post.home.keys / "openpgp" / "own").iterdir():
        file.unlink()
    acknowledged(post, house, post.one(report()).case or "")
    (row,) = letters("acknowledgement")
    assert (row.state, said().endswith("We have no OpenPGP key that can sign.")) == ("held", True)


def test_a_process_that_does_not_start_is_tried_later(
    post: Office, house: House, ours: OpenPgp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing is put off, not left out."""

    def cannot(*_: object) -> None:
        raise ParserUnavailable("No process starts.", next="Look at doctor.")

    monkeypatch.setattr(Children, "do", cannot)
    post.one(report())
    assert post.deliver() == []
    (row,) = letters("receipt")
    assert (row.state, said("receipt")) == ("waiting", "No process starts. Look at doctor.")


def test_a_bounce_of_an_encrypted_letter(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """It finds its letter by the outer Message-ID, and the acknowledgement's clock runs again."""
    agreed(ours, peer.public("rita"), post.now)
    number = post.one(report()).case or ""
    _, letter = acknowledged(post, house, number)
    assert clock(number) == "met"
    taken = post.one(bounce(letter))
    assert (taken.state, taken.case) == ("bounce", number)
    assert clock(number) == "running"
    assert agrees(post.now)


def test_replies_go_where_the_first_mail_came_from(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """A later From or Reply-To, even with proof, changes no recipient."""
    number = post.one(report(Reply_To="elsewhere@example.com")).case or ""
    first, *_ = post.deliver()
    assert post.one(answer(first, 2, Reply_To="thief@example.net")).joined == number
    assert [mail["To"] for mail in acknowledged(post, house, number)] == [RITA]


def test_who_agrees_is_in_the_history(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """By a person who may answer, with the letters that waited; neither address nor fingerprint stand there openly."""
    number = post.one(sealed(peer, ENTITY)).case or ""
    acknowledged(post, house, number)
    certificate = ours.inspect(peer.public("rita"), post.now)[0]
    ours.learn(RITA, Offer(certificate=certificate, origin="hand"), post.now)
    shown, key = rules.shown(certificate.fingerprint), certificate.fingerprint
    with untouched(), pytest.raises(NotAllowed):
        agreements.agree(post.home, RITA, key, house.ada.actor(), post.now)
    with untouched(), pytest.raises(NotFound):
        agreements.agree(post.home, RITA, "00" * 20, house.hannah.actor(), post.now)
    assert ours.keyring.usable(RITA, post.now) is None
    known, waiting = agreements.agree(post.home, RITA, shown, house.hannah.actor(), post.now)
    assert (known.state(post.now), known.agreed_by, waiting) == ("agreed", f"person:{house.hannah.pk}", 1)
    assert len(post.deliver()) == 1
    entry = Entry.objects.get(kind="mail:key_agreed")
    assert entry.actor == f"person:{house.hannah.pk}"
    assert key.encode() not in bytes(entry.body).lower()
    assert b"rita" not in bytes(entry.body)
    taken_back = agreements.withdraw(post.home, RITA, shown, house.hannah.actor(), post.now)
    assert taken_back.state(post.now) == "offered"
    assert Entry.objects.filter(kind="mail:key_withdrawn").count() == 1
    with untouched(), pytest.raises(NotAllowed):
        agreements.withdraw(post.home, RITA, shown, house.ada.actor(), post.now)
    assert agrees(post.now)


def test_reminders_and_test_mails_stay_as_they_are(post: Office, ours: OpenPgp) -> None:
    """What goes to our own people and to our own mailboxes is not touched."""
    mail = Outgoing("<a@b.example>", "", "ines@lattice-loom.example", b"Subject: x\r\n\r\ntext\r\n")
    for kind in ("reminder", "canary"):
        assert sealing_mail.protect(post.home, mail, kind, None, post.now) == (mail, "")
