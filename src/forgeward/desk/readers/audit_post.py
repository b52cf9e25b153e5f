"""The part of the audit that looks at mail: what came in as it came, what went out as history says.

1. Each mail lies in the home, opens under its key, and is the one whose fingerprint its row has.
2. Each message of a thread stands beside an entry of its case, at its instant or its mail's; its headers open there.
3. Each file of a message lies in the home, opens, and has the size and kind that its row says.
4. Each letter opens under its key; those that a case's history names are there, one for each recipient, and stand as
   history says: accepted, given up, or still to be sent.

What was erased, or deleted when its time was over, is no difference. One mail or file is in memory at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import sha256

from forgeward.desk import kept, programme
from forgeward.desk.models import AttachmentRow, CaseRow, Entry, MessageRow, NoticeRow, RawMail
from forgeward.errors import ForgewardError, KeyErased
from forgeward.respond.case import Case

CHUNK = 500
KEPT_FOR_CASES = frozenset({"parsed", "not_parsed"})
Difference = tuple[str, str]


def differences() -> Iterator[Difference]:
    """What does not agree, as where and what, of all mails, messages and files."""
    for row in RawMail.objects.select_related("case").order_by("pk").iterator(chunk_size=CHUNK):
        yield from _of_mail(row)
    for orphan in MessageRow.objects.exclude(case_id__in=CaseRow.objects.values("pk")):
        yield f"message {orphan.pk}", "belongs to no case"
    for alone in AttachmentRow.objects.exclude(message_id__in=MessageRow.objects.values("pk")):
        yield f"file {alone.pk}", "belongs to no message"
    rows = MessageRow.objects.select_related("case", "raw").order_by("pk")
    for message in rows.iterator(chunk_size=CHUNK):
        yield from _of_message(message)
    files = AttachmentRow.objects.select_related("message__case").order_by("pk")
    for file in files.iterator(chunk_size=CHUNK):
        yield from _of_file(file)
    for letter in NoticeRow.objects.order_by("pk").iterator(chunk_size=CHUNK):
        where = f"letter {letter.key}"
        yield from _opens(where, lambda row=letter: _content(row))  # type: ignore[misc]


def _opens(where: str, look: Callable[[], object]) -> Iterator[Difference]:
    try:
        look()
    except KeyErased:
        return
    except ForgewardError as problem:
        yield where, f"does not open: {problem}"


def _of_mail(row: RawMail) -> Iterator[Difference]:
    where = f"mail {row.pk}"
    if row.state in KEPT_FOR_CASES and row.case_id is None:
        yield where, f"is {row.state} into no case"
    try:
        raw = kept.raw_bytes(programme.home(), row)
        for what, blob in (("head", row.head_blob), ("way", row.way_blob)):
            kept.unseal(row, what, blob)
    except KeyErased:
        return
    except ForgewardError as problem:
        yield where, f"is not what was stored: {problem}"
        return
    print_ = programme.vault().keys.keyed("raw mail", sha256(raw).hexdigest().encode())
    if print_ != row.fingerprint or len(raw) != row.size:
        yield where, "its bytes are not those that its row speaks of"


def _of_message(row: MessageRow) -> Iterator[Difference]:
    where = f"{row.case.number} message {row.pk}"
    entry = Entry.objects.filter(case_id=row.case_id, seq=row.entry_seq).first()
    if entry is None or row.at != (row.raw.received_at if row.raw else entry.at):
        yield where, f"stands beside no entry {row.entry_seq}, or not at its instant {row.at:%Y-%m-%d %H:%M:%S}Z"
    if (row.direction == "in") != (row.raw_id is not None):
        yield where, f"is said to go {row.direction}"
    if row.raw is not None and row.raw.case_id != row.case_id:
        yield where, "its mail belongs to another case"
    place = f"message:{row.raw.name if row.raw else f'{row.case.number}:{row.entry_seq}'}"
    yield from _opens(where, lambda: programme.vault().open_json(row.subject, place, bytes(row.blob)))


def _of_file(row: AttachmentRow) -> Iterator[Difference]:
    where = f"{row.message.case.number} file {row.pk}"
    vault = programme.vault()
    try:
        label = vault.open_json(row.message.subject, f"file:{row.name}", bytes(row.label_blob))
        content = kept.file_bytes(programme.home(), row)
    except KeyErased:
        return
    except ForgewardError as problem:
        yield where, f"does not open: {problem}"
        return
    name = kept.file_name(row.message.subject, sha256(content).hexdigest())
    if name != row.name or len(content) != row.size or (label or {}).get("type") != row.media_type:
        yield where, "its bytes, size or kind are not those that its row speaks of"


def _content(row: NoticeRow) -> dict[str, object] | None:
    return programme.vault().open_json(row.subject, f"notice:{row.key}", bytes(row.blob))


def of_case(pk: int, number: str, case: Case) -> Iterator[Difference]:
    """What its letters' rows say otherwise than the history of one case."""
    rows: dict[str, dict[int, str]] = defaultdict(dict)
    kinds: dict[str, str] = {}
    for key, notice, kind, state in NoticeRow.objects.filter(case_id=pk).values_list("key", "notice", "kind", "state"):
        number_of_it = key.removeprefix(f"{notice}:")
        if not number_of_it.isdecimal():
            yield f"letter {key}", f"belongs to no notice {notice}"
            continue
        kinds[notice] = kind
        rows[notice][int(number_of_it)] = state
    for record in case.notices:
        where = f"{number} notice {record.seq}"
        states = rows.pop(f"{number}:{record.seq}", {})
        if len(states) < record.total:
            yield where, f"{record.total - len(states)} of its {record.total} letters are gone"
        if states and kinds[f"{number}:{record.seq}"] != record.kind:
            yield where, f"its letters' kind is not {record.kind}"
        for position, state in sorted(states.items()):
            if position in record.moved:
                continue
            open_, over = position in record.outstanding, position in record.given_up
            if (state == "accepted") == open_ or (state == "given_up" and not over):
                said = "given up" if over else "outstanding" if open_ else "accepted"
                yield f"{where} letter {position}", f"the row says {state}, its history {said}"
