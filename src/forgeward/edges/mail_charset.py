"""Turns the bytes of a mail into text, whatever character set they claim."""

from __future__ import annotations

import codecs
import re

# Codecs of Python's that are no character set of a mail; idna and punycode take quadratic time as well.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
# What mail programs say, and the superset that they mean (WHATWG Encoding, section 4.2).
_MEANT = {
    "": "utf-8",
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "utf8": "utf-8",
}
# NUL, which PostgreSQL refuses, and the other controls but tab and newline; lone surrogates, which UTF-8 refuses.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def decoded(data: bytes, charset: str) -> tuple[str, str]:
    """``data`` as text, and a sentence where it did not fit ``charset`` (else empty). Never raises."""
    name = charset.strip().lower()
    try:
        codec = codecs.lookup(_MEANT.get(name, name))
    except (LookupError, ValueError):  # ValueError: NUL or surrogates in the name
        codec = None
    if codec is None or codec.name in _NO_CHARSETS or not getattr(codec, "_is_text_encoding", True):
        return _guessed(data), f"Its character set “{_shown(name)}” is unknown; read as UTF-8 or Windows-1252."
    try:
        return codec.decode(data, "strict")[0], ""
    except (UnicodeError, ValueError):
        return _guessed(data), f"Some bytes do not fit its character set “{_shown(name) or 'us-ascii'}”."


def body_text(data: bytes, charset: str) -> tuple[str, str]:
    """Like `decoded`, with newlines as ``\\n`` and without control characters."""
    text, note = decoded(data, charset)
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")), note


def _guessed(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _shown(name: str) -> str:
    return re.sub(r"[^a-z0-9_.:+-]", "?", name)[:40]
