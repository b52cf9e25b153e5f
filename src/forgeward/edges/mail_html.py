"""What an HTML part says, as plain text: tags dropped, nothing fetched, nothing run, links written out.

One pass with ``str.find``, linear in the input. The standard library's ``HTMLParser`` takes quadratic time on some
malformed pages (CVE-2025-6069).
"""

from __future__ import annotations

import html
import re

_SILENT = frozenset({"script", "style", "title", "template", "svg", "math", "object"})
_BREAKS = frozenset(
    {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "hr", "pre"}
)
_AFTER_BRACKET = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/!?")
_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,15})")
_HREF = re.compile(r"""\bhref\s*=\s*["']?\s*((?:https?://|mailto:)[^"'\s<>]{1,2000})""", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")
_LINES = re.compile(r"\n{3,}")


def text_of(source: str) -> str:
    """The readable text of ``source``. A link whose address the text does not show is followed by it in ``<…>``."""
    out: list[str] = []
    link = ""
    at = 0
    while at < len(source):
        opened = source.find("<", at)
        if opened < 0:
            out.append(_unescaped(source[at:]))
            break
        out.append(_unescaped(source[at:opened]))
        tag, at = _tag(source, opened)
        if at == opened + 1:
            out.append("<")
        name = match[1].lower() if (match := _NAME.match(tag)) else ""
        if not tag.startswith("/") and name in _SILENT:
            at = _past(source, name, at)
        elif name in _BREAKS:
            out.append("\n")
        elif name == "a":
            shown = "".join(out[-4:])
            out.append(f" <{link}>" if tag.startswith("/") and link and link not in shown else "")
            found = None if tag.startswith("/") else _HREF.search(tag[:4096])
            link = html.unescape(found[1]).removeprefix("mailto:") if found else ""
    return _tidied("".join(out))


def _tag(source: str, opened: int) -> tuple[str, int]:
    """The inside of the tag that opens at ``opened`` (empty for a comment or a bare ``<``) and where to go on."""
    if source[opened + 1 : opened + 2] not in _AFTER_BRACKET:
        return "", opened + 1
    if source.startswith("<!--", opened):
        closed = source.find("-->", opened + 4)
        return "", closed + 3 if closed >= 0 else len(source)
    closed = source.find(">", opened)
    if closed < 0:
        return "", len(source)
    return source[opened + 1 : closed], closed + 1


def _past(source: str, name: str, at: int) -> int:
    """Past the end tag of a silent element; to the end of the text where it never closes."""
    end = re.compile(f"</{name}[^>]*>?", re.IGNORECASE).search(source, at)
    return end.end() if end else len(source)


def _unescaped(text: str) -> str:
    flat = _BLANKS.sub(" ", text.replace("\n", " "))
    try:
        return html.unescape(flat)
    except ValueError:  # a character reference of thousands of digits
        return flat


def _tidied(text: str) -> str:
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _LINES.sub("\n\n", "\n".join(lines)).strip()
