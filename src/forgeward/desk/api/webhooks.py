"""Webhooks: whom we tell, and what became of each message. Sending is the worker's work."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from forgeward.desk import programme, shapes_webhooks, shown_webhooks
from forgeward.desk.actions import webhooks as actions
from forgeward.desk.api import bodies, calls, describe, gate
from forgeward.desk.api.calls import call
from forgeward.desk.api.cases import After, Limit
from forgeward.desk.api.mail import Nothing
from forgeward.desk.readers import webhooks as reader
from forgeward.vocabulary import parse_instant

router = Router(tags=["webhooks"])
Key = Annotated[str, Path(max_length=20, description="The webhook's id")]
State = Annotated[str, Query(description="Only waiting, delivered, given_up or stopped")]


class NewWebhook(msgspec.Struct, forbid_unknown_fields=True):
    """``events``: what it is told of, like case.received."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    url: Annotated[str, msgspec.Meta(max_length=1000)]
    events: Annotated[list[str], msgspec.Meta(max_length=100)]


class Again(msgspec.Struct, forbid_unknown_fields=True):
    """``id``: one message; without it all that were given up, since an instant where ``since`` names one."""

    id: Annotated[str, msgspec.Meta(max_length=40)] = ""
    since: Annotated[str, msgspec.Meta(max_length=40)] = ""


FORMS: list[type[msgspec.Struct]] = [NewWebhook, Again]


@call(router.get, "/webhooks", "webhooks", shapes_webhooks.Webhooks)
def webhooks(request: HttpRequest) -> HttpResponse:
    """The endpoints that are told of cases, and how that goes."""
    return calls.json(shown_webhooks.webhooks(reader.listing(gate.person(request))))


@call(router.post, "/webhooks", "add_webhook", shapes_webhooks.WebhookMade, status=201, once=True,
      body=describe.ref(NewWebhook))  # fmt: skip
def add_webhook(request: HttpRequest) -> HttpResponse:
    """Enter an endpoint. Its secret is in the answer, and shown nowhere again."""

    def work() -> HttpResponse:
        sent = bodies.read(request, NewWebhook)
        made = actions.add(sent.name, sent.url, sent.events, gate.bearer(request).actor, programme.home().now())
        return calls.json(shown_webhooks.made(reader.line(made.row), made.secret), 201)

    return calls.done_once(request, work)


@call(router.get, "/webhooks/{key}/deliveries", "webhook_deliveries", shapes_webhooks.Deliveries)
def deliveries(request: HttpRequest, key: Key, state: State = "", limit: Limit = 50, after: After = "") -> HttpResponse:
    """What was sent to one endpoint, the newest first, with what it answered."""
    found = reader.deliveries(gate.person(request), key, state=state, before=after, limit=limit)
    return calls.page(request, shown_webhooks.deliveries(found.deliveries, found.before), found.before)


@call(router.post, "/webhooks/{key}/rotate", "rotate_webhook", shapes_webhooks.WebhookMade, once=True,
      body=describe.ref(Nothing))  # fmt: skip
def rotate_webhook(request: HttpRequest, key: Key) -> HttpResponse:
    """Give an endpoint a new secret. The one before signs beside it for a day."""

    def work() -> HttpResponse:
        bodies.read(request, Nothing)
        made = actions.rotate(key, gate.bearer(request).actor, programme.home().now())
        return calls.json(shown_webhooks.made(reader.line(made.row), made.secret))

    return calls.done_once(request, work)


@call(router.post, "/webhooks/{key}/remove", "remove_webhook", shapes_webhooks.Webhooks, body=describe.ref(Nothing))
def remove_webhook(request: HttpRequest, key: Key) -> HttpResponse:
    """Take an endpoint away. What waits for it is not sent; its log stays."""
    bodies.read(request, Nothing)
    row = actions.remove(key, gate.bearer(request).actor, programme.home().now())
    return calls.json(shown_webhooks.webhooks([reader.line(row)]))


@call(router.post, "/webhooks/{key}/test", "test_webhook", shapes_webhooks.Deliveries, status=202, once=True,
      body=describe.ref(Nothing))  # fmt: skip
def test_webhook(request: HttpRequest, key: Key) -> HttpResponse:
    """Queue a message that names no case. The log says in seconds what the endpoint answered."""

    def work() -> HttpResponse:
        bodies.read(request, Nothing)
        row = actions.send_test(key, gate.bearer(request).actor, programme.home().now())
        return calls.json(shown_webhooks.deliveries([reader.delivery(row)]), 202)

    return calls.done_once(request, work)


@call(router.post, "/webhooks/{key}/replay", "replay_webhook", shapes_webhooks.Replayed, status=202, once=True,
      body=describe.ref(Again))  # fmt: skip
def replay_webhook(request: HttpRequest, key: Key) -> HttpResponse:
    """Send messages again under their ids: one, or all that were given up."""

    def work() -> HttpResponse:
        sent = bodies.read(request, Again)
        since = parse_instant(sent.since) if sent.since else None
        actor, now = gate.bearer(request).actor, programme.home().now()
        keys = actions.replay(key, actor, now, key=sent.id, since=since)
        return calls.json(shapes_webhooks.Replayed(again=len(keys)), 202)

    return calls.done_once(request, work)
