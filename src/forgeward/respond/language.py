"""In which language a mail would be answered: what its header says, else what its words show.

    Content-Language ─▶ Accept-Language ─▶ the text's small words ─▶ wishes, in this order

A guess would be worse than none, so the words decide only where they are clear: what they leave open falls back to the
mailbox's language and the programme's.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from forgeward.respond.mail import Mail

_WORD = re.compile(r"[^\W\d_]+")
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$", re.IGNORECASE)
_LOOKED_AT = 4_000  # characters: prose stands at the beginning, traces and logs behind it
_LINES = 400
_FEWEST = 4  # small words that a text must have, of which …
_KINDS = 3  # … so many are different
_OFTEN = 3  # a word counts so many times at most: a trace repeats itself
_CLEARER = 3  # times as many as of any other language

# Words that sentences cannot do without, and that the others do not have: “die”, “was”, “war” and “also” are in two of
# them. No “for”, “if”, “of” or “not”: programs and their traces are full of these. What other languages have speaks
# against.
_WORDS: Final = {
    "de": frozenset(
        _WORD.findall("""
        aber alle als auch auf aus bei beim bitte damit danke das dass dem der dies diese diesem diesen
        dieser dieses durch ein eine einem einen einer eines freundliche freundlichen für geehrte geehrter
        gibt gruß grüße guten habe haben hallo hat ich ihnen ihr ihre ihrem ihren ihrer im ist jede jeder
        kann kein keine keinen können mein meine mich mit möchte nach nicht noch nur oder ohne schon sehr
        sich sie sind sowie um und uns unter vom von wenn werden wie wir wird wurde zu zum zur zwischen über
        """)
    ),
    "en": frozenset(
        _WORD.findall("""
        any are because been but can could dear have hello hi how it its my our please regards should than
        thank thanks that the their there these they to we were what which who would you your
        """)
    ),
    "": frozenset(
        _WORD.findall("""
        aan af av avec bij dans de den der det deze die dit een eller en er est et etter från geen gå har
        het hij hun icke ikke inte is jag je jeg kan le les maar med met mit naar niet nog och of og om ook
        op pour på que som te til till toch uit uma van vara via voor wat we werd wij worden ze zijn zonder
        är
        """)
    ),
}
# What others share with the two says nothing against them; only what is theirs alone does.
_OTHERS: Final = _WORDS[""] - _WORDS["de"] - _WORDS["en"] - {"die", "den"}


def wishes(mail: Mail) -> tuple[str, ...]:
    """Language tags (RFC 5646) or lists of them, the strongest first; empty where nothing tells."""
    found = (mail.language, ", ".join(accepted(mail.accepts)), recognised(mail.text))
    return tuple(each for each in found if each)


def accepted(header: str) -> tuple[str, ...]:
    """The tags of an Accept-Language field (RFC 3282, section 3), the most wished for first; ``q=0`` is not wished."""
    ranked = []
    for part in header[:1000].split(","):
        tag, quality = part.partition(";")[0].strip(), _QUALITY.search(part)
        if tag and tag != "*":
            ranked.append((float(quality[1]) if quality else 1.0, tag))
    return tuple(tag for quality, tag in sorted(ranked, key=lambda each: -each[0]) if quality > 0)


def recognised(text: str) -> str:
    """``de`` or ``en`` where the text clearly is that; empty for every other text, and where it is not clear.

    Looked at is what its writer wrote first: no quoted lines, nothing below a signature's “-- ”.
    """
    words = Counter(word for line in _own_lines(text) for word in _WORD.findall(line.lower()))
    hits = {name: sum(min(words[word], _OFTEN) for word in _WORDS[name]) for name in ("de", "en")}
    other = sum(min(words[word], _OFTEN) for word in _OTHERS)
    for name, rival in (("de", "en"), ("en", "de")):
        kinds = sum(1 for word in _WORDS[name] if words[word])
        if kinds >= _KINDS and hits[name] >= max(_FEWEST, _CLEARER * hits[rival], _CLEARER * other):
            return name
    return ""


def _own_lines(text: str) -> list[str]:
    lines = []
    for line in text[:_LOOKED_AT].splitlines()[:_LINES]:
        if line.rstrip() == "--":
            break
        if not line.lstrip().startswith((">", "|")):
            lines.append(line)
    return lines
