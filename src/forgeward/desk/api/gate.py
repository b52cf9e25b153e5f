"""Who may pass to an operation: token known? ─▶ not too fast? ─▶ made for this? ─▶ a role that may?

Which case it is about is asked by the operation, whose readers know. Sessions count for nothing here, so that no other
site can make a browser call.
"""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from forgeward.desk import programme
from forgeward.desk.actions import pace, tokens
from forgeward.desk.actions.pace import Pace
from forgeward.desk.addresses import CALLS
from forgeward.desk.models import Person
from forgeward.desk.readers import tokens as reader
from forgeward.desk.readers.tokens import Bearer
from forgeward.errors import NotAllowed, NotFound, SignInNeeded
from forgeward.respond.access import TABLE, Answer, ask, refusal

OF_A_TOKEN = Pace(burst=120, per_minute=600)
OF_STRANGERS = Pace(burst=20, per_minute=30)
"""Refused tokens of one address. A token that is good passes however many others were refused."""


class Door(HttpBearer):
    """``Authorization: Bearer fwt_…``. Made for a program, bound to a person; see `forgeward token make`."""

    openapi_name = "token"

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation

    def authenticate(self, request: HttpRequest, token: str) -> Bearer:
        """Lets the bearer in. Raises ``SignInNeeded``, ``TooFast``, ``NotAllowed``, ``NotFound``."""
        now = programme.home().now()
        try:
            found = reader.bearer(token, now)
        except SignInNeeded:
            pace.charge(f"stranger:{request.META.get('REMOTE_ADDR', '')}"[:80], OF_STRANGERS, now)
            raise
        pace.charge(f"token:{found.row.ident}", OF_A_TOKEN, now)
        tokens.note_use(found.row, now)
        permit(found, CALLS[self.operation])
        return found


def permit(found: Bearer, action: str) -> None:
    """Asks the table: the token's scope, then the person's roles as they are now."""
    row = TABLE[action]
    if row.scope is None or row.scope not in found.scopes:
        raise NotAllowed(
            f"This token was not made for “{row.scope or action}”.",
            next="Make one that is: `forgeward token make NAME --scope …`.",
        )
    answer = ask(action, found.actor)
    if answer is Answer.UNSEEN:
        raise NotFound("There is nothing at this address, or it is not for you to see.", next="Ask the Security Lead.")
    if answer is not Answer.YES:
        raise refusal(action)


def bearer(request: HttpRequest) -> Bearer:
    """Who calls; ``Door`` let them in."""
    return cast(Bearer, cast(Any, request).auth)


def person(request: HttpRequest) -> Person:
    """Whose rights count."""
    return bearer(request).person
