"""Every error as ``application/problem+json`` (RFC 9457), with the sentences and lists that commands print."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from django.http import HttpResponse

from forgeward import errors
from forgeward.desk import shapes
from forgeward.errors import ForgewardError

MEDIA_TYPE: Final = "application/problem+json"
STATUS: Final[Mapping[type[ForgewardError], int]] = {
    errors.SignInNeeded: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Outdated: 412,
    errors.Conflict: 409,
    errors.TooFast: 429,
    errors.StepRefused: 422,
    errors.VerificationFailed: 422,
    errors.AnswerIsNo: 409,
    errors.BadInput: 422,
}
"""The first that fits; what is not here is the house's own trouble: 503."""


def status_of(problem: ForgewardError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in STATUS.items() if isinstance(problem, kind)), 503)


def shape_of(problem: ForgewardError, status: int) -> shapes.Problem:
    """The body. ``code`` is the error's own, as ``--json`` prints it."""
    missing = problem.missing if isinstance(problem, errors.StepRefused) else ()
    wrong = problem.problems if isinstance(problem, errors.PolicyInvalid) else ()
    return shapes.Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=str(problem),
        code=problem.code,
        next=problem.next,
        missing=[shapes.MissingShape(lack.name, lack.promise, lack.sentence) for lack in missing],
        problems=[shapes.Difference(each.where, each.what) for each in wrong],
    )


def response(problem: ForgewardError, status: int = 0) -> HttpResponse:
    """The whole answer, with the headers that its status asks for."""
    status = status or status_of(problem)
    answer = HttpResponse(msgspec.json.encode(shape_of(problem, status)), content_type=MEDIA_TYPE, status=status)
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="forgeward"'
    if isinstance(problem, errors.TooFast):
        answer["Retry-After"] = str(problem.after)
    return answer


WORDS: Final[Mapping[int, tuple[str, str, str]]] = {
    400: ("bad_request", "This request cannot be read.", "Look at /api/v1/openapi.json for what is understood."),
    403: ("not_allowed", "This is not allowed.", "Ask the Security Lead."),
    404: ("not_found", "There is nothing at this address, or it is not for you to see.", "See /api/v1/openapi.json."),
    405: ("method_not_allowed", "This address does not know that method.", "The header Allow names those it knows."),
    413: ("too_large", "This body is too large.", "JSON may have 2 MB, a mail as many as the house takes in."),
    415: ("media_type", "This body is of another kind than is understood here.", "Send application/json."),
    500: ("broken", "This call broke. What one call does is done whole or not at all.", "Try again; see the log."),
}


def plain(status: int, **more: Any) -> HttpResponse:
    """An error that no action raised: an unknown address, a method, a size. ``more`` are headers."""
    code, detail, advice = WORDS.get(status, ("error", HTTPStatus(status).phrase + ".", ""))
    body = shapes.Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, code=code, next=advice)
    return HttpResponse(msgspec.json.encode(body), content_type=MEDIA_TYPE, status=status, headers=more)
