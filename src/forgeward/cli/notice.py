"""``forgeward notice``: what was sent, what waits, what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN

if TYPE_CHECKING:
    pass

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Outgoing mail and its fate."""


@app.command()
def status(
    case: Annotated[str, typer.Option(help="Only this case's.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    as_json: Json = False,
) -> None:
    """List outgoing mail: to whom, accepted by the server or not, and the server's word.

    Example: forgeward notice status --case FW-7Q3KXM
    """
    if RUN.far:
        return _emit(RUN.far.get("/notices", shapes.Notices, case=case, limit=limit))
    RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.readers import notices as reader

    return _emit(shown.notices(reader.latest(RUN.person(), case=case.upper(), limit=limit)))


@app.command()
def release(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The letter's key in `forgeward notice status --json`.")],
    reason: Annotated[str, typer.Option(help="Why it may go unencrypted; kept in the ledger.")] = "",
    as_json: Json = False,
) -> None:
    """Let a held letter go in the clear: it should be encrypted and cannot be. Better agree on a key, if you can.

    Example: forgeward notice release FW-7Q3KXM:4:0 --reason "Noor asked for it by phone"
    """
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.actions import outbox, sealing_mail
    from forgeward.desk.readers import notices as reader

    person = RUN.person()
    line = reader.by_key(person, key)
    sealing_mail.release(line.key, reason, person.actor(), home.now())
    outbox.deliver(home, home.now, only=[line.notice])
    _emit(shown.notices([reader.by_key(person, key)]))


def _emit(shape: shapes.Notices) -> None:
    out.emit(
        shape,
        lambda: (
            "\n".join(
                f"{n.created}  {n.case or '-':<10} {n.kind:<16} {n.state:<9} {n.to}  {n.answer}" for n in shape.notices
            )
            or "Nothing was sent and nothing waits."
        ),
    )
