"""``forgeward ledger``: the key, checkpoints, packs, and their verification, which needs no home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json, read_text
from forgeward.cli.state import RUN
from forgeward.errors import BadInput
from forgeward.vocabulary import parse_instant

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def key(as_json: Json = False) -> None:
    """Print the verifier key. Publish it where readers of packs can find it, apart from the packs.

    Example: forgeward ledger key
    """
    RUN.home.require()
    from forgeward.edges.keys import Keys

    text = str(Keys(RUN.home.keys).verifier_key)
    out.emit(shapes.LedgerKey(key=text), lambda: text)


@app.command()
def checkpoint(as_json: Json = False) -> None:
    """Number what waits and sign the ledger as it stands now.

    Example: forgeward ledger checkpoint > checkpoint.txt
    """
    home = RUN.desk()
    from forgeward.desk.actions import sequence
    from forgeward.ledger.checkpoint import Checkpoint, Note

    row = sequence.sign_checkpoint(home.now())
    found = Checkpoint.parse_unverified(Note.parse(row.note).text)
    shape = shapes.LedgerCheckpoint(
        checkpoint=shapes.CheckpointShape(found.origin, found.size, found.root.hex()), note=row.note
    )
    out.emit(shape, lambda: row.note.rstrip("\n"))


@app.command()
def pack(
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")],
    case: Annotated[str, typer.Option(help="Only this case's entries.")] = "",
    since: Annotated[str, typer.Option(metavar="INSTANT", help="Only entries from this instant on.")] = "",
    as_json: Json = False,
) -> None:
    """Write a pack: entries, proofs, checkpoint and policy in one file that anybody can verify offline.

    Example: forgeward ledger pack --case FW-7Q3KXM --out case.pack
    """
    home = RUN.desk()
    from forgeward.desk.actions import packs
    from forgeward.ledger.checkpoint import Checkpoint, Note

    show = out.progress("Entries packed")
    packed = packs.write_pack(
        file, case.upper(), parse_instant(since) if since else None, home.now(), lambda done: show(done, 0)
    )
    found = Checkpoint.parse_unverified(Note.parse(packed.checkpoint.note).text)
    shape = shapes.LedgerPack(
        file=str(file),
        entries=packed.entries,
        bytes=packed.size,
        checkpoint=shapes.CheckpointShape(found.origin, found.size, found.root.hex()),
    )
    out.emit(shape, lambda: f"{file}: {packed.entries} entries, {packed.size:,} bytes, proven at size {found.size}.")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The pack.")],
    key: Annotated[str, typer.Option(help="The verifier key or a file with it, not from the pack itself.")] = "",
    since: Annotated[
        Path | None, typer.Option(metavar="CHECKPOINT", help="A checkpoint you hold; the pack must extend it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify a pack offline. Exit 1 names every entry that is wrong, missing or extra.

    Example: forgeward ledger verify case.pack --key vendor.key
    """
    from forgeward.ledger.verify import verify as examine

    report = examine(
        file,
        key=_key(key) if key else None,
        since=read_text(since) if since else None,
        progress=out.progress("Entries verified"),
    )
    head = report.checkpoint
    shape = shapes.Verify(
        ok=report.ok,
        signer=report.signer,
        entries=report.entries,
        checkpoint=shapes.CheckpointShape(head.origin, head.size, head.root.hex()) if head else None,
        problems=[shapes.VerifyProblem(p.seq, p.what) for p in report.problems],
    )
    out.emit(shape, lambda: _verify_text(shape))
    if not report.ok:
        raise typer.Exit(1)


def _key(text: str) -> str:
    file = Path(text)
    if "+" not in text or file.is_file():
        if not file.is_file():
            raise BadInput(f"“{text}” is neither a verifier key nor a file.", next="`forgeward ledger key` prints one.")
        return read_text(file).strip()
    return text


def _verify_text(shape: shapes.Verify) -> str:
    lines = [f"leaf {p.seq}: {p.what}" if p.seq is not None else p.what for p in shape.problems]
    if shape.ok and shape.checkpoint:
        lines.append(f"{shape.entries} entries are as the ledger of {shape.checkpoint.origin} had them.")
    elif not lines and shape.signer == "unknown":
        lines.append("All hashes agree, but nobody you know signed it. Name the vendor's key with --key.")
    return "\n".join(lines)
