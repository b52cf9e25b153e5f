"""Takes the results of a scan in: stored as they came, then read, then observations, cases and evidence.

    bytes ─▶ row with the file, sealed ─▶ read (pure) ─ refused: the row says why
                                            └▶ plan (pure) ─▶ cases, a few at a time ─▶ all else, the entry, evidence

The same file for the same commit changes nothing but when it was last handed in. One upload of an app is applied at a
time.
A kill in between leaves a row that is only stored; handed in again, what was done already is found and not done twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias

from django.db.backends.utils import CursorWrapper

from forgeward.desk import programme, scanned
from forgeward.desk.actions import cases, scan_evidence, stored, write
from forgeward.desk.models import ObservationRow, ScanRow
from forgeward.desk.models.fields import to_micros
from forgeward.errors import BadInput
from forgeward.policy.model import NEVER
from forgeward.prevent.findings import Grade
from forgeward.prevent.uploads.observation import Observation, Upload
from forgeward.prevent.uploads.plan import Asked, Known, Plan, State, plan
from forgeward.prevent.uploads.read import LARGEST, OWN, read
from forgeward.prevent.uploads.words import added_text, back_text, opening_text, opening_title, over_text
from forgeward.respond.access import demand
from forgeward.respond.signals import Join, Receive
from forgeward.vocabulary import Actor, Change, Plain, Sealed

Clock: TypeAlias = Callable[[], datetime]
SCANNER = Actor(id="system:scan")
KEPT = 3  # files as they came, of one branch
AT_ONCE = 25  # cases that are opened under one lock
_APP = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_REVISION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}|")


@dataclass(frozen=True, slots=True)
class Of:
    """What was scanned. ``version``: what production runs, where that is what was scanned; empty: it is not.

    ``new_id``: the app has another Forge app id than before, and that is right. Raises ``BadInput``.
    """

    app: str
    branch: str
    revision: str = ""
    version: str = ""
    new_id: bool = False

    def __post_init__(self) -> None:
        if not _APP.fullmatch(self.app):
            raise BadInput(
                f"“{self.app[:80]}” is no key of an app.", next="Use small letters, digits and -, like field-radar."
            )
        if not self.branch.isprintable() or not 0 < len(self.branch) <= 120:
            raise BadInput("A scan is of a branch.", next="Name it, in up to 120 characters, like main.")
        if not _REVISION.fullmatch(self.revision):
            raise BadInput(f"“{self.revision[:80]}” is no commit.", next="Send its id, up to 64 letters and digits.")
        if not self.version.isprintable() or len(self.version) > 60:
            raise BadInput("A version has up to 60 characters.", next="Name it as Forge does, like 4.12.0.")


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it. ``new`` False: it had been handed in before. Cases by their numbers."""

    row: ScanRow
    new: bool
    opened: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def take(raw: bytes, of: Of, actor: Actor, clock: Clock) -> Taken:
    """Takes an upload in. Raises ``NotAllowed``, ``BadInput`` for what is no result of a scan, or of another app."""
    demand("scan.take", actor)
    if len(raw) > LARGEST:
        raise BadInput(f"The file has {len(raw):,} bytes; up to {LARGEST:,} are taken.", next="Scan fewer folders.")
    said = "\0".join((of.app, of.branch, of.revision, of.version, sha256(raw).hexdigest()))
    digest = programme.vault().keys.keyed("scan", said.encode())
    if (known := _repeated(digest)) is not None:
        with write.inside():
            ScanRow.objects.filter(pk=known.pk).update(again_at=clock())
        scan_evidence.record(clock())
        return Taken(known, new=False)
    row = _store(raw, of, digest, actor, clock())
    try:
        upload = read(raw)
        _require_same_app(upload, of)
    except BadInput as problem:
        ScanRow.objects.filter(pk=row.pk).update(state="refused", reason=str(problem)[:300])
        raise
    row.tool = upload.tool
    return _Taking(row, of, upload, clock).apply(actor)


def _repeated(digest: str) -> ScanRow | None:
    """The same upload, where it is still the newest of its branch."""
    row = ScanRow.objects.filter(digest=digest, state="taken").order_by("-pk").first()
    if row is None:
        return None
    newer = ScanRow.objects.filter(app=row.app, branch=row.branch, tool=row.tool, state="taken", pk__gt=row.pk)
    return None if newer.exists() else row


def _store(raw: bytes, of: Of, digest: str, actor: Actor, now: datetime) -> ScanRow:
    row = ScanRow(
        app=of.app,
        branch=of.branch,
        revision=of.revision,
        version=of.version,
        digest=digest,
        size=len(raw),
        received_at=now,
        again_at=now,
        by_id=int(actor.id.removeprefix("person:")) if actor.is_person else None,
        state="stored",
        raw=scanned.seal_raw(raw, digest),
    )
    with stored.durable(), write.inside():
        row.save(force_insert=True)
    return row


def _require_same_app(upload: Upload, of: Of) -> None:
    """A report that names Forge app ids is of the app that earlier ones were of."""
    rows = ScanRow.objects.filter(app=of.app, state="taken").exclude(app_ids="").order_by("-pk")
    before = (rows.values_list("app_ids", flat=True).first() or "").split("\n")
    if upload.app_ids and before != [""] and not set(before) & set(upload.app_ids) and not of.new_id:
        raise BadInput(
            f"The report is of another app than “{of.app}”: it says {upload.app_ids[0]}, earlier ones {before[0]}.",
            next="Send it under its own app's key; if the app has a new id, say so with new_id.",
        )


def known_of(app: str, tool: str, counts: Iterable[str]) -> dict[str, list[Known]]:
    """What is known of an app by a scanner: fingerprint → one for each branch."""
    counted, found = set(counts), dict[str, list[Known]]()
    rows = ObservationRow.objects.filter(app=app, tool=tool).order_by("pk")
    for fingerprint, branch, state, rule, case, closed in rows.values_list(
        "fingerprint", "branch", "state", "rule", "case__number", "case__closed_at"
    ):
        one = Known(
            branch=branch,
            state=State(state),
            rule=rule,
            case=case or "",
            closed=closed is not None,
            counts=branch in counted,
        )
        found.setdefault(fingerprint, []).append(one)
    return found


@dataclass(slots=True)
class _Taking:
    """One upload on its way into the tables."""

    row: ScanRow
    of: Of
    upload: Upload
    clock: Clock
    opened: list[str] = field(default_factory=list)

    def asked(self) -> tuple[Asked, tuple[str, ...]]:
        rule = programme.policies().at(self.clock()).findings
        least = None if rule.opens_from == NEVER else Grade(rule.opens_from)
        counts = self.of.branch in rule.branches
        asked = Asked(branch=self.of.branch, deployed=bool(self.of.version), opens_from=least, counts=counts)
        return asked, rule.branches

    def decided(self) -> Plan:
        asked, branches = self.asked()
        return plan(self.upload, known_of(self.of.app, self.upload.tool, branches), asked)

    def apply(self, actor: Actor) -> Taken:
        waiting = self.decided().opens
        for start in range(0, len(waiting), AT_ONCE):
            self._open(waiting[start : start + AT_ONCE])
        with write.inside() as cursor:
            self._lock(cursor)
            decided = self.decided()
            for root in decided.opens:  # what somebody else's upload let go in between
                self._open_one(cursor, root, write.new_number())
            by_print = {one.fingerprint: one for one in self.upload.observations}
            for case, found in decided.joins.items():
                self._say(cursor, case, added_text(found, self.of.branch))
            for case, found in decided.back.items():
                self._say(cursor, case, back_text(found, self.of.branch))
            for case in decided.over:
                self._say(cursor, case, over_text(self.of.version))
            told = {f: s for f, s in decided.states.items() if f in by_print and f not in self._done(decided)}
            self._write(cursor, [(by_print[f], s, decided.cases.get(f, "")) for f, s in told.items()])
            self._away(cursor, {f: s for f, s in decided.states.items() if f not in by_print})
            self._finish(cursor, actor)
        scan_evidence.record(self.clock())
        return Taken(self.row, True, tuple(self.opened), tuple(decided.joins), tuple(decided.back), decided.over)

    def _done(self, decided: Plan) -> set[str]:
        return {one.fingerprint for root in decided.opens for one in root}

    def _lock(self, cursor: CursorWrapper) -> None:
        """Nobody else applies an upload of this app until the transaction ends."""
        cursor.execute(
            "INSERT INTO desk_heartbeat (name, at, detail) VALUES (%s, %s, '')"
            " ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            [f"scan:{self.of.app}"[:64], to_micros(self.clock())],
        )

    def _open(self, part: Sequence[Sequence[Observation]]) -> None:
        numbers = [write.new_number() for _ in part]
        programme.vault().keys.data_keys({f"case:{number}" for number in numbers})  # syncs the disk: before the lock
        with write.inside() as cursor:
            self._lock(cursor)
            taken = self._have_cases(one.fingerprint for root in part for one in root)
            for root, number in zip(part, numbers, strict=True):
                if taken.isdisjoint(one.fingerprint for one in root):
                    self._open_one(cursor, root, number)

    def _have_cases(self, prints: Iterable[str]) -> set[str]:
        """Those that somebody else's upload opened a case for, since this one was decided."""
        rows = ObservationRow.objects.filter(app=self.of.app, tool=self.upload.tool, fingerprint__in=list(prints))
        return set(rows.filter(case__closed_at__isnull=True, case__isnull=False).values_list("fingerprint", flat=True))

    def _open_one(self, cursor: CursorWrapper, root: Sequence[Observation], number: str) -> None:
        first = root[0]
        command = Receive(
            title=opening_title(root),
            text=opening_text(root, self.upload.tool, self.of.branch, self.of.version),
            source="finding",
            kind="event",
            apps=(self.of.app,),
            signals=(f"rule:{first.rule}" if self.upload.tool == OWN else "rule:other",),
        )
        done = cases.open_in(cursor, command, SCANNER, self.clock(), number=number, reporter="")
        self.opened.append(done.number)
        self._write(cursor, [(one, State.OPEN, done.number) for one in root])

    def _say(self, cursor: CursorWrapper, case: str, text: str) -> None:
        cases.perform_in(cursor, case, Join(text=text, source="api"), SCANNER, self.clock())

    def _write(self, cursor: CursorWrapper, listed: Sequence[tuple[Observation, State, str]]) -> None:
        pks = _case_keys(cursor, {case for _, _, case in listed if case})
        cursor.executemany(
            _UPSERT,
            [
                [
                    self.of.app,
                    self.upload.tool,
                    self.of.branch,
                    one.fingerprint,
                    one.rule,
                    one.level.value,
                    state.value,
                    pks.get(case),
                    self.row.pk,
                    self.row.pk,
                    scanned.seal_words(self.of.app, self.upload.tool, one),
                ]
                for one, state, case in listed
            ],
        )

    def _away(self, cursor: CursorWrapper, states: Mapping[str, State]) -> None:
        """What is gone here. Where this branch never had it, its row says that production has not."""
        here = {"app": self.of.app, "tool": self.upload.tool, "branch": self.of.branch}
        for state in (State.GONE, State.OUT):
            prints = [f for f, s in states.items() if s is state]
            for start in range(0, len(prints), 500):
                part = prints[start : start + 500]
                ObservationRow.objects.filter(**here, fingerprint__in=part).update(state=state.value)
        cursor.executemany(
            _COPY,
            [
                [self.of.branch, State.OUT, self.of.app, self.upload.tool, f]
                for f, s in states.items()
                if s is State.OUT
            ],
        )

    def _finish(self, cursor: CursorWrapper, actor: Actor) -> None:
        row, upload, of = self.row, self.upload, self.of
        row.state, row.complete, row.opened = "taken", upload.complete, len(self.opened)
        row.suppressed = sum(one.suppressed is not None for one in upload.observations)
        row.findings = len(upload.observations) - row.suppressed
        row.not_scanned, row.app_ids = len(upload.not_scanned), "\n".join(upload.app_ids)
        row.blob = scanned.seal_rest(upload, row.digest)
        row.save(force_update=True)
        older = ScanRow.objects.filter(app=of.app, branch=of.branch, tool=row.tool).order_by("-pk")
        ScanRow.objects.filter(pk__in=list(older.values_list("pk", flat=True)[KEPT : KEPT + 50])).update(raw=b"")
        facts: dict[str, Plain] = {
            "app": of.app,
            "complete": row.complete,
            "deployed": bool(of.version),
            "findings": row.findings,
            "suppressed": row.suppressed,
            "not_scanned": row.not_scanned,
            "opened": row.opened,
        }
        names = {"branch": of.branch, "revision": of.revision, "version": of.version, "tool": row.tool}
        sealed = {name: Sealed(text) for name, text in names.items() if text}
        write.record(cursor, Change("scan:taken", facts, sealed), actor.id, self.clock())


_UPSERT = (
    "INSERT INTO desk_observationrow (app, tool, branch, fingerprint, rule, level, state, case_id, first_id, last_id,"
    " blob) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (app, tool, branch, fingerprint) DO UPDATE SET rule = excluded.rule, level = excluded.level,"
    " state = excluded.state, case_id = COALESCE(excluded.case_id, desk_observationrow.case_id),"
    " last_id = excluded.last_id, blob = excluded.blob"
)
_COPY = (
    "INSERT INTO desk_observationrow (app, tool, branch, fingerprint, rule, level, state, case_id, first_id, last_id,"
    " blob) SELECT app, tool, %s, fingerprint, rule, level, %s, case_id, first_id, last_id, blob"
    " FROM desk_observationrow WHERE app = %s AND tool = %s AND fingerprint = %s ORDER BY id LIMIT 1"
    " ON CONFLICT (app, tool, branch, fingerprint) DO NOTHING"
)


def _case_keys(cursor: CursorWrapper, numbers: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number in numbers:
        cursor.execute("SELECT id FROM desk_caserow WHERE number = %s", [number])
        found[number] = cursor.fetchone()[0]
    return found
