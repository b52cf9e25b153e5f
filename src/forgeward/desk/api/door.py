"""Outermost, for addresses below /api/: sizes before anything is read, problems instead of pages, no cookies."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from forgeward.desk.api import problems
from forgeward.desk.api.bodies import JSON_LIMIT

BELOW = "/api/"
OF_FILES = ("/api/v1/mails", "/api/v1/intake/", "/api/v1/scans")


class ApiDoor:
    """Whatever leaves as an error leaves as problem+json, whoever made it: router, middleware, a crash."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(BELOW):
            return self.get_response(request)
        if _length(request) > JSON_LIMIT and not request.path.startswith(OF_FILES):
            return problems.plain(413)
        response = self.get_response(request)
        if response.status_code >= 400 and response.get("Content-Type") != problems.MEDIA_TYPE:
            more = {"Allow": response["Allow"]} if "Allow" in response else {}
            response = problems.plain(response.status_code, **more)
        response.cookies.clear()
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response


def _length(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or 0)
    return int(text) if text.isdecimal() else 0
