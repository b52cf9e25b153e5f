"""What a field of a command is called, asks for and may hold.

One ``FieldSpec`` stands behind each CLI option, form field and API property, and behind the requirement of the same
name, so that “missing: scope” can be answered with ``--scope``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["text", "line", "choice", "flag", "list", "vector", "date", "person"]

MAX_LINE = 1_000
MAX_TEXT = 100_000
MAX_ITEMS = 10_000


class FieldSpec(msgspec.Struct, frozen=True):
    """One field.

    ``kind``: ``text`` several lines, ``line`` one line, ``list`` lines, ``date`` an aware instant, ``person`` an id
    like ``person:4``. ``sealed`` texts never stand in a ledger leaf; ``subject`` says whose key seals them. ``needed``
    fields are asked for always; others when the step's rules say so. ``internal`` ones are filled by the system.
    """

    title: str
    help: str
    kind: Kind
    promise: str = ""
    choices: tuple[str, ...] = ()
    needed: bool = False
    sealed: bool = False
    subject: str = "case"
    internal: bool = False
    name: str = ""

    @property
    def option(self) -> str:
        """The name on the command line, without dashes in front: ``customer-action``."""
        return self.name.replace("_", "-")

    @property
    def sentence(self) -> str:
        """What a person reads when the field is missing."""
        return f"{self.title}: {self.help}."


def text(title: str, help: str, promise: str = "", *, needed: bool = False, subject: str = "case") -> FieldSpec:
    """Several lines of free text; always sealed, since it may name a person."""
    return FieldSpec(title, help, "text", promise, needed=needed, sealed=True, subject=subject)


def line(title: str, help: str, promise: str = "", *, needed: bool = False, subject: str = "case") -> FieldSpec:
    """One line of free text; sealed as well."""
    return FieldSpec(title, help, "line", promise, needed=needed, sealed=True, subject=subject)


def code(title: str, help: str, promise: str = "", *, needed: bool = False, internal: bool = False) -> FieldSpec:
    """One line with a checked form (a case number, a CWE id): plain, it cannot name a person."""
    return FieldSpec(title, help, "line", promise, needed=needed, internal=internal)


def lines(
    title: str, help: str, promise: str = "", *, needed: bool = False, subject: str = "case", internal: bool = False
) -> FieldSpec:
    """A list of short free texts, one a line; sealed."""
    return FieldSpec(title, help, "list", promise, needed=needed, sealed=True, subject=subject, internal=internal)


def codes(title: str, help: str, promise: str = "", *, internal: bool = False) -> FieldSpec:
    """A list of values with a checked form; plain."""
    return FieldSpec(title, help, "list", promise, internal=internal)


def choice(title: str, help: str, *choices: str, promise: str = "", needed: bool = False) -> FieldSpec:
    """One of the given words."""
    return FieldSpec(title, help, "choice", promise, choices=choices, needed=needed)


def flag(title: str, help: str, promise: str = "", *, needed: bool = False, internal: bool = False) -> FieldSpec:
    """Yes or no; ``needed`` means that only yes will do."""
    return FieldSpec(title, help, "flag", promise, needed=needed, internal=internal)


def vector(title: str, help: str, promise: str = "") -> FieldSpec:
    """A CVSS 3.1 or 4.0 vector; plain, since its form is checked."""
    return FieldSpec(title, help, "vector", promise)


def date(title: str, help: str, promise: str = "", *, needed: bool = False, internal: bool = False) -> FieldSpec:
    """An instant; a bare date means the end of that day in the policy's zone."""
    return FieldSpec(title, help, "date", promise, needed=needed, internal=internal)


def person(title: str, help: str, promise: str = "", *, needed: bool = False) -> FieldSpec:
    """Somebody of the team, by id."""
    return FieldSpec(title, help, "person", promise, needed=needed)
