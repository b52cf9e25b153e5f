"""``forgeward token``: ways in for programs, each for a person, for some scopes, for some time."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.vocabulary import rfc3339

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="What it is for, in a few words.")],
    scope: Annotated[list[str], typer.Option(help="What it may do, like cases:read; may be repeated.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="For how many days it works.")] = 90,
    as_json: Json = False,
) -> None:
    """Make a token for who acts, and print it. It is shown this once; only a digest of it is kept.

    Example: forgeward --as ines@example.com token make "Nightly report" --scope cases:read
    """
    home = RUN.desk()
    from forgeward.desk.actions import tokens

    now = home.now()
    made = tokens.make(RUN.person(), name, scope, now + timedelta(days=days), now)
    row = made.row
    shape = shapes.TokenMade(
        id=row.ident, token=str(made.token), scopes=row.scopes.split(), until=rfc3339(row.expires_at)
    )
    out.emit(shape, lambda: shape.token)
    out.say(f"{row.person.name}'s token {row.ident} works until {shape.until[:10]}. It is not shown again.")


@app.command("list")
def list_tokens(
    everybody: Annotated[bool, typer.Option("--all", help="Everybody's, for the Security Lead.")] = False,
    as_json: Json = False,
) -> None:
    """List the tokens of who acts: scopes, end, last use. Secrets are kept nowhere.

    Example: forgeward token list --all
    """
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.readers import tokens

    shape = shown.tokens(tokens.listing(RUN.person(), home.now(), everybody=everybody))
    lines = (
        f"{t.id}  {t.state:<8} until {t.until[:10]}  used {(t.used or 'never')[:16]:<16}  {t.person}: {t.name}"
        f"  ({', '.join(t.scopes)})"
        for t in shape.tokens
    )
    out.emit(shape, lambda: "\n".join(lines) or "There are no tokens.")


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="The token's public beginning, as the list shows it.")],
    as_json: Json = False,
) -> None:
    """End a token now: one's own, or anybody's as the Security Lead.

    Example: forgeward token revoke 4kQ9zZ1bXw
    """
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.actions import tokens
    from forgeward.desk.readers import tokens as reader

    row = tokens.revoke(id, RUN.person().actor(), home.now())
    shape = shown.tokens([reader.line(row, home.now())])
    out.emit(shape, lambda: f"The token {row.ident} of {row.person.name} has ended.")
