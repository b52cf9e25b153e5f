"""``forgeward chat``: the rooms of settings.toml, how they take what is sent, and a test."""

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
    """Chats that the team is reminded in, beside its mail."""


@app.command("list")
def list_rooms(as_json: Json = False) -> None:
    """List the rooms of settings.toml, and how each takes what is sent.

    Example: forgeward chat list
    """
    home = RUN.desk()
    from forgeward.desk.models import ChatRoomRow
    from forgeward.respond.access import demand

    demand("chat.test", RUN.person().actor())
    rows = {row.name: row for row in ChatRoomRow.objects.all()}
    found = []
    for room in home.settings.chat.room:
        row = rows.get(room.name)
        sent = rfc3339(row.sent_at) if row and row.sent_at else None
        roles, levels = [role.value for role in room.roles], [level.value for level in room.levels]
        found.append(shapes.ChatShape(room.name, roles, levels, room.digest, sent, row.problem if row else ""))
    shape = shapes.Chats(chats=found)
    lines = (
        f"{c.name:<16} {', '.join(c.roles):<28} {c.problem or 'in order'}; told {out.minute(c.sent) or 'nothing yet'}"
        for c in shape.chats
    )
    out.emit(shape, lambda: "\n".join(lines) or "settings.toml has no [[chat.room]].")


@app.command("test")
def send_test(
    room: Annotated[str, typer.Argument(help="The room's name in settings.toml.")], as_json: Json = False
) -> None:
    """Say in a room that this is a test, at once. Exit 1: it was not taken.

    Example: forgeward chat test security
    """
    home = RUN.desk()
    from forgeward.desk.actions import chats

    reply = chats.send_test(home, room, RUN.person().actor(), home.now())
    out.emit(shapes.ChatTest(room=room, taken=reply.good, answer=reply.words), lambda: reply.words)
    if not reply.good:
        raise typer.Exit(1)
