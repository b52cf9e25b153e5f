"""Mail in: taken as raw bytes, listed while it is held, decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from forgeward.desk import programme, shapes, shown
from forgeward.desk.actions import handed_in, held, reports
from forgeward.desk.actions.filing import Taken
from forgeward.desk.api import bodies, calls, describe, gate
from forgeward.desk.api.bodies import Unreadable
from forgeward.desk.api.calls import call
from forgeward.desk.api.cases import BYTES, After, Key, Limit, download
from forgeward.desk.readers import mail as reader
from forgeward.errors import BadInput

router = Router(tags=["mail"])
MAIL = "message/rfc822"
Name = Annotated[str, Query(max_length=200, description="What the answer calls it")]


class Join(msgspec.Struct, forbid_unknown_fields=True):
    """``case``: another one than the mail points at."""

    case: Annotated[str, msgspec.Meta(max_length=16)] = ""


class Discard(msgspec.Struct, forbid_unknown_fields=True):
    """``reason``: why nothing is to be done; it is kept in the ledger."""

    reason: Annotated[str, msgspec.Meta(max_length=500)]


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No field at all."""


FORMS: list[type[msgspec.Struct]] = [Join, Discard, Nothing]
_RAW = {"schema": {"type": "string", "format": "binary"}}


@call(router.get, "/mails", "mails", shapes.Held)
def mails(
    request: HttpRequest,
    state: Annotated[str, Query(description="Only held, grouped, aside, parsed, …")] = "held",
    case: Annotated[str, Query(description="Only those that are in this case, or point at it")] = "",
    limit: Limit = 50,
    after: After = "",
) -> HttpResponse:
    """Incoming mail in a state, the newest first."""
    found = reader.page(gate.person(request), state=state, case=case.upper(), before=after, limit=limit)
    return calls.page(request, shown.held(found), found.before)


@call(router.post, "/mails", "take_mail", shapes.Intake, body={MAIL: _RAW, BYTES: _RAW})
def take_mail(request: HttpRequest, name: Name = "api") -> HttpResponse:
    """Take one raw mail in (RFC 5322): it is stored first, then read, and becomes a case or joins one."""
    if request.content_type not in {MAIL, BYTES}:
        raise Unreadable(f"“{str(request.content_type)[:80]}” is not understood here.", 415)
    home = programme.home()
    if not request.body.strip():
        raise BadInput("There is no mail in it.", next="Send the raw mail as the body.")
    return _taken(handed_in.take(home, request.body, name, home.now))


@call(
    router.post, "/intake/form", "take_form", shapes.Intake, body={"application/json": {"schema": {"type": "object"}}}
)
def take_form(request: HttpRequest, name: Name = "api") -> HttpResponse:
    """Take a submission of the web form in: subject, text, name, email, app, disclosure."""
    home = programme.home()
    return _taken([reports.take_form(home, bodies.raw_json(request), name, home.now)])


@call(router.post, "/intake/ams", "take_ams", shapes.Intake, body={"application/json": {"schema": {}}, MAIL: _RAW})
def take_ams(request: HttpRequest, name: Name = "api") -> HttpResponse:
    """Take tickets of Atlassian's Marketplace Security project in: Jira's JSON, or the mail."""
    raw = request.body if request.content_type == MAIL else bodies.raw_json(request)
    home = programme.home()
    return _taken(reports.take_ams(home, raw, name, home.now))


@call(router.get, "/mails/{key}/raw", "raw_mail", BYTES)
def raw_mail(request: HttpRequest, key: Key) -> HttpResponse:
    """One mail as it was received."""
    return download(reader.raw(programme.home(), gate.person(request), key), f"mail-{key}.eml")


@call(router.post, "/mails/{key}/join", "join_mail", shapes.Intake, body=describe.ref(Join))
def join_mail(request: HttpRequest, key: Key) -> HttpResponse:
    """Let a held mail join the case that it points at, or another."""
    return _decided(request, key, lambda: held.join(
        programme.home(), key, gate.bearer(request).actor, programme.home().now, bodies.read(request, Join).case.upper()
    ))  # fmt: skip


@call(router.post, "/mails/{key}/open", "open_mail", shapes.Intake, body=describe.ref(Nothing))
def open_mail(request: HttpRequest, key: Key) -> HttpResponse:
    """Open a case of its own from a held mail."""
    bodies.read(request, Nothing)
    return _decided(request, key, lambda: held.open_new(
        programme.home(), key, gate.bearer(request).actor, programme.home().now
    ))  # fmt: skip


@call(router.post, "/mails/{key}/discard", "discard_mail", shapes.Intake, body=describe.ref(Discard))
def discard_mail(request: HttpRequest, key: Key) -> HttpResponse:
    """Decide that nothing is to be done about a held mail. It is kept."""
    reason = bodies.read(request, Discard).reason
    return _decided(request, key, lambda: held.discard(
        programme.home(), key, reason, gate.bearer(request).actor, programme.home().now
    ))  # fmt: skip


def _decided(request: HttpRequest, key: int, deed: Callable[[], Taken]) -> HttpResponse:
    reader.one(gate.person(request), key)
    return _taken([deed()])


def _taken(taken: Iterable[Taken]) -> HttpResponse:
    return calls.json(shown.intake(taken))
