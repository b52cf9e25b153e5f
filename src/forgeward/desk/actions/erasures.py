"""Erasing a person: the key goes, and with it whatever it sealed, here and in every backup.

    find ─▶ refuse? ─▶ stop letters ─▶ destroy keys ─▶ rows, files, entry
                                        │              └─ cut short: `settle` does it at the next start
                                        └─ from here on nothing brings the person back

A backup of the database that is older than an erasure knows nothing of it, so the key store keeps the list of what was
erased, and `settle` replays it before anything is read. The entry tells who did it, why and of how much; the person is
only a digest that this home alone can make.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.core.cache import cache
from django.db import connection
from django.db.backends.utils import CursorWrapper

from forgeward.desk import kept, programme
from forgeward.desk import subject as reader
from forgeward.desk.actions import cases, old_rows, write
from forgeward.desk.models import (
    AbsenceRow,
    ApiAnswer,
    ApiToken,
    AttachmentRow,
    CaseRow,
    CaseViewer,
    Entry,
    Heartbeat,
    MessageRow,
    NoticeRow,
    Person,
    RawMail,
    SealedValues,
    SessionRow,
    SignInLink,
)
from forgeward.desk.models.fields import to_micros
from forgeward.desk.subject import Mention, Subject
from forgeward.edges.home import Home, translated
from forgeward.edges.keys import PART, part, wrapping
from forgeward.edges.mail_parser import ParserPool
from forgeward.errors import AnswerIsNo, BadInput, NotAllowed
from forgeward.ledger.entry import decode
from forgeward.respond.access import demand
from forgeward.respond.mail import Parsed
from forgeward.respond.signals import GaveUp
from forgeward.vocabulary import Actor, Change, Plain, Role, Sealed, parse_instant, rfc3339

ERASED = "person:erased"
STOPPED = "The person was erased before it was sent."
_OUTBOX = Actor(id="system:outbox")
_REPLAY = Actor(id="system:erasure")
_BEAT = "erasures"
_PARTS = 500  # digests in one entry, which has at most 65,535 bytes
_FILED = re.compile(r"Filed as ([A-Za-z0-9._-]+\.eml);")
_UNSENT = ("waiting", "held")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure takes away. ``kept`` are texts of other people that name the person: they stay."""

    who: Subject
    cases: tuple[str, ...]
    open_cases: tuple[str, ...]
    mails: int
    files: int
    letters: int
    unsent: int
    texts: int
    mentions: tuple[Mention, ...]
    kept: tuple[Mention, ...]
    old_rows: tuple[str, ...] = ()
    """After an erasure on PostgreSQL: tables whose owner has to ``VACUUM FULL`` them, since old rows lie there."""

    @property
    def staff(self) -> bool:
        return self.who.staff is not None


def plan(home: Home, named: str, actor: Actor) -> Plan:
    """What `erase` would do; changes nothing. Raises ``NotFound``, ``NotAllowed``."""
    demand("person.erase", actor)
    who = reader.find(named)
    require_sight(reader.cases(who), actor)
    return _planned(home, who)


def _planned(home: Home, who: Subject) -> Plan:
    concerned = reader.cases(who)
    found = list(reader.mentions(home, who))
    letters = reader.letters(who)
    return Plan(
        who=who,
        cases=tuple(row.number for row in concerned),
        open_cases=tuple(reader.open_cases(concerned)),
        mails=len(reader.mails(who)),
        files=len(reader.files(who)),
        letters=len(letters),
        unsent=sum(row.state in _UNSENT for row in letters),
        texts=sum(1 for _ in reader.texts(who)),
        mentions=tuple(each for each in found if each.part),
        kept=tuple(each for each in found if not each.part),
    )


def erase(home: Home, named: str, reason: str, actor: Actor, now: datetime, *, despite: str = "") -> Plan:
    """Erases the person for good and says what went.

    ``despite`` is the recorded reason to do so although a case of theirs is open. Raises ``NotFound``, ``NotAllowed``,
    ``BadInput`` for a reason that names the person, ``AnswerIsNo`` while their data is needed.
    """
    found = plan(home, named, actor)
    _require_words(found.who, reason, despite)
    _require_unneeded(found, actor, despite)
    old = _erase(home, found, actor, now, "request", reason=reason, despite=despite)
    return replace(found, old_rows=old)


def erase_reporter_of(home: Home, number: str, actor: Actor, now: datetime) -> Plan:
    """Erases the reporter of a closed case because the policy's time to keep them is over. Raises ``NotFound``."""
    found = _planned(home, reader.find(number))
    _erase(home, found, actor, now, "retention")
    return found


def _erase(
    home: Home, found: Plan, actor: Actor, now: datetime, because: str, *, reason: str = "", despite: str = ""
) -> tuple[str, ...]:
    filed = _filed(found)
    _stop_letters(found, now)
    gone = {name: rfc3339(now) for name in (*found.who.keys, *(each.part for each in found.mentions))}
    programme.vault().keys.destroy_all(gone)
    _take_away(home, list(gone), filed, [each.mail for each in found.mentions if each.mail])
    _enter(gone, actor, now, because, reason=reason, despite=despite)
    old = _clean(gone)
    _beat(now)
    return old


def settle(home: Home, now: datetime) -> int:
    """Replays erasures that one side does not know of: database or key store is of an older day, or one was cut short.

    Cheap where there is none. Returns how many. To be called before anything is shown.
    """
    keys = programme.vault().keys
    erased = keys.erased()
    beat = Heartbeat.objects.filter(name=_BEAT).first()
    if beat and beat.detail == str(len(erased)):
        return 0
    known = entered()
    if _again(known - {digest(name) for name in erased}, now):
        erased = keys.erased()
    missing = {name: at for name, at in erased.items() if digest(name) not in known}
    if missing:
        _take_away(home, list(missing), (), ())
        _enter(missing, _REPLAY, now, "replayed")
        _clean(missing)
    _beat(now)
    return len(missing)


def replay(home: Home, ledgers: Sequence[Path], now: datetime) -> int:
    """After a restore: erases again whatever the key store, this ledger or one of these packs says was erased.

    Returns how many. Mails that had not been read yet when the backup was made belong to nobody so far; those of
    people who were erased go as well.
    """
    keys = programme.vault().keys
    known = entered() | {each for file in ledgers for each in _entered_in(file)}
    _again(known - {digest(name) for name in keys.erased()}, now)
    erased = [name for name in keys.erased() if PART not in name]
    if erased:
        keys.destroy_all(keys.erased())  # a restored store has the list, and may have had the keys
        _forget_unread(home, erased)
    before = len(entered())
    Heartbeat.objects.filter(name=_BEAT).delete()
    settle(home, now)
    return len(entered()) - before


def _again(digests: set[str], now: datetime) -> int:
    """Destroys what the ledger calls erased and the key store has: it was put back from an older copy."""
    if not digests:
        return 0
    return programme.vault().keys.destroy_all({name: rfc3339(now) for name in _names() if digest(name) in digests})


def _entered_in(pack: Path) -> Iterator[str]:
    """What a pack of this ledger says was erased. It needs no proof: only this home can make such a digest."""
    try:
        with zipfile.ZipFile(pack) as opened:
            parts = [name for name in opened.namelist() if name.startswith("entries/")]
            lines = (line.rstrip(b"\n") for name in parts for line in opened.open(name))
            for line in lines:
                if ERASED.encode() in line:
                    yield from _digests(line)
    except (OSError, zipfile.BadZipFile) as problem:
        raise BadInput(f"{pack} cannot be read as a pack: {problem}.", next="Name a file of `ledger pack`.") from None


def _digests(body: bytes) -> Iterator[str]:
    data = decode(body).data
    for name in ("subjects", "parts"):
        listed = data.get(name)
        yield from listed if isinstance(listed, list) else ()


def _names() -> Iterator[str]:
    """Everything that could be erased here: each subject with a key, each place of a case."""
    keys = programme.vault().keys
    yield from keys.known()
    for row in SealedValues.objects.filter(subject__startswith="case:").select_related("entry__case").iterator(500):
        yield part(row.subject, reader.place(row).encode())
    for subject, key in NoticeRow.objects.filter(subject__startswith="case:").values_list("subject", "key").iterator():
        yield part(subject, f"notice:{key}".encode())
    for subject, name in RawMail.objects.filter(subject__startswith="case:").values_list("subject", "name").iterator():
        yield part(subject, wrapping(subject, name))
        yield part(subject, f"message:{name}".encode())


def _forget_unread(home: Home, erased: Sequence[str]) -> None:
    """Mails that wait to be read, of people who were erased later."""
    rows = list(RawMail.objects.filter(state="stored", subject=""))
    if not rows:
        return
    keys = programme.vault().keys
    with ParserPool(workers=1, spare=0) as pool:
        for row in rows:
            reading = pool.parse(kept.raw_bytes(home, row))
            mail = reading.mail if isinstance(reading, Parsed) else reading.head
            address = mail.sender.address if mail else ""
            if not address or keys.reporters(address)[0] not in erased:
                continue
            (home.raw / row.name).unlink(missing_ok=True)
            RawMail.objects.filter(pk=row.pk).update(wrapped_key=b"", head_blob=b"", way_blob=b"", state="discarded")


def entered() -> set[str]:
    """The digests of everything that this ledger says was erased."""
    bodies = Entry.objects.filter(kind=ERASED).values_list("body", flat=True)
    return {each for body in bodies for each in _digests(bytes(body))}


def digest(name: str) -> str:
    """The keyed digest by which the ledger names what was erased: nobody outside this home can make it."""
    return programme.vault().keys.keyed("erasure", name.encode())[:32]


def require_sight(concerned: Sequence[CaseRow], actor: Actor) -> None:
    """Raises ``NotAllowed`` where a case of the person is restricted to others (TC-15)."""
    if not actor.is_person:
        return
    hidden = {row.pk: row.number for row in concerned if row.restricted}
    seen = CaseViewer.objects.filter(case__in=hidden, person=int(actor.id.removeprefix("person:")))
    for pk in hidden.keys() - set(seen.values_list("case_id", flat=True)):
        raise NotAllowed(
            f"{hidden[pk]} is restricted to named people, and you are none of them.",
            next=f"Be named first: `forgeward case restrict {hidden[pk]}`.",
        )


def _require_words(who: Subject, reason: str, despite: str) -> None:
    if not reason.strip():
        raise BadInput("An erasure needs a reason.", next="Give it with --reason, like “Asked by mail on 20 November”.")
    if any(word in f"{reason}\n{despite}".casefold() for word in who.words):
        raise BadInput(
            "The reason names the person, and it stays in the history.", next="Write it without name and address."
        )


def _require_unneeded(found: Plan, actor: Actor, despite: str) -> None:
    if found.open_cases and not despite.strip():
        raise AnswerIsNo(
            f"{', '.join(found.open_cases)} is open: the report is still needed to protect others (GDPR, Art. 17(3)).",
            next="Close it first; or decide that it must go at once, and give the reason with --despite.",
        )
    staff = found.who.staff
    if staff is None:
        return
    others = Person.objects.filter(groups__name=Role.LEAD.value, is_active=True).exclude(pk=staff.pk)
    if Role.LEAD in staff.roles and not others.exists():
        raise AnswerIsNo(
            "This is the only Security Lead.",
            next="Add another one first: `forgeward people add … --role security_lead`.",
        )
    owned = CaseRow.objects.filter(owner=staff, closed_at__isnull=True).values_list("number", flat=True)
    if numbers := list(owned[:5]):
        raise AnswerIsNo(
            f"They look after {', '.join(numbers)}.", next="Give these cases to somebody: `forgeward case handover`."
        )


# --- letters that wait -----------------------------------------------------------------------------------------------


def _stop_letters(found: Plan, now: datetime) -> None:
    """What waits for the person is not sent; its case learns it, while that can still be sealed and read."""
    named = [each.letter for each in found.mentions if each.letter]
    vault = programme.vault()
    with write.inside() as cursor:
        rows = NoticeRow.objects.filter(state__in=_UNSENT).select_related("case")
        for row in [*rows.filter(subject__in=found.who.keys), *rows.filter(pk__in=named)]:
            content = vault.open_json(row.subject, f"notice:{row.key}", bytes(row.blob)) or {}
            _settle_letters(cursor, [row.pk], now)
            if row.case and "seq" in content:
                told = GaveUp(
                    notice=int(str(content["seq"])), recipients=(int(str(content["position"])),), word=STOPPED
                )
                cases.perform_in(cursor, row.case.number, told, _OUTBOX, now)


def _settle_letters(cursor: CursorWrapper, letters: Iterable[int], now: datetime) -> None:
    cursor.executemany(
        "UPDATE desk_noticerow SET state = 'given_up', try_at = NULL, settled_at = %s, answer = %s, lease_owner = '',"
        " lease_until = NULL WHERE id = %s",
        [[to_micros(now), STOPPED, pk] for pk in letters],
    )


def _filed(found: Plan) -> list[str]:
    """Names of letters that lie as files in the outbox."""
    vault, named = programme.vault(), [each.letter for each in found.mentions if each.letter]
    rows = [*reader.letters(found.who), *NoticeRow.objects.filter(pk__in=named)]
    opened = (vault.open_json(row.subject, f"notice:{row.key}", bytes(row.blob)) or {} for row in rows)
    answers = (_FILED.search(str(content.get("answer", ""))) for content in opened)
    return [answer[1] for answer in answers if answer]


# --- rows and files --------------------------------------------------------------------------------------------------


def _take_away(home: Home, gone: Sequence[str], filed: Iterable[str], mails: Iterable[int]) -> None:
    """Deletes files, and clears what still points at the person. What the keys sealed is unreadable already."""
    subjects = [name for name in gone if PART not in name]
    raws = RawMail.objects.filter(subject__in=subjects) | RawMail.objects.filter(pk__in=list(mails))
    attached = AttachmentRow.objects.filter(message__subject__in=subjects)
    with translated(home.folder):
        for folder, names in (
            (home.raw, raws.values_list("name", flat=True)),
            (home.files, attached.values_list("name", flat=True)),
            (home.outbox, filed),
            (home.keys / "openpgp" / "people", [f"{name.partition(':')[2]}.keys" for name in subjects]),
        ):
            for name in list(names):
                (folder / name).unlink(missing_ok=True)
    with write.inside() as cursor:
        raws.update(sender_key="", content_key="", copy_key="", topic_key="")
        MessageRow.objects.filter(subject__in=subjects).update(thread_key="")
        ApiAnswer.objects.all().delete()  # answers that are kept for callers who ask twice
        unsent = NoticeRow.objects.filter(subject__in=subjects, state__in=_UNSENT)
        _settle_letters(cursor, list(unsent.values_list("pk", flat=True)), home.now())
        for name in subjects:
            if name.startswith("person:"):
                _scrub(int(name.removeprefix("person:")), programme.vault().keys.erased_at(name))


def _scrub(pk: int, at: str) -> None:
    """A member of staff: number and roles stay, since history names them; who it was goes."""
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator

    person = Person.objects.filter(pk=pk).first()
    if person is None:
        return
    person.name, person.email, person.zone = f"[erased on {at[:10]}]", f"erased-{pk}@erased.invalid", ""
    person.is_active = False
    person.last_login = None
    person.set_unusable_password()
    person.save()
    SignInLink.objects.filter(person=person).delete()
    ApiToken.objects.filter(person=person, revoked_at__isnull=True).update(revoked_at=parse_instant(at))
    ApiToken.objects.filter(person=person).update(name="")
    EmailAddress.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
    SessionRow.objects.filter(person=person).delete()
    AbsenceRow.objects.filter(person=person).delete()
    cache.clear()  # counters of sign-ins may be kept by address


def _enter(
    gone: Mapping[str, str], actor: Actor, now: datetime, because: str, *, reason: str = "", despite: str = ""
) -> None:
    """One entry, more where many texts went. The instants of a replay are those of the first time."""
    subjects = sorted(digest(name) for name in gone if PART not in name)
    parts = sorted(digest(name) for name in gone if PART in name)
    sealed = {name: Sealed(text.strip()) for name, text in (("reason", reason), ("despite", despite)) if text.strip()}
    with write.inside() as cursor:
        for start in range(0, max(len(parts), 1), _PARTS):
            data: dict[str, Plain] = {
                "because": because,
                "erased_at": max(gone.values()),
                "subjects": list(subjects) if start == 0 else [],
                "parts": list(parts[start : start + _PARTS]),
            }
            write.record(cursor, Change(ERASED, data, sealed), actor.id, now)


def _clean(gone: Iterable[str]) -> tuple[str, ...]:
    """Removes what was overwritten and still stands: in SQLite's write-ahead log, in PostgreSQL's old rows of staff.

    Returns the tables where that must be done by another role.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    staff = any(name.startswith("person:") for name in gone)
    return old_rows.rewrite(old_rows.OF_STAFF) if staff else ()


def _beat(now: datetime) -> None:
    count = str(len(programme.vault().keys.erased()))
    Heartbeat.objects.update_or_create(name=_BEAT, defaults={"at": now, "detail": count})
