"""JSON in: one object, strictly of the declared form: what is not declared is refused, never assigned unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest

from forgeward.desk.readers.people import person_id
from forgeward.errors import BadInput
from forgeward.respond.command import Command
from forgeward.respond.fields import MAX_ITEMS, MAX_LINE, MAX_TEXT, FieldSpec
from forgeward.respond.parse import parse, specs

JSON_LIMIT = 2 * 2**20
_DEEPEST = 20
T = TypeVar("T", bound=msgspec.Struct)


class Unreadable(BadInput):
    """Not JSON at all (400), or of another media type (415)."""

    code = "bad_request"

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message, next="Send one JSON object in UTF-8, as application/json.")
        self.status = status


def raw_json(request: HttpRequest) -> bytes:
    """The body of a call that takes JSON. Raises ``Unreadable`` for another media type."""
    if request.content_type != "application/json":
        raise Unreadable(f"“{str(request.content_type)[:80]}” is not understood here.", 415)
    return request.body


def read(request: HttpRequest, form: type[T]) -> T:
    """The body as a struct that forbids unknown fields. Raises ``Unreadable``, ``BadInput`` naming the field."""
    try:
        return msgspec.json.decode(raw_json(request), type=form)
    except msgspec.ValidationError as problem:
        raise BadInput(f"The body does not fit: {problem}.", next="See /api/v1/openapi.json.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("The body is not JSON.") from None


def read_step(request: HttpRequest, step: str, zone: Any) -> Command:
    """The body as the command of a step; people by id, address or name. Raises ``Unreadable``, ``BadInput``."""
    try:
        values = msgspec.json.decode(raw_json(request), type=dict[str, str | bool | list[str]])
    except msgspec.ValidationError as problem:
        raise BadInput(f"The body does not fit: {problem}.", next="Its fields are texts, lists or yes/no.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("The body is not JSON.") from None
    known = {spec.name: spec for spec in specs(step)}
    for name, value in values.items():
        if name not in known:
            raise BadInput(
                f"“{step}” has no field “{name[:40]}”.", next=f"Its fields are: {', '.join(known) or 'none'}."
            )
        _require_kind(known[name], value)
    return parse(step, {name: _person(known[name], value) for name, value in values.items()}, zone=zone)


def _require_kind(spec: FieldSpec, value: object) -> None:
    wanted: type = {"flag": bool, "list": list}.get(spec.kind, str)
    if not isinstance(value, wanted):
        word = {"flag": "true or false", "list": "a list of texts"}.get(spec.kind, "a text")
        raise BadInput(f"“{spec.name}” is {word}.", next=spec.sentence)


def _person(spec: FieldSpec, value: object) -> object:
    if spec.kind == "person" and value:
        return person_id(spec.option, str(value))
    if spec.name == "people" and isinstance(value, list):
        return [person_id(spec.option, each) for each in value]
    return value


def step_schema(step: str) -> dict[str, Any]:
    """JSON Schema of a step's body, made from its fields."""
    return {
        "type": "object",
        "title": step,
        "additionalProperties": False,
        "properties": {spec.name: _field(spec) for spec in specs(step)},
    }


def _field(spec: FieldSpec) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": spec.title,
        "description": spec.help + (f" ({spec.promise})" if spec.promise else ""),
    }
    if spec.kind == "flag":
        return found | {"type": "boolean"}
    if spec.kind == "list":
        return found | {"type": "array", "items": {"type": "string", "maxLength": MAX_LINE}, "maxItems": MAX_ITEMS}
    if spec.choices:
        return found | {"type": "string", "enum": ["", *spec.choices]}
    return found | {"type": "string", "maxLength": MAX_TEXT if spec.kind == "text" else MAX_LINE}


def known_queries(request: HttpRequest, names: Mapping[str, Any]) -> None:
    """Refuses a query that the operation does not declare. Raises ``BadInput``."""
    if unknown := sorted(set(request.GET) - set(names)):
        raise BadInput(f"There is no query “{unknown[0][:40]}” here.", next=f"Known are: {', '.join(names) or 'none'}.")
