"""Mail that goes out: composed so that nothing can be slipped into its header, handed over, and the answer kept.

    Draft ─ compose ─ Outgoing ─ Transport.send ─ Delivery(accepted | refused | deferred | filed, the server's word)

``accepted`` is said only by a mail server that took the whole mail. A resend has the same Message-ID, which is made
from the idempotency key, so that receivers can drop the second copy.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import ipaddress
import re
import smtplib
import ssl
from datetime import datetime
from email import policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import msgspec

from forgeward.edges import durable
from forgeward.edges.home import Home, MailServer, translated
from forgeward.errors import BadInput, HomeUnusable
from forgeward.respond.mail import one_line
from forgeward.respond.notice import NoticeKind

Outcome: TypeAlias = Literal["accepted", "refused", "deferred", "filed", "held"]

_TIMEOUT = 30.0  # seconds for each step of the conversation
_REFERENCES = 20  # newest kept: enough for every thread view (RFC 5322, 3.6.4, sets no bound)
_WORDS = 300
_LOGIN_REPLIES = frozenset({530, 534, 535, 538})  # RFC 4954: our credentials, not this recipient
# For the header alone: folding at 78 signs turns longer Message-IDs into encoded words.
_HEADER_POLICY = policy.SMTP.clone(max_line_length=998)
_UNWANTED = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to one recipient, before it is composed.

    ``key`` is the idempotency key: the same key is the same mail. ``to`` is a bare address: a name would be the
    reporter's own words. ``reply_to`` is the tagged address, where the mailbox takes tags. ``canary`` marks our own
    test mail with its token. ``attachments`` are text files: name and content; ``files`` anything: name, media type,
    bytes. ``language`` is that of the text (RFC 3282).
    """

    key: str
    kind: NoticeKind
    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    date: datetime
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: str = ""
    canary: str = ""
    attachments: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str, bytes], ...] = ()
    language: str = ""


class Outgoing(msgspec.Struct, frozen=True):
    """A composed mail. ``envelope_from`` is empty for receipts, so that no bounce answers a robot (RFC 3834, 3.3)."""

    message_id: str
    envelope_from: str
    to: str
    raw: bytes


class Delivery(msgspec.Struct, frozen=True):
    """What became of a mail for its recipient: ``code`` is SMTP's (0 without one), ``words`` the server's, or ours.

    ``deferred``: try again later. ``refused``: for good. ``filed``: in a folder, seen by no server. ``held``: not sent,
    a person decides.
    """

    outcome: Outcome
    code: int
    words: str


class Transport(Protocol):
    """A way out. ``send`` never raises for what the network or the server does."""

    def send(self, mail: Outgoing) -> Delivery:
        """Hands one mail over; may be called again for the same mail."""


def message_id(key: str, id_key: bytes, sender: str) -> str:
    """The Message-ID for an idempotency key: keyed, so that it tells nothing about the case (RFC 5322, 3.6.4)."""
    mac = hmac.digest(id_key, b"forgeward message id\0" + key.encode(), "sha256")
    return f"<{base64.b32encode(mac[:20]).decode().lower()}@{sender.rpartition('@')[2]}>"


def compose(draft: Draft, id_key: bytes) -> Outgoing:
    """The mail as it goes over the wire: one text part in UTF-8, ASCII on the wire, lines ended by CRLF.

    The same draft gives the same bytes. Raises BadInput where an address or a field holds what must not stand there.
    """
    sender, to = _address(draft.sender), _address(draft.to)
    own_id = message_id(draft.key, id_key, sender)
    message = EmailMessage(policy.SMTP)
    message["From"] = HeaderAddress(_plain(draft.sender_name, "sender's name"), addr_spec=sender)
    message["To"] = HeaderAddress(addr_spec=to)
    message["Subject"] = _plain(draft.subject, "subject")
    message["Date"] = format_datetime(draft.date)
    message["Message-ID"] = own_id
    if draft.reply_to:
        message["Reply-To"] = HeaderAddress(addr_spec=_address(draft.reply_to))
    if draft.in_reply_to:
        message["In-Reply-To"] = _id(draft.in_reply_to)
    if references := [_id(each) for each in (*draft.references, draft.in_reply_to) if each]:
        message["References"] = " ".join(list(dict.fromkeys(references))[-_REFERENCES:])
    if draft.canary:
        message["X-Forgeward-Canary"] = _plain(draft.canary, "token")
    _mark_machine(message, draft.kind, sender)
    try:
        message.set_content(draft.text, cte="quoted-printable")
        if draft.language:
            message["Content-Language"] = _plain(draft.language, "language")
        _attach(message, draft)
    except UnicodeEncodeError:
        raise BadInput("The text holds signs that are no characters (lone surrogates).") from None
    envelope_from = "" if draft.kind == "receipt" else sender
    return Outgoing(own_id, envelope_from, to, message.as_bytes(policy=_HEADER_POLICY))


def _attach(message: EmailMessage, draft: Draft) -> None:
    """Text files, byte for byte; the boundary follows from the key, so that the same draft gives the same mail."""
    for name, text in draft.attachments:
        message.add_attachment(text.encode(), "text", "plain", cte="base64", filename=name, params={"charset": "utf-8"})
    for name, media_type, content in draft.files:
        main, _, rest = media_type.partition("/")
        message.add_attachment(content, *_declared(main, rest), cte="base64", filename=_plain(name, "file's name"))
    if draft.attachments or draft.files:
        message.set_boundary("part-" + sha256(draft.key.encode()).hexdigest()[:40])


def _declared(main: str, rest: str) -> tuple[str, str]:
    """The type that a file goes out as. What a mail program might run or open inline goes as bytes."""
    harmless = (main == "image" and rest in {"png", "jpeg", "gif", "webp"}) or (main, rest) == ("application", "pdf")
    return (main, rest) if harmless or (main, rest) == ("text", "plain") else ("application", "octet-stream")


class FolderTransport:
    """Files each mail as ``NAME.eml`` (0600) in a folder: no mail server is set, or this is a demo."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail: Outgoing) -> Delivery:
        """Writes the file whole or not at all; the same mail again is the same file."""
        name = re.sub(r"[^A-Za-z0-9.-]", "_", mail.message_id.strip("<>").partition("@")[0])[:100] + ".eml"
        try:
            with translated(self._folder):
                durable.write(self._folder / name, mail.raw)
        except HomeUnusable as problem:
            return Delivery("deferred", 0, f"{problem} {problem.next}")
        return Delivery("filed", 0, f"Filed as {name}; no mail server took it.")


class SmtpTransport:
    """Hands mails to one server, which must show a certificate that verifies (unless ``security`` is ``none``).

    Raises BadInput at once where the password would go over the wire in the clear.
    """

    def __init__(self, server: MailServer, password: str = "", timeout: float = _TIMEOUT) -> None:
        if server.security not in {"starttls", "tls", "none"}:
            raise BadInput(
                f"“{server.security}” is no way to secure mail.", next="Set mail.security to starttls, tls or none."
            )
        if server.user and server.security == "none" and not _is_loopback(server.host):
            raise BadInput(
                f"The password for {server.host} would be sent in the clear.", next="Set mail.security to starttls."
            )
        if not password.isascii():
            raise BadInput(
                f"The password for {server.host} holds signs beyond ASCII.", next="Set one that every server takes."
            )
        self._server, self._password, self._timeout = server, password, timeout
        self._place = f"{server.host}:{server.port}"

    def send(self, mail: Outgoing) -> Delivery:
        """One conversation for one mail. Whatever fails before the server's last word is ``deferred``."""
        try:
            smtp = self._connect(_domain(mail.envelope_from or mail.message_id))
        except (smtplib.SMTPException, OSError) as error:
            return Delivery("deferred", _code(error), self._sentence(error))
        try:
            delivery = _hand_over(smtp, mail)
            with contextlib.suppress(smtplib.SMTPException, OSError):  # the mail's fate is known already
                smtp.quit()
        except (smtplib.SMTPException, OSError) as error:
            return _verdict(_code(error), self._sentence(error))
        else:
            return delivery
        finally:
            smtp.close()

    def _connect(self, own_name: str) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, own_name, timeout=self._timeout, context=self._context()
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, own_name, timeout=self._timeout)
        try:
            if server.security == "starttls":
                smtp.starttls(context=self._context())
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, self._password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._server.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPResponseException):
            return _said(error.smtp_code, error.smtp_error)
        if isinstance(error, ssl.SSLCertVerificationError):
            return one_line(f"The certificate of {self._place} does not verify: {error.verify_message}.", _WORDS)
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # smtplib hides it
            return f"{self._place} did not answer within {self._timeout:g} seconds."
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return f"{self._place} closed the connection before it had taken the mail."
        if isinstance(error, smtplib.SMTPNotSupportedError) and self._server.security == "starttls":
            return f"{self._place} offers no STARTTLS, or not the login that is set; nothing was sent in the clear."
        return one_line(f"{self._place}: {error}.", _WORDS)


def transport_for(home: Home) -> Transport:
    """The way out that the home's settings name; files while none is set, and always in a demo home.

    Raises BadInput where the settings cannot work.
    """
    server = home.settings.mail
    if home.is_demo or not server.is_set:
        return FolderTransport(home.outbox)
    return SmtpTransport(server, _password(server))


def _password(server: MailServer) -> str:
    if not server.password_file:
        return ""
    try:
        return Path(server.password_file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(
            f"The password file {server.password_file} cannot be read: {problem}.",
            next="Set mail.password_file to a file that this user can read.",
        ) from None


def _hand_over(smtp: smtplib.SMTP, mail: Outgoing) -> Delivery:
    """MAIL, RCPT, DATA (RFC 5321, 3.3). Each refusal is the server's word on this recipient."""
    code, words = smtp.mail(mail.envelope_from)
    if code != 250:
        return _verdict(code, _said(code, words))
    code, words = smtp.rcpt(mail.to)
    if code not in {250, 251}:
        return _verdict(code, _said(code, words))
    code, words = smtp.data(mail.raw)
    return Delivery("accepted", code, _said(code, words)) if code == 250 else _verdict(code, _said(code, words))


def _verdict(code: int, words: str) -> Delivery:
    final = 500 <= code < 600 and code not in _LOGIN_REPLIES
    return Delivery("refused" if final else "deferred", code, words)


def _code(error: Exception) -> int:
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0 else 0


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(f"{code} {text}", _WORDS)


def _mark_machine(message: EmailMessage, kind: NoticeKind, sender: str) -> None:
    """RFC 3834, section 5: receipts and notices say that a machine sends them; a person's reply does not."""
    message["X-Loop"] = sender
    if kind == "receipt":
        message["Auto-Submitted"] = "auto-replied"
    elif kind == "notice":
        message["Auto-Submitted"] = "auto-generated"
    if kind in {"receipt", "notice"}:
        message["X-Auto-Response-Suppress"] = "All"


def _plain(text: str, what: str) -> str:
    if _UNWANTED.search(text):
        raise BadInput(f"The {what} holds line breaks or control characters.", next="Write it on one line.")
    return text


def _address(text: str) -> str:
    """An address that may stand in a header and in an SMTP command; its domain in ASCII (RFC 5890)."""
    local, _, domain = text.strip().rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        ascii_domain = ""
    address = f"{local}@{ascii_domain}"
    if not _ADDRESS.fullmatch(address):
        raise BadInput(f"“{one_line(text, 100)}” is no address that mail can be sent to.", next="Mend the address.")
    return address


def is_message_id(text: str) -> bool:
    """Whether `compose` takes it for ``in_reply_to`` and ``references``."""
    return _MESSAGE_ID.fullmatch(text) is not None


def _id(text: str) -> str:
    if not is_message_id(text):
        raise BadInput(f"“{one_line(text, 100)}” is no Message-ID.")
    return text


def _domain(text: str) -> str:
    return text.strip("<>").rpartition("@")[2] or "localhost"


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
