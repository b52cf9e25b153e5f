"""The policy: read, checked, compared, proposed; how its promises stand."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from forgeward.desk import programme, shapes, shown
from forgeward.desk.actions import policies
from forgeward.desk.api import bodies, calls, describe, gate
from forgeward.desk.api.calls import call
from forgeward.desk.readers import moves as moves_reader
from forgeward.desk.readers import standing as standing_reader
from forgeward.desk.readers.policies import stored_document
from forgeward.errors import NotFound
from forgeward.policy.diff import compare
from forgeward.policy.document import Policy, check, load

router = Router(tags=["policy"])
YAML = "application/yaml"
TEXT_LIMIT = 1_000_000
Text = Annotated[str, msgspec.Meta(max_length=TEXT_LIMIT)]
Label = Annotated[str, msgspec.Meta(max_length=200)]
Which = Annotated[str, Query(description="in-force, proposed, or a version number")]
Promise = Annotated[str, Query(description="Only this promise, like IR-4")]


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """``text``: the YAML; ``name``: what problems call it."""

    text: Text
    name: Label = "policy.yaml"


class Comparison(msgspec.Struct, forbid_unknown_fields=True):
    """Each side is a stored document (in-force, proposed, a version) or, where it has one, the text."""

    before: Label = "in-force"
    after: Label = "proposed"
    before_text: Text = ""
    after_text: Text = ""


FORMS: list[type[msgspec.Struct]] = [Document, Comparison]


@call(router.get, "/policy", "policy", shapes.PolicyShow)
def policy(request: HttpRequest, promise: Promise = "") -> HttpResponse:
    """The policy in force, or one promise of it."""
    shape = shown.policy(programme.policies().at(programme.home().now()), promise)
    if not shape.promises:
        raise NotFound(f"There is no promise {promise[:40]}.", next="See `forgeward policy show` for all ids.")
    return calls.json(shape)


@call(router.get, "/policy/document", "policy_document", YAML)
def policy_document(request: HttpRequest, version: Which = "in-force") -> HttpResponse:
    """A policy's document as it was proposed, in YAML."""
    return HttpResponse(stored_document(version), content_type=YAML)


@call(router.post, "/policy/check", "check_policy", shapes.PolicyCheck, body=describe.ref(Document))
def check_policy(request: HttpRequest) -> HttpResponse:
    """Find what is wrong with a document, each with its line. Nothing is stored."""
    sent = bodies.read(request, Document)
    problems = check(sent.text, sent.name)
    return calls.json(shown.policy_check(problems, sent.name))


@call(router.post, "/policy/diff", "compare_policies", shapes.PolicyDiff, body=describe.ref(Comparison))
def compare_policies(request: HttpRequest) -> HttpResponse:
    """Say what changes between two documents, whether it is material, and which open cases would move."""
    sent = bodies.read(request, Comparison)
    one, two = _side(sent.before, sent.before_text), _side(sent.after, sent.after_text)
    moves = [shown.move(found) for found in moves_reader.moves(two, gate.person(request), programme.home().now())]
    return calls.json(shown.policy_diff(compare(one, two), moves))


def _side(name: str, text: str) -> Policy:
    return load(text or stored_document(name), name)


@call(router.post, "/policy/proposals", "propose_policy", shapes.PolicyStep, status=201, once=True,
      body=describe.ref(Document))  # fmt: skip
def propose_policy(request: HttpRequest) -> HttpResponse:
    """Store a document as a proposal. It changes nothing until it is adopted."""

    def work() -> HttpResponse:
        sent = bodies.read(request, Document)
        row = policies.propose(sent.text, gate.bearer(request).actor, programme.home().now(), name=sent.name)
        return calls.json(shown.policy_step("proposed", load(row.text)), 201)

    return calls.done_once(request, work)


@call(router.get, "/policy/standing", "standing", shapes.StandingShape)
def standing(request: HttpRequest, promise: Promise = "") -> HttpResponse:
    """How each promise stands, with the evidence. Counts are the house's own; a restricted case is named to nobody."""
    now = programme.home().now()
    found = [each for each in standing_reader.standing(now) if not promise or each.id == promise.upper()]
    if not found:
        raise NotFound(f"There is no promise {promise[:40]}.", next="See `forgeward policy show` for all ids.")
    return calls.json(shown.standing(found, now))
