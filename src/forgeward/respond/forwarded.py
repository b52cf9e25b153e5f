"""Who wrote a mail before somebody forwarded it to us.

A claim, like everything in a mail: it is believed only of forwarders that the settings name. Looked at, in this order:
an attached message (RFC 2046, 5.2.1), the field that mailing lists leave when they rewrite From (X-Original-From), the
header lines that mail programs print above a forwarded text.
"""

from __future__ import annotations

import re

from forgeward.respond.mail import Address, one_line

_LOOKED_AT = 20_000  # characters of the text: the printed header stands near its beginning
# “From” as mail programs print it in the languages of most of their users.
_FROM = r"(?:From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä|От|发件人|差出人|보낸 사람)"
_PRINTED = re.compile(
    rf"^[ \t>*]*{_FROM}[ \t]*:[* \t]*(?P<name>[^<>\n]{{0,200}}?)[ \t]*"
    r"(?:<|\[mailto:|\()?[ \t]*(?:mailto:)?(?P<address>[^\s<>\[\]()\"',;:]{1,64}@[^\s<>\[\]()\"',;:]{1,255})",
    re.MULTILINE | re.IGNORECASE,
)
_BANNER = re.compile(
    r"^[ \t>]*(?:-{2,}[^\n]{0,80}-{2,}|Begin forwarded message:|_{10,}|[^\n]{0,60}weitergeleitete[^\n]{0,60})[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)


def original_in(text: str) -> Address | None:
    """The sender that stands in the header printed above a forwarded text, or None.

    A banner (“---------- Forwarded message ---------”) must come first, so that prose with “From: …” names nobody.
    """
    start = text[:_LOOKED_AT]
    banner = _BANNER.search(start)
    if banner is None:
        return None
    printed = _PRINTED.search(start, banner.end())
    if printed is None or start.count("\n", banner.end(), printed.start()) > 8:
        return None
    return Address(printed["address"].rstrip("."), one_line(printed["name"].strip("\"'* "), 200))
