"""What scanners handed in, as it lies in the tables: sealed under the programme's key, for actions and readers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db.models import Max

from forgeward.desk import programme
from forgeward.desk.models import ObservationRow, ScanRow
from forgeward.errors import NotFound
from forgeward.prevent.uploads.observation import Observation, Upload

OWNER = "case:programme"  # whose key seals what belongs to no case


class Words(msgspec.Struct, frozen=True):
    """What an observation says. ``suppressed``: the reason in the code, or None."""

    title: str
    message: str
    fix: str
    path: str
    line: int
    suppressed: str | None


class Rest(msgspec.Struct, frozen=True):
    """What a scan says besides: (path, reason) of what was not scanned, why it is partial, the rules that are off."""

    missed: tuple[tuple[str, str], ...] = ()
    partial: str = ""
    off: tuple[str, ...] = ()


def seal_raw(raw: bytes, digest: str) -> bytes:
    """The file as it came, packed."""
    return programme.vault().keys.seal(OWNER, zlib.compress(raw, 6), f"scan:{digest}".encode())


def raw_of(row: ScanRow) -> bytes:
    """The file as it came. Raises ``NotFound`` where newer ones took its place."""
    if not row.raw:
        raise NotFound("This file is kept no more; newer ones of its branch are.", next="Look at the newest scan.")
    return zlib.decompress(programme.vault().keys.open(OWNER, bytes(row.raw), f"scan:{row.digest}".encode()))


def seal_words(app: str, tool: str, one: Observation) -> bytes:
    """What an observation says, bound to it."""
    words = Words(one.title, one.message, one.fix, one.path, one.line, one.suppressed)
    return programme.vault().seal_json(OWNER, _place(app, tool, one.fingerprint), words)


def words_of(row: ObservationRow) -> Words:
    opened = programme.vault().open_json(OWNER, _place(row.app, row.tool, row.fingerprint), bytes(row.blob))
    return msgspec.convert(opened, Words)


def seal_rest(upload: Upload, digest: str) -> bytes:
    missed = tuple((each.path, each.reason) for each in upload.not_scanned)
    rest = Rest(missed, upload.partial, tuple(sorted(upload.off)))
    return programme.vault().seal_json(OWNER, f"scan:{digest}:rest", rest)


def rest_of(row: ScanRow) -> Rest:
    if not row.blob:
        return Rest()
    return msgspec.convert(programme.vault().open_json(OWNER, f"scan:{row.digest}:rest", bytes(row.blob)), Rest)


def _place(app: str, tool: str, fingerprint: str) -> str:
    return f"observation:{app}:{tool}:{fingerprint}"


@dataclass(frozen=True, slots=True)
class Age:
    """An app's last scan: when it was handed in last, and whether it looked at all there is."""

    app: str
    at: datetime
    complete: bool


def ages() -> list[Age]:
    """The last scan of each app that anything was handed in of, by the app's key."""
    taken = ScanRow.objects.filter(state="taken").order_by().values("app")
    last = {row["app"]: (row["last"], row["row"]) for row in taken.annotate(last=Max("again_at"), row=Max("id"))}
    whole = dict(ScanRow.objects.filter(pk__in=[pk for _, pk in last.values()]).values_list("app", "complete"))
    return [Age(app, at, whole[app]) for app, (at, _) in sorted(last.items())]
