"""``forgeward intake``: reports that come as files. Mailboxes are polled by the worker."""

from __future__ import annotations

from typing import Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


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
    home = RUN.desk()
    from forgeward.desk.actions import intake

    received = [
        shapes.Received(
            file=r.source,
            case=r.case,
            new=r.new,
            joined=r.joined,
            held=r.held,
            not_parsed=r.not_parsed,
            subject=r.subject,
            sender=r.sender,
            attachments=r.attachments,
            signals=r.signals,
        )
        for r in intake.from_sources(home, files, home.now)
    ]
    shape = shapes.Intake(received=received)
    out.emit(shape, lambda: "\n".join(_line(r) for r in received) or "There was no mail in it.")
    if any(r.case is None and not r.held for r in received):
        raise typer.Exit(2)


def _line(received: shapes.Received) -> str:
    if received.held:
        return f"{received.file}: held. {received.held}"
    if received.case is None:
        return f"{received.file}: not taken. {received.not_parsed}"
    what = "is a new case" if received.new else "joined the case" if received.joined else "was taken in before"
    unread = f" It could not be read: {received.not_parsed}" if received.not_parsed else ""
    return f"{received.file}: {received.case} {what}: {received.subject}.{unread}"
