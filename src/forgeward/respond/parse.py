"""From raw values (options, a form, JSON) to a typed command, and the checks that every command passes.

Parse at the edge: ``parse("assess", {"scope": "…"})`` gives ``Assess``; an unknown key, a wrong choice or an over-long
text is a ``BadInput`` that names the field. An empty field is no error here: ``decide`` lists it as missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from typing import Annotated, get_args, get_origin, get_type_hints

import msgspec

from forgeward.errors import BadInput
from forgeward.respond import commands, signals
from forgeward.respond.commands import Command
from forgeward.respond.fields import MAX_ITEMS, MAX_LINE, MAX_TEXT, FieldSpec
from forgeward.vocabulary import parse_instant

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})
_FORMS = {
    "weakness": (re.compile(r"CWE-\d{1,6}"), "CWE-862"),
    "into": (re.compile(r"[A-Z]{2,5}-[0-9A-Z]{4,16}"), "FW-7Q3KXM"),
    "number": (re.compile(r"[A-Z]{2,5}-[0-9A-Z]{4,16}"), "FW-7Q3KXM"),
    "action": (re.compile(r"A\d{1,6}"), "A1"),
    "apps": (re.compile(r"[a-z0-9][a-z0-9._-]{0,63}"), "field-radar"),
    "language": (re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?"), "de"),
    "template": (re.compile(r"[a-z][a-z0-9_-]{0,39}/[a-z]{2,3}(-[A-Za-z0-9]{2,8})?/\d{1,6}"), "fixed/de/1"),
    "letter": (re.compile(r"\d{1,9}"), "7"),
    "proposal": (re.compile(r"\d{1,9}"), "7"),
    "signals": (re.compile(r"[a-z0-9_.-]{1,40}(:[a-z0-9_./-]{1,80})?"), "dkim:pass"),
    "people": (re.compile(r"person:\d{1,12}"), "person:4"),
    "person": (re.compile(r"person:\d{1,12}"), "person:4"),
}


def _tag(kind: type[Command]) -> str:
    tag = kind.__struct_config__.tag
    assert isinstance(tag, str)  # noqa: S101 -- every command is declared with its name
    return tag


def name_of(command: Command) -> str:
    """The step's name: ``review_glass``."""
    return _tag(type(command))


STEPS: Mapping[str, type[commands.Step]] = {_tag(kind): kind for kind in get_args(commands.AnyStep)}
"""Every step of a person by its name, in the order of a case's life."""

SIGNALS: Mapping[str, type[Command]] = {_tag(kind): kind for kind in get_args(signals.AnySignal)}
"""What the system reports, by its name."""


def command_type(name: str) -> type[Command]:
    """The struct of a step or signal. Raises ``BadInput`` with the known names."""
    found = STEPS.get(name) or SIGNALS.get(name)
    if found is None:
        raise BadInput(f"There is no step “{name}”.", next=f"Steps are: {', '.join(STEPS)}.")
    return found


@cache
def fields_of(kind: type[Command]) -> tuple[tuple[str, FieldSpec], ...]:
    """Pairs (attribute, spec) of a command in order; ``spec.name`` is the outside name (``as`` for ``as_``)."""
    outside = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    found = []
    hints = get_type_hints(kind, include_extras=True)
    for attribute in kind.__struct_fields__:
        hint = hints[attribute]
        if get_origin(hint) is Annotated:
            spec = next((extra for extra in hint.__metadata__ if isinstance(extra, FieldSpec)), None)
            if spec is not None:
                found.append((attribute, msgspec.structs.replace(spec, name=outside[attribute])))
    found.sort(key=lambda pair: pair[0] == "break_glass")  # the way out stands last on every form
    return tuple(found)


def specs(name: str) -> tuple[FieldSpec, ...]:
    """What forms and options of a step are made from, internal fields left out."""
    return tuple(spec for _, spec in fields_of(command_type(name)) if not spec.internal)


def parse(name: str, values: Mapping[str, object], *, zone: tzinfo = UTC) -> Command:
    """Makes a command from raw values.

    Keys are field names, with ``-`` or ``_``; values are text, booleans, lists of text or aware datetimes. A bare date
    is the end of that day in ``zone``. Raises ``BadInput`` for unknown keys and values of the wrong form.
    """
    kind = command_type(name)
    known = {spec.name: (attribute, spec) for attribute, spec in fields_of(kind)}
    given: dict[str, object] = {}
    for key, value in values.items():
        entry = known.get(key.replace("-", "_"))
        if entry is None:
            raise BadInput(f"“{name}” has no field “{key}”.", next=f"Its fields are: {', '.join(known) or 'none'}.")
        if value is not None:
            given[entry[0]] = _read(entry[1], value, zone)
    command = kind(**given)
    check(command)
    return command


def _read(spec: FieldSpec, value: object, zone: tzinfo) -> object:
    match spec.kind:
        case "flag":
            return _flag(spec, value)
        case "list":
            return _list(spec, value)
        case "date":
            return _instant(spec, value, zone)
        case "text":
            return _text(spec, value).replace("\r\n", "\n").strip("\n")
        case _:
            return _text(spec, value).strip()


def _text(spec: FieldSpec, value: object) -> str:
    if not isinstance(value, str):
        raise BadInput(f"“{spec.name}” is a text.", next=spec.sentence)
    return value


def _flag(spec: FieldSpec, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = _text(spec, value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadInput(f"“{spec.name}” is yes or no, not “{word}”.", next=spec.sentence)


def _list(spec: FieldSpec, value: object) -> tuple[str, ...]:
    items: Iterable[object]
    if isinstance(value, str):
        items = value.splitlines()
    elif isinstance(value, Iterable):
        items = value
    else:
        raise BadInput(f"“{spec.name}” is a list.", next=spec.sentence)
    stripped = (_text(spec, item).strip() for item in items)
    return tuple(item for item in stripped if item)


def _instant(spec: FieldSpec, value: object, zone: tzinfo) -> datetime | None:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadInput(f"“{spec.name}” has no zone.", next="Give an aware instant.")
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(23, 59, 59), zone).astimezone(UTC)
    written = _text(spec, value).strip()
    if not written:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return parse_instant(written)
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def check(command: Command) -> None:
    """Refuses values that no step may hold: unknown choices, NUL, over-long texts, wrong forms. Raises ``BadInput``."""
    for attribute, spec in fields_of(type(command)):
        value = getattr(command, attribute)
        if not value or value is True:
            continue
        if spec.kind == "choice":
            _check_choice(spec, value)
        elif spec.kind == "list":
            _check_list(spec, value)
        elif spec.kind == "date":
            _check_instant(spec, value)
        else:
            _check_text(spec, value)


def _check_choice(spec: FieldSpec, value: str) -> None:
    if value not in spec.choices:
        raise BadInput(f"“{value}” is no value of “{spec.name}”.", next=f"Choose one of: {', '.join(spec.choices)}.")


def _check_list(spec: FieldSpec, value: tuple[str, ...]) -> None:
    if len(value) > MAX_ITEMS:
        raise BadInput(f"“{spec.name}” has {len(value)} items.", next=f"Give at most {MAX_ITEMS}.")
    for item in value:
        _check_text(spec, item)


def _check_instant(spec: FieldSpec, value: datetime) -> None:
    if value.tzinfo is None:
        raise BadInput(f"“{spec.name}” has no zone.", next="Give an aware instant, like 2026-11-23T10:20:00Z.")


def _check_text(spec: FieldSpec, value: str) -> None:
    limit = MAX_TEXT if spec.kind == "text" else MAX_LINE
    if len(value) > limit:
        raise BadInput(f"“{spec.name}” is {len(value)} characters long.", next=f"Write at most {limit}.")
    if "\0" in value:
        raise BadInput(f"“{spec.name}” holds a NUL character.", next="Take it out.")
    if spec.kind != "text" and ("\n" in value or "\r" in value):
        raise BadInput(f"“{spec.name}” is one line.", next="Take the line breaks out.")
    form = _FORMS.get("person" if spec.kind == "person" else spec.name) if not spec.sealed else None
    if form is not None and not form[0].fullmatch(value):
        raise BadInput(f"“{value}” is no value of “{spec.name}”.", next=f"Write it like {form[1]}.")
