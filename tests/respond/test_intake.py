"""What a mail may cause: receipts, joining, holding, titles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.respond.intake import (
    Held,
    Joins,
    Known,
    Machine,
    ReceiptLimits,
    SentReceipts,
    Thread,
    address_tag,
    automatic,
    digest,
    joins,
    receipt_allowed,
    tagged_address,
    tagged_cases,
    thread_ids,
    title,
)
from forgeward.respond.mail import Address, Automatic, Mail, Signals

KEY = b"k" * 32
NONE_SENT = SentReceipts(0, 0)
RITA = Address("rita@example.org", "Rita")
THREAD = Thread("FW-7Q3KXM", frozenset({"rita@example.org"}))


def mail(sender: Address = RITA, **fields: object) -> Mail:
    return Mail(sender=sender, **fields)  # type: ignore[arg-type]


def marked(**marks: object) -> Mail:
    return mail(automatic=Automatic(**marks))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "person",
    [
        mail(),
        marked(auto_submitted="no"),
        marked(auto_submitted="no; by=hand"),
        marked(precedence="first-class"),
        marked(loops=("other@example.org",)),
        marked(hops=20),
        mail(Address("norepl@example.org")),
        mail(Address("reply@example.org")),
        mail(Address("robert.bounce@example.org")),
        mail(Address("nora@example.org")),
    ],
)
def test_people_are_not_machines(person: Mail) -> None:
    """Ordinary mails, also with marks that say nothing, count as a person's."""
    assert automatic(person, {"security@example.com"}) is None


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (marked(auto_submitted="auto-replied"), Machine.AUTO_SUBMITTED),
        (marked(auto_submitted="auto-generated; owner-email=x"), Machine.AUTO_SUBMITTED),
        (marked(null_return_path=True), Machine.BOUNCE),
        (marked(report_type="delivery-status"), Machine.REPORT),
        (marked(precedence="bulk"), Machine.BULK),
        (marked(precedence="junk"), Machine.BULK),
        (marked(precedence="list"), Machine.LIST),
        (marked(list_id="<l.example.org>"), Machine.LIST),
        (marked(list_unsubscribe=True), Machine.LIST),
        (marked(precedence="auto_reply"), Machine.AUTOREPLY),
        (marked(autoreply="yes"), Machine.AUTOREPLY),
        (marked(hops=101), Machine.HOPS),
        (marked(canary="7"), Machine.CANARY),
        (marked(loops=("Security@Example.com",)), Machine.LOOP),
        (mail(Address("SECURITY@example.com")), Machine.LOOP),
        (mail(Address("MAILER-DAEMON@example.org")), Machine.NO_REPLY),
        (mail(Address("no-reply@example.org")), Machine.NO_REPLY),
        (mail(Address("noreply+x7@example.org")), Machine.NO_REPLY),
        (mail(Address("do-not-reply@example.org")), Machine.NO_REPLY),
        (mail(Address("jira.noreply@example.org")), Machine.NO_REPLY),
        (mail(Address("bounces+rita=example.org@example.net")), Machine.NO_REPLY),
        (mail(Address("owner-list@example.org")), Machine.NO_REPLY),
        (mail(Address("list-request@example.org")), Machine.NO_REPLY),
    ],
)
def test_machines_are_known(seen: Mail, why: Machine) -> None:
    """Each mark of RFC 3834 and of the world names its reason, a sentence, and no receipt answers it."""
    assert automatic(seen, {"security@example.com"}) is why
    assert str(why).endswith(".")
    assert not receipt_allowed(seen, NONE_SENT, own={"security@example.com"}).allowed


@pytest.mark.parametrize(
    ("seen", "sent", "allowed"),
    [
        (mail(), SentReceipts(0, 0), True),
        (mail(), SentReceipts(2, 9), True),
        (mail(), SentReceipts(3, 3), False),
        (mail(), SentReceipts(0, 10), False),
        (marked(suppress="All"), NONE_SENT, False),
        (marked(suppress="OOF, AutoReply"), NONE_SENT, False),
        (marked(suppress="None"), NONE_SENT, True),
        (mail(Address("")), NONE_SENT, False),
        (mail(one_sender=False), NONE_SENT, False),
    ],
)
def test_receipts_within_limits(seen: Mail, sent: SentReceipts, allowed: bool) -> None:
    """A receipt goes to one plain sender who did not ask for silence, a few an hour; a no has a reason."""
    decision = receipt_allowed(seen, sent, ReceiptLimits(to_sender=3, in_total=10))
    assert decision.allowed is allowed
    assert bool(decision.reason) is not allowed


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("A hole", "A hole"),
        ("  a \t\n b ", "a b"),
        ("", "(no subject)"),
        ("\u202e\u2066 \x00", "(no subject)"),
        ("x\u202egpj.exe", "xgpj.exe"),
        ("x" * 121, "x" * 119 + "…"),
        ("Re: [FW-7Q3KXM] x", "Re: [FW-7Q3KXM] x"),
    ],
)
def test_titles(subject: str, expected: str) -> None:
    """A title is one clean line of at most 120 characters, and never empty."""
    assert title(subject) == expected


@given(st.text())
def test_any_subject_gives_a_title(subject: str) -> None:
    """Whatever stands in a subject, its title is short, printable on one line, and stays itself."""
    made = title(subject)
    assert 0 < len(made) <= 120
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in made)
    assert title(made) == made


def test_digests() -> None:
    """The same bytes have the same digest; one byte more, or another key, gives another."""
    assert digest(b"a") == digest(b"a")
    assert len({digest(b"a"), digest(b"a\n"), digest(b"a", KEY), digest(b"a", b"other")}) == 4


def test_tags_are_signed() -> None:
    """A tag names its case in small letters, survives folding of case, and cannot be made without the key."""
    address = tagged_address("security@example.com", "FW-7Q3KXM", KEY)
    assert address == f"security+{address_tag('FW-7Q3KXM', KEY)}@example.com"
    assert address == address.lower()
    for where in ({"to": (Address(address),)}, {"cc": (Address(address.upper()),)}, {"delivered_to": (address,)}):
        assert tagged_cases(mail(**where), KEY) == ("FW-7Q3KXM",)
    assert tagged_cases(mail(to=(Address(address),)), b"another key") == ()
    forged = address.replace("7q3kxm", "aaaaaa")
    assert tagged_cases(mail(to=(Address(forged), Address("security+fw-7q3kxm@example.com"))), KEY) == ()


def test_thread_ids_are_the_nearest_first() -> None:
    """The answered mail comes first, then the references from the latest back, each once."""
    seen = mail(in_reply_to="<c@x>", references=("<a@x>", "<b@x>", "<c@x>"))
    assert thread_ids(seen) == ("<c@x>", "<b@x>", "<a@x>")
    assert thread_ids(mail()) == ()


def test_strangers_to_every_case_open_a_new_one() -> None:
    """No tag and no Message-ID of ours: a new case, whatever number the subject names."""
    assert joins(mail(subject="Re: [FW-7Q3KXM] hole", references=("<x@y>",)), Known()) is None


@pytest.mark.parametrize(
    ("known", "by"),
    [
        (Known(by_tag={"FW-7Q3KXM": THREAD}), "tag"),
        (Known(by_message={"<ours@example.com>": THREAD}), "message_id"),
        (Known(by_tag={"FW-7Q3KXM": THREAD}, by_message={"<ours@example.com>": THREAD}), "tag"),
    ],
)
def test_participants_join(known: Known, by: str) -> None:
    """A participant's answer joins by the signed tag or by a Message-ID of ours."""
    answer = mail(Address("Rita@Example.ORG"), in_reply_to="<ours@example.com>")
    assert joins(answer, known) == Joins("FW-7Q3KXM", by)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "proof_needed", "words"),
    [
        (mail(Address("eve@example.net")), False, "eve@example.net takes no part"),
        (mail(Address("")), False, "takes no part"),
        (mail(one_sender=False), False, "one sender"),
        (mail(), True, "Nothing proves"),
        (mail(signals=Signals(dkim="pass")), True, "Nothing proves"),
    ],
)
def test_others_are_held(answer: Mail, proof_needed: bool, words: str) -> None:
    """A stranger's, a two-headed or, where proof is asked, an unproven mail waits for a person; nothing is lost."""
    held = joins(answer, Known(by_tag={"FW-7Q3KXM": THREAD}), proof_needed=proof_needed)
    assert isinstance(held, Held)
    assert held.case == "FW-7Q3KXM"
    assert words in held.reason


@pytest.mark.parametrize("proven", [Signals(dmarc="pass"), Signals(openpgp="pass")])
def test_proof_lets_a_participant_join(proven: Signals) -> None:
    """DMARC or OpenPGP is proof; DKIM alone says nothing about the From address."""
    known = Known(by_tag={"FW-7Q3KXM": THREAD})
    assert isinstance(joins(mail(signals=proven), known, proof_needed=True), Joins)


def test_two_cases_in_one_answer_are_held() -> None:
    """A mail that answers two cases is not guessed into one."""
    other = Thread("FW-222222", THREAD.participants)
    answer = mail(in_reply_to="<ours@example.com>")
    assert isinstance(
        joins(answer, Known(by_tag={"FW-7Q3KXM": THREAD}, by_message={"<ours@example.com>": other})), Held
    )


def test_an_out_of_office_note_is_marked() -> None:
    """A participant's autoresponder joins, marked as a machine's, so that it does not count as an answer."""
    note = mail(automatic=Automatic(auto_submitted="auto-replied"))
    assert joins(note, Known(by_tag={"FW-7Q3KXM": THREAD})) == Joins("FW-7Q3KXM", "tag", by_machine=True)
