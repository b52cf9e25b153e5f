"""Every call of ``/api/v1``, and what becomes of an error."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from forgeward.desk.api import cases, house, mail, people, policy, problems, scans, webhooks
from forgeward.desk.api.bodies import Unreadable
from forgeward.errors import BadInput, ForgewardError, SignInNeeded

api = NinjaAPI(title="Forgeward", version="1", urls_namespace="api", openapi_url=None, docs_url=None)
for _room in (cases, mail, scans, people, policy, house, webhooks):
    api.add_router("", _room.router)


@api.exception_handler(ForgewardError)
def _refused(request: HttpRequest, problem: Any) -> HttpResponse:
    return problems.response(problem, problem.status if isinstance(problem, Unreadable) else 0)


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, problem: Any) -> HttpResponse:
    return problems.response(SignInNeeded("This call needs a token: Authorization: Bearer fwt_…"))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, problem: Any) -> HttpResponse:
    said = "; ".join(f"“{each['loc'][-1]}”: {each['msg']}" for each in problem.errors)
    return problems.response(BadInput(f"{said}."[:1000], next="See /api/v1/openapi.json."))


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, problem: Any) -> HttpResponse:
    return problems.plain(413)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, problem: Any) -> HttpResponse:
    return problems.plain(404)


@api.exception_handler(HttpError)
def _other(request: HttpRequest, problem: Any) -> HttpResponse:
    return problems.plain(problem.status_code)
