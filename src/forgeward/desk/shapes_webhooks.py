"""The JSON of webhooks (endpoints, what was sent to them, new secrets) and of chats."""

from __future__ import annotations

from typing import Literal

import msgspec

from forgeward.desk.shapes import Shape


class WebhookShape(msgspec.Struct):
    """An endpoint without its secret; of its address the host. ``fails``: tries in a row that nothing came of."""

    id: str
    name: str
    host: str
    events: list[str]
    added: str
    removed: str | None
    waiting: int
    given_up: int
    fails: int
    rests_until: str | None
    good: str | None
    old_secret_until: str | None


class Webhooks(Shape, kw_only=True):
    schema: Literal["forgeward/webhooks/1"] = "forgeward/webhooks/1"
    webhooks: list[WebhookShape]


class WebhookMade(Shape, kw_only=True):
    """An endpoint with its new secret, in clear for the only time."""

    schema: Literal["forgeward/webhook/1"] = "forgeward/webhook/1"
    webhook: WebhookShape
    secret: str


class DeliveryShape(msgspec.Struct):
    """One message. ``id`` is its ``webhook-id``; ``case`` is null for a test."""

    id: str
    event: str
    case: str | None
    at: str
    state: Literal["waiting", "delivered", "given_up", "stopped"]
    attempts: int
    settled: str | None
    answer: str


class Deliveries(Shape, kw_only=True):
    schema: Literal["forgeward/deliveries/1"] = "forgeward/deliveries/1"
    deliveries: list[DeliveryShape]
    after: str | None = None


class Replayed(Shape, kw_only=True):
    schema: Literal["forgeward/replayed/1"] = "forgeward/replayed/1"
    again: int


class ChatShape(msgspec.Struct):
    """A room of settings.toml. ``problem``: a sentence while it does not take what is sent."""

    name: str
    roles: list[str]
    levels: list[str]
    digest: str
    sent: str | None
    problem: str


class Chats(Shape, kw_only=True):
    schema: Literal["forgeward/chats/1"] = "forgeward/chats/1"
    chats: list[ChatShape]


class ChatTest(Shape, kw_only=True):
    schema: Literal["forgeward/chat-test/1"] = "forgeward/chat-test/1"
    room: str
    taken: bool
    answer: str
