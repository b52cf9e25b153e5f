"""A command about a case becomes changes, rows and notices in one transaction.

perform(number, command, actor, now)
    read the case under lock ─▶ decide (pure) ─▶ evolve ─▶ entries · case · clocks · outbox · follow-ups
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper

from forgeward.desk import kept, programme
from forgeward.desk.actions import files, write
from forgeward.desk.actions.write import Letter, Place
from forgeward.desk.models.fields import to_micros
from forgeward.desk.rows import case_columns, decode_case
from forgeward.errors import KeyErased, NotFound
from forgeward.policy.clock import nearest
from forgeward.respond.case import Case, TextRef
from forgeward.respond.clocks import Overview, overview
from forgeward.respond.commands import Command, Notify
from forgeward.respond.decision import Context, Decision, Member, decide
from forgeward.respond.enclosure import read_line
from forgeward.respond.evolve import evolve
from forgeward.respond.letters import Template, built_in
from forgeward.respond.notice import Notice, Recipient
from forgeward.respond.signals import Receive
from forgeward.vocabulary import Actor, Change, Role, Sealed

_ROLES = {role.value: role for role in Role}
FOLLOWS_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Performed:
    """What was done: the case afterwards, its new changes, and the notices that wait in the outbox."""

    number: str
    pk: int
    case: Case
    changes: tuple[Change, ...]
    notices: tuple[str, ...] = ()
    waits_for: tuple[Any, ...] = field(default=())


def team(cursor: CursorWrapper) -> tuple[Member, ...]:
    """Everybody who works here, with roles: gates count these persons."""
    cursor.execute(
        "SELECT p.id, p.is_active, g.name FROM desk_person p"
        " LEFT JOIN desk_person_groups pg ON pg.person_id = p.id LEFT JOIN auth_group g ON g.id = pg.group_id"
    )
    roles: dict[tuple[int, bool], set[Role]] = {}
    for person, active, name in cursor.fetchall():
        held = roles.setdefault((person, bool(active)), set())
        if name in _ROLES:
            held.add(_ROLES[name])
    return tuple(Member(f"person:{pk}", frozenset(held), active) for (pk, active), held in roles.items())


def perform(number: str, command: Command, actor: Actor, now: datetime) -> Performed:
    """Does one step on one case, wholly or not at all.

    Raises ``StepRefused`` with what is missing, ``NotAllowed``, ``BadInput``, ``NotFound``, ``ClockWentBack``.
    """
    if not connection.in_atomic_block and (done := _perform_ahead(number, command, actor, now)):
        return done
    with write.inside() as cursor:
        return perform_in(cursor, number, command, actor, now)


def _perform_ahead(number: str, command: Command, actor: Actor, now: datetime) -> Performed | None:
    """``perform`` whose thinking and sealing is done before the database is locked, so that others write meanwhile.

    None where it has to be done under the lock: somebody acted on the case or adopted a policy in between, or it
    reaches beyond its case (letters, follow-ups, viewers).
    """
    with connection.cursor() as cursor:
        stored = write.read_case(cursor, number, locked=False)
        if stored is None:
            return None
        case, book = decode_case(stored.state_json), programme.policies()
        now = write.require_forward(now, stored.changed_at)
        decision = decide(case, command, Context(actor, team(cursor), book, now))
    after = _fold(case, decision.changes, now, actor)
    if decision.notices or decision.follows or after.people != case.people or _enclosing(decision):
        return None
    place = write.place_of(stored.pk, number, stored.reporter)
    entries = [
        write.make_entry(place, seq, now, change, actor.id) for seq, change in enumerate(decision.changes, case.seq + 1)
    ]
    view = overview(after, book, now, looked=stored.reminded_at)
    row = columns(after, view)
    with write.inside() as cursor:
        if not write.update_as_read(cursor, stored, book.latest.version, row):
            return None
        for entry in entries:
            write.insert_entry(cursor, entry)
        write.write_clocks(cursor, stored.pk, view.clocks)
    return Performed(number, stored.pk, after, decision.changes, (), decision.waits_for)


def perform_in(
    cursor: CursorWrapper, number: str, command: Command, actor: Actor, now: datetime, depth: int = 0
) -> Performed:
    """``perform`` inside a transaction of the caller's."""
    stored = write.read_case(cursor, number)
    if stored is None:
        raise NotFound(f"There is no case {number}.", next="See `forgeward case list`.")
    case = decode_case(stored.state_json)
    now = write.require_forward(now, stored.changed_at)
    book = programme.policies()
    place = write.place_of(stored.pk, number, stored.reporter)
    had = _had_first(cursor, place, case, command)
    decision = decide(case, command, Context(actor, team(cursor), book, now, had_first=had))
    after = _append(cursor, place, case, decision, actor, now)
    view = overview(after, book, now, looked=stored.reminded_at)
    write.write_clocks(cursor, stored.pk, view.clocks)
    write.update_case(cursor, stored, columns(after, view))
    if after.people != case.people:
        _write_viewers(cursor, stored.pk, after.people)
    _enclose(cursor, place, decision, after.seq, now)
    keys = _queue(cursor, place, decision, now)
    _follow(cursor, decision, actor, now, depth)
    return Performed(number, stored.pk, after, decision.changes, keys, decision.waits_for)


def _follow(cursor: CursorWrapper, decision: Decision, actor: Actor, now: datetime, depth: int) -> None:
    if depth >= FOLLOWS_LIMIT:
        raise AssertionError("follow-up commands do not end")
    for follow in decision.follows:
        perform_in(cursor, follow.number, follow.command, actor, now, depth + 1)


def open_case(command: Command, actor: Actor, now: datetime) -> Performed:
    """Opens a case from a ``Receive`` command under a new random number."""
    assert isinstance(command, Receive)  # noqa: S101 - the one command that needs no case
    reporter = programme.vault().reporter(command.reporter_address) if command.reporter_address else ""
    number = write.new_number()
    place = write.place_of(0, number, reporter)
    programme.vault().keys.data_keys(set(place.owners.values()))  # its own commit, before the database is locked
    with write.inside() as cursor:
        return open_in(cursor, command, actor, now, number=number, reporter=reporter)


def open_in(
    cursor: CursorWrapper,
    command: Receive,
    actor: Actor,
    now: datetime,
    *,
    number: str,
    reporter: str,
    templates: tuple[Template, ...] = (),
) -> Performed:
    """``open_case`` inside a transaction of the caller's. ``templates`` of the receipt: empty for the built-in ones."""
    while write.read_case(cursor, number):
        number = write.new_number()
    now = write.after_all_cases(cursor, now)
    book = programme.policies()
    named = msgspec.structs.replace(command, number=number)
    decision = decide(None, named, Context(actor, team(cursor), book, now, templates=templates or built_in()))
    case = _fold(None, decision.changes, now, actor)
    view = overview(case, book, now, looked=write.looked_before(now))
    pk = write.insert_case(cursor, number, reporter, now, columns(case, view))
    place = write.place_of(pk, number, reporter)
    for seq, change in enumerate(decision.changes, 1):
        write.write_entry(cursor, place, seq, now, change, actor.id)
    write.write_clocks(cursor, pk, view.clocks)
    keys = _queue(cursor, place, decision, now)
    return Performed(number, pk, case, decision.changes, keys, decision.waits_for)


def _fold(case: Case | None, changes: Sequence[Change], now: datetime, actor: Actor) -> Case:
    start = case.seq if case else 0
    for seq, change in enumerate(changes, start + 1):
        case = evolve(case, change, seq, now, actor.id)
    if case is None:
        raise AssertionError("a decision without changes cannot open a case")
    return case


def _append(cursor: CursorWrapper, place: Place, case: Case, decision: Decision, actor: Actor, now: datetime) -> Case:
    for seq, change in enumerate(decision.changes, case.seq + 1):
        write.write_entry(cursor, place, seq, now, change, actor.id)
    return _fold(case, decision.changes, now, actor)


def columns(case: Case, view: Overview) -> list[Any]:
    """The case row's columns in the order of ``write.CASE_COLUMNS``."""
    return case_columns(case, nearest(view.clocks), view.wake_at)


def _write_viewers(cursor: CursorWrapper, pk: int, people: Sequence[str]) -> None:
    cursor.execute("DELETE FROM desk_caseviewer WHERE case_id = %s", [pk])
    cursor.executemany(
        "INSERT INTO desk_caseviewer (case_id, person_id) VALUES (%s, %s)",
        [(pk, int(person.removeprefix("person:"))) for person in people],
    )


# --- notices into the outbox -----------------------------------------------------------------------------------------


def _queue(cursor: CursorWrapper, place: Place, decision: Decision, now: datetime) -> tuple[str, ...]:
    """Turns notices into one letter for each recipient. Returns the notices' keys."""
    for notice in decision.notices:
        write.write_letters(cursor, place.pk, _letters(cursor, place, notice), now)
    return tuple(notice.key for notice in decision.notices)


def _letters(cursor: CursorWrapper, place: Place, notice: Notice) -> list[Letter]:
    refs = [recipient.ref for recipient in notice.recipients]
    refs += [ref for ref in (notice.subject, notice.body, notice.files) if isinstance(ref, TextRef)]
    texts = _texts(cursor, place, {ref.seq for ref in refs})
    files = _word(texts, notice.files).splitlines() if notice.files else []
    owner = place.owners["reporter" if notice.audience == "reporter" else "case"]
    letters = []
    for position, recipient in enumerate(notice.recipients):
        content = {
            "to": _address(texts, recipient),
            "subject": _word(texts, notice.subject),
            "body": _word(texts, notice.body),
            "position": position,
            "seq": notice.seq,
            "by_person": notice.by_person,
            "language": notice.language,
            "files": files,
        }
        letters.append(Letter(f"{notice.key}:{position}", notice.key, notice.kind, owner, content))
    return letters


def _had_first(cursor: CursorWrapper, place: Place, case: Case, command: Command) -> frozenset[str]:
    """The addresses that a first notice of this case went to, where another one is asked for."""
    if not isinstance(command, Notify) or command.stage != "first" or command.audience == "reporter":
        return frozenset()
    sent = [n for n in case.notices if n.audience == command.audience and n.stage == "first"]
    texts = _texts(cursor, place, {n.texts_at or n.seq for n in sent})
    found = set()
    for notice in sent:
        lines = texts[notice.texts_at or notice.seq].get("recipients", "").splitlines()  # none once they were erased
        found |= {lines[n].casefold() for n in map(notice.recipient, notice.reaching) if n < len(lines)}
    return frozenset(found)


def _address(texts: Mapping[int, Mapping[str, str]], recipient: Recipient) -> str:
    text = _word(texts, recipient.ref)
    return text if recipient.item is None else text.splitlines()[recipient.item]


def _word(texts: Mapping[int, Mapping[str, str]], word: Sealed | TextRef) -> str:
    """A text that is given, or that stands in a change. Raises ``KeyErased`` where it stands no more."""
    if isinstance(word, Sealed):
        return word.value
    found = texts[word.seq].get(word.name)
    if found is None:
        raise KeyErased("The words of that letter were erased.", next="Write a new one.")
    return found


def _enclosing(decision: Decision) -> bool:
    return any("files" in change.sealed for change in decision.changes)


def _enclose(cursor: CursorWrapper, place: Place, decision: Decision, last: int, now: datetime) -> None:
    """Rows for the files that a letter takes along, beside the change that names them (the last one is ``last``)."""
    owner, vault = place.owners["reporter"], programme.vault()
    for seq, change in enumerate(decision.changes, last - len(decision.changes) + 1):
        if "files" not in change.sealed:
            continue
        lines = [read_line(line) for line in change.sealed["files"].value.splitlines()]
        cursor.execute(
            "INSERT INTO desk_messagerow (case_id, at, direction, subject, blob, thread_key, raw_id, entry_seq)"
            " VALUES (%s, %s, 'out', %s, %s, '', NULL, %s) RETURNING id",
            [place.pk, to_micros(now), owner, vault.seal_json(owner, f"message:{place.stream}:{seq}", {}), seq],
        )
        kept_files = [
            files.Kept(kept.file_name(owner, each.sha256), each.name, each.media_type, each.size) for each in lines
        ]
        files.attach(cursor.fetchone()[0], owner, kept_files)


def _texts(cursor: CursorWrapper, place: Place, seqs: set[int]) -> dict[int, dict[str, str]]:
    """The sealed texts of these entries of a case, opened."""
    vault = programme.vault()
    found: dict[int, dict[str, str]] = {}
    for seq in sorted(seqs):
        cursor.execute(
            "SELECT s.subject, s.blob FROM desk_sealedvalues s JOIN desk_entry e ON e.id = s.entry_id"
            " WHERE e.case_id = %s AND e.seq = %s",
            [place.pk, seq],
        )
        blobs = [(subject, bytes(blob)) for subject, blob in cursor.fetchall()]
        found[seq] = vault.values(f"{place.stream}:{seq}", blobs)
    return found
