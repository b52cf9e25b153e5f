"""``forgeward people``: who works here, and how they first come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.errors import BadInput, NotFound
from forgeward.vocabulary import Role

if TYPE_CHECKING:
    from forgeward.desk.models import Person
    from forgeward.edges.home import Home

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_people(as_json: Json = False) -> None:
    """List the people of this home, in the order of the escalation path.

    Example: forgeward people list
    """
    shape = RUN.far.get("/people", shapes.People) if RUN.far else _people()
    out.emit(
        shape,
        lambda: "\n".join(
            f"{p.name:<24} {p.email:<36} {', '.join(p.roles)}{'' if p.active else ' (left)'}" for p in shape.people
        ),
    )


def _people() -> shapes.People:
    RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.readers import people

    return shown.people(people.everybody())


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    email: Annotated[str, typer.Argument(help="Their e-mail address.")],
    role: Annotated[
        list[str], typer.Option(help="security_lead, engineering, support, leadership or auditor; may be repeated.")
    ],
    as_json: Json = False,
) -> None:
    """Add somebody, and print their one-time sign-in link.

    Example: forgeward people add "Dele Adeyemi" dele@example.com --role leadership
    """
    unknown = [word for word in role if word not in {r.value for r in Role}]
    if unknown:
        raise BadInput(f"There is no role “{unknown[0]}”.", next=f"Choose from: {', '.join(Role)}.")
    shape = _added(name, email, role)
    added = shape.people[0]
    out.emit(shape, lambda: f"{added.name} is added. `forgeward people link {added.email}` lets them in.")


def _added(name: str, email: str, roles: list[str]) -> shapes.People:
    if RUN.far:
        return RUN.far.post("/people", shapes.People, {"name": name, "email": email, "roles": roles})
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.actions import people

    return shown.people(
        [people.add_person(name, email, [Role(word) for word in roles], RUN.person().actor(), home.now())]
    )


@app.command()
def link(email: Annotated[str, typer.Argument(help="Whose link.")]) -> None:
    """Print a one-time sign-in link (24 hours). Give it to that person and nobody else.

    Example: forgeward people link ines@example.com
    """
    home = RUN.desk()
    from forgeward.desk.actions import people

    out.line(_address(home, people.sign_in_link(_active(email), home.now())))


@app.command()
def reset(
    email: Annotated[str, typer.Argument(help="Who lost the second factor.")],
    reason: Annotated[str, typer.Option(help="How you know that it is them; kept in the history, sealed.")] = "",
) -> None:
    """End all ways in of somebody who lost the second factor, and print a one-time link (24 hours) for a fresh start.

    Their password, authenticator apps, passkeys, recovery codes and sessions end at once. Only the Security Lead may.

    Example: forgeward people reset dele@example.com --reason "New telephone; I called him on the number I know"
    """
    home = RUN.desk()
    from forgeward.desk.actions import people

    person = _active(email)
    token = people.reset(person, reason, RUN.person().actor(), home.now())
    out.line(_address(home, token))
    out.say(f"{person.name} signs in by this link and sets up a second factor anew. Nothing that opened before opens.")


def _active(email: str) -> Person:
    """Who has the address and works here. Raises ``NotFound``."""
    from forgeward.desk.models import Person

    person = Person.objects.filter(email__iexact=email, is_active=True).first()
    if not person:
        raise NotFound(f"Nobody here has the address {email}.", next="See `forgeward people list`.")
    return person


def _address(home: Home, token: str) -> str:
    base = home.settings.public_url or "http://localhost:8710"
    return f"{base.rstrip('/')}/sign-in/once/{token}/"
