"""``forgeward people``: who works here, how they come in, who is away, whose sessions are open."""

from __future__ import annotations

from datetime import datetime
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
    out.emit(shape, lambda: "\n".join(map(_line, shape.people)))


def _line(person: shapes.PersonLine) -> str:
    away = "".join(
        f" (away {each.begins[:10]} to {each.until[:10]}{f', {each.stand_in} stands in' if each.stand_in else ''})"
        for each in person.absences
    )
    left = "" if person.active else " (left)"
    factor = "" if person.second_factor or not person.active else " (no second factor)"
    return f"{person.name:<24} {person.email:<36} {', '.join(person.roles)}{left}{factor}{away}"


def _people() -> shapes.People:
    home = RUN.desk()
    from forgeward.desk import shown_people
    from forgeward.desk.readers import colleagues

    return shown_people.people(colleagues.colleagues(RUN.person(), home.now()))


def _one(person: Person) -> shapes.People:
    """The person as they are now."""
    from forgeward.desk import shown_people
    from forgeward.desk.readers import colleagues

    return shown_people.people([colleagues.colleague(RUN.person(), person.pk, RUN.home.now())])


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
    known = _roles(role)
    home = RUN.desk()
    from forgeward.desk.actions import people

    shape = _one(people.add_person(name, email, known, RUN.person().actor(), home.now()))
    added = shape.people[0]
    out.emit(shape, lambda: f"{added.name} is added. `forgeward people link {added.email}` lets them in.")


def _roles(words: list[str]) -> list[Role]:
    unknown = [word for word in words if word not in {role.value for role in Role}]
    if unknown:
        raise BadInput(f"There is no role “{unknown[0]}”.", next=f"Choose from: {', '.join(Role)}.")
    return [Role(word) for word in words]


@app.command()
def roles(
    email: Annotated[str, typer.Argument(help="Whose roles.")],
    role: Annotated[list[str], typer.Option(help="Each role that they hold from now on; may be repeated.")],
    as_json: Json = False,
) -> None:
    """Change what somebody may do: they hold these roles from now on, and no others. Only the Security Lead may.

    Example: forgeward people roles dele@example.com --role leadership --role security_lead
    """
    known = _roles(role)
    home = RUN.desk()
    from forgeward.desk.actions import people

    person = _somebody(email)
    people.change_roles(person, known, RUN.person().actor(), home.now())
    out.emit(_one(person), lambda: f"{person.name} holds from now on: {', '.join(sorted(known))}.")


@app.command()
def off(email: Annotated[str, typer.Argument(help="Who leaves.")], as_json: Json = False) -> None:
    """Switch somebody off: every session and unused link ends at once, tokens rest. Only the Security Lead may.

    Example: forgeward people off dele@example.com
    """
    _switch(email, on=False)


@app.command()
def on(email: Annotated[str, typer.Argument(help="Who is back.")], as_json: Json = False) -> None:
    """Switch somebody on again, with the roles that they had. Only the Security Lead may.

    Example: forgeward people on dele@example.com
    """
    _switch(email, on=True)


def _switch(email: str, *, on: bool) -> None:
    home = RUN.desk()
    from forgeward.desk.actions import people

    person = _somebody(email)
    people.switch(person, on, RUN.person().actor(), home.now())
    out.emit(_one(person), lambda: f"{person.name} {'is back' if on else 'is switched off; every session has ended'}.")


@app.command()
def sessions(
    email: Annotated[str, typer.Argument(help="Whose; left out: those of who acts.")] = "", as_json: Json = False
) -> None:
    """List open sessions: device, address, last seen. Others' are for the Security Lead.

    Example: forgeward people sessions dele@example.com
    """
    shape = RUN.far.get(f"/people/{_far(email).id}/sessions", shapes.Sessions) if RUN.far else _sessions(email)
    lines = (f"{each.id}  {each.seen}  {each.address or '-':<24} {each.device}" for each in shape.sessions)
    out.emit(shape, lambda: "\n".join(lines) or f"{shape.person} has no session open.")


def _sessions(email: str) -> shapes.Sessions:
    RUN.desk()
    from forgeward.desk import shown_people
    from forgeward.desk.readers import colleagues
    from forgeward.respond.access import demand

    viewer = RUN.person()
    person = _somebody(email) if email else viewer
    if person.pk != viewer.pk:
        demand("session.all", viewer.actor())
    return shown_people.sessions(person.name, colleagues.sessions(viewer, person.pk))


@app.command()
def end(
    email: Annotated[str, typer.Argument(help="Whose sessions.")],
    session: Annotated[str, typer.Option(help="Only this one, by its id.")] = "",
    as_json: Json = False,
) -> None:
    """End somebody's sessions at once, in every process. Others' are for the Security Lead.

    Example: forgeward people end dele@example.com
    """
    if RUN.far:
        way = f"/people/{_far(email).id}/sessions/end"
        shape = RUN.far.post(way, shapes.SessionsEnded, {"session": session})
    else:
        home = RUN.desk()
        from forgeward.desk.actions import sessions

        person = _somebody(email)
        count = sessions.end(person, [session] if session else None, RUN.person().actor(), home.now())
        shape = shapes.SessionsEnded(person=person.name, ended=count)
    out.emit(shape, lambda: f"Sessions of {shape.person} that ended: {shape.ended}.")


@app.command()
def away(
    email: Annotated[str, typer.Argument(help="Who is away.")],
    first: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day.")],
    last: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day, included.")],
    stand_in: Annotated[str, typer.Option(help="Who gets the reminders meanwhile, by address.")] = "",
    as_json: Json = False,
) -> None:
    """Enter an absence: reminders go to the stand-in, else to the next on the escalation path.

    Example: forgeward people away hannah@example.com --first 2026-12-21 --last 2027-01-03 --stand-in dele@example.com
    """
    if RUN.far:
        body: dict[str, object] = {"first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}"}
        body |= {"stand_in": _far(stand_in).id} if stand_in else {}
        shape = RUN.far.post(f"/people/{_far(email).id}/absences", shapes.People, body)
    else:
        home = RUN.desk()
        from forgeward.desk.actions import absences

        person, other = _somebody(email), _somebody(stand_in) if stand_in else None
        absences.enter(person, first.date(), last.date(), other, RUN.person().actor(), home.now())
        shape = _one(person)
    out.emit(shape, lambda: _line(shape.people[0]))


@app.command()
def back(email: Annotated[str, typer.Argument(help="Who is here again.")], as_json: Json = False) -> None:
    """Take somebody's absences back: the one that runs and those to come.

    Example: forgeward people back hannah@example.com
    """
    listed = RUN.far.get("/people", shapes.People) if RUN.far else _people()
    person = _of(listed, email)
    for absence in person.absences:
        if RUN.far:
            RUN.far.post(f"/absences/{absence.id}/end", shapes.People, {})
        else:
            _take_back(absence.id)
    if not person.absences:
        raise NotFound(f"{person.name} is not away, and no absence is to come.", next="See `forgeward people list`.")
    shape = shapes.People(people=[person])
    person.absences = []
    out.emit(shape, lambda: f"{person.name} is here.")


def _take_back(pk: int) -> None:
    from forgeward.desk.actions import absences
    from forgeward.desk.readers import colleagues

    absences.end(colleagues.absence(pk), RUN.person().actor(), RUN.home.now())


def _far(email: str) -> shapes.PersonLine:
    """Who has the address, on the desk of another machine. Raises ``NotFound``, ``BadInput`` without an address."""
    if RUN.far is None or not email:
        raise BadInput("With --server somebody is named.", next="Give an address of `forgeward people list`.")
    return _of(RUN.far.get("/people", shapes.People), email)


def _of(listed: shapes.People, email: str) -> shapes.PersonLine:
    found = next((each for each in listed.people if each.email.lower() == email.lower()), None)
    if found is None:
        raise NotFound(f"Nobody here has the address {email}.", next="See `forgeward people list`.")
    return found


def _somebody(email: str) -> Person:
    """Who has the address, also somebody switched off. Raises ``NotFound``."""
    from forgeward.desk.models import Person

    person = Person.objects.filter(email__iexact=email).first()
    if not person:
        raise NotFound(f"Nobody here has the address {email}.", next="See `forgeward people list`.")
    return person


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
