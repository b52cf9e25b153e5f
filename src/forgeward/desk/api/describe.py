"""The OpenAPI 3.1 document: shapes as components, every error of every operation, headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from forgeward.desk import shapes
from forgeward.desk.api.problems import MEDIA_TYPE
from forgeward.respond.access import Row, Sight

TITLE: Final = "Forgeward"
ABOUT: Final = (
    "What the pages and commands of a Forgeward home do, for programs. Every call but this document asks for a token;"
    " `forgeward token make` makes one. Instants are RFC 3339 in UTC. Lists go on with `after`. Every error is a"
    " problem (RFC 9457) with a sentence in `detail`, what to do in `next`, and what a step lacks in `missing`."
)
LONGEST_KEY: Final = 200
LONGEST_MATCH: Final = 400
ERRORS: Final[Mapping[int, str]] = {
    400: "The request cannot be read",
    401: "No token, or none that works",
    403: "Not for this token, or not for this role",
    404: "Not there, or not for you to see",
    409: "Somebody else changed it, it is being done, or it is so already",
    412: "If-Match: the case has changed since",
    413: "The body is too large",
    415: "The body is of another kind",
    422: "The values do not fit, or the step lacks something",
    429: "Too many calls; Retry-After says how long to wait",
    503: "The house itself cannot do it now",
}


def operation(
    row: Row,
    answer: type[msgspec.Struct] | str,
    status: int,
    body: Mapping[str, Any] | None,
    *,
    etag: bool,
    match: bool,
    once: bool,
) -> dict[str, Any]:
    """What ninja cannot know of an operation."""
    content = (
        {answer: {"schema": {}}}
        if isinstance(answer, str)
        else {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer.__name__}"}}}
    )
    good: dict[str, Any] = {"description": "Done" if once else "Found", "content": content}
    if etag:
        good["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "The case's version, for If-Match"}}
    open_ = row.sight is Sight.DOOR
    errors = {code: {"$ref": f"#/components/responses/{code}"} for code in ERRORS if not open_ or code in {400, 503}}
    found: dict[str, Any] = {"responses": {status: good} | errors, "x-action": row.what}
    if not open_:
        found["x-scope"] = str(row.scope)
    if body is not None:
        found["requestBody"] = {"required": True, "content": dict(body)}
    headers = []
    if once:
        headers.append(
            _header("Idempotency-Key", "The same call with the same key is done once, for a day", LONGEST_KEY)
        )
    if match:
        headers.append(_header("If-Match", "Do it only while the case has this ETag", LONGEST_MATCH))
    found["parameters"] = headers
    return found


def _header(name: str, what: str, most: int) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": most}
    return {"name": name, "in": "header", "required": False, "description": what, "schema": schema}


def json_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON body."""
    return {"application/json": {"schema": dict(schema)}}


def ref(form: type[msgspec.Struct]) -> dict[str, Any]:
    """A JSON body of a struct that ``FORMS`` lists."""
    return json_of({"$ref": f"#/components/schemas/{form.__name__}"})


def complete(document: dict[str, Any], forms: list[type[msgspec.Struct]]) -> dict[str, Any]:
    """Ninja's document with the components: shapes of answers, forms of bodies, problems, the token."""
    kinds = [*shapes.Shape.__subclasses__(), shapes.Problem, *forms]
    kinds = [kind for kind in kinds if kind.__module__.startswith("forgeward.desk")]
    _, found = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    document["components"] = {
        "schemas": found,
        "responses": {str(code): {"description": what, "content": problem} for code, what in ERRORS.items()},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "fwt_…"}},
    }
    document["info"] = {"title": TITLE, "version": "1", "description": ABOUT, "license": {"name": "Apache-2.0"}}
    document["servers"] = [{"url": "/"}]
    for path in document["paths"].values():
        for operation_ in path.values():
            if "security" in operation_:
                operation_["security"] = [{"token": []}]
            operation_["responses"] = {
                str(code): one for code, one in operation_["responses"].items() if "$ref" in one or "content" in one
            }
    return document
