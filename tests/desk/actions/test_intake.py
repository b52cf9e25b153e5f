"""What comes in by mail: stored, read, and filed once, whatever it is."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from forgeward.desk import kept
from forgeward.desk.actions import cases, intake, outbox, stored
from forgeward.desk.models import AttachmentRow, CaseRow, ClockRow, Entry, MessageRow, NoticeRow, RawMail
from forgeward.desk.programme import vault
from forgeward.desk.readers import notices
from forgeward.errors import KeyErased, ParserUnavailable
from forgeward.respond.parse import parse
from forgeward.vocabulary import Fact
from tests.desk.post import SETTINGS, Office, answer, bounce, office, pool, report
from tests.desk.tables import agrees, case_of
from tests.desk.web.house import House
from tests.desk.web.story import step

HOUR = timedelta(hours=1)


def clock_of(number: str, promise: str) -> str:
    return ClockRow.objects.filter(case__number=number, promise=promise).latest("pk").state


def words_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def acknowledged(post: Office, house: House, number: str) -> None:
    """A person answers, and the mail server takes it."""
    cases.perform(number, parse("acknowledge", {"text": "Thank you."}), house.hannah.actor(), post.now)
    post.deliver()


# --- a report ---------------------------------------------------------------------------------------------------------


def test_a_report_opens_a_case_and_is_receipted(post: Office) -> None:
    """Case, clocks from our own receipt, one receipt that quotes nothing, the raw mail under the reporter's key."""
    taken = post.one(report())
    assert taken.new
    assert taken.case is not None
    case = case_of(taken.case)
    assert case.source == "mail"
    assert case.facts[Fact.REPORTED] == post.now, "never the Date header"
    assert {"mailbox:security", "purpose:security", "dmarc:pass"} <= set(case.signals)
    (receipt,) = post.deliver()
    assert receipt["To"] == "rita@example.org"
    assert taken.case in receipt["Subject"]
    assert "note" not in words_of(receipt)
    row = RawMail.objects.get()
    assert (row.state, row.opened, row.subject) == ("parsed", True, vault().reporter("rita@example.org"))
    assert kept.raw_bytes(post.home, row) == report()
    assert clock_of(taken.case, "IR-4") == "running", "a receipt acknowledges nothing"
    assert agrees(post.now)


@pytest.mark.parametrize(
    ("box", "source", "signals"),
    [
        ("security", "mail", {"purpose:security"}),
        ("privacy", "mail", {"purpose:privacy"}),
        ("help", "support", {"purpose:support"}),
        ("radar", "mail", {"purpose:app"}),
        ("", "mail", set()),
    ],
)
def test_a_mailbox_says_what_it_is_for(post: Office, box: str, source: str, signals: set[str]) -> None:
    """The case records mailbox and purpose; the support mailbox is a source of its own, an app's names the app."""
    case = case_of(post.one(report(), box=box).case or "")
    assert case.source == source
    assert {s for s in case.signals if s.startswith("purpose:")} == signals
    assert case.apps == (("field-radar",) if box == "radar" else ())


def test_the_same_bytes_again_are_known(post: Office) -> None:
    """Read twice, filed once; what became of it is said again."""
    first, second = post.take(report(), report())
    third = post.one(report())
    assert (second.case, second.new, third.case, third.new) == (first.case, False, first.case, False)
    assert third.subject == first.subject
    assert RawMail.objects.count() == CaseRow.objects.count() == 1


def test_an_unreadable_mail_is_a_case_that_says_so(post: Office) -> None:
    """Nothing is dropped: what cannot be parsed is somebody's work, with the head that could be read."""
    taken = post.one(b"From: Rita <rita@example.org>\r\nSubject: Bomb\r\n" + b"X: y\r\n" * 3_000 + b"\r\nx")
    assert taken.not_parsed is not None
    assert "lines" in taken.not_parsed
    assert taken.new
    assert taken.subject == "Bomb"
    assert RawMail.objects.get().state == "not_parsed"


def test_attachments_are_content_addressed_and_sealed(post: Office) -> None:
    """The same file of the same person lies there once; another person's copy apart; erasing takes it along."""
    part = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the file {n}.\r\n"
        '--b\r\nContent-Type: text/plain; name="a.txt"\r\nContent-Disposition: attachment; filename="../a.txt"\r\n\r\n'
        "the secret of the file\r\n--b--\r\n"
    )

    def with_file(number: int, sender: str) -> bytes:
        head = f"From: {sender}\r\nSubject: File {number}\r\nMessage-ID: <f{number}@example.org>\r\n"
        return (head + part.replace("{n}", str(number))).encode()

    post.take(*(with_file(n, "file@example.org") for n in (1, 2)), with_file(3, "noor@example.org"))
    first, second, third = AttachmentRow.objects.order_by("pk").select_related("message")
    assert first.name == second.name != third.name
    assert len(list(post.home.files.iterdir())) == 2
    assert {kept.file_bytes(post.home, row) for row in (first, third)} == {b"the secret of the file"}
    assert b"secret" not in (post.home.files / first.name).read_bytes()
    vault().keys.destroy(vault().reporter("file@example.org"), post.now)
    with pytest.raises(KeyErased):
        kept.file_bytes(post.home, first)
    assert kept.file_bytes(post.home, third) == b"the secret of the file"


# --- threads ----------------------------------------------------------------------------------------------------------


def test_the_reporters_answer_joins(post: Office, house: House) -> None:
    """By the Message-ID of our letter, whatever the subject; a wait for the reporter ends."""
    number = post.one(report()).case or ""
    (receipt,) = post.deliver()
    step(number, "acknowledge", house.hannah, post.now, text="Which version?")
    step(number, "pause", house.hannah, post.now, reason="Which version?")
    post.pass_time(hours=1)
    taken = post.one(answer(receipt, subject="something else"))
    assert (taken.joined, taken.new) == (number, False)
    assert not case_of(number).paused
    assert MessageRow.objects.filter(case__number=number, direction="in").count() == 2


def test_a_subject_joins_nothing(post: Office) -> None:
    """The case's number in a subject is no thread."""
    number = post.one(report()).case
    assert post.one(report(2, subject=f"Re: [{number}] it")).case != number


def test_a_strangers_answer_is_held(post: Office) -> None:
    """Who has our Message-ID but takes no part waits for a person; the case does not change."""
    number = post.one(report()).case or ""
    (receipt,) = post.deliver()
    before = case_of(number)
    taken = post.one(answer(receipt, sender="Mallory <mallory@example.net>"))
    assert taken.held is not None
    assert number in taken.held
    assert taken.case is None
    assert case_of(number) == before


@pytest.mark.parametrize("proven", [True, False])
def test_a_forged_answer_is_held(post: Office, proven: bool) -> None:
    """A From that names the participant is not enough: DMARC or OpenPGP must pass."""
    number = post.one(report()).case
    (receipt,) = post.deliver()
    post.proven = proven
    taken = post.one(answer(receipt))
    assert (taken.joined == number, taken.held is not None) == (proven, not proven)


def test_a_signed_tag_joins(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``tags`` replies ask for answers at a signed address; a forged tag is an ordinary address."""
    text = SETTINGS.replace(
        'address = "security@lattice-loom.example"\n', 'address = "security@lattice-loom.example"\ntags = true\n'
    )
    with office(monkeypatch, text) as post:
        number = post.one(report()).case or ""
        (receipt,) = post.deliver()
        tagged = str(receipt["Reply-To"])
        assert tagged.startswith(f"security+{number.lower()}.")
        assert post.one(report(2, To=tagged)).joined == number
        assert post.one(report(3, To="security@lattice-loom.example"), recipients=[tagged]).joined == number
        forged = tagged.replace("@", "x@")
        assert post.one(report(4, To=forged)).joined is None


def test_a_letter_is_known_before_it_leaves(post: Office) -> None:
    """An answer to a letter whose sending was cut short joins: its Message-ID was kept first."""
    number = post.one(report()).case
    letter: list[object] = []

    class Dies:
        def send(self, mail: object) -> object:
            letter.append(mail)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outbox.deliver(post.home, post.clock, transport=Dies())  # type: ignore[arg-type]
    identity = letter[0].message_id  # type: ignore[attr-defined]
    assert post.one(report(2, In_Reply_To=identity)).joined == number


def test_an_out_of_office_note_ends_no_wait(post: Office, house: House) -> None:
    """It joins, as a machine's word: the pause goes on, and nobody is said to have answered."""
    number = post.one(report()).case or ""
    acknowledged(post, house, number)
    step(number, "pause", house.hannah, post.now, reason="Which version?")
    taken = post.one(answer(post.sent[-1], Auto_Submitted="auto-replied", Return_Path="<>"))
    assert taken.joined == number
    assert case_of(number).paused


def test_answers_of_a_merged_case_go_where_it_went(post: Office, house: House) -> None:
    """The reporter of the merged case stays a participant."""
    first, second = (taken.case or "" for taken in post.take(report(1), report(2, sender="noor@example.org")))
    letters = {mail["To"]: mail for mail in post.deliver()}
    acknowledged(post, house, second)
    step(second, "merge", house.hannah, post.now, into=first)
    taken = post.one(answer(letters["noor@example.org"], 3, sender="noor@example.org"))
    assert taken.joined == first


def test_replies_go_to_the_first_mails_address(post: Office, house: House) -> None:
    """Whatever later mails say in From or Reply-To, and in the reporter's own thread."""
    number = post.one(report(1, Reply_To="Elsewhere <elsewhere@example.net>")).case or ""
    (receipt,) = post.deliver()
    post.one(answer(receipt, 2, Reply_To="mallory@example.net"))
    acknowledged(post, house, number)
    reply = post.sent[-1]
    assert reply["To"] == "rita@example.org"
    assert reply["In-Reply-To"] == "<report-2@example.org>"
    assert reply["Reply-To"] == "security@lattice-loom.example"


# --- what is no report ------------------------------------------------------------------------------------------------


def test_a_bounce_opens_the_acknowledgement_again(post: Office, house: House) -> None:
    """RFC 3464: the letter is shown as bounced with the server's words, and IR-4 runs again from the report."""
    number = post.one(report()).case or ""
    post.deliver()
    acknowledged(post, house, number)
    assert clock_of(number, "IR-4") == "met"
    post.pass_time(hours=1)
    taken = post.one(bounce(post.sent[-1]))
    assert (taken.state, taken.case, taken.new) == ("bounce", number, False)
    assert clock_of(number, "IR-4") == "running"
    notice = NoticeRow.objects.get(kind="acknowledgement")
    (line,) = notices.lines([notice])
    assert (line.state, line.answer) == ("bounced", "550 5.1.1 nobody here")
    assert notice.answer == "", "it may name the recipient, so it lies sealed"
    again = post.one(bounce(post.sent[-1], words="smtp; 550 5.1.1 once more"))
    assert again.state == "bounce"
    assert Entry.objects.filter(kind="case:notice_bounced").count() == 1
    assert agrees(post.now)


def test_a_delay_changes_nothing(post: Office, house: House) -> None:
    """Action “delayed”: the mail is still on its way."""
    number = post.one(report()).case or ""
    acknowledged(post, house, number)
    assert post.one(bounce(post.sent[-1], action="delayed")).state == "aside"
    assert clock_of(number, "IR-4") == "met"


def test_strangers_bounces_are_set_aside(post: Office) -> None:
    """Backscatter of what we never sent, ten of it: no case, no receipt, all kept and listed."""
    letter = report(7)
    stray = [
        bounce(message_from_bytes(letter.replace(b"report-7", b"r%d" % n), policy=policy.default)) for n in range(10)
    ]
    assert {taken.state for taken in post.take(*stray)} == {"aside"}
    assert not CaseRow.objects.exists()
    assert post.deliver() == []
    assert RawMail.objects.filter(state="aside").count() == 10


def test_an_old_bounce_without_a_report_is_understood(post: Office, house: House) -> None:
    """From a daemon, plain text that quotes our header."""
    number = post.one(report()).case or ""
    acknowledged(post, house, number)
    text = f"Hi. This is the qmail-send program.\r\n--- Below this line is a copy.\r\n\r\n{post.sent[-1].as_string()}"
    raw = report(9, "MAILER-DAEMON@mx.example.org", body=text, subject="failure notice", Return_Path="<>")
    assert post.one(raw).state == "bounce"
    assert clock_of(number, "IR-4") == "running"


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "security@lattice-loom.example"},
        {"sender": "privacy@lattice-loom.example"},
        {"X_Loop": "security@lattice-loom.example"},
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "auto_reply"},
        {"Content_Type": "multipart/report; report-type=disposition-notification; boundary=b"},
    ],
)
def test_our_own_mails_and_machines_answers_open_nothing(post: Office, fields: dict[str, str]) -> None:
    """Loops, auto-replies that answer nothing of ours, read receipts: set aside, never a case."""
    assert post.one(report(1, **fields)).state == "aside"
    assert not CaseRow.objects.exists()


def test_a_loop_of_hops_opens_nothing(post: Office) -> None:
    """More than a hundred servers: it goes in circles."""
    raw = b"Received: from a by b; Mon, 23 Nov 2026 10:00:00 +0000\r\n" * 101 + report()
    assert post.one(raw).state == "aside"


@pytest.mark.parametrize(
    "fields",
    [
        {"List_Id": "<sec.example.org>"},
        {"Precedence": "bulk"},
        {"Auto_Submitted": "auto-generated"},
        {"sender": "no-reply@scanner.example"},
    ],
)
def test_machines_may_report(post: Office, fields: dict[str, str]) -> None:
    """Alerts and lists open a case; they only get no receipt."""
    taken = post.one(report(1, **fields))
    assert taken.new
    assert post.deliver() == []
    assert any(signal.startswith("automatic:") for signal in case_of(taken.case or "").signals)


# --- storms -----------------------------------------------------------------------------------------------------------


def test_a_copy_by_another_way_is_one_mail(post: Office) -> None:
    """To two mailboxes, with other Received lines: one case, the copy grouped with it, at once."""
    first, second = post.take(report(), b"Received: by other; Mon, 23 Nov 2026 10:00:00 +0000\r\n" + report())
    assert (second.state, second.case) == ("grouped", first.case)
    assert CaseRow.objects.count() == 1
    assert Entry.objects.get(kind="case:grouped").case.number == first.case  # type: ignore[union-attr]
    assert len(post.deliver()) == 1


def test_one_text_from_many_senders_is_grouped(post: Office) -> None:
    """After five cases within a day further copies go to the first of them; a day later they count anew."""
    mails = [report(n, f"r{n}@example.org", subject="Same", body="The same text to all of you.") for n in range(30)]
    taken = post.take(*mails)
    opened = [each.case for each in taken if each.new]
    assert len(opened) == 5
    assert {each.case for each in taken if not each.new} == {opened[0]}
    assert {each.state for each in taken if not each.new} == {"grouped"}
    post.pass_time(hours=25)
    later = report(99, "r99@example.org", subject="Same", body="The same text to all of you.")
    assert post.one(later).new


def test_one_sender_is_grouped(post: Office) -> None:
    """After twenty cases within a day, other texts too; three receipts an hour; the history says how many."""
    taken = post.take(*(report(n) for n in range(132)))
    assert sum(each.new for each in taken) == 20
    last = taken[19].case
    assert {each.case for each in taken[20:]} == {last}
    assert RawMail.objects.filter(state="grouped", case__number=last).count() == 112
    assert Entry.objects.filter(kind="case:grouped").count() == 3, "at 1, 10 and 100"
    assert len(post.deliver()) == 3
    assert post.one(report(1000, "noor@example.org")).new, "others are not concerned"
    assert agrees(post.now)


def test_answers_are_grouped_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A participant, or a stranger, who floods a case."""
    with office(monkeypatch, SETTINGS + "\n[intake]\nanswers_of_sender = 4\n") as post:
        post.one(report())
        (receipt,) = post.deliver()
        mine = post.take(*(answer(receipt, n, body=f"More {n}") for n in range(2, 10)))
        assert [each.state for each in mine] == ["parsed"] * 3 + ["grouped"] * 5
        theirs = post.take(*(answer(receipt, n, "m@example.net", body=f"Ha {n}") for n in range(20, 30)))
        assert [each.state for each in theirs] == ["held"] * 4 + ["grouped"] * 6


def test_receipts_have_a_limit_in_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many senders there are; each still gets a case."""
    with office(monkeypatch, SETTINGS + "\n[intake]\nreceipts_in_total = 7\n") as post:
        taken = post.take(*(report(n, f"r{n}@example.org") for n in range(40)))
        assert all(each.new for each in taken)
        assert len(post.deliver()) == 7


# --- forwarded mails, notifications -----------------------------------------------------------------------------------

FORWARDED = """See below, Hannah

---------- Forwarded message ---------
From: Rita Rossi <rita@example.org>
Date: Mon, 23 Nov 2026 at 09:00
Subject: A hole

It is open.
"""


@pytest.mark.parametrize(
    ("by", "reporter"), [("hannah@lattice-loom.example", "rita"), ("mallory@example.net", "mallory")]
)
def test_a_forwarder_is_believed_where_the_settings_say_so(
    house: House, monkeypatch: pytest.MonkeyPatch, by: str, reporter: str
) -> None:
    """The original sender is the reporter then, and replies go there; a stranger who forwards is the sender himself."""
    text = SETTINGS.replace('purpose = "support"\n', 'purpose = "support"\nforwarders = ["@lattice-loom.example"]\n')
    with office(monkeypatch, text) as post:
        taken = post.one(report(1, by, body=FORWARDED), box="help")
        assert taken.sender.startswith(reporter)
        case = case_of(taken.case or "")
        assert ("sender:forwarded" in case.signals) == (reporter == "rita")
        (receipt,) = post.deliver()
        assert receipt["To"].startswith(reporter)


def test_nobody_can_name_somebody_to_be_written_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forged forwarder's mail gets no receipt, since its address is anybody's claim."""
    text = SETTINGS.replace('purpose = "support"\n', 'purpose = "support"\nforwarders = ["@lattice-loom.example"]\n')
    with office(monkeypatch, text) as post:
        post.proven = False
        assert post.one(report(1, "hannah@lattice-loom.example", body=FORWARDED), box="help").new
        assert post.deliver() == []


def test_a_marketplace_ticket_starts_its_own_clock(post: Office) -> None:
    """AMS-4711 by mail: source ams, the Marketplace's clock, no reporter to acknowledge; a second mail joins."""
    taken = post.one(report(1, "jira@am.atlassian.com", subject="[JIRA] (AMS-4711) Stored XSS in Field Radar"))
    case = case_of(taken.case or "")
    assert case.source == "ams"
    assert case.facts[Fact.AMS_REPORTED] == post.now
    assert not case.reporter
    assert ClockRow.objects.filter(case__number=taken.case, regime="marketplace").exists()
    assert post.deliver() == []
    again = post.one(report(2, "jira@am.atlassian.com", subject="Re: AMS-4711 was commented", body="Any news?"))
    assert (again.joined, again.new) == (taken.case, False)
    post.proven = False
    forged = post.one(report(3, "jira@am.atlassian.com", subject="AMS-4711 closed", body="Forget it."))
    assert forged.held is not None


@pytest.mark.parametrize(
    ("sender", "subject", "source"),
    [
        ("jira@atlassian.net", "(AMS-1) x", "ams"),
        ("jira@evil-atlassian.net", "(AMS-1) x", "mail"),
        ("jira@atlassian.net.example", "(AMS-1) x", "mail"),
        ("noreply@e.atlassian.com", "ECOHELP-12345: your app", "advisory"),
        ("rita@atlassian.com", "I found something", "mail"),
    ],
)
def test_notifications_are_known_by_sender_and_key(post: Office, sender: str, subject: str, source: str) -> None:
    """Both must fit; a person at Atlassian who writes is a reporter."""
    assert case_of(post.one(report(1, sender, subject=subject)).case or "").source == source


def test_notifications_are_configuration(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings replace the built-in rules."""
    text = SETTINGS + '\n[[notification]]\nname = "sec"\nsenders = ["@tracker.example"]\nkey = "SEC-[0-9]+"\n'
    with office(monkeypatch, text) as post:
        assert case_of(post.one(report(1, "bot@tracker.example", subject="SEC-5 x")).case or "").source == "ams"
        assert case_of(post.one(report(2, "jira@atlassian.net", subject="AMS-5 x")).case or "").source == "mail"


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_what_was_cut_short_is_read_later(post: Office) -> None:
    """Stored and leased to a process that died: the next one reads it when the lease is over."""
    lease = stored.Lease("dead", post.now + timedelta(seconds=60))
    stored.store(post.home, stored.Incoming(report(), "x", post.now, "security"), lease=lease)
    assert intake.read_stored(post.home, post.clock) == []
    post.pass_time(seconds=61)
    (taken,) = intake.read_stored(post.home, post.clock)
    assert taken.new


def test_what_cannot_be_read_now_waits_for_no_lease(post: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no parser can be started the mail is claimed again at the same instant."""
    post.store(report())

    def unavailable(*_: object) -> None:
        raise ParserUnavailable("It does not start.")

    with monkeypatch.context() as broken:
        broken.setattr(intake, "read", unavailable)
        with pytest.raises(ParserUnavailable):
            intake.read_stored(post.home, post.clock, "one", pool())
    assert len(intake.read_stored(post.home, post.clock, "two", pool())) == 1


def test_two_readers_file_a_mail_once(post: Office) -> None:
    """Both have read it; the second finds it filed and says so."""
    row = post.store(report())
    same = RawMail.objects.get(pk=row.pk)
    first = next(intake.read(post.home, [row], pool(), post.clock))
    second = next(intake.read(post.home, [same], pool(), post.clock))
    assert (second.case, second.new) == (first.case, False)
    assert CaseRow.objects.count() == 1
    assert len(post.deliver()) == 1


def test_a_mail_whose_bytes_are_gone_says_so(post: Office) -> None:
    """A damaged home loses no word about it, and stops no other mail."""
    row = post.store(report(1))
    (post.home.raw / row.name).write_bytes(b"damaged")
    other = post.store(report(2, "noor@example.org"))
    first, second = intake.read_stored(post.home, post.clock)
    assert "cannot be read" in (first.not_parsed or "")
    assert second.new
    assert other.pk


def test_the_beginning_of_a_huge_mail_is_a_case(post: Office) -> None:
    """It says how large the mail is and where it lies whole."""
    taken = post.one(report(), whole=500_000_000, folder="Forgeward")
    assert "500,000,000 bytes" in (taken.not_parsed or "")
    assert "Forgeward" in (taken.not_parsed or "")
    assert taken.subject == "Export reads any note 1"


def test_orphans_are_swept_after_a_day(post: Office) -> None:
    """A file whose row never came goes; a mail's file stays."""
    row = post.store(report())
    (post.home.raw / "orphan").write_bytes(b"x")
    assert stored.sweep(post.home, lambda: 0) == 0
    assert stored.sweep(post.home, lambda: 1e12) == 1
    assert {file.name for file in post.home.raw.iterdir()} == {row.name}


def test_who_was_erased_can_report_again(post: Office) -> None:
    """As somebody new: the old mail stays closed, the new one opens."""
    address = "erased@example.org"
    post.one(report(1, address))
    before = RawMail.objects.get()
    vault().keys.destroy(vault().reporter(address), post.now)
    taken = post.one(report(2, address))
    assert taken.new
    assert case_of(taken.case or "").reporter
    with pytest.raises(KeyErased):
        kept.raw_bytes(post.home, before)
    assert kept.raw_bytes(post.home, RawMail.objects.latest("pk")) == report(2, address)
    assert len(post.deliver()) == 1, "the first case's receipt has no address any more"
