"""What goes out in writing: receipts, replies, notices; who gets them, and what each must say."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from forgeward.respond.case import TextRef
from forgeward.vocabulary import Sealed

NoticeKind: TypeAlias = Literal["receipt", "acknowledgement", "reply", "notice"]
Audience: TypeAlias = Literal["reporter", "customers", "atlassian"]
Stage: TypeAlias = Literal["", "first", "update", "final"]


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """Where an address stands: a sealed text, and its line there (None: the whole text is the address)."""

    ref: TextRef
    item: int | None = None


class Notice(msgspec.Struct, frozen=True):
    """A request to the outbox, made together with the change ``seq`` of the case.

    ``key`` makes sending idempotent: case number and ``seq``. ``by_person`` is False for the automatic receipt, which
    never acknowledges (IR-4). Positions in ``recipients`` are what ``Accepted``, ``Bounced`` and ``GaveUp`` speak of.
    """

    key: str
    case: str
    seq: int
    kind: NoticeKind
    audience: Audience
    stage: Stage
    recipients: tuple[Recipient, ...]
    subject: Sealed
    body: Sealed
    by_person: bool
