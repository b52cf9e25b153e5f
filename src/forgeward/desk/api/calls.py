"""How an operation is declared, and what holds for each: one action of the table, one shape, one answer.

@call(router.get, "/cases/{number}", "case", shapes.Case)
def case(request, number): …
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from django.http import HttpRequest, HttpResponse

from forgeward.desk import programme
from forgeward.desk.actions import answers
from forgeward.desk.actions.answers import Answer
from forgeward.desk.addresses import CALLS
from forgeward.desk.api import bodies, describe, gate
from forgeward.errors import BadInput, Outdated
from forgeward.respond.access import TABLE, Sight

View: TypeAlias = Callable[..., HttpResponse]


def call(
    way: Callable[..., Any],
    path: str,
    name: str,
    answer: type[msgspec.Struct] | str,
    *,
    status: int = 200,
    body: Mapping[str, Any] | None = None,
    title: str = "",
    etag: bool = False,
    match: bool = False,
    once: bool = False,
) -> Callable[[View], View]:
    """Registers an operation under its name in the table of addresses.

    ``answer`` is the shape that it gives, or a media type; ``body`` describes what it takes; ``match`` and ``once`` say
    whether it heeds If-Match and Idempotency-Key.
    """
    row = TABLE[CALLS[name]]

    def declare(view: View) -> View:
        signature = inspect.signature(view, eval_str=True)
        queries = {p: "" for p in signature.parameters if p != "request" and f"{{{p}}}" not in path}

        @functools.wraps(view)
        def guarded(request: HttpRequest, **values: Any) -> HttpResponse:
            bodies.known_queries(request, queries)
            return view(request, **values)

        guarded.__signature__ = signature  # type: ignore[attr-defined]
        extra = describe.operation(row, answer, status, body, etag=etag, match=match, once=once)
        summary = title or (inspect.getdoc(view) or "").split("\n")[0]
        auth = None if row.sight is Sight.DOOR else gate.Door(name)
        way(path, operation_id=name, url_name=name, summary=summary, description="", auth=auth, openapi_extra=extra)(
            guarded
        )
        return view

    return declare


def json(shape: msgspec.Struct, status: int = 200, **headers: str) -> HttpResponse:
    """A shape as ``--json`` prints it."""
    return HttpResponse(msgspec.json.encode(shape), content_type="application/json", status=status, headers=headers)


def page(request: HttpRequest, shape: msgspec.Struct, after: str) -> HttpResponse:
    """A page of a list, with a link to the next one (RFC 8288)."""
    if not after:
        return json(shape)
    query = request.GET.copy()
    query["after"] = after
    return json(shape, Link=f'<{request.path}?{query.urlencode()}>; rel="next"')


def done_once(request: HttpRequest, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Does what changes something; under an Idempotency-Key once only. Raises what ``work`` and ``answers.once`` do."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return work()
    if len(key) > describe.LONGEST_KEY:
        raise BadInput("This Idempotency-Key is too long.", next=f"Take up to {describe.LONGEST_KEY} signs.")
    found = gate.bearer(request)
    bytes_ = b"\0".join([str(request.method).encode(), request.get_full_path().encode(), request.body])
    return _response(
        answers.once(found.token, found.row.pk, key, bytes_, programme.home().now, lambda: _answer(work()))
    )


def _answer(response: HttpResponse) -> Answer:
    headers = {name: value for name, value in response.items() if name in {"ETag", "Location", "Content-Type"}}
    return Answer(response.status_code, response.content, headers)


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)


def tag(version: int) -> str:
    """The ETag of a case: the number of its entries."""
    return f'"{version}"'


def require_match(request: HttpRequest, version: int) -> None:
    """Heeds If-Match (RFC 9110, 13.1.1). Raises ``Outdated`` where the case is not as the caller saw it."""
    wanted = request.headers.get("If-Match", "").strip()
    if len(wanted) > describe.LONGEST_MATCH:
        raise BadInput("This If-Match is too long.", next="Send the ETag that the case had.")
    if wanted and wanted != "*" and tag(version) not in {one.strip() for one in wanted.split(",")}:
        raise Outdated("The case has changed since you looked.", next="Look at it again, then decide.")
