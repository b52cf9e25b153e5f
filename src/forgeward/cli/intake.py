"""``forgeward intake``: reports that come as files, and decisions about mails that are held."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.errors import BadInput

if TYPE_CHECKING:
    from forgeward.desk.actions.filing import Taken
    from forgeward.edges.remote import Server

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
held_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(held_app, name="held")
JSON = "application/json"
Number = Annotated[int, typer.Argument(metavar="ID", help="The mail's number in the list.")]


@app.callback()
def _group() -> None:
    """Take reports in from files."""


@app.command()
def mail(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Mails, mbox files, Maildir folders; - reads stdin.")
    ],
    as_json: Json = False,
) -> None:
    """Take raw mails in: each is stored first, then read, and becomes a case or joins one.

    Example: forgeward intake mail report.eml
    """
    if RUN.far:
        return _tell(_uploaded(RUN.far, files))
    home = RUN.desk()
    from forgeward.desk.actions import intake

    return _say(intake.from_sources(home, files, home.now))


def _uploaded(far: Server, files: list[str]) -> shapes.Intake:
    from forgeward.edges.mail_boxes import Unreadable, read_sources

    received: list[shapes.Received] = []
    for one in read_sources(files):
        if isinstance(one, Unreadable):
            received.append(shapes.Received(one.name, None, False, None, None, one.reason, "", ""))
        else:
            received += far.upload("/mails", one.raw, "message/rfc822", shapes.Intake, name=one.name[-200:]).received
    return shapes.Intake(received=received)


@app.command()
def form(
    file: Annotated[str, typer.Argument(metavar="FILE.json", help="A submission of the web form; - reads stdin.")],
    as_json: Json = False,
) -> None:
    """Take a submission of the web form in: subject, text, name, email, app, disclosure.

    Example: forgeward intake form submission.json
    """
    if RUN.far:
        return _tell(RUN.far.upload("/intake/form", _bytes(file), JSON, shapes.Intake, name=file[-200:]))
    home = RUN.desk()
    from forgeward.desk.actions import outbox, reports

    taken = reports.take_form(home, _bytes(file), file, home.now)
    if taken.notices:
        outbox.deliver(home, home.now, only=taken.notices)
    return _say([taken])


@app.command()
def ams(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Jira's JSON of one or more issues, or the mail.")],
    as_json: Json = False,
) -> None:
    """Take tickets of Atlassian's Marketplace Security project in: the Marketplace's clock runs from their creation.

    Example: forgeward intake ams AMS-4711.json
    """
    if RUN.far:
        raw = _bytes(file)
        kind = JSON if raw.lstrip()[:1] in {b"{", b"["} else "message/rfc822"
        return _tell(RUN.far.upload("/intake/ams", raw, kind, shapes.Intake, name=file[-200:]))
    home = RUN.desk()
    from forgeward.desk.actions import reports

    return _say(reports.take_ams(home, _bytes(file), file, home.now))


@held_app.callback()
def _held_group() -> None:
    """Mails that wait for a person's decision."""


@held_app.command("list")
def list_held(
    state: Annotated[
        str, typer.Option(help="held, grouped, aside, bounce, canary, discarded, parsed, not_parsed or stored.")
    ] = "held",
    case: Annotated[str, typer.Option(help="Only those that point at this case, or are in it.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    after: Annotated[str, typer.Option(help="Go on where the last list ended.")] = "",
    as_json: Json = False,
) -> None:
    """List incoming mails in a state, the newest first.

    Example: forgeward intake held list
    """
    shape = _listed(state=state, case=case.upper(), after=after, limit=limit)
    out.emit(shape, lambda: "\n".join(map(_held_text, shape.mails)) or "No mail is in this state.")


def _listed(*, state: str, case: str, after: str, limit: int) -> shapes.Held:
    if RUN.far:
        return RUN.far.get("/mails", shapes.Held, state=state, case=case, after=after, limit=limit)
    RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.readers import mail as reader

    return shown.held(reader.page(RUN.person(), state=state, case=case, before=after, limit=limit))


@held_app.command("join")
def join_held(
    number: Number,
    case: Annotated[str, typer.Option(help="Another case than the one that the mail points at.")] = "",
    as_json: Json = False,
) -> None:
    """Let a mail join the case that it points at; its sender takes part in the case from then on.

    Example: forgeward intake held join 17
    """
    if RUN.far:
        return _tell(RUN.far.post(f"/mails/{number}/join", shapes.Intake, {"case": case}))
    home = RUN.desk()
    from forgeward.desk.actions import held
    from forgeward.desk.readers import mail as reader

    person = RUN.person()
    reader.one(person, number)
    return _say([held.join(home, number, person.actor(), home.now, case.upper())])


@held_app.command("open")
def open_held(number: Number, as_json: Json = False) -> None:
    """Open a case of its own from a mail.

    Example: forgeward intake held open 17
    """
    if RUN.far:
        return _tell(RUN.far.post(f"/mails/{number}/open", shapes.Intake))
    home = RUN.desk()
    from forgeward.desk.actions import held, outbox
    from forgeward.desk.readers import mail as reader

    person = RUN.person()
    reader.one(person, number)
    taken = held.open_new(home, number, person.actor(), home.now)
    if taken.notices:
        outbox.deliver(home, home.now, only=taken.notices)
    return _say([taken])


@held_app.command("discard")
def discard_held(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why nothing is to be done about it; kept in the ledger.")] = "",
    as_json: Json = False,
) -> None:
    """Decide that nothing is to be done about a mail. It is kept.

    Example: forgeward intake held discard 17 --reason "An advertisement"
    """
    if RUN.far:
        return _tell(RUN.far.post(f"/mails/{number}/discard", shapes.Intake, {"reason": reason}))
    home = RUN.desk()
    from forgeward.desk.actions import held
    from forgeward.desk.readers import mail as reader

    person = RUN.person()
    reader.one(person, number)
    return _say([held.discard(home, number, reason, person.actor(), home.now)])


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise BadInput(f"{file}: {problem.strerror}.", next="Check the path.") from None


def _say(taken: Iterable[Taken]) -> None:
    """Prints what became of each; ends with 2 where one could not be taken in at all."""
    from forgeward.desk import shown

    _tell(shown.intake(taken))


def _tell(shape: shapes.Intake) -> None:
    out.emit(shape, lambda: "\n".join(map(_line, shape.received)) or "There was no mail in it.")
    if any(not r.state for r in shape.received):
        out.say("What was not taken in is not kept here: mend the path or the file, then take it in again.")
        raise typer.Exit(2)


_BESIDE = {
    "grouped": "was grouped with {case}",
    "aside": "is no report; it was set aside",
    "bounce": "says that a mail of ours came back",
    "canary": "is our own test mail",
    "discarded": "was discarded",
}


def _line(received: shapes.Received) -> str:
    if received.held:
        return f"{received.file}: held. {received.held}"
    if not received.state:
        return f"{received.file}: not taken in. {received.not_parsed}"
    if received.state in _BESIDE:
        return f"{received.file}: {_BESIDE[received.state].format(case=received.case)}: {received.subject}."
    what = "is a new case" if received.new else "joined the case" if received.joined else "was taken in before"
    unread = f" It could not be read: {received.not_parsed}" if received.not_parsed else ""
    return f"{received.file}: {received.case} {what}: {received.subject}.{unread}"


def _held_text(line: shapes.HeldLine) -> str:
    where = f"  {line.case}" if line.case else ""
    return f"{line.id:>6}  {line.at}  {line.state:<10}{where}  {line.sender}  {line.subject}  {line.reason}"
