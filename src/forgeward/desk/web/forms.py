"""Forms made from a command's fields, and commands made from what a form sent.

specs(step) ─▶ Field (label, hint, promise, control) ─▶ parts/step_field.html
POST ─▶ raw values ─▶ respond.parse ─▶ Command; refused: the same form, everything typed kept, lacks marked
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict

from forgeward.desk.readers import words
from forgeward.errors import BadInput, Lack
from forgeward.respond.commands import Command
from forgeward.respond.fields import FieldSpec
from forgeward.respond.parse import command_type, fields_of, parse, specs

DAYS = frozenset({"date", "until", "due"})  # fields that a date is enough for; the others ask for the minute too
PEOPLE = "people"
_QUOTED = re.compile("“([a-z_]+)”")
_MINUTE = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a field that offers some."""

    value: str
    word: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One field as a template prints it. ``control`` is text, line, select, checks, flag, date or instant."""

    name: str
    label: str
    hint: str
    promise: str
    control: str
    needed: bool
    value: str = ""
    choices: tuple[Choice, ...] = ()
    errors: tuple[str, ...] = ()
    rows: int = 0

    @property
    def told(self) -> str:
        """Ids of what describes the control."""
        return f"f-{self.name}-h" + (f" f-{self.name}-e" if self.errors else "")


@dataclass(frozen=True, slots=True)
class StepForm:
    """A step's form. ``problems`` are sentences that belong to no single field."""

    step: str
    fields: tuple[Field, ...]
    problems: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[Field, ...]:
        return tuple(found for found in self.fields if found.errors)

    @property
    def refused(self) -> bool:
        return bool(self.problems or self.wrong)


@dataclass
class Trouble:
    """What is wrong with a form that was sent: by field, and in general."""

    by_field: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def missing(cls, lacks: Sequence[Lack], known: Iterable[str]) -> Trouble:
        """From a refused step: a lack that has a field of its name is told there."""
        names, trouble = set(known), cls()
        for lack in lacks:
            if lack.name in names:
                trouble.by_field.setdefault(lack.name, []).append(lack.sentence)
            else:
                trouble.problems.append(lack.sentence + (f" ({lack.promise})" if lack.promise else ""))
        return trouble

    @classmethod
    def unreadable(cls, problem: BadInput, known: Iterable[str]) -> Trouble:
        """From a value of the wrong form: the error names its field in quotes."""
        sentence = f"{problem} {problem.next}".strip()
        names = set(known)
        named = [name for name in _QUOTED.findall(str(problem)) if name in names]
        if not named and problem.code == "vector_invalid" and "vector" in names:
            named = ["vector"]
        return cls(by_field={named[-1]: [sentence]}) if named else cls(problems=[sentence])


def form_of(
    step: str,
    team: Sequence[tuple[str, str]],
    sent: Mapping[str, Sequence[str]] | None = None,
    trouble: Trouble | None = None,
) -> StepForm:
    """The step's form: as it begins, or with what was sent and what is wrong with it."""
    trouble = trouble or Trouble()
    values = beginning(step) if sent is None else sent
    found = tuple(_field(spec, team, values, tuple(trouble.by_field.get(spec.name, ()))) for spec in specs(step))
    return StepForm(step, found, tuple(trouble.problems))


def beginning(step: str, asked: QueryDict | None = None) -> dict[str, list[str]]:
    """What a form offers before anybody typed: the choices that the command begins with, or that a link asked for.

    A link may choose, never write: a text that somebody sends as their own is typed by them.
    """
    empty = command_type(step)()
    found: dict[str, list[str]] = {}
    for attribute, spec in fields_of(type(empty)):
        if spec.kind != "choice":
            continue
        wanted = asked.get(spec.name, "") if asked else ""
        if value := wanted if wanted in spec.choices else getattr(empty, attribute):
            found[spec.name] = [value]
    return found


def _field(
    spec: FieldSpec, team: Sequence[tuple[str, str]], sent: Mapping[str, Sequence[str]], errors: tuple[str, ...]
) -> Field:
    given = [value for value in sent.get(spec.name, ()) if value]
    return Field(
        name=spec.name,
        label=spec.title,
        hint=spec.help.replace(", by id", "") + _how(spec) + ".",  # people are chosen by name
        promise=spec.promise,
        control=_control(spec),
        needed=spec.needed,
        value="\n".join(given) if spec.name != PEOPLE else "",
        choices=_choices(spec, team, given),
        errors=errors,
        rows=_ROWS.get(spec.kind, 0),
    )


_CONTROLS = {"choice": "select", "person": "select", "list": "text", "text": "text", "flag": "flag"}
_ROWS = {"list": 3, "text": 4}


def _control(spec: FieldSpec) -> str:
    if spec.name == PEOPLE:
        return "checks"
    if spec.kind == "date":
        return "date" if spec.name in DAYS else "instant"
    return _CONTROLS.get(spec.kind, "line")


def _how(spec: FieldSpec) -> str:
    if spec.name == PEOPLE:
        return ""
    return "; one a line" if spec.kind == "list" and "a line" not in spec.help else ""


def _choices(spec: FieldSpec, team: Sequence[tuple[str, str]], given: Sequence[str]) -> tuple[Choice, ...]:
    if spec.kind == "person" or spec.name == PEOPLE:
        return tuple(Choice(value, word, value in given) for value, word in team)
    return tuple(Choice(value, words.capital(words.choice(value)), value in given) for value in spec.choices)


def sent_values(post: QueryDict) -> dict[str, list[str]]:
    """What a form sent, without the token."""
    return {name: [str(value) for value in post.getlist(name)] for name in post if name != "csrfmiddlewaretoken"}


def command_from(step: str, sent: Mapping[str, Sequence[str]], zone: ZoneInfo) -> Command:
    """The command that a form says. Unknown names are left out, not obeyed: a form sends only what it shows.

    Raises ``BadInput`` for a value of the wrong form.
    """
    raw: dict[str, object] = {}
    for spec in specs(step):
        given = [value for value in sent.get(spec.name, ()) if value.strip()]
        if not given:
            continue
        if spec.kind == "list":
            raw[spec.name] = [line for value in given for line in value.splitlines()]
        elif spec.kind == "date":
            raw[spec.name] = _instant(given[0], zone)
        else:
            raw[spec.name] = given[0]
    return parse(step, raw, zone=zone)


def _instant(written: str, zone: ZoneInfo) -> object:
    """A browser's ``2026-11-23T10:20`` has no zone: it is the policy's. Anything else is for ``parse`` to judge."""
    try:
        return datetime.strptime(written.strip()[:16], _MINUTE).replace(tzinfo=zone) if _bare(written) else written
    except ValueError:
        return written


def _bare(written: str) -> bool:
    text = written.strip()
    return "T" in text and not text.endswith("Z") and "+" not in text and text.count("-") == 2
