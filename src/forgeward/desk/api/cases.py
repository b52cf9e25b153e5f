"""Cases: lists, one case, its messages and entries, and every step."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from forgeward.desk import kept, programme, shapes, shown
from forgeward.desk.actions import cases as actions
from forgeward.desk.actions import write
from forgeward.desk.actions.cases import Performed
from forgeward.desk.api import bodies, calls, describe, gate
from forgeward.desk.api.calls import call
from forgeward.desk.readers import cases as reader
from forgeward.desk.readers import mail as mail_reader
from forgeward.desk.readers import notices as notice_reader
from forgeward.desk.readers.sight import visible_to
from forgeward.errors import NotFound
from forgeward.respond.command import Command
from forgeward.respond.parse import STEPS, command_type
from forgeward.vocabulary import Role

router = Router(tags=["cases"])
BYTES = "application/octet-stream"

Number = Annotated[str, Path(description="The case's number, like FW-7Q3KXM")]
Key = Annotated[int, Path(ge=1, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many")]
After = Annotated[str, Query(description="Go on after this cursor, as the last page gave it")]


@call(router.get, "/cases", "cases", shapes.Cases)
def cases(
    request: HttpRequest,
    state: Annotated[str, Query(description="Only this state, or open, or all")] = "",
    kind: Annotated[str, Query(description="Only event, vulnerability or incident")] = "",
    level: Annotated[str, Query(description="Only this severity, or none")] = "",
    number: Annotated[str, Query(description="Only numbers that begin so")] = "",
    limit: Limit = 50,
    after: After = "",
) -> HttpResponse:
    """Cases that you may see, the nearest deadline first."""
    now = programme.home().now()
    found = reader.listing(
        gate.person(request), now, state=state, kind=kind, level=level, number=number, limit=limit, after=after
    )
    return calls.page(request, shown.cases(found), found.after)


@call(router.post, "/cases", "open_case", shapes.Done, status=201, etag=True, once=True,
      body=describe.json_of(bodies.step_schema("receive")))  # fmt: skip
def open_case(request: HttpRequest) -> HttpResponse:
    """Open a case by hand."""

    def work() -> HttpResponse:
        command = bodies.read_step(request, "receive", zone())
        performed = actions.open_case(command, gate.bearer(request).actor, programme.home().now())
        return _done(request, "open", performed, 201)

    return calls.done_once(request, work)


@call(router.get, "/cases/{number}", "case", shapes.Case, etag=True)
def case(request: HttpRequest, number: Number) -> HttpResponse:
    """One case: severity, clocks, what the next steps lack, history."""
    version = require_seen(request, number)  # read first: an ETag that is too old refuses, one too new would not
    return calls.json(shown.case(_page(request, number)), ETag=calls.tag(version))


@call(router.get, "/cases/{number}/next", "case_next", shapes.NextSteps)
def case_next(request: HttpRequest, number: Number) -> HttpResponse:
    """What can be done now, and what each step lacks."""
    return calls.json(shown.next_steps(_page(request, number)))


@call(router.get, "/cases/{number}/thread", "case_thread", shapes.Thread)
def case_thread(request: HttpRequest, number: Number) -> HttpResponse:
    """What was written to and by the reporter, and notes."""
    return calls.json(shown.thread(_page(request, number)))


@call(router.get, "/cases/{number}/entries", "case_entries", shapes.Entries)
def case_entries(request: HttpRequest, number: Number) -> HttpResponse:
    """The whole history with its texts, and where each entry stands in the ledger."""
    return calls.json(shown.entries(_page(request, number)))


@call(router.get, "/files/{key}", "file", BYTES)
def file(request: HttpRequest, key: Key) -> HttpResponse:
    """A file that came with a message."""
    row = mail_reader.attachment(gate.person(request), key)
    return download(kept.file_bytes(programme.home(), row), mail_reader.file_label(row))


@call(router.get, "/notices", "notices", shapes.Notices)
def notices(
    request: HttpRequest,
    case: Annotated[str, Query(description="Only this case's")] = "",
    state: Annotated[str, Query(description="Only waiting, accepted, filed, bounced or given_up")] = "",
    limit: Limit = 50,
    after: After = "",
) -> HttpResponse:
    """Outgoing mail and its fate, the newest first."""
    found = notice_reader.page(gate.person(request), case=case.upper(), state=state, before=after, limit=limit)
    return calls.page(request, shown.notices(found.notices, found.before), found.before)


def download(content: bytes, name: str) -> HttpResponse:
    """Bytes that no browser opens, under their name (RFC 6266)."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return HttpResponse(content, content_type=BYTES, headers=headers)


def zone() -> ZoneInfo:
    """The policy's zone, in which a bare date ends."""
    return ZoneInfo(programme.policies().at(programme.home().now()).time.zone)


def require_seen(request: HttpRequest, number: str, *, blind: bool = False) -> int:
    """The case's version. Raises ``NotFound`` for a case that is not there, and for one that the person may not see."""
    row = visible_to(gate.person(request)).filter(number=number.upper()).values_list("version", flat=True).first()
    if row is None and not blind:
        raise NotFound(f"There is no case {number[:40]}.", next="See `forgeward case list`, or Cases on the desk.")
    return row or 0


def _page(request: HttpRequest, number: str) -> reader.CasePage:
    return reader.case_page(number.upper(), gate.person(request), programme.home().now())


def _done(request: HttpRequest, step: str, performed: Performed, status: int = 200) -> HttpResponse:
    shape = shown.done(_page(request, performed.number), step, performed)
    headers = {"Location": f"/api/v1/cases/{performed.number}"} if status == 201 else {}
    return calls.json(shape, status, ETag=calls.tag(performed.case.seq), **headers)


def _perform(request: HttpRequest, number: str, command: Command) -> Performed:
    actor, now = gate.bearer(request).actor, programme.home().now()
    if "If-Match" not in request.headers:
        return actions.perform(number, command, actor, now)
    with write.inside() as cursor:
        stored = write.read_case(cursor, number)
        if stored is not None:
            calls.require_match(request, stored.version)
        return actions.perform_in(cursor, number, command, actor, now)


def _declare(step: str) -> None:
    def view(request: HttpRequest, number: Number) -> HttpResponse:
        # The lead may change unseen who sees a restricted case, so that it cannot be lost with its people.
        blind = step == "restrict" and Role.LEAD in gate.bearer(request).actor.roles
        require_seen(request, number, blind=blind)

        def work() -> HttpResponse:
            performed = _perform(request, number.upper(), bodies.read_step(request, step, zone()))
            return _done(request, step, performed)

        return calls.done_once(request, work)

    body: dict[str, Any] = describe.json_of(bodies.step_schema(step))
    path = f"/cases/{{number}}/{step.replace('_', '-')}"
    help_ = f"{command_type(step).help}."
    call(router.post, path, f"case_{step}", shapes.Done, body=body, title=help_, etag=True, match=True, once=True)(view)


for _step in STEPS:
    _declare(_step)
