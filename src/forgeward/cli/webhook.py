"""``forgeward webhook``: endpoints that are told what happens to cases, and what became of each message."""

from __future__ import annotations

from typing import Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Id = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id in `forgeward webhook list`.")]


@app.callback()
def _group() -> None:
    """Endpoints that are told what happens to cases, for the Security Lead."""


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What it is for, in a few words.")],
    url: Annotated[str, typer.Argument(help="Its address, https.")],
    event: Annotated[list[str], typer.Option(help="What it is told of, like case.received; may be repeated.")],
    as_json: Json = False,
) -> None:
    """Enter an endpoint, and print the secret that signs. It is shown this once.

    Example: forgeward webhook add Jira https://hooks.example.com/fw --event case.received --event case.closed
    """
    if RUN.far:
        return _made(RUN.far.post("/webhooks", shapes.WebhookMade, {"name": name, "url": url, "events": event}))
    home = RUN.desk()
    from forgeward.desk import shown_webhooks
    from forgeward.desk.actions import webhooks
    from forgeward.desk.readers import webhooks as reader

    made = webhooks.add(name, url, event, RUN.person().actor(), home.now())
    return _made(shown_webhooks.made(reader.line(made.row), made.secret))


@app.command()
def rotate(id: Id, as_json: Json = False) -> None:
    """Give an endpoint a new secret, and print it. The one before signs beside it for a day.

    Example: forgeward webhook rotate 4kQ9zZ1bXw
    """
    if RUN.far:
        return _made(RUN.far.post(f"/webhooks/{id}/rotate", shapes.WebhookMade))
    home = RUN.desk()
    from forgeward.desk import shown_webhooks
    from forgeward.desk.actions import webhooks
    from forgeward.desk.readers import webhooks as reader

    made = webhooks.rotate(id, RUN.person().actor(), home.now())
    return _made(shown_webhooks.made(reader.line(made.row), made.secret))


@app.command("list")
def list_webhooks(as_json: Json = False) -> None:
    """List the endpoints: what they are told of, what waits, what was given up.

    Example: forgeward webhook list
    """
    if RUN.far:
        return _listed(RUN.far.get("/webhooks", shapes.Webhooks), "There are no webhooks.")
    RUN.desk()
    from forgeward.desk import shown_webhooks
    from forgeward.desk.readers import webhooks as reader

    return _listed(shown_webhooks.webhooks(reader.listing(RUN.person())), "There are no webhooks.")


@app.command()
def log(
    id: Id,
    state: Annotated[str, typer.Option(help="Only waiting, delivered, given_up or stopped.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    after: Annotated[str, typer.Option(help="Go on after this cursor.")] = "",
    as_json: Json = False,
) -> None:
    """List what was sent to an endpoint, the newest first, with what it answered.

    Example: forgeward webhook log 4kQ9zZ1bXw --state given_up
    """
    if RUN.far:
        return _logged(
            RUN.far.get(f"/webhooks/{id}/deliveries", shapes.Deliveries, state=state, limit=limit, after=after)
        )
    RUN.desk()
    from forgeward.desk import shown_webhooks
    from forgeward.desk.readers import webhooks as reader

    page = reader.deliveries(RUN.person(), id, state=state, before=after, limit=limit)
    return _logged(shown_webhooks.deliveries(page.deliveries, page.before))


@app.command()
def remove(id: Id, as_json: Json = False) -> None:
    """Take an endpoint away. What waits for it is not sent; its log stays.

    Example: forgeward webhook remove 4kQ9zZ1bXw
    """
    if RUN.far:
        return _listed(RUN.far.post(f"/webhooks/{id}/remove", shapes.Webhooks), "")
    home = RUN.desk()
    from forgeward.desk import shown_webhooks
    from forgeward.desk.actions import webhooks
    from forgeward.desk.readers import webhooks as reader

    row = webhooks.remove(id, RUN.person().actor(), home.now())
    return _listed(shown_webhooks.webhooks([reader.line(row)]), "")


@app.command("test")
def send_test(id: Id, as_json: Json = False) -> None:
    """Send a message that names no case, and say what the endpoint answered. Exit 1: it did not take it.

    Example: forgeward webhook test 4kQ9zZ1bXw
    """
    if RUN.far:
        return _logged(RUN.far.post(f"/webhooks/{id}/test", shapes.Deliveries))
    home = RUN.desk()
    from forgeward.desk import shown_webhooks
    from forgeward.desk.actions import deliveries, webhooks
    from forgeward.desk.readers import webhooks as reader

    row = webhooks.send_test(id, RUN.person().actor(), home.now())
    deliveries.deliver(home, home.now, only=[row.key])
    line = reader.delivery(row)
    _logged(shown_webhooks.deliveries([line]))
    if line.state != "delivered":
        raise typer.Exit(1)


@app.command()
def replay(
    id: Id,
    message: Annotated[str, typer.Option(help="Only this message, by its id in the log.")] = "",
    since: Annotated[str, typer.Option(help="Only what happened since this instant, in RFC 3339.")] = "",
    as_json: Json = False,
) -> None:
    """Send again what was given up, or one message. Ids stay, so that the receiver tells doubles.

    Example: forgeward webhook replay 4kQ9zZ1bXw --since 2026-11-20T00:00:00Z
    """
    if RUN.far:
        shape = RUN.far.post(f"/webhooks/{id}/replay", shapes.Replayed, {"id": message, "since": since})
    else:
        home = RUN.desk()
        from forgeward.desk.actions import webhooks
        from forgeward.vocabulary import parse_instant

        instant = parse_instant(since) if since else None
        keys = webhooks.replay(id, RUN.person().actor(), home.now(), key=message, since=instant)
        shape = shapes.Replayed(again=len(keys))
    out.emit(shape, lambda: f"{shape.again} messages wait again; the worker sends them.")


def _made(shape: shapes.WebhookMade) -> None:
    out.emit(shape, lambda: shape.secret)
    out.say(f"The secret of {shape.webhook.name} ({shape.webhook.id}). It is not shown again.")


def _listed(shape: shapes.Webhooks, none: str) -> None:
    out.emit(
        shape,
        lambda: (
            "\n".join(
                f"{w.id}  {w.name:<20.20} {w.host or 'taken away':<28} {w.waiting} wait, {w.given_up} given up"
                f"{f', failed {w.fails} times in a row' if w.fails else ''}  ({', '.join(w.events)})"
                for w in shape.webhooks
            )
            or none
        ),
    )


def _logged(shape: shapes.Deliveries) -> None:
    out.emit(
        shape,
        lambda: (
            "\n".join(
                f"{out.minute(d.at)}  {d.case or '-':<10} {d.event:<20} {d.state:<9} {d.attempts}x  {d.id}  {d.answer}"
                for d in shape.deliveries
            )
            or "Nothing was sent yet."
        ),
    )
