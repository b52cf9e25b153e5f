"""``forgeward findings``: results of scans on the desk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.errors import BadInput

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
App = Annotated[str, typer.Option("--app", metavar="KEY", help="The app's key, like field-radar.")]
Branch = Annotated[str, typer.Option(help="The branch that was scanned; left out: what CI says.")]
Revision = Annotated[str, typer.Option(help="The commit's id; left out: what CI says.")]
Deployed = Annotated[str, typer.Option(metavar="VERSION", help="Production runs what was scanned, under this version.")]


@app.callback()
def _group() -> None:
    """Results of scans: hand them in, see what came."""


@app.command()
def add(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Reports of `scan --format json`, or SARIF; - reads stdin.")
    ],
    app_key: App,
    branch: Branch = "",
    revision: Revision = "",
    deployed: Deployed = "",
    new_id: Annotated[
        bool, typer.Option("--new-id", help="The app has a new Forge app id, and that is right.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Hand the results of a scan in: findings become cases, one for each root, by what the policy says.

    Example: forgeward findings add semgrep.sarif --app field-radar --branch main
    """
    for file in files:
        raw = sys.stdin.buffer.read() if file == "-" else _bytes(Path(file))
        show(hand_in(raw, app_key=app_key, branch=branch, revision=revision, version=deployed, new_id=new_id))


def hand_in(
    raw: bytes, *, app_key: str, branch: str, revision: str, version: str, new_id: bool = False
) -> shapes.ScanTaken:
    """To the desk on another machine where --server names one, else to this home."""
    from forgeward.edges.surroundings import of_ci

    ci = of_ci()
    branch, revision = branch or ci.branch, revision or ci.revision
    if not branch:
        raise BadInput("Which branch was scanned is not known here.", next="Name it: --branch main.")
    if RUN.far:
        query = {"app": app_key, "branch": branch, "revision": revision, "version": version, "new_id": new_id}
        said = {name: str(value).lower() if value is True else value for name, value in query.items() if value}
        return RUN.far.upload("/scans", raw, "application/json", shapes.ScanTaken, **said)
    home, person = RUN.desk(), RUN.person()
    from forgeward.desk import shown_scans
    from forgeward.desk.actions import scans
    from forgeward.desk.readers import scans as reader

    of = scans.Of(app_key, branch, revision, version, new_id)
    taken = scans.take(raw, of, person.actor(), home.now)
    return shown_scans.taken(taken, lambda numbers: reader.seen(person, numbers))


def show(taken: shapes.ScanTaken) -> None:
    """What came of an upload."""
    out.emit(taken, lambda: told(taken))


def told(taken: shapes.ScanTaken) -> str:
    """The same in words."""
    if not taken.new:
        return f"Scan {taken.scan.id} of {taken.scan.app} had been handed in before: nothing changes."
    whole = "" if taken.scan.complete else " It did not look at all there is."
    lines = [f"Scan {taken.scan.id} of {taken.scan.app}, {taken.scan.branch}: {taken.scan.findings} findings.{whole}"]
    said = {
        "opened": taken.opened,
        "learnt of more findings": taken.joined,
        "found again": taken.back,
        "may be closed": taken.over,
    }
    lines += [f"  {word}: {', '.join(numbers)}" for word, numbers in said.items() if numbers]
    return "\n".join(lines)


@app.command("list")
def list_scans(
    app_key: Annotated[str, typer.Option("--app", metavar="KEY", help="Only this app.")] = "",
    branch: Annotated[str, typer.Option(help="Only this branch.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    after: Annotated[str, typer.Option(help="Go on where the last list ended.")] = "",
    as_json: Json = False,
) -> None:
    """List the scans that were handed in, the newest first.

    Example: forgeward findings list --app field-radar
    """
    if RUN.far:
        shape = RUN.far.get("/scans", shapes.Scans, app=app_key, branch=branch, limit=limit, after=after)
    else:
        RUN.desk()
        from forgeward.desk import shown_scans
        from forgeward.desk.readers import scans as reader

        _require_sight()
        shape = shown_scans.scans(reader.page(app=app_key, branch=branch, cursor=after, limit=limit))
    out.emit(shape, lambda: "\n".join(map(_line, shape.scans)) or "No scan was handed in.")


@app.command("show")
def show_scan(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="The scan's number in the list.")],
    as_json: Json = False,
) -> None:
    """Show a scan: its findings with their cases, and what was not scanned.

    Example: forgeward findings show 12
    """
    if RUN.far:
        shape = RUN.far.get(f"/scans/{number}", shapes.OneScan)
    else:
        RUN.desk()
        from forgeward.desk import shown_scans
        from forgeward.desk.readers import scans as reader

        _require_sight()
        shape = shown_scans.one(reader.one(RUN.person(), number, 1000))
    out.emit(shape, lambda: _text(shape))


def _require_sight() -> None:
    from forgeward.respond.access import demand

    demand("scan.show", RUN.person().actor())


def _line(line: shapes.ScanLine) -> str:
    if line.state != "taken":
        return f"{line.id:>6}  {out.minute(line.received)}  {line.app}  {line.branch}  {line.state}: {line.reason}"
    whole = "" if line.complete else f", {line.not_scanned} not scanned"
    return (
        f"{line.id:>6}  {out.minute(line.received)}  {line.app}  {line.version or line.branch}  {line.tool}: "
        f"{line.findings} findings, {line.suppressed} suppressed{whole}"
    )


def _text(shape: shapes.OneScan) -> str:
    lines = [_line(shape.scan)]
    if shape.partial:
        lines.append(f"It tells {shape.partial}.")
    lines += [
        f"{each.severity:<8}  {each.case or each.state:<10}  {each.path}:{each.line}  {each.title} ({each.rule})"
        for each in shape.findings
    ]
    lines += [f"not scanned: {each.path}: {each.reason}" for each in shape.not_scanned]
    return "\n".join([*lines, f"… and {shape.more} more."] if shape.more else lines)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise BadInput(f"{file}: {problem.strerror}.", next="Name a file that can be read.") from None
