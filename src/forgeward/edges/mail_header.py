"""Reads header fields of a hostile mail: encoded words, addresses, message ids. Never raises, answers clean text."""

from __future__ import annotations

import binascii
import re
from email.errors import InvalidHeaderDefect
from email.headerregistry import HeaderRegistry
from email.message import Message
from typing import Any

from forgeward.edges.mail_charset import decoded
from forgeward.respond.mail import Address, one_line

_FIELD_LIMIT = 8_192  # characters of one field that are looked at
_ADDRESSES_LIMIT = 100
_LINE, _LOCAL = 320, 64  # characters of an address at most, and of its local part (RFC 5321, 4.5.3.1)
_ADDRESSES_CHARACTERS = 4_096  # of all fields of a name together: the standard address parser is quadratic
_IDS_LIMIT = 100
_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")  # RFC 2047, section 2; * RFC 2231, 5
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")
_AddressField: Any = HeaderRegistry()["to"]  # made once: the registry builds a new class for every field
# The common case, which means one thing to every reader: plain words and an address of plain atoms.
_ATOMS = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*"
_PLAIN = re.compile(rf"[ \t]*(?:(?P<name>[A-Za-z0-9 ]*)<(?P<angle>{_ATOMS})>|(?P<bare>{_ATOMS}))[ \t]*")
_ANGLE = re.compile(r"<([^<>\s]{1,320})>")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")  # printable ASCII, so that an answer can name it
# An address that can be answered: dot-atom or UTF-8 local part (RFC 5322, 3.4.1; RFC 6532), a domain of labels.
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.)*[\w-]{1,63}", re.UNICODE)


def values(message: Message, name: str) -> list[str]:
    """The field's raw values, in order, with 8-bit bytes read as text and each cut to 8,192 characters."""
    name = name.lower()
    return [eight_bit(str(value)[:_FIELD_LIMIT]) for key, value in message.raw_items() if key.lower() == name]


def value(message: Message, name: str) -> str:
    """The field's first value, as one clean line; empty where the mail has none."""
    found = values(message, name)
    return one_line(found[0]) if found else ""


def unstructured(text: str, limit: int = 998) -> str:
    """A field for people, such as the subject: encoded words decoded (RFC 2047), one clean line."""
    joined = _BETWEEN_WORDS.sub("", text)
    out: list[str] = []
    pending, charset, at = b"", "", 0
    for word in _WORD.finditer(joined):
        data = _word_bytes(word[2], word[3])
        if data is None:
            continue
        between = joined[at : word.start()]
        if between or word[1].lower() != charset:  # else a character may be split over two words
            out += [decoded(pending, charset)[0], between]
            pending, charset = b"", word[1].lower()
        pending, at = pending + data, word.end()
    out += [decoded(pending, charset)[0], joined[at:]]
    return one_line("".join(out), limit)


def message_ids(texts: list[str]) -> tuple[str, ...]:
    """Message-IDs with their angle brackets (RFC 5322, 3.6.4), the last hundred, without doubles."""
    found = [one_line(each) for text in texts for each in _MESSAGE_ID.findall(text)]
    return tuple(dict.fromkeys(found))[-_IDS_LIMIT:]


def addresses(texts: list[str]) -> tuple[tuple[Address, ...], bool]:
    """The addresses of some fields, and whether every one was well-formed; at most a hundred, from 4,096 characters."""
    out: list[Address] = []
    sound, left = True, _ADDRESSES_CHARACTERS
    for text in texts:
        found, well_formed = _addresses_of(text[:left])
        left = max(0, left - len(text))
        sound = sound and well_formed
        out += found
    return tuple(dict.fromkeys(out))[:_ADDRESSES_LIMIT], sound


def _addresses_of(text: str) -> tuple[list[Address], bool]:
    plain = _PLAIN.fullmatch(text)
    if plain and len(text) <= _LINE:
        local, _, domain = (plain["angle"] or plain["bare"]).partition("@")
        if len(local) <= _LOCAL:
            return [Address(f"{local}@{domain.lower()}", " ".join((plain["name"] or "").split()))], True
    return _parsed_addresses(text)


def _parsed_addresses(text: str) -> tuple[list[Address], bool]:
    try:
        header = _AddressField("To", " ".join(text.splitlines()))
        found = [(each.display_name or "", each.addr_spec) for each in header.addresses]
        sound = not any(isinstance(each, InvalidHeaderDefect) for each in header.defects)
    except Exception:  # noqa: BLE001 - the standard parser raises nearly anything on hostile addresses
        found, sound = [(text[: angle.start()], angle[1]) for angle in _ANGLE.finditer(text)][:1], False
    out = []
    for name, spec in found:
        usable = _ADDRESS.fullmatch(spec) is not None and "=?" not in spec
        sound = sound and usable
        local, _, domain = spec.rpartition("@")
        out.append(
            Address(f"{local}@{domain.lower()}" if usable else "", unstructured(name or ("" if usable else spec), 200))
        )
    return out, sound


def eight_bit(text: str) -> str:
    """Undoes the parser's surrogate escapes: bytes beyond ASCII are UTF-8 (RFC 6532), else Windows-1252."""
    return text if text.isascii() else decoded(text.encode("utf-8", "surrogateescape"), "utf-8")[0]


def _word_bytes(encoding: str, text: str) -> bytes | None:
    try:
        if encoding in "qQ":
            return binascii.a2b_qp(text.encode(), header=True)
        return binascii.a2b_base64(text.encode() + b"==")
    except (ValueError, binascii.Error):
        return None
