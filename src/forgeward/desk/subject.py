"""Everything that a home holds about one person: what an export gives out and what an erasure takes away.

address, case number or person:N ─▶ key subjects ─▶ rows under these keys        (theirs)
                                                ─▶ texts of cases that name them (found by address and name)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from forgeward.desk import kept, programme
from forgeward.desk.models import AttachmentRow, CaseRow, MessageRow, NoticeRow, Person, RawMail, SealedValues
from forgeward.desk.rows import decode_case, entry_place
from forgeward.edges.home import Home
from forgeward.edges.keys import part, wrapping
from forgeward.errors import ForgewardError, KeyErased, NotFound

CHUNK = 500
LEAST_NAME = 5
"""Characters: a shorter name, or one of a single word, also stands in texts that speak of somebody else."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person as the home knows them.

    ``keys`` are their key subjects that were not erased; ``words`` are what texts are searched for, in small letters.
    """

    address: str
    keys: tuple[str, ...]
    staff: Person | None
    words: frozenset[str]

    @property
    def reporters(self) -> tuple[str, ...]:
        return tuple(key for key in self.keys if key.startswith("reporter:"))


@dataclass(frozen=True, slots=True)
class Mention:
    """A text that names the person. ``part`` is what to destroy, empty where it is another person's."""

    case: str
    seq: int
    part: str
    letter: int = 0
    mail: int = 0


def find(named: str) -> Subject:
    """The person with this address, the reporter of this case, or ``person:N``. Raises ``NotFound``."""
    named = named.strip()
    if named.upper().startswith("FW-"):
        return _of_case(named.upper())
    if named.startswith("person:"):
        staff = Person.objects.filter(pk=int(named[7:])).first() if named[7:].isdecimal() else None
        if staff is None:
            raise _nobody(named)
        return _subject(staff.email, _reporters(staff.email), staff)
    return _by_address(named)


def _by_address(address: str) -> Subject:
    staff = Person.objects.filter(email__iexact=address).first() if "@" in address else None
    found = _subject(address, _reporters(address) if "@" in address else (), staff)
    if not found.keys and staff is None:
        raise _nobody(address)
    return found


def _of_case(number: str) -> Subject:
    case = CaseRow.objects.filter(number=number).first()
    if case is None:
        raise NotFound(f"There is no case {number}.", next="See `forgeward case list`.")
    if not case.reporter:
        raise NotFound(f"Nobody outside reported {number}.", next="Name the person by their mail address.")
    if at := programme.vault().keys.erased_at(case.reporter):
        raise NotFound(f"The reporter of {number} was erased on {at[:10]}.", next="Nothing of them is left.")
    texts = _own_texts((case.reporter,))
    address = next((text for name, text in texts if name == "reporter_address"), "")
    return _subject(address, (case.reporter,), None)


def _nobody(named: str) -> NotFound:
    return NotFound(
        f"Nothing here belongs to “{named[:80]}”.",
        next="Give a mail address, a case number for its reporter, or person:N for a member of staff.",
    )


def _reporters(address: str) -> tuple[str, ...]:
    """The subjects of an address under which something lies, and whose keys are there."""
    keys = programme.vault().keys
    alive = [key for key in keys.reporters(address) if not keys.erased_at(key)]
    return tuple(key for key in alive if keys.has(key))


def _subject(address: str, reporters: tuple[str, ...], staff: Person | None) -> Subject:
    """``staff`` has a key only once something was sealed for them; it is destroyed all the same."""
    names = {text for name, text in _own_texts(reporters) if name in {"reporter_name", "name"}}
    names |= {text for row in RawMail.objects.filter(subject__in=reporters) for text in _head_names(row)}
    if staff:
        names.add(staff.name)
    words = {address, *(name for name in names if len(name) >= LEAST_NAME and " " in name.strip())}
    keys = (*reporters, f"person:{staff.pk}") if staff else reporters
    return Subject(address, keys, staff, frozenset(word.strip().casefold() for word in words if word.strip()))


def _own_texts(keys: tuple[str, ...]) -> list[tuple[str, str]]:
    rows = SealedValues.objects.filter(subject__in=keys).select_related("entry__case")
    return [pair for row in rows for pair in opened(row).items()]


def _head_names(row: RawMail) -> list[str]:
    try:
        return [str(kept.unseal(row, "head", row.head_blob).get("name", ""))]
    except KeyErased:
        return []


def opened(row: SealedValues) -> dict[str, str]:
    """The row's texts by name; empty once they were erased."""
    return programme.vault().values(place(row), [(row.subject, bytes(row.blob))])


def place(row: SealedValues) -> str:
    """What binds the row to its entry."""
    entry = row.entry
    return entry_place(entry.case.number if entry.case else "", entry.seq, entry.kind, entry.at)


# --- what is theirs --------------------------------------------------------------------------------------------------


def cases(who: Subject) -> list[CaseRow]:
    """The cases that they reported, or to which mails of theirs belong."""
    theirs = Q(reporter__in=who.reporters) | Q(messages__subject__in=who.reporters)
    return list(CaseRow.objects.filter(theirs | Q(raw_mails__subject__in=who.reporters)).distinct().order_by("pk"))


def mails(who: Subject) -> list[RawMail]:
    """Raw mails under their keys."""
    return list(RawMail.objects.filter(subject__in=who.reporters).select_related("case").order_by("pk"))


def files(who: Subject) -> list[AttachmentRow]:
    """Attachments of their messages, and of ours to them."""
    return list(AttachmentRow.objects.filter(message__subject__in=who.reporters).select_related("message__case"))


def letters(who: Subject) -> list[NoticeRow]:
    """Our letters to them, whatever became of these."""
    return list(NoticeRow.objects.filter(subject__in=who.keys).select_related("case").order_by("pk"))


def texts(who: Subject) -> Iterator[tuple[SealedValues, dict[str, str]]]:
    """Every sealed row under their keys, opened: what they wrote, what we wrote to them and noted about it."""
    rows = SealedValues.objects.filter(subject__in=who.keys).select_related("entry__case").order_by("entry_id")
    for row in rows.iterator(chunk_size=CHUNK):
        yield row, opened(row)


# --- what names them -------------------------------------------------------------------------------------------------


def mentions(home: Home, who: Subject) -> Iterator[Mention]:
    """Texts, letters, mails of cases that name the person, wherever they stand. Reads everything that is sealed."""
    if not who.words:
        return
    for row in SealedValues.objects.exclude(subject__in=who.keys).select_related("entry__case").iterator(CHUNK):
        if any(_names(who, text) for name, text in opened(row).items() if name != "actor"):
            number = row.entry.case.number if row.entry.case else ""
            yield Mention(number, row.entry.seq, _part(row.subject, place(row)))
    yield from _in_letters(who)
    yield from _in_messages(who)
    yield from _in_mails(home, who)


def _in_letters(who: Subject) -> Iterator[Mention]:
    vault = programme.vault()
    for row in NoticeRow.objects.exclude(subject__in=who.keys).select_related("case").iterator(CHUNK):
        where = f"notice:{row.key}"
        content = vault.open_json(row.subject, where, bytes(row.blob)) or {}
        if any(_names(who, value) for value in content.values() if isinstance(value, str)):
            yield Mention(row.case.number if row.case else "", 0, _part(row.subject, where), letter=row.pk)


def _in_messages(who: Subject) -> Iterator[Mention]:
    vault = programme.vault()
    rows = MessageRow.objects.exclude(subject__in=who.keys).select_related("case", "raw")
    for row in rows.iterator(CHUNK):
        where = f"message:{row.raw.name if row.raw else f'{row.case.number}:{row.entry_seq}'}"
        content = vault.open_json(row.subject, where, bytes(row.blob)) or {}
        if _names(who, str(content)):
            yield Mention(row.case.number, row.entry_seq, _part(row.subject, where))


def _in_mails(home: Home, who: Subject) -> Iterator[Mention]:
    """Mails of nobody known (a ticket's notification, a mail that could not be read) that have the address in them."""
    rows = RawMail.objects.filter(subject__startswith="case:").exclude(wrapped_key=b"").select_related("case")
    for row in rows.iterator(CHUNK):
        try:
            text = kept.raw_bytes(home, row).decode("utf-8", "replace")
        except ForgewardError:
            continue  # it is unreadable already: erased, or its file is gone, which `audit` and `doctor` tell
        if _names(who, text):
            gone = part(row.subject, wrapping(row.subject, row.name))
            yield Mention(row.case.number if row.case else "", 0, gone, mail=row.pk)


def _names(who: Subject, text: str) -> bool:
    folded = text.casefold()
    return any(word in folded for word in who.words)


def _part(subject: str, place: str) -> str:
    return part(subject, place.encode()) if subject.startswith("case:") else ""


def open_cases(found: list[CaseRow]) -> list[str]:
    """The numbers of those that are not closed."""
    return [row.number for row in found if decode_case(bytes(row.state_json)).is_open]
