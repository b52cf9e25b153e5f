"""Macros in SPF records (RFC 7208, section 7): ``%{ir}.%{v}._spf.%{d2}``."""

from __future__ import annotations

import ipaddress
import re

import msgspec

_MACRO = re.compile(r"%(?:([%_-])|\{([slodiphcrtvSLODIPHCRTV])(\d{0,3})([rR]?)([.\-+,/_=]*)\})")
_LONGEST = 253


class MalformedMacro(Exception):  # noqa: N818 - caught by the evaluation, which ends with permerror
    """A percent sign that begins no macro, or a macro that may not stand in a domain."""


class Macros(msgspec.Struct, frozen=True):
    """What the letters stand for. ``sender`` is the whole address."""

    ip: ipaddress.IPv4Address | ipaddress.IPv6Address
    sender: str
    domain: str
    helo: str

    def value(self, letter: str) -> str:
        """The text behind a letter, in small or capital. Raises MalformedMacro for those of explanations only."""
        local, _, host = self.sender.rpartition("@")
        found = {
            "s": self.sender,
            "l": local,
            "o": host,
            "d": self.domain,
            "h": self.helo or "unknown",
            "p": "unknown",  # RFC 7208, 7.3: not to be looked up
            "v": "in-addr" if self.ip.version == 4 else "ip6",
            "i": str(self.ip) if self.ip.version == 4 else ".".join(self.ip.exploded.replace(":", "")),
        }.get(letter.lower())
        if found is None:
            raise MalformedMacro(letter)
        return found


def expand(text: str, macros: Macros) -> str:
    """The text with every macro replaced, cut from the left to a domain's length (RFC 7208, 7.3).

    Raises MalformedMacro.
    """
    if text.count("%") != sum(2 if found[1] == "%" else 1 for found in _MACRO.finditer(text)):
        raise MalformedMacro(text)
    expanded = _MACRO.sub(lambda found: _one(found, macros), text)
    while len(expanded) > _LONGEST and "." in expanded:
        expanded = expanded.partition(".")[2]
    return expanded


def _one(found: re.Match[str], macros: Macros) -> str:
    if found[1]:
        return {"%": "%", "_": " ", "-": "%20"}[found[1]]
    parts = re.split(f"[{re.escape(found[5] or '.')}]", macros.value(found[2]))
    if found[4]:
        parts.reverse()
    kept = int(found[3]) if found[3] else len(parts)
    if kept == 0:
        raise MalformedMacro(found[0])
    return ".".join(parts[-kept:])
