"""What a person decides about a mail that opened nothing by itself: it joins a case, opens one, or is discarded.

Mails that are held, grouped or set aside may be decided. The mail is read anew in a guarded child, since only its bytes
were kept; each decision is in the ledger, with who made it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from django.db.backends.utils import CursorWrapper

from forgeward.desk import kept, programme, proofs
from forgeward.desk.actions import facts, files, filing, write
from forgeward.desk.actions.facts import House, Read
from forgeward.desk.actions.filing import Prepared, Taken
from forgeward.desk.models import RawMail
from forgeward.edges.home import Home
from forgeward.edges.mail_parser import ParserPool
from forgeward.errors import BadInput, Conflict, Lack, NotFound, StepRefused
from forgeward.respond.intake import Joins
from forgeward.respond.mail import Parsed
from forgeward.respond.permissions import may, require
from forgeward.respond.sorting import Opens
from forgeward.vocabulary import Actor

Clock: TypeAlias = Callable[[], datetime]
DECIDABLE = frozenset({"held", "grouped", "aside"})


def join(home: Home, pk: int, actor: Actor, clock: Clock, case: str = "") -> Taken:
    """The mail joins the case that it points at, or ``case``; its sender takes part in it from then on.

    Raises ``NotFound``, ``NotAllowed``, ``Conflict`` (decided meanwhile), ``BadInput`` where it points at none.
    """
    one = _read(home, pk, actor, "join")
    number = case or (one.row.case.number if one.row.case else "")
    if not number:
        raise BadInput("This mail points at no case.", next="Name the case, or open a new one.")
    fate = Joins(number, "message_id", by_machine=False)
    return _done(home, one, filing.prepare(House(home), one, fate), lambda cursor, ready: filing.joins(
        cursor, one, fate, ready, actor, clock()
    ))  # fmt: skip


def open_new(home: Home, pk: int, actor: Actor, clock: Clock) -> Taken:
    """The mail opens a case of its own. Raises ``NotFound``, ``NotAllowed``, ``Conflict``."""
    one = _read(home, pk, actor, "receive")
    house = House(home)
    fate = Opens("support" if one.box and one.box.purpose == "support" else "mail")
    return _done(home, one, filing.prepare(house, one, fate), lambda cursor, ready: filing.opens(
        cursor, house, one, fate, ready, actor, clock()
    ))  # fmt: skip


def discard(home: Home, pk: int, reason: str, actor: Actor, clock: Clock) -> Taken:
    """Nothing is to be done about the mail; it is kept. Raises ``StepRefused`` without a reason, and as `join` does."""
    one = _read(home, pk, actor, "reject")
    if not reason.strip():
        raise StepRefused("discard", (Lack("reason", "IR-2", "Reason: why this mail asks for nothing."),))
    return _done(home, one, Prepared("", ""), lambda cursor, _: filing.discarded(
        cursor, one, " ".join(reason.split())[:500], actor, clock()
    ))  # fmt: skip


def _read(home: Home, pk: int, actor: Actor, step: str) -> Read:
    if not may(step, actor):
        require(step, None, actor)
    row = RawMail.objects.select_related("case").filter(pk=pk).first()
    if row is None:
        raise NotFound(f"There is no mail {pk}.", next="See `forgeward intake held list`.")
    if row.state not in DECIDABLE:
        raise Conflict(f"Mail {pk} was decided already.", next="Look at it again.")
    with ParserPool(workers=1, spare=0) as pool:
        head = kept.unseal(row, "head", row.head_blob)
        again = proofs.again(row, kept.raw_bytes(home, row), head)
        return facts.read(House(home), row, proofs.examiner(home, pool).examine(again))


def _done(home: Home, one: Read, ready: Prepared | None, deed: Callable[[CursorWrapper, Prepared], Taken]) -> Taken:
    """Does what was decided, in one transaction."""
    prepared = ready or Prepared("", "")
    if prepared.owner:
        wanted = {prepared.owner, one.reporter, f"case:{prepared.number}" if prepared.number else ""}
        programme.vault().keys.data_keys(wanted - {""})
        if isinstance(one.reading, Parsed) and one.reading.contents:
            found = files.keep(home, one.reading, prepared.owner)
            prepared = Prepared(prepared.number, prepared.owner, found)
    try:
        with write.inside() as cursor:
            return deed(cursor, prepared)
    except filing.TakenBefore:
        raise Conflict(
            f"Somebody else decided mail {one.row.pk} at the same moment.", next="Look at it again."
        ) from None
