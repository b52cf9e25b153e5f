"""``forgeward ledger``: the key, checkpoints, packs, and their verification, which needs no home."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json, read_text
from forgeward.cli.state import RUN
from forgeward.edges.home import translated
from forgeward.errors import BadInput
from forgeward.vocabulary import parse_instant

if TYPE_CHECKING:
    from forgeward.desk.models import Witness
    from forgeward.edges.remote import Server
    from forgeward.policy.disclosure import Audience

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
witness_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(witness_app, name="witness", help="Who co-signs checkpoints: add, list.")


@app.command()
def key(as_json: Json = False) -> None:
    """Print the verifier key. Publish it where readers of packs can find it, apart from the packs.

    Example: forgeward ledger key
    """
    if RUN.far:
        shape = RUN.far.get("/ledger/key", shapes.LedgerKey)
    else:
        RUN.home.require()
        from forgeward.edges.keys import Keys

        shape = shapes.LedgerKey(key=str(Keys(RUN.home.keys).verifier_key))
    out.emit(shape, lambda: shape.key)


@app.command()
def checkpoint(as_json: Json = False) -> None:
    """Number what waits and sign the ledger as it stands now.

    Example: forgeward ledger checkpoint > checkpoint.txt
    """
    shape = RUN.far.post("/ledger/checkpoint", shapes.LedgerCheckpoint) if RUN.far else _signed()
    out.emit(shape, lambda: shape.note.rstrip("\n"))


def _signed() -> shapes.LedgerCheckpoint:
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.actions import sequence

    return shown.checkpoint(sequence.sign_checkpoint(home.now()).note)


@app.command()
def pack(
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")],
    case: Annotated[str, typer.Option(help="Only this case's entries.")] = "",
    app_key: Annotated[str, typer.Option("--app", metavar="APP", help="Only cases that concern this app.")] = "",
    since: Annotated[str, typer.Option(metavar="INSTANT", help="Only entries from this instant on.")] = "",
    until: Annotated[str, typer.Option(metavar="INSTANT", help="Only entries before this instant.")] = "",
    audience: Annotated[
        str, typer.Option("--for", metavar="AUDIENCE", help="Open what they may see: customer, reporter or auditor.")
    ] = "",
    extends: Annotated[
        list[Path] | None, typer.Option(metavar="CHECKPOINT", help="A checkpoint that the reader holds.")
    ] = None,
    witnessed: Annotated[bool, typer.Option("--witnessed", help="End at the newest co-signed checkpoint.")] = False,
    as_json: Json = False,
) -> None:
    """Write a pack: entries, proofs, checkpoint and policy in one file that anybody can verify offline.

    Example: forgeward ledger pack --case FW-7Q3KXM --for auditor --out case.pack
    """
    if RUN.far:
        beside = {"--app": app_key, "--since": since, "--until": until, "--extends": extends, "--witnessed": witnessed}
        return _fetched(RUN.far, file, case, audience, [name for name, value in beside.items() if value])
    held = [read_text(path) for path in extends or ()]
    home = RUN.desk()
    from forgeward.desk.actions import packs
    from forgeward.ledger.checkpoint import Checkpoint, Note

    show = out.progress("Entries packed")
    packed = packs.write_pack(
        file,
        case.upper(),
        parse_instant(since) if since else None,
        home.now(),
        lambda done: show(done, 0),
        until=parse_instant(until) if until else None,
        app=app_key,
        audience=_audience(audience) if audience else None,
        extends=held,
        witnessed=witnessed,
    )
    found = Checkpoint.parse_unverified(Note.parse(packed.checkpoint.note).text)
    shape = shapes.LedgerPack(
        file=str(file),
        entries=packed.entries,
        bytes=packed.size,
        checkpoint=shapes.CheckpointShape(found.origin, found.size, found.root.hex()),
    )
    return _packed(shape)


def _packed(shape: shapes.LedgerPack) -> None:
    size = shape.checkpoint.size
    out.emit(shape, lambda: f"{shape.file}: {shape.entries} entries, {shape.bytes:,} bytes, proven at size {size}.")


def _fetched(far: Server, file: Path, case: str, audience: str, beside: list[str]) -> None:
    """A pack of one case from the other machine. Wider ones hold entries of cases that not everybody may know of."""
    from forgeward.edges.cores import begin
    from forgeward.errors import VerificationFailed
    from forgeward.ledger.verify import verify as examine

    if beside or not case:
        said = f"With {beside[0]} a" if beside else "A"
        raise BadInput(
            f"{said} pack of more than one case is made on the home's own machine.", next="Name one with --case."
        )
    content = far.submit(f"/cases/{quote(case, safe='')}/pack", {"audience": audience})
    with translated(file.parent):
        file.write_bytes(content)
    report = examine(file, begin=begin)
    head = report.checkpoint
    if head is None:
        raise VerificationFailed(f"{file} is no whole pack.", next="Fetch it again.")
    shape = shapes.LedgerPack(
        file=str(file),
        entries=report.entries,
        bytes=len(content),
        checkpoint=shapes.CheckpointShape(head.origin, head.size, head.root.hex()),
    )
    _packed(shape)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The pack, or a reporter's proof.")],
    key: Annotated[str, typer.Option(help="The verifier key or a file with it, not from the pack itself.")] = "",
    since: Annotated[
        Path | None, typer.Option(metavar="CHECKPOINT", help="A checkpoint you hold; the pack must extend it.")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="A witness who must have co-signed: key, or file with it.")
    ] = None,
    promise: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The promise of your receipt; the proof must be of it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify a pack or a proof offline. Exit 1 names every entry that is wrong, missing or extra.

    Example: forgeward ledger verify case.pack --key vendor.key
    """
    from forgeward.ledger.proof import is_proof, verify_proof
    from forgeward.ledger.verify import verify as examine

    known = _key(key) if key else None
    watching = [_key(text) for text in witness or ()]
    held = read_text(since) if since else None
    if is_proof(_head(file)):
        kept = read_text(promise) if promise else None
        report = verify_proof(read_text(file), key=known, witnesses=watching, since=held, promise=kept)
    elif promise:
        raise BadInput("A promise is held against a proof, not a pack.", next="Name the file of `ledger receipt`.")
    else:
        from forgeward.edges.cores import begin

        show = out.progress("Entries verified")
        report = examine(file, key=known, since=held, witnesses=watching, begin=begin, progress=show)
    head = report.checkpoint
    shape = shapes.Verify(
        ok=report.ok,
        signer=report.signer,
        entries=report.entries,
        checkpoint=shapes.CheckpointShape(head.origin, head.size, head.root.hex()) if head else None,
        problems=[shapes.VerifyProblem(p.seq, p.what) for p in report.problems],
        newer_key=report.newer_key,
        witnesses=list(report.witnesses),
    )
    out.emit(shape, lambda: _verify_text(shape))
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def receipt(
    case: Annotated[str, typer.Argument(help="The case.")],
    file: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to write it, else stdout.")] = None,
    entry: Annotated[int, typer.Option(min=1, help="The report's number in the case.")] = 1,
    as_json: Json = False,
) -> None:
    """Make the proof that a report is in the ledger, for whoever reported it: it holds their text.

    Example: forgeward ledger receipt FW-7Q3KXM --out report.tlog-proof
    """
    shape = _receipt(case, entry)
    if file:
        with translated(file.parent):
            file.write_text(shape.proof, encoding="utf-8")
    out.emit(shape, lambda: str(file) if file else shape.proof.rstrip("\n"))


def _receipt(case: str, entry: int) -> shapes.LedgerReceipt:
    if RUN.far:
        return RUN.far.post(f"/cases/{quote(case, safe='')}/receipt", shapes.LedgerReceipt, {"entry": entry})
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.actions import receipts

    return shown.receipt(case.upper(), receipts.proof(case.upper(), home.now(), entry))


@app.command()
def rotate(
    signer: Annotated[str, typer.Option(metavar="COMMAND", help="What signs from now on, with --key.")] = "",
    key: Annotated[str, typer.Option(help="The verifier key that the command signs with, or a file with it.")] = "",
    as_json: Json = False,
) -> None:
    """Change the ledger's key: the old one signs the new one, and every pack shows it. Publish the new key afterwards.

    Example: forgeward ledger rotate
    """
    home = RUN.desk()
    from forgeward.desk.actions import rotations

    row = rotations.rotate(RUN.person().actor(), home.now(), shlex.split(signer), _key(key) if key else "")
    shape = shapes.LedgerRotation(key=row.key, size=row.size, note=row.note)
    out.emit(shape, lambda: row.key)


@app.command()
def cosign(
    file: Annotated[Path, typer.Argument(help="A checkpoint of ours, with signature lines of witnesses below it.")],
    as_json: Json = False,
) -> None:
    """Take in what witnesses signed: it is checked, kept, and goes with packs.

    Example: forgeward ledger cosign cosigned.txt
    """
    text = read_text(file)
    home = RUN.desk()
    from forgeward.desk.actions import witnesses

    done = witnesses.cosign(text, home.now())
    shape = shapes.LedgerCosigned(size=done.size, new=list(done.new), known=list(done.known))
    names = ", ".join(done.new) or "nobody new"
    out.emit(shape, lambda: f"The checkpoint at size {done.size} is co-signed by {names}.")


@witness_app.command("add")
def witness_add(
    key: Annotated[str, typer.Argument(help="The witness's verifier key, or a file with it.")], as_json: Json = False
) -> None:
    """Enter a witness by the verifier key that they publish (C2SP tlog-cosignature).

    Example: forgeward ledger witness add witness.example+1a2b3c4d+BA…=
    """
    text = _key(key)
    home = RUN.desk()
    from forgeward.desk.actions import witnesses

    row = witnesses.add(text, RUN.person().actor(), home.now())
    out.emit(_witness_shape([row]), lambda: f"{row.name} is a witness now.")


@witness_app.command("list")
def witness_list(as_json: Json = False) -> None:
    """Show the witnesses, and how far each has signed.

    Example: forgeward ledger witness list
    """
    RUN.desk()
    from forgeward.desk.models import Witness

    shape = _witness_shape(Witness.objects.order_by("name"))
    lines = [f"{w.name:<40} {f'up to size {w.size}' if w.size else 'nothing yet'}" for w in shape.witnesses]
    out.emit(shape, lambda: "\n".join(lines) or "There are no witnesses.")


def _witness_shape(rows: Iterable[Witness]) -> shapes.LedgerWitnesses:
    lines = []
    for row in rows:
        last = row.cosignatures.order_by("-checkpoint__size").select_related("checkpoint").first()
        lines.append(shapes.WitnessLine(row.name, row.key, last.checkpoint.size if last else None))
    return shapes.LedgerWitnesses(witnesses=lines)


def _audience(text: str) -> Audience:
    from forgeward.policy.disclosure import Audience

    try:
        return Audience(text)
    except ValueError:
        raise BadInput(f"“{text}” is no audience.", next=f"Name one of: {', '.join(Audience)}.") from None


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(64)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.", next="Name a file that you may read.") from None


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
        lines += [f"Co-signed by {name}." for name in shape.witnesses]
    elif not lines and shape.signer == "unknown":
        lines.append("All hashes agree, but nobody you know signed it. Name the vendor's key with --key.")
    if shape.newer_key:
        lines.append(f"The vendor's key was replaced since; the present one is {shape.newer_key}")
    return "\n".join(lines)
