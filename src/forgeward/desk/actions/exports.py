"""What a person may ask for (GDPR, Articles 15 and 20): everything that is kept under their keys, in one ZIP.

    person.json          who they are here, their cases, what they wrote, what we wrote to them and noted about it
    mails/NUMBER.eml     their mails as they came
    files/NUMBER-NAME    files that came with them, and ours to them
    README.txt           what is what

Nothing of others is in it: colleagues stand as “our team”, and texts of cases, which may speak of others, are counted
only. An export is an entry of the ledger, and the person is a digest there.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from forgeward.desk import kept, programme
from forgeward.desk import subject as reader
from forgeward.desk.actions import write
from forgeward.desk.actions.erasures import digest, require_sight
from forgeward.desk.models import Person, SealedValues
from forgeward.desk.subject import Subject
from forgeward.edges import durable
from forgeward.edges.home import Home
from forgeward.errors import BadInput, KeyErased
from forgeward.ledger.entry import decode
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change, Plain, rfc3339

EXPORTED = "person:exported"
SCHEMA = "forgeward/person/1"
_STAMP = (1980, 1, 1, 0, 0, 0)
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_README = """\
person.json   everything that is kept about you: your cases, your texts, our letters to you, notes about them
mails/        your mails as they reached us
files/        files that you sent, and that we sent to you

Names of other people are left out. “withheld” counts texts of other cases and people that mention you: they speak of
others too. Instants are in UTC. You may ask us to correct or to erase this.
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    file: Path
    cases: tuple[str, ...]
    texts: int
    mails: int
    files: int
    letters: int


def export(home: Home, named: str, out: Path, actor: Actor, now: datetime) -> Exported:
    """Writes the person's data to ``out`` (0600), whole or not at all.

    Raises ``NotFound``, ``NotAllowed`` (role, or a restricted case), ``BadInput`` where the file is there already.
    """
    demand("person.export", actor)
    who = reader.find(named)
    concerned = reader.cases(who)
    require_sight(concerned, actor)
    if out.exists():
        raise BadInput(f"{out} is there already.", next="Name another file.")
    names = _others(who)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        texts, letters = list(_texts(who, names)), list(_letters(who, names))
        mails, files = _put_mails(home, who, archive), _put_files(home, who, archive)
        numbers = tuple(row.number for row in concerned)
        withheld = sum(1 for _ in reader.mentions(home, who))
        _put(archive, "person.json", msgspec.json.format(msgspec.json.encode({
            "schema": SCHEMA, "made_at": rfc3339(now), "address": who.address, "staff": _staff(who),
            "cases": [{"number": row.number, "opened": rfc3339(row.opened_at)} for row in concerned],
            "texts": texts, "letters": letters, "mails": mails, "files": files, "withheld": withheld,
        }), indent=2))  # fmt: skip
        _put(archive, "README.txt", _README.encode())
    durable.write(out.absolute(), content.getvalue())
    with write.inside() as cursor:
        data: dict[str, Plain] = {
            "subjects": [digest(key) for key in who.keys],
            "texts": len(texts),
            "mails": len(mails),
        }
        write.record(cursor, Change(EXPORTED, data), actor.id, now)
    return Exported(out, numbers, len(texts), len(mails), len(files), len(letters))


def _others(who: Subject) -> list[str]:
    """Names and addresses of everybody else, the longest first: colleagues, and whoever reported something."""
    found = {text for pair in Person.objects.values_list("name", "email") for text in pair}
    rows = SealedValues.objects.filter(entry__kind="case:received", subject__startswith="reporter:")
    for row in rows.exclude(subject__in=who.keys).select_related("entry__case").iterator(reader.CHUNK):
        opened = reader.opened(row)
        found |= {opened.get("reporter_name", ""), opened.get("reporter_address", "")}
    others = {text for text in found if len(text) >= reader.LEAST_NAME and text.casefold() not in who.words}
    return sorted(others, key=len, reverse=True)


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _STAMP)
    entry.external_attr = 0o600 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _staff(who: Subject) -> dict[str, Any] | None:
    if who.staff is None:
        return None
    person = who.staff
    return {
        "name": person.name,
        "address": person.email,
        "zone": person.zone,
        "roles": sorted(person.roles),
        "added": rfc3339(person.added_at),
        "active": person.is_active,
    }


def _texts(who: Subject, names: list[str]) -> Iterator[dict[str, Any]]:
    """What stands under their keys, entry by entry, without the names of others."""
    for row, opened in reader.texts(who):
        entry = row.entry
        yield {
            "at": rfc3339(entry.at),
            "case": entry.case.number if entry.case else "",
            "what": entry.kind,
            "by": "you" if entry.kind in {"case:received", "case:joined"} else "our team",
            "facts": dict(decode(bytes(entry.body)).data) if entry.kind == "case:received" else {},
            "texts": {name: _without(names, text) for name, text in opened.items()},
        }


def _letters(who: Subject, names: list[str]) -> Iterator[dict[str, Any]]:
    vault = programme.vault()
    for row in reader.letters(who):
        content = vault.open_json(row.subject, f"notice:{row.key}", bytes(row.blob)) or {}
        yield {
            "at": rfc3339(row.created_at),
            "case": row.case.number if row.case else "",
            "kind": row.kind,
            "state": row.state,
            **{name: _without(names, str(content.get(name, ""))) for name in ("to", "subject", "body")},
        }


def _without(names: list[str], text: str) -> str:
    for name in names:
        text = re.sub(re.escape(name), "[name withheld]", text, flags=re.IGNORECASE)
    return text


def _put_mails(home: Home, who: Subject, archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    """Their own mails; a bounce that lies under their key is a machine's word, and goes along as such."""
    listed = []
    for number, row in enumerate(reader.mails(who), 1):
        try:
            raw = kept.raw_bytes(home, row)
        except KeyErased:
            continue  # the time to keep it was over
        name = f"mails/{number:04}.eml"
        _put(archive, name, raw)
        listed.append({"file": name, "at": rfc3339(row.received_at), "state": row.state})
    return listed


def _put_files(home: Home, who: Subject, archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    listed = []
    for number, row in enumerate(reader.files(who), 1):
        label = programme.vault().open_json(row.message.subject, f"file:{row.name}", bytes(row.label_blob)) or {}
        told = str(label.get("label", ""))
        name = f"files/{number:04}-{_ODD.sub('_', told).strip('._')[:80] or 'file'}"
        _put(archive, name, kept.file_bytes(home, row))
        listed.append({"file": name, "name": told, "type": row.media_type, "case": row.message.case.number})
    return listed
