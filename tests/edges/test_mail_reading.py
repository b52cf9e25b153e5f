"""What the parser makes of one mail. In this process: the guard around it has its own tests."""

from __future__ import annotations

import hashlib
import io
import zipfile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.edges import mail_header
from forgeward.edges.mail_html import text_of
from forgeward.edges.mail_limits import LIMITS, Limits
from forgeward.edges.mail_reading import read
from forgeward.respond.mail import Mail, NotParsed, Parsed, Reading
from tests.edges.mails import HEAD, NO_REAL, REAL, file_part, mail, multipart, nested


def parsed(raw: bytes) -> Mail:
    reading = read(raw)
    assert isinstance(reading, Parsed), reading
    return reading.mail


def refused(raw: bytes, limits: Limits = LIMITS) -> NotParsed:
    reading = read(raw, limits)
    assert isinstance(reading, NotParsed), reading
    return reading


@pytest.mark.skipif(not REAL.is_dir(), reason=NO_REAL)
def test_real_mails_are_all_read() -> None:
    """Every mail of the collection is read, with a sender and, all but one, with a text."""
    files = sorted(path for path in REAL.rglob("*") if path.suffix in {".eml", ".msg"})
    mails = {path.name: parsed(path.read_bytes()) for path in files}
    assert len(mails) == 60
    assert all(each.sender.address for each in mails.values())
    assert [name for name, each in mails.items() if not each.text.strip()] == ["message2.eml"]
    assert mails["test-fail-04.msg"].defects == ("It names more than one sender.",)
    assert [a.name for a in mails["message1.eml"].attachments] == ["image.png", "notes.txt", "attachment.bin"]
    assert mails["message3.eml"].automatic.list_unsubscribe


def test_plain_mail() -> None:
    """The fields of an ordinary reply stand where they belong, ids with their brackets, the date as mere text."""
    got = parsed(
        mail(
            b"It is open.\r\n",
            b"Message-ID: <1@example.org>",
            b"In-Reply-To: <0@example.com>",
            b"References: <a@x> <b@x>\r\n <0@example.com>",
            b"Cc: Max <MAX@Example.ORG>",
            b"Reply-To: other@example.net",
            b"Delivered-To: security+tag@example.com",
            b"Date: Thu, 1 Jan 1970 00:00:00 +0000",
        )
    )
    assert (got.sender.address, got.sender.name) == ("rita@example.org", "Rita")
    assert (got.message_id, got.in_reply_to) == ("<1@example.org>", "<0@example.com>")
    assert got.references == ("<a@x>", "<b@x>", "<0@example.com>")
    assert got.cc[0].address == "MAX@example.org"
    assert got.reply_to[0].address == "other@example.net"
    assert got.delivered_to == ("security+tag@example.com",)
    assert (got.text, got.text_from, got.date) == ("It is open.", "plain", "Thu, 1 Jan 1970 00:00:00 +0000")
    assert got.signals == type(got.signals)("none", "none", "none")
    assert got.one_sender
    assert not got.defects


@pytest.mark.parametrize("broken", ["<ü@x>", "<a b@x>", "<" + "x" * 300 + "@x>", "x@y", "<>"])
def test_ids_that_no_answer_could_name_are_left_out(broken: str) -> None:
    """Every Message-ID that is kept can stand in our own header; others would make a reply impossible."""
    got = parsed(mail(b"x", f"Message-ID: {broken}".encode(), f"References: <a@x> {broken} <b@x>".encode()))
    assert (got.message_id, got.references) == ("", ("<a@x>", "<b@x>"))


@pytest.mark.parametrize(
    ("field", "subject"),
    [
        (b"Subject: =?utf-8?q?L=C3=BCcke?=", "Lücke"),
        (b"Subject: =?UTF-8?B?TMO8?= =?utf-8?B?Y2tl?=", "Lücke"),
        (b"Subject: =?utf-8?b?w?= and =?utf-8?q?=C3?= =?utf-8?q?=BC?=", "=?utf-8?b?w?= and ü"),
        (b"Subject: L\xc3\xbccke", "Lücke"),
        (b"Subject: L\xfccke", "Lücke"),
        (b"Subject: =?iso-8859-1*de?q?L=FCcke?=", "Lücke"),
        (b"Subject: =?x-martian?q?a?= b", "a b"),
        (b"Subject: =?utf-8?q?a=0D=0ABcc:_all=40x?=", "a Bcc: all@x"),
        (b"Subject: a\r\n\tb", "a b"),
        (b"Subject: \xe2\x80\xaeexe.gpj", "exe.gpj"),
        (b"Subject: a\0b", "a b"),
        (b"Subject:", ""),
        (b"X-None: x", ""),
    ],
)
def test_subjects(field: bytes, subject: str) -> None:
    """Encoded words, raw 8-bit, broken and hostile subjects all become one clean line."""
    assert parsed(b"From: a@example.org\r\n" + field + b"\r\n\r\nx").subject == subject


@pytest.mark.parametrize(
    ("field", "address", "name"),
    [
        (b"Rita <rita@example.org>", "rita@example.org", "Rita"),
        (b"=?utf-8?q?Rit=C3=A4?= <rita@EXAMPLE.org>", "rita@example.org", "Ritä"),
        (b'"Max, Rita" <rita@example.org>', "rita@example.org", "Max, Rita"),
        (b"rita@example.org (Rita)", "rita@example.org", ""),
        ("rita@exämple.org".encode(), "rita@exämple.org", ""),
    ],
)
def test_senders(field: bytes, address: str, name: str) -> None:
    """A well-formed From gives the address, its domain in small letters, and the decoded name."""
    got = parsed(b"From: " + field + b"\r\n\r\nx")
    assert (got.sender.address, got.sender.name) == (address, name)
    assert got.one_sender


@given(st.from_regex(r"(?:[A-Za-z0-9 ]{0,8}<)?[a-zA-Z.+_-]{1,8}@[A-Za-z.-]{1,8}>?[ ]?", fullmatch=True))
def test_plain_addresses_take_no_short_cut(text: str) -> None:
    """The quick way for plain addresses answers what the standard parser does, or leaves them to it."""
    quick, slow = mail_header.addresses([text]), mail_header._parsed_addresses(text)
    assert ([*quick[0]], quick[1]) == slow


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        (b"From: =?utf-8?q?a=0D=0ABcc:x?= <rita@example.org>", "rita@example.org"),
        (b"From: a@example.org, b@example.org", "a@example.org"),
        (b"From: a@example.org\r\nFrom: b@example.org", "a@example.org"),
        (b"From: =?utf-8?q?a=40evil.example?=@example.org", ""),
        (b"From: alice@example.org)bob@evil.example", None),
        (b"From: undisclosed-recipients:;", ""),
        (b"From: " + b"(" * 5000, ""),
        (b"From: " + b'"' * 5000, ""),
        (b"From: " + b"<@a," * 3000, ""),
        (b"From:", ""),
        (b"To: a@example.org", ""),
    ],
)
def test_doubtful_senders(fields: bytes, address: str | None) -> None:
    """A From that two programs could read differently never counts as one sender; CR and LF never pass."""
    got = parsed(fields + b"\r\nSubject: x\r\n\r\nx")
    assert not got.one_sender
    assert got.defects
    assert address is None or got.sender.address == address
    assert not {"\r", "\n"} & set(got.sender.address + got.sender.name)


@pytest.mark.parametrize(
    ("charset", "body", "text", "noted"),
    [
        (b"utf-8", "Lücke".encode(), "Lücke", False),
        (b"iso-8859-1", b"L\xfccke \x80", "Lücke €", False),
        (b"utf-16", "Lücke".encode("utf-16"), "Lücke", False),
        (b"shift_jis", "穴".encode("cp932"), "穴", False),
        (b"us-ascii", b"L\xfccke", "Lücke", True),
        (b"x-martian", "Lücke".encode(), "Lücke", True),
        (b"zip", b"PK", "PK", True),
        (b"punycode", b"a-b", "a-b", True),
        (b"unicode_escape", rb"\u0041", r"\u0041", True),
        (b"utf-8", b"a\0b\x1bc\xed\xa0\x80", None, True),
    ],
)
def test_character_sets(charset: bytes, body: bytes, text: str | None, noted: bool) -> None:
    """Known sets are decoded, unknown and wrong ones are noted and guessed; no NUL and no surrogate is left."""
    got = parsed(mail(body, b"Content-Type: text/plain; charset=" + charset))
    assert text is None or got.text == text
    assert bool(got.charset_note) is noted
    assert not {"\0", "\x1b"} & set(got.text)
    assert got.text.encode()


def test_alternatives_prefer_plain_text() -> None:
    """Of text and HTML the text is taken; files inside the HTML's branch are kept all the same."""
    html = b"Content-Type: text/html\r\n\r\n<p>Pretty"
    assert parsed(multipart(html, b"\r\nPlain", subtype=b"alternative")).text == "Plain"
    got = parsed(multipart(html, b"\r\n  \r\n", file_part(b"%PDF-1"), subtype=b"alternative"))
    assert (got.text, got.text_from, len(got.attachments)) == ("Pretty", "html", 1)


def test_mixed_texts_are_joined() -> None:
    """A list's footer in a part of its own does not hide the report before it."""
    assert parsed(multipart(b"\r\nReport", b"Content-Type: text/html\r\n\r\n<i>Footer</i>")).text == "Report\n\nFooter"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>a</p><p>b<br>c", "a\n\nb\nc"),
        ("a <script>alert(1)</script><style>p{}</style>b", "a b"),
        ("a<script>never closed", "a"),
        ("a<!-- hidden -->b<!-- open", "ab"),
        ("1 < 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ('<a href="https://evil.example/x">https://good.example</a>', "https://good.example <https://evil.example/x>"),
        ('<a href="https://a.example">https://a.example</a>', "https://a.example"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ('<a href="mailto:a@b.example">write</a>', "write <a@b.example>"),
        ("<img src=https://track.example/pixel.gif>x", "x"),
        ("&#" + "9" * 5000 + ";", "&#" + "9" * 5000 + ";"),
        ("a<", "a<"),
        ("a<b", "a"),
    ],
)
def test_html_becomes_text(source: str, text: str) -> None:
    """Tags, scripts and comments go, what a reader sees stays, and a link's real target is written out."""
    assert text_of(source) == text


@given(st.text(alphabet="<>!-/a \n\"'=&;script", max_size=400))
def test_html_never_raises(source: str) -> None:
    """Any mixture of markup is read; links at most double it."""
    assert len(text_of(source)) <= 2 * len(source)


def test_attachments() -> None:
    """An attachment has its bytes, digest, size, both types, and a name that cannot leave its folder."""
    content = b"%PDF-1.7\n" + bytes(range(256)) * 10
    reading = read(multipart(b"\r\nhello", file_part(content, "../../etc/re\u202efdp.exe", "image/png")))
    assert isinstance(reading, Parsed)
    [got] = reading.mail.attachments
    assert reading.contents == (content,)
    assert (got.size, got.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (got.declared_type, got.sniffed_type) == ("image/png", "application/pdf")
    assert got.name == "refdp.exe"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("C:\\\\x\\\\a.txt", "a.txt"),
        ("..", "part-1"),
        ("", "part-1"),
        ("a\tb.txt", "a b.txt"),
        ("=?utf-8?q?L=C3=BCcke.txt?=", "Lücke.txt"),
        ("x" * 400, "x" * 149 + "…"),
    ],
)
def test_file_names(name: str, kept: str) -> None:
    """Folders, controls and endless names are cut away; what is left over gets a number."""
    assert parsed(multipart(file_part(b"x", name))).attachments[0].name == kept


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"plain words", "text/plain"),
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"PK\x03\x04....", "application/zip"),
        (b"MZ\x90\x00", "application/vnd.microsoft.portable-executable"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "application/pgp-keys"),
        (b"\0\1\2", "application/octet-stream"),
        (b"", "text/plain"),
    ],
)
def test_types_are_sniffed(content: bytes, media_type: str) -> None:
    """The first bytes decide what a file is, whatever the mail calls it."""
    assert parsed(multipart(file_part(content))).attachments[0].sniffed_type == media_type


def test_archives_stay_closed() -> None:
    """A zip bomb is a small file: it is named and kept, and nobody unpacks it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 20_000_000)
    got = parsed(multipart(file_part(packed.getvalue(), "bomb.zip", "application/zip"))).attachments[0]
    assert (got.sniffed_type, got.size) == ("application/zip", len(packed.getvalue()))
    assert got.size < 50_000


def test_nested_messages_stay_closed() -> None:
    """A forwarded message is a file, byte for byte: its sender and its parts are not taken for the mail's own."""
    inner = mail(b"--q\r\n\r\nnot ours\r\n", b"Content-Type: multipart/mixed; boundary=z")
    reading = read(multipart(b"\r\nSee below", b"Content-Type: message/rfc822\r\n\r\n" + inner, boundary=b"outer"))
    assert isinstance(reading, Parsed)
    assert reading.contents == (inner,)
    assert reading.mail.text == "See below"
    report = multipart(b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\n")
    assert parsed(report).attachments[0].size == len(b"Reporting-MTA: dns; x\r\n\r\nAction: failed\r\n")


def test_what_machines_say_of_themselves() -> None:
    """All marks of automatic mail are read."""
    got = parsed(
        mail(
            b"--q\r\n\r\nx\r\n--q--\r\n",
            b"Auto-Submitted: Auto-Replied (vacation)",
            b"Precedence: Bulk",
            b"List-Id: <l.example.org>",
            b"List-Unsubscribe: <mailto:x@example.org>",
            b"Return-Path: < >",
            b"X-Auto-Response-Suppress: All",
            b"X-Autoreply: yes",
            b"X-Loop: security@example.com",
            b"X-Forgeward-Canary: 7",
            b"Received: a\r\nReceived: b",
            b'Content-Type: multipart/report; report-type="Delivery-Status"; boundary=q',
        )
    ).automatic
    assert (got.auto_submitted, got.precedence, got.list_id) == ("auto-replied (vacation)", "bulk", "<l.example.org>")
    assert (got.list_unsubscribe, got.null_return_path, got.suppress, got.autoreply) == (True, True, "All", "yes")
    assert (got.report_type, got.loops, got.canary, got.hops) == ("delivery-status", ("security@example.com",), "7", 2)
    assert parsed(mail(b"x", b"Return-Path: <rita@example.org>")).automatic == type(got)()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_mail"),
        (b"\r\n \0", "not_mail"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "not_mail"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "not_mail"),
        (b"just a few words\n", "not_mail"),
        (nested(3000), "too_deep"),
        (mail(b"--q\r\n\r\nx\r\n" * 500_000, b"Content-Type: multipart/mixed; boundary=q"), "too_many_parts"),
        (mail(b"\r--q\r\rx" * 5_000, b"Content-Type: multipart/mixed; boundary=q"), "too_many_parts"),
        (mail(b"\n--q-- \n" * 5_000, b"Content-Type: multipart/mixed; boundary*0=q"), "too_many_parts"),
        (b"Subject: " + b"x" * 10_000_000 + b"\r\n" + HEAD + b"\r\n", "headers"),
        (b"X: y\r\n" * 5_000 + HEAD + b"\r\n", "headers"),
        (mail(b"x", b"Content-Type: text/plain" + b"; a=b" * 10_000), "headers"),
        (multipart(b"Content-Disposition: attachment" + b";\r\n a*0=b" * 10_000 + b"\r\n\r\nx"), "headers"),
    ],
)
def test_refused_before_parsing(raw: bytes, code: str) -> None:
    """What would burn the parser's time is counted first and refused with a sentence; the header is still told."""
    got = refused(raw)
    assert got.code == code
    assert got.reason.endswith(".")
    if HEAD in raw[:100_000] and code != "not_mail":
        assert got.head is not None
        assert got.head.sender.address == "rita@example.org"
        assert not got.head.text


def test_not_refused() -> None:
    """A long mail full of dashes or quoted headers is an ordinary mail: only real boundaries count as parts."""
    dashes = parsed(mail(b"--- a/file\r\n+++ b/file\r\n--\r\n" * 5_000))
    assert dashes.text.count("--- a/file") == 5_000
    quoted = parsed(mail(b"> Content-Type: multipart/mixed; boundary=x\r\n" * 1_000))
    assert quoted.text.count("boundary") == 1_000
    assert len(parsed(multipart(*[b"\r\nx"] * 900)).text) > 900


def test_contradictory_parameters_are_as_good_as_none() -> None:
    """RFC 2231 pieces with and without numbers make the standard library fail; here the parameter is just missing."""
    part = b"Content-Type: text/csv; name*=utf-8''a; name*0*=utf-8''b\r\n\r\n1,2"
    assert parsed(multipart(part)).attachments[0].name == "part-1"


def test_raw_utf8_file_names() -> None:
    """Names that some programs send without any encoding are read as UTF-8."""
    part = 'Content-Disposition: attachment; filename="Lücke.txt"\r\n\r\nx'.encode()
    assert parsed(multipart(part)).attachments[0].name == "Lücke.txt"


def test_too_large_is_said_with_figures() -> None:
    """The sentence names both sizes, so that the sender can be told."""
    got = refused(mail(b"x" * 5_000), Limits(raw=4_000))
    assert got.code == "too_large"
    assert "4,000" in got.reason


def test_long_texts_are_cut_and_said() -> None:
    """A text over the limit keeps its beginning and says so; the raw mail has the rest."""
    got = parsed(mail(b"word " * 400_000))
    assert len(got.text) == LIMITS.text
    assert "longer" in got.defects[0]


def test_truncated_mails_are_read_as_far_as_they_go() -> None:
    """Cut anywhere, a multipart mail still gives its sender and what was there."""
    whole = multipart(b"\r\nhello", file_part(b"x" * 3_000))
    for cut in range(len(HEAD), len(whole), 97):
        assert parsed(whole[:cut]).sender.address == "rita@example.org"
    assert "not closed" in parsed(whole[:-5]).defects[0]


@given(
    st.binary(max_size=600), st.sampled_from([b"", HEAD, HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n"])
)
def test_any_bytes_give_a_reading(noise: bytes, before: bytes) -> None:
    """Whatever follows a header, the answer is a reading that survives its own wire format."""
    reading = read(before + noise)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(reading), type=Reading) == reading
