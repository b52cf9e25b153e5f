"""Many cases quickly: rows, first entries, titles and clocks as the actions would have written them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from forgeward.desk import programme
from forgeward.desk.actions import write
from forgeward.desk.models import CaseRow, ClockRow, NoticeRow
from forgeward.desk.rows import case_columns, clock_values
from forgeward.policy.clock import nearest
from forgeward.respond.clocks import clocks
from forgeward.respond.decision import Context, decide
from forgeward.respond.evolve import evolve
from forgeward.respond.signals import Receive
from forgeward.vocabulary import Actor
from tests.desk.web.house import NOW


def many(count: int, actor: Actor, at: datetime = NOW, **values: Any) -> list[CaseRow]:
    """``count`` reports from outside, an hour apart, each with its clocks and one mail in the outbox."""
    book = programme.policies()
    found = []
    with write.inside() as cursor:
        for i in range(count):
            then = at - timedelta(hours=i)
            number = f"FW-{i:06d}".replace("0", "A").replace("1", "B")
            command = Receive(**{"number": number, "title": f"Report {i}", "text": "Seen on staging."} | values)
            decision = decide(None, command, Context(actor, (), book, then))
            case = evolve(None, decision.changes[0], 1, then, actor.id)
            started = clocks(case, book, then)
            lead = nearest(started)
            columns = case_columns(case, lead, None)
            pk = write.insert_case(cursor, number, "", then, columns)
            write.write_entry(cursor, write.place_of(pk, number, ""), 1, then, decision.changes[0], actor.id)
            content = {"to": "a@example.net", "subject": "s", "body": "b"}
            letter = write.Letter(f"{number}:1:0", f"{number}:1", "receipt", f"case:{number}", content)
            write.write_letters(cursor, pk, [letter], then)
            for clock in started:
                keys = ("starts", "due", "original_due", "met", "missed_at", "state")
                row = dict(zip(keys, clock_values(clock), strict=True))
                ClockRow.objects.create(
                    case_id=pk, promise=clock.promise, regime=clock.regime, subject=clock.subject, **row
                )
            found.append(CaseRow.objects.get(pk=pk))
    assert NoticeRow.objects.count() == CaseRow.objects.count()
    return found
