"""Mail that goes out: composed safely, handed to real servers, and their words kept."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.edges.home import Home, MailServer
from forgeward.edges.mail_out import Draft, FolderTransport, SmtpTransport, compose, message_id, transport_for
from forgeward.errors import BadInput
from tests.edges.smtp import Sink, TestCA, make_ca, only, scripted, serving

KEY = b"k" * 32
DRAFT = Draft(
    key="FW-7Q3KXM:2",
    kind="reply",
    sender="security@example.com",
    sender_name="Example Security",
    to="rita@example.org",
    subject="Lücke",
    text="Guten Tag,\n\nwir haben Ihren Bericht.\n.\nFrom here on we work.\n",
    date=datetime(2026, 11, 23, 10, 20, tzinfo=UTC),
)
MAIL = compose(DRAFT, KEY)


def changed(**fields: object) -> Draft:
    return msgspec.structs.replace(DRAFT, **fields)


def read(raw: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> TestCA:
    return make_ca(tmp_path_factory.mktemp("ca"))


def transport(port: int, security: str = "none", **more: object) -> SmtpTransport:
    password = str(more.pop("password", ""))
    server = MailServer(host="127.0.0.1", port=port, security=security, **more)  # type: ignore[arg-type]
    return SmtpTransport(server, password, timeout=2)


def test_a_composed_mail_reads_back() -> None:
    """Addresses, subject, date, threading and text arrive as they were given, in ASCII lines of at most 998."""
    long_id = "<" + "x" * 120 + "@example.org>"
    draft = changed(in_reply_to=long_id, references=("<a@x>", long_id), reply_to="security+fw-7q3kxm.abc@example.com")
    mail = compose(draft, KEY)
    assert mail.raw.isascii()
    assert all(len(line) <= 998 for line in mail.raw.split(b"\r\n"))
    got = read(mail.raw)
    assert got["From"] == "Example Security <security@example.com>"
    assert (got["To"], got["Subject"]) == ("rita@example.org", "Lücke")
    assert got["Date"].datetime == DRAFT.date
    assert (got["In-Reply-To"], got["References"]) == (long_id, f"<a@x> {long_id}")
    assert got["Reply-To"] == "security+fw-7q3kxm.abc@example.com"
    assert got.get_content().replace("\r\n", "\n") == DRAFT.text
    assert (mail.envelope_from, mail.to) == ("security@example.com", "rita@example.org")


def test_a_resend_is_the_same_mail() -> None:
    """The same draft gives the same bytes; the Message-ID comes from the key alone and does not show it."""
    assert compose(DRAFT, KEY) == MAIL
    assert compose(changed(text="other", to="max@example.org"), KEY).message_id == MAIL.message_id
    assert compose(changed(key="FW-7Q3KXM:3"), KEY).message_id != MAIL.message_id
    assert message_id(DRAFT.key, b"another key", DRAFT.sender) != MAIL.message_id
    assert "7q3kxm" not in MAIL.message_id.lower()
    assert MAIL.message_id.endswith("@example.com>")


@pytest.mark.parametrize(
    ("kind", "submitted", "suppressed", "envelope"),
    [
        ("receipt", "auto-replied", "All", ""),
        ("notice", "auto-generated", "All", "security@example.com"),
        ("reply", None, None, "security@example.com"),
        ("acknowledgement", None, None, "security@example.com"),
    ],
)
def test_machines_say_so(kind: str, submitted: str | None, suppressed: str | None, envelope: str) -> None:
    """Receipts and notices carry RFC 3834's marks, a person's words do not; a receipt's bounce goes nowhere."""
    mail = compose(changed(kind=kind), KEY)
    got = read(mail.raw)
    assert (got["Auto-Submitted"], got["X-Auto-Response-Suppress"], mail.envelope_from) == (
        submitted,
        suppressed,
        envelope,
    )
    assert got["X-Loop"] == "security@example.com"


@pytest.mark.parametrize(
    "field",
    [
        {"subject": "x\r\nBcc: all@example.org"},
        {"subject": "x\ny"},
        {"subject": "x\0y"},
        {"subject": "x\u2028y"},
        {"sender_name": "x\r\nBcc: y"},
        {"to": "rita@example.org\r\nBcc: all@example.org"},
        {"to": "rita@example.org, max@example.org"},
        {"to": "Rita <rita@example.org>"},
        {"to": "rita"},
        {"to": ""},
        {"to": "-oQ/tmp x@example.org"},
        {"to": "ritä@example.org"},
        {"sender": "security@example.com> SIZE=1"},
        {"reply_to": "a@b\r\nX: y"},
        {"in_reply_to": "<a@b>\r\nX: y"},
        {"references": ("<a b@c>",)},
        {"references": ("a@c",)},
        {"text": "\ud800"},
    ],
)
def test_nothing_slips_into_a_header(field: dict[str, object]) -> None:
    """Line breaks, second recipients and what is no address or id are refused with a sentence, never sent."""
    with pytest.raises(BadInput):
        compose(changed(**field), KEY)


def test_domains_beyond_ascii() -> None:
    """A recipient's domain goes over the wire in ASCII (IDNA)."""
    assert compose(changed(to="rita@exämple.org"), KEY).to == "rita@xn--exmple-cua.org"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300), st.text(max_size=500))
def test_any_subject_and_text(subject: str, text: str) -> None:
    """Whatever a person writes stays in its place: the header has the fields that were meant and no others."""
    try:
        mail = compose(changed(subject=subject, text=text), KEY)
    except BadInput:
        assert any(0xD800 <= ord(sign) <= 0xDFFF for sign in text)
        return
    assert mail.raw.isascii()
    names = [
        line.partition(b":")[0] for line in mail.raw.split(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] not in b" \t"
    ]
    expected = b"From To Subject Date Message-ID X-Loop Content-Type Content-Transfer-Encoding MIME-Version"
    assert sorted(names) == sorted(expected.split())


def test_a_server_takes_it() -> None:
    """Accepted is the server's word after the whole mail; the bytes arrive, dots and all."""
    sink = Sink()
    with serving(sink) as port:
        delivery = transport(port).send(MAIL)
    assert (delivery.outcome, delivery.code, delivery.words) == ("accepted", 250, "250 2.0.0 Ok: queued as 4F2A")
    [envelope] = sink.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("security@example.com", ["rita@example.org"])
    assert envelope.original_content == MAIL.raw


def test_a_receipt_has_no_return_path() -> None:
    """The null sender goes over the wire as <>, which aiosmtpd keeps as it stands."""
    sink = Sink()
    with serving(sink) as port:
        assert transport(port).send(compose(changed(kind="receipt"), KEY)).outcome == "accepted"
    assert sink.taken[0].mail_from == "<>"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("550 5.1.1 nobody here", "refused"), ("450 4.2.0 greylisted", "deferred"), ("421 4.3.2 closing", "deferred")],
)
def test_refused_recipients(answer: str, outcome: str) -> None:
    """5xx is for good, 4xx for now; the server's words are kept, and nothing was taken."""
    sink = Sink(answers={"rita@example.org": answer})
    with serving(sink) as port:
        delivery = transport(port).send(MAIL)
    assert (delivery.outcome, delivery.code, delivery.words) == (outcome, int(answer[:3]), answer)
    assert not sink.taken


@pytest.mark.parametrize(("answer", "outcome"), [("554 5.7.1 spam", "refused"), ("451 4.3.0 later", "deferred")])
def test_refused_content(answer: str, outcome: str) -> None:
    """A refusal after the mail's last dot counts like one before it."""
    with serving(Sink(after_data=answer)) as port:
        delivery = transport(port).send(MAIL)
    assert (delivery.outcome, delivery.words) == (outcome, answer)


def test_starttls_with_a_certificate_that_verifies(ca: TestCA) -> None:
    """With STARTTLS and a login the mail goes over TLS."""
    sink = Sink()
    options = {"tls_context": ca.server, "require_starttls": True, **only(b"desk", b"secret")}
    with serving(sink, **options) as port:
        sender = transport(port, "starttls", ca_file=str(ca.file), user="desk", password="secret")
        assert sender.send(MAIL).outcome == "accepted"
    assert sink.secured == [True]


def test_tls_from_the_first_byte(ca: TestCA) -> None:
    """A server that speaks TLS at once (port 465) takes the mail as well."""
    sink = Sink()
    with serving(sink, ssl_context=ca.server) as port:
        assert transport(port, "tls", ca_file=str(ca.file)).send(MAIL).outcome == "accepted"
    assert len(sink.taken) == 1


def test_certificates_that_do_not_verify(ca: TestCA) -> None:
    """An unknown CA or an expired certificate ends the conversation before any mail; it is tried again later."""
    sink = Sink()
    with serving(sink, tls_context=ca.server) as port:
        unknown = transport(port, "starttls").send(MAIL)
    with serving(sink, tls_context=ca.expired) as port:
        expired = transport(port, "starttls", ca_file=str(ca.file)).send(MAIL)
    assert (unknown.outcome, expired.outcome) == ("deferred", "deferred")
    assert "does not verify" in unknown.words
    assert "expired" in expired.words
    assert not sink.taken


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["unknown", "expired", "other"])
def test_no_mail_to_a_server_that_cannot_show_who_it_is(ca: TestCA, security: str, fault: str) -> None:
    """A CA nobody knows, an expired certificate, one for another host: neither password nor mail goes there."""
    sink, context = Sink(), {"unknown": ca.server, "expired": ca.expired, "other": ca.other}[fault]
    tls = {"ssl_context" if security == "tls" else "tls_context": context, **only(b"desk", b"secret")}
    known = {} if fault == "unknown" else {"ca_file": str(ca.file)}
    with serving(sink, **tls) as port:
        delivery = transport(port, security, user="desk", password="secret", **known).send(MAIL)
    assert delivery.outcome == "deferred"
    assert "does not verify" in delivery.words
    assert not sink.taken


@pytest.mark.parametrize(
    "answers",
    [
        [b"220 x\r\n", b"250 x\r\n"],  # taken out of the server's greeting
        [b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN LOGIN\r\n"],  # with a bait for the password
        [b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 4.7.0 not now\r\n"],  # refused
        [b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n250 ok\r\n"],  # no TLS behind it
    ],
)
def test_nothing_is_said_in_the_clear_to_who_takes_starttls_away(answers: list[bytes]) -> None:
    """Neither login nor recipient nor mail: the conversation ends with EHLO or STARTTLS, and is tried again."""
    heard: list[bytes] = []
    with scripted(*answers, b"250 ok\r\n", b"250 ok\r\n", heard=heard) as port:
        delivery = transport(port, "starttls", user="desk", password="secret").send(MAIL)
    assert delivery.outcome == "deferred"
    said = b"".join(heard).upper()
    assert not any(word in said for word in (b"AUTH", b"MAIL FROM", b"RCPT", b"DATA", b"RITA"))


def test_files_and_language_go_along() -> None:
    """Any bytes, under a plain name; what a mail program might run goes as bytes; the text says its language."""
    files = (
        ("spur ü.txt", "text/plain", b"GET /\r\n"),
        ("page.html", "text/html", b"<script>"),
        ("x.png", "image/png", bytes(range(256))),
        ("a.zip", "application/zip", b"PK"),
    )
    draft = changed(files=files, language="de")
    mail = compose(draft, KEY)
    assert mail == compose(draft, KEY)
    got = read(mail.raw)
    text, *attached = got.iter_parts()
    assert text["Content-Language"] == "de"
    assert [(part.get_filename(), part.get_payload(decode=True)) for part in attached] == [(n, c) for n, _, c in files]
    assert [part.get_content_type() for part in attached] == [
        "text/plain", "application/octet-stream", "image/png", "application/octet-stream",
    ]  # fmt: skip
    with pytest.raises(BadInput):
        compose(changed(files=(("a\r\nX: y", "text/plain", b"x"),)), KEY)


def test_no_starttls_no_mail() -> None:
    """A server without STARTTLS, or a thief of it, gets nothing in the clear."""
    sink = Sink()
    with serving(sink) as port:
        delivery = transport(port, "starttls").send(MAIL)
    assert delivery.outcome == "deferred"
    assert "in the clear" in delivery.words
    assert not sink.taken


def test_a_wrong_password_is_not_the_recipients_fault(ca: TestCA) -> None:
    """535 defers: the settings must be mended, the mail waits."""
    with serving(Sink(), tls_context=ca.server, **only(b"desk", b"secret")) as port:
        sender = transport(port, "starttls", ca_file=str(ca.file), user="desk", password="wrong")
        delivery = sender.send(MAIL)
    assert (delivery.outcome, delivery.code) == ("deferred", 535)


@pytest.mark.parametrize(
    ("replies", "outcome", "words"),
    [
        (
            [b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"],
            "deferred",
            "closed the connection",
        ),
        ([b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n"], "deferred", "closed the connection"),
        ([b"220 x\r\n"], "deferred", "closed the connection"),
        ([b"554 go away\r\n"], "deferred", "554 go away"),
        ([b"220 x\r\n", b"250 x\r\n", b"530 5.7.0 log in first\r\n"], "deferred", "530 5.7.0"),
        ([b"220 x\r\n", b"250 x\r\n", b"550 5.7.1 not you\r\n"], "refused", "550 5.7.1"),
        ([b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"554 no\r\n"], "refused", "554 no"),
        ([b"\x00\xff\x1b[31m\r\n"], "deferred", ""),
    ],
)
def test_conversations_that_break_off(replies: list[bytes], outcome: str, words: str) -> None:
    """A connection lost mid-DATA or anywhere before the last word is deferred, never accepted; words are clean."""
    with scripted(*replies) as port:
        delivery = transport(port).send(MAIL)
    assert delivery.outcome == outcome
    assert words in delivery.words
    assert delivery.words.isprintable()


def test_a_lost_goodbye_does_not_matter() -> None:
    """Once the server has taken the mail, what happens to QUIT changes nothing: no second copy is sent."""
    lines = MAIL.raw.count(b"\r\n")
    replies = [
        b"220 x\r\n",
        b"250 x\r\n",
        b"250 ok\r\n",
        b"250 ok\r\n",
        b"354 go\r\n",
        *[b""] * lines,
        b"250 taken\r\n",
    ]
    for goodbye in ([], [b"500 what?\r\n"]):
        with scripted(*replies, *goodbye) as port:
            assert transport(port).send(MAIL).outcome == "accepted"


def test_silence_ends() -> None:
    """A server that accepts the connection and says nothing is given up in time."""
    with scripted(b"") as port:
        delivery = SmtpTransport(MailServer(host="127.0.0.1", port=port, security="none"), timeout=0.3).send(MAIL)
    assert (delivery.outcome, "did not answer within 0.3 seconds" in delivery.words) == ("deferred", True)


def test_nobody_there() -> None:
    """A refused connection and an unknown host are sentences, tried again later."""
    with scripted() as port:
        pass
    delivery = transport(port).send(MAIL)
    assert delivery.outcome == "deferred"
    assert f"127.0.0.1:{port}" in delivery.words


@pytest.mark.parametrize(
    ("server", "password"),
    [
        (MailServer(host="mail.example.com", security="none", user="desk"), "secret"),
        (MailServer(host="mail.example.com", security="ssl3"), ""),
        (MailServer(host="mail.example.com", user="desk"), "pässword"),
    ],
)
def test_settings_that_cannot_work(server: MailServer, password: str) -> None:
    """A password in the clear, an unknown mode, and a password no server takes are refused before any connection."""
    with pytest.raises(BadInput):
        SmtpTransport(server, password)


def test_filed_is_not_accepted(tmp_path: Path) -> None:
    """A folder holds the mail whole, for its owner alone, once; and says that no server took it."""
    folder = FolderTransport(tmp_path)
    first, again = folder.send(MAIL), folder.send(MAIL)
    assert first == again
    assert first.outcome == "filed"
    [file] = tmp_path.iterdir()
    assert file.suffix == ".eml"
    assert file.read_bytes() == MAIL.raw
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Where the folder cannot be written the mail waits; the sentence says what to do, no half file is left."""
    (tmp_path / "outbox").write_text("a file")
    delivery = FolderTransport(tmp_path / "outbox").send(MAIL)
    assert delivery.outcome == "deferred"
    assert "outbox" in delivery.words
    assert [path.name for path in tmp_path.iterdir()] == ["outbox"]


def test_the_home_chooses(tmp_path: Path) -> None:
    """No mail server, or a demo: files. A server in settings.toml: SMTP, with the password from its file."""
    home = Home(tmp_path / "home")
    home.create()
    assert isinstance(transport_for(home), FolderTransport)
    (tmp_path / "word").write_text("secret\n")
    settings = f'[mail]\nhost = "127.0.0.1"\nuser = "desk"\npassword_file = "{tmp_path / "word"}"\n'
    home.settings_file.write_text(settings)
    assert isinstance(transport_for(home), SmtpTransport)
    (tmp_path / "word").unlink()
    with pytest.raises(BadInput, match="password file"):
        transport_for(home)
    home.mark_demo()
    assert isinstance(transport_for(home), FolderTransport)
