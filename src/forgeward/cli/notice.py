"""``forgeward notice``: what was sent, what waits, what failed."""

from __future__ import annotations

from typing import Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.vocabulary import rfc3339

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
    RUN.desk()
    from forgeward.desk.readers import notices as reader

    rows = reader.latest(RUN.person(), case=case.upper(), limit=limit)
    shape = shapes.Notices(
        notices=[
            shapes.NoticeLine(
                key=n.key,
                case=n.case or None,
                kind=n.kind,
                to=n.recipient,
                state=n.state,
                attempts=n.attempts,
                created=rfc3339(n.created_at),
                settled=rfc3339(n.settled_at) if n.settled_at else None,
                answer=n.answer,
            )
            for n in rows
        ]
    )
    out.emit(
        shape,
        lambda: (
            "\n".join(
                f"{n.created}  {n.case or '-':<10} {n.kind:<16} {n.state:<9} {n.to}  {n.answer}" for n in shape.notices
            )
            or "Nothing was sent and nothing waits."
        ),
    )
