"""``forgeward erase`` and ``forgeward export``: a person's data goes, or is given to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN

if TYPE_CHECKING:
    from forgeward.desk.actions.erasures import Plan

Named = Annotated[
    str, typer.Argument(metavar="PERSON", help="A mail address, a case number for its reporter, or person:N for staff.")
]


def erase(
    person: Named,
    reason: Annotated[str, typer.Option(help="Why, without the person's name; it stays in the history.")] = "",
    despite: Annotated[
        str, typer.Option(metavar="REASON", help="Why it must go although a case of theirs is open.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a person for good: their key is destroyed, here and for every backup. History stays whole.

    Example: forgeward erase noor@research.example --reason "Asked by mail on 20 November"
    """
    home = RUN.desk()
    from forgeward.desk.actions import erasures

    actor = RUN.person().actor()
    if dry_run:
        found = erasures.plan(home, person, actor)
    else:
        found = erasures.erase(home, person, reason, actor, home.now(), despite=despite)
    shape = _shape(found, done=not dry_run)
    out.emit(shape, lambda: _text(shape))


def _shape(found: Plan, *, done: bool) -> shapes.Erasure:
    from forgeward.desk.actions.erasures import digest

    return shapes.Erasure(
        done=done,
        subjects=[digest(key) for key in found.who.keys],
        staff=found.staff,
        cases=list(found.cases),
        open_cases=list(found.open_cases),
        texts=found.texts,
        mails=found.mails,
        files=found.files,
        letters=found.letters,
        unsent=found.unsent,
        mentions=[shapes.Mention(each.case, each.seq) for each in found.mentions],
        kept=[shapes.Mention(each.case, each.seq) for each in found.kept],
        old_rows=list(found.old_rows),
    )


def _text(shape: shapes.Erasure) -> str:
    head = "Erased for good:" if shape.done else "An erasure would take away:"
    lines = [
        head,
        f"  {shape.texts} entries' texts in {len(shape.cases)} cases {' '.join(shape.cases)}".rstrip(),
        f"  {shape.mails} mails, {shape.files} files, {shape.letters} letters ({shape.unsent} of them not sent yet)",
    ]
    if shape.staff:
        lines.append("  name, address and sign-in of a member of staff")
    if shape.mentions:
        lines.append(f"  {len(shape.mentions)} other texts that name the person: {_places(shape.mentions)}")
    if shape.kept:
        lines.append(f"It stays in {len(shape.kept)} texts of other people: {_places(shape.kept)}")
    if shape.open_cases and not shape.done:
        lines.append(f"Still open, so it needs --despite: {' '.join(shape.open_cases)}")
    if shape.old_rows:
        lines.append(
            "PostgreSQL keeps old rows with name and address until the owner of the tables runs:\n"
            f"  VACUUM (FULL, ANALYZE) {', '.join(shape.old_rows)}"
        )
    return "\n".join(lines)


def _places(mentions: list[shapes.Mention]) -> str:
    return ", ".join(dict.fromkeys(f"{m.case or 'programme'} {m.entry or ''}".strip() for m in mentions))


def export(
    person: Named,
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the ZIP.")],
    as_json: Json = False,
) -> None:
    """Give a person what is kept about them: texts, letters, mails, files, in one ZIP without the names of others.

    Example: forgeward export noor@research.example --out noor.zip
    """
    home = RUN.desk()
    from forgeward.desk.actions import exports

    done = exports.export(home, person, file, RUN.person().actor(), home.now())
    shape = shapes.Export(
        file=str(done.file),
        cases=list(done.cases),
        texts=done.texts,
        mails=done.mails,
        files=done.files,
        letters=done.letters,
    )
    out.emit(
        shape,
        lambda: f"{done.file}: {done.texts} texts, {done.letters} letters, {done.mails} mails, {done.files} files.",
    )
