"""``forgeward policy``: the document that promises and the program that keeps it are one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json, read_text
from forgeward.cli.state import RUN
from forgeward.errors import BadInput, NotFound

if TYPE_CHECKING:
    from forgeward.edges.remote import Server
    from forgeward.policy.document import Policy

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def _in_force() -> Policy:
    if RUN.far:
        from forgeward.policy.document import load

        return load(RUN.far.fetch("/policy/document").decode())
    RUN.desk()
    from forgeward.desk import programme

    return programme.policies().at(RUN.home.now())


def _shown(promise: str) -> shapes.PolicyShow:
    policy = _in_force()
    from forgeward.desk import shown

    return shown.policy(policy, promise)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The document; else policy.yaml of the home.")] = None,
    as_json: Json = False,
) -> None:
    """Find what is wrong with a policy document, each with file and line.

    Example: forgeward policy check policy.yaml
    """
    from forgeward.policy.document import check as examine

    document = file or RUN.home.require().policy_file
    problems = examine(read_text(document), str(document))
    shape = shapes.PolicyCheck(
        ok=not problems, file=str(document), problems=[shapes.Difference(p.where, p.what) for p in problems]
    )
    out.emit(
        shape, lambda: "\n".join(map(str, problems)) or f"{shape.file}: all promises are there, all figures are used."
    )
    if problems:
        raise typer.Exit(1)


@app.command()
def show(id: Annotated[str, typer.Argument(help="A promise, like IR-4.")] = "", as_json: Json = False) -> None:
    """Show the policy in force, or one promise with its figures and mechanisms.

    Example: forgeward policy show IR-4
    """
    shape = RUN.far.get("/policy", shapes.PolicyShow, promise=id) if RUN.far else _shown(id)
    if not shape.promises:
        raise NotFound(f"There is no promise {id}.", next="See `forgeward policy show` for all ids.")
    out.emit(shape, lambda: _show_text(shape, one=bool(id)))


def _show_text(shape: shapes.PolicyShow, *, one: bool) -> str:
    head = [] if one else [f"{shape.vendor}: policy version {shape.version}, effective {shape.effective}", ""]
    lines = [f"{p['id']:<6} {p['sentence']}\n       kept by {', '.join(p['kept_by'])}" for p in shape.promises]
    return "\n".join(head + lines)


@app.command()
def render(
    format: Annotated[str, typer.Option(help="md or html.")] = "md",
    file: Annotated[Path | None, typer.Option(help="A document that is not in force yet.")] = None,
) -> None:
    """Write the policy as customers read it, figures filled in.

    Example: forgeward policy render --format html > policy.html
    """
    from forgeward.policy.document import load
    from forgeward.policy.render import render as write

    if format not in {"md", "html"}:
        raise BadInput(f"There is no format “{format}”.", next="Choose md or html.")
    policy = load(read_text(file), str(file)) if file else _in_force()
    out.line(write(policy, format).rstrip("\n"))


@app.command()
def propose(
    file: Annotated[Path | None, typer.Argument(help="The document; else policy.yaml of the home.")] = None,
    as_json: Json = False,
) -> None:
    """Store a document as a proposal. It changes nothing until it is adopted.

    Example: forgeward policy propose policy.yaml
    """
    shape = _proposed(file or RUN.home.require().policy_file)
    out.emit(
        shape,
        lambda: (
            f"Version {shape.version} is proposed. Compare it with `policy diff`, put it in force with `policy adopt`."
        ),
    )


def _proposed(document: Path) -> shapes.PolicyStep:
    if RUN.far:
        body = {"text": read_text(document), "name": str(document)[-200:]}
        return RUN.far.post("/policy/proposals", shapes.PolicyStep, body)
    RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.actions import policies
    from forgeward.policy.document import load

    row = policies.propose(read_text(document), RUN.person().actor(), RUN.home.now(), name=str(document))
    return shown.policy_step("proposed", load(row.text))


@app.command()
def adopt(
    file: Annotated[Path | None, typer.Argument(help="The document; else the latest proposal.")] = None,
    as_json: Json = False,
) -> None:
    """Put a proposal in force: its digest enters the ledger and open clocks follow it.

    Example: forgeward policy adopt
    """
    shape = _adopted(file)
    out.emit(
        shape,
        lambda: (
            f"Version {shape.version} is adopted, effective {shape.effective}. {shape.reclocked} open cases follow it."
        ),
    )


def _adopted(file: Path | None) -> shapes.PolicyStep:
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.actions import policies, reclock
    from forgeward.desk.models import PolicyVersion

    actor = RUN.person().actor()
    if file:
        row = policies.propose(read_text(file), actor, home.now(), name=str(file))
    else:
        found = PolicyVersion.objects.filter(adopted_at__isnull=True).order_by("-id").first()
        if not found:
            raise NotFound("Nothing is proposed.", next="Propose a document with `forgeward policy propose FILE`.")
        row = found
    policy = policies.adopt(row, actor, home.now())
    count = reclock.open_cases(home.now(), out.progress("Open cases re-clocked"))
    return shown.policy_step("adopted", policy, count)


def _document(name: str) -> Policy:
    """``in-force``, ``proposed``, a version number of this home, or a file."""
    from forgeward.policy.document import load

    if Path(name).is_file():
        return load(read_text(Path(name)), name)
    RUN.desk()
    from forgeward.desk.models import PolicyVersion

    if name == "proposed" and not PolicyVersion.objects.filter(adopted_at__isnull=True).exists():
        return load(read_text(RUN.home.policy_file), str(RUN.home.policy_file))
    rows = PolicyVersion.objects.order_by("-id")
    if name == "in-force":
        row = rows.filter(adopted_at__isnull=False).first()
    elif name == "proposed":
        row = rows.filter(adopted_at__isnull=True).first()
    else:
        row = rows.filter(version=int(name)).first() if name.isdigit() else None
    if not row:
        raise NotFound(f"There is no policy “{name}”.", next="Name a file, a version number, in-force or proposed.")
    return load(row.text)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A file, a version, in-force or proposed.")] = "in-force",
    after: Annotated[
        str, typer.Argument(metavar="B", help="Likewise; without a proposal the home's policy.yaml.")
    ] = "proposed",
    as_json: Json = False,
) -> None:
    """Say in words what changes between two policies, whether it is material, and which open cases move.

    Example: forgeward policy diff in-force policy.yaml
    """
    shape = _compared_far(RUN.far, before, after) if RUN.far else _compared(before, after)
    out.emit(shape, lambda: "\n".join([shape.text, *map(_move_text, shape.moves)]))


def _compared_far(far: Server, before: str, after: str) -> shapes.PolicyDiff:
    body = {}
    for side, name in (("before", before), ("after", after)):
        if Path(name).is_file():
            body[f"{side}_text"] = read_text(Path(name))
        body[side] = name[-200:]
    return far.post("/policy/diff", shapes.PolicyDiff, body)


def _compared(before: str, after: str) -> shapes.PolicyDiff:
    from forgeward.policy.diff import compare

    one, two = _document(before), _document(after)
    comparison = compare(one, two)
    moves: list[dict[str, Any]] = []
    if RUN.home.exists:
        RUN.desk()
        from forgeward.desk import shown
        from forgeward.desk.readers import moves as reader

        moves = [shown.move(found) for found in reader.moves(two, RUN.person(), RUN.home.now())]
    return shapes.PolicyDiff(
        material=comparison.material,
        text=comparison.text(),
        changes=[c.shape() for c in comparison.changes],
        moves=moves,
    )


def _move_text(move: dict[str, Any]) -> str:
    return f"{move['case']}: {move['promise']} moves from {move['from'] or 'no date'} to {move['to'] or 'no date'}."


@app.command()
def standing(id: Annotated[str, typer.Argument(help="A promise, like IR-4.")] = "", as_json: Json = False) -> None:
    """Show for each promise whether it is kept, with the evidence. Exit 1 when one is missed.

    Example: forgeward policy standing --json
    """
    shape = RUN.far.get("/policy/standing", shapes.StandingShape, promise=id) if RUN.far else _standing(id)
    out.emit(shape, lambda: "\n".join(f"{s.id:<6} {s.standing.replace('_', ' '):<14} {s.why}" for s in shape.promises))
    if any(s.standing == "missed" for s in shape.promises):
        raise typer.Exit(1)


def _standing(promise: str) -> shapes.StandingShape:
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.readers import standing as reader

    now = home.now()
    found = [s for s in reader.standing(now) if not promise or s.id == promise.upper()]
    if not found:
        raise NotFound(f"There is no promise {promise}.", next="See `forgeward policy show` for all ids.")
    return shown.standing(found, now)
