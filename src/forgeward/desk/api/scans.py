"""Scans: results handed in by CI, listed, shown."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from forgeward.desk import programme, shown_scans
from forgeward.desk import shapes_scans as shapes
from forgeward.desk.actions import scans
from forgeward.desk.actions.scans import Of
from forgeward.desk.api import calls, gate
from forgeward.desk.api.bodies import Unreadable
from forgeward.desk.api.calls import call
from forgeward.desk.api.cases import BYTES, After, Key, Limit, download
from forgeward.desk.readers import scans as reader

router = Router(tags=["scans"])
SARIF = "application/sarif+json"
_OBJECT = {"schema": {"type": "object"}}


@call(router.get, "/scans", "scans", shapes.Scans)
def list_scans(
    request: HttpRequest,
    app: Annotated[str, Query(max_length=64, description="Only this app, by its key")] = "",
    branch: Annotated[str, Query(max_length=120, description="Only this branch")] = "",
    limit: Limit = 50,
    after: After = "",
) -> HttpResponse:
    """What was handed in, the newest first."""
    found = reader.page(app=app, branch=branch, cursor=after, limit=limit)
    return calls.page(request, shown_scans.scans(found), found.before)


@call(router.post, "/scans", "take_scan", shapes.ScanTaken, body={"application/json": _OBJECT, SARIF: _OBJECT})
def take_scan(
    request: HttpRequest,
    app: Annotated[str, Query(max_length=64, description="The app's key, like field-radar")],
    branch: Annotated[str, Query(max_length=120, description="What was scanned")],
    revision: Annotated[str, Query(max_length=64, description="The commit's id")] = "",
    version: Annotated[str, Query(max_length=60, description="What production runs, where that was scanned")] = "",
    new_id: Annotated[bool, Query(description="The app has a new Forge app id, and that is right")] = False,
) -> HttpResponse:
    """Take the results of a scan in: the report of `scan --format json`, or SARIF 2.1.0. They become cases by root."""
    if request.content_type not in {"application/json", SARIF}:
        raise Unreadable(f"“{str(request.content_type)[:80]}” is not understood here.", 415)
    who, of = gate.bearer(request), Of(app, branch, revision, version, new_id)
    result = scans.take(request.body, of, who.actor, programme.home().now)
    return calls.json(shown_scans.taken(result, lambda numbers: reader.seen(who.person, numbers)))


@call(router.get, "/scans/{key}", "scan", shapes.OneScan)
def one_scan(
    request: HttpRequest,
    key: Key,
    limit: Annotated[int, Query(ge=1, le=20_000, description="How many findings")] = 1000,
) -> HttpResponse:
    """One upload, with the findings of its branch that it told of last."""
    return calls.json(shown_scans.one(reader.one(gate.person(request), key, limit)))


@call(router.get, "/scans/{key}/raw", "raw_scan", BYTES)
def raw_scan(request: HttpRequest, key: Key) -> HttpResponse:
    """The file as it came."""
    return download(reader.raw(key), f"scan-{key}.json")
