"""A ticket as Jira gives it (REST API, issue resource, versions 2 and 3), and a submission of the web form.

Formats change, so both are read leniently: what is known gets its place, what is not stands in the text. Nothing that
came in is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from forgeward.errors import BadInput
from forgeward.respond.mail import one_line

TEXT_LIMIT = 90_000
_DEPTH = 50  # of Atlassian's document format
_SHOWN = ("priority", "status", "issuetype", "labels", "duedate", "reporter", "resolution", "components")
_BLOCKS = frozenset({"paragraph", "heading", "listItem", "codeBlock", "blockquote", "rule", "hardBreak", "tableRow"})


class Ticket(msgspec.Struct, frozen=True):
    """One issue. ``created`` is None where the issue does not say it in a form that is understood."""

    key: str
    summary: str
    text: str
    created: datetime | None = None


class Form(msgspec.Struct, frozen=True):
    """One submission: who (may be empty), what, about which app, and the date that the reporter means to publish."""

    subject: str
    text: str
    name: str = ""
    email: str = ""
    app: str = ""
    disclosure: datetime | None = None


def tickets(document: Any) -> list[tuple[Ticket, Mapping[str, Any]]]:
    """The issues of an answer or an export: one issue, a list, or a search result; each with its own object.

    Raises ``BadInput`` where there is none.
    """
    if isinstance(document, dict) and isinstance(document.get("issues"), list):
        document = document["issues"]
    items = document if isinstance(document, list) else [document]
    found: list[tuple[Ticket, Mapping[str, Any]]] = [(_ticket(item), item) for item in items if isinstance(item, dict)]
    if not found or len(found) != len(items):
        raise BadInput("The file holds no issue.", next="Give the JSON of a Jira issue or of a search, or a mail.")
    return found


def _ticket(issue: Mapping[str, Any]) -> Ticket:
    fields = issue.get("fields")
    key = issue.get("key")
    if not isinstance(key, str) or not key.strip() or not isinstance(fields, dict):
        raise BadInput("An issue of the file has no “key” or no “fields”.", next="Export it whole, as Jira gives it.")
    summary = one_line(str(fields.get("summary") or ""), 300)
    return Ticket(one_line(key, 60).upper(), summary, _text(fields), _instant(fields.get("created")))


def _text(fields: Mapping[str, Any]) -> str:
    body = plain(fields.get("description"))
    facts = [f"{name}: {value}" for name in _SHOWN if (value := _short(fields.get(name)))]
    comments = fields.get("comment")
    said = comments.get("comments") if isinstance(comments, dict) else None
    parts = [body, "\n".join(facts)]
    parts += [plain(each.get("body")) for each in said or () if isinstance(each, dict)]
    return "\n\n".join(part for part in parts if part)[:TEXT_LIMIT] or "(no description)"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("name") or value.get("displayName") or value.get("value")
    if isinstance(value, list):
        value = ", ".join(filter(None, (_short(each) for each in value[:20])))
    return one_line(str(value), 200) if value else ""


def plain(document: Any) -> str:
    """A description as text: it is one already, or Atlassian's document format."""
    if isinstance(document, str):
        return clean(document)
    return clean("".join(_words(document, 0)))


def _words(node: Any, depth: int) -> Iterator[str]:
    if depth > _DEPTH or not isinstance(node, dict):
        return
    if isinstance(node.get("text"), str):
        yield node["text"]
    attributes = node.get("attrs")
    if isinstance(attributes, dict) and isinstance(attributes.get("url"), str):
        yield attributes["url"]
    inside = node.get("content")
    for child in inside if isinstance(inside, list) else ():
        yield from _words(child, depth + 1)
    if node.get("type") in _BLOCKS:
        yield "\n"


def clean(text: str) -> str:
    """Text that may stand in a case: no NUL, no lone surrogates, plain line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "replace").decode("utf-8").strip()[:TEXT_LIMIT]


def form(document: Any) -> Form:
    """One submission from its JSON object. A field that is not known stands in the text, by its name.

    Raises ``BadInput`` where it says nothing.
    """
    if not isinstance(document, dict):
        raise BadInput("The form is no JSON object.", next="See docs/how-to/take-in-mail.md for its fields.")
    given = {str(name): value for name, value in document.items() if value not in (None, "", [], {})}
    text = clean(str(given.pop("text", "") or given.pop("description", "")))
    subject = one_line(str(given.pop("subject", "") or given.pop("title", "")), 300)
    if not text and not subject:
        raise BadInput("The form says neither “subject” nor “text”.", next="Send what was reported.")
    known = {name: one_line(str(given.pop(name, "")), 320) for name in ("name", "email", "app")}
    disclosure = _instant(given.get("disclosure"))
    if disclosure is not None:
        given.pop("disclosure")
    rest = "\n".join(f"{one_line(name, 60)}: {clean(_value(value))}" for name, value in given.items())
    whole = "\n\n".join(part for part in (text, rest) if part)
    return Form(subject or "(no subject)", whole[:TEXT_LIMIT] or "(no text)", **known, disclosure=disclosure)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _instant(value: Any) -> datetime | None:
    """An instant as Jira (``2026-11-20T09:15:00.000+0000``) or RFC 3339 writes it; a bare date is that day's end."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if len(value.strip()) == len("2026-11-20"):
        return found.replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)
    return found.astimezone(UTC) if found.tzinfo else None
