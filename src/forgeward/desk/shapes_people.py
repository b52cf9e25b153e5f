"""The JSON of people: who works here, who is away, whose sessions are open."""

from __future__ import annotations

from typing import Literal

import msgspec

from forgeward.desk.shapes import Shape


class AbsenceShape(msgspec.Struct, rename={"begins": "from"}):
    """Away from ``from`` until before ``until``; ``stand_in`` by name, empty where nobody is named."""

    id: int
    begins: str
    until: str
    stand_in: str


class PersonLine(msgspec.Struct):
    """``last_seen`` and ``sessions`` are null for whom they do not concern: the Security Lead and oneself see them."""

    name: str
    email: str
    roles: list[str]
    active: bool
    id: int = 0
    second_factor: bool = False
    absences: list[AbsenceShape] = []
    last_seen: str | None = None
    sessions: int | None = None


class People(Shape, kw_only=True):
    schema: Literal["forgeward/people/1"] = "forgeward/people/1"
    people: list[PersonLine]


class SessionShape(msgspec.Struct):
    """A browser's session. ``id`` names it for ``people end``; it opens nothing."""

    id: str
    device: str
    address: str
    began: str
    seen: str


class Sessions(Shape, kw_only=True):
    schema: Literal["forgeward/sessions/1"] = "forgeward/sessions/1"
    person: str
    sessions: list[SessionShape]


class SessionsEnded(Shape, kw_only=True):
    schema: Literal["forgeward/sessions-ended/1"] = "forgeward/sessions-ended/1"
    person: str
    ended: int
