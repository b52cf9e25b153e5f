"""Re-clocking 100,000 open cases after a policy change on SQLite, and the longest time a write lock was held.

The floor reads and decodes the same cases and writes nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter

from bench.house import NOW, house
from bench.report import Figure

CASES = 100_000
TEMPLATES = 50


def run(count: int = CASES) -> list[Figure]:
    """Seconds for all cases, with the new policy's fix figures in force."""
    with house():
        _many(count)
        from forgeward.desk import programme
        from forgeward.desk.actions import policies, reclock, write
        from forgeward.desk.models import CaseRow, Person
        from forgeward.desk.rows import decode_case
        from forgeward.policy.defaults import default_policy_text

        lead = Person.objects.get(email="ines@bench.example").actor()
        text = default_policy_text("Bench", NOW.date(), "Europe/London")
        changed = text.replace("version: 1", "version: 2", 1).replace("medium: 60 days", "medium: 50 days", 1)
        assert changed.count("50 days") > text.count("50 days"), "the default policy's figure has another form now"
        policies.adopt(policies.propose(changed, lead, NOW), lead, NOW + timedelta(seconds=1))
        programme.policies()
        began = perf_counter()
        for state in CaseRow.objects.values_list("state_json", flat=True).iterator(chunk_size=1000):
            decode_case(bytes(state))
        floor = perf_counter() - began
        held: list[float] = []
        inside = write.inside

        @contextmanager
        def timed():  # type: ignore[no-untyped-def]
            with inside() as cursor:
                start = perf_counter()
                yield cursor
            held.append(perf_counter() - start)

        write.inside = timed  # type: ignore[assignment]
        try:
            began = perf_counter()
            moved = reclock.open_cases(NOW + timedelta(seconds=2), lambda _done, _total: None)
            spent = perf_counter() - began
        finally:
            write.inside = inside
    assert moved == count
    return [
        Figure(
            part="reclock",
            what=f"Re-clocking {count:,} open cases after a policy change",
            figure=f"{spent:.1f} s, longest write lock {max(held) * 1000:.0f} ms",
            floor=f"reading and decoding them: {floor:.1f} s",
            ratio=spent / floor,
            goal="≤ 10 s, no lock > 300 ms",
        )
    ]


def _many(count: int) -> None:
    """Cases made by the real actions, then copied as rows: what re-clocking reads is the same."""
    from django.db import connection, transaction

    from forgeward.desk.actions import cases, write
    from forgeward.desk.models import CaseRow, Person
    from forgeward.respond.parse import parse

    lead = Person.objects.get(email="ines@bench.example").actor()
    assess = {
        "scope": "One resolver", "impact": "Reading", "affected": "All sites", "exploitability": "Easy",
        "vector": "CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:U/C:L/I:L/A:N",
    }  # fmt: skip
    confirm = {"environment": "Own site", "reproduction": "As reported", "versions": "1.0.0"}
    for n in range(TEMPLATES):
        at = NOW - timedelta(hours=12 * (TEMPLATES - n))
        number = cases.open_case(parse("receive", {"title": "Case", "text": "Seen"}), lead, at).number
        cases.perform(number, parse("assess", assess), lead, at + timedelta(hours=2))
        cases.perform(number, parse("confirm", confirm), lead, at + timedelta(hours=4))
    columns = ", ".join(("reporter", "opened_at", "reminded_at", "lease_owner", *write.CASE_COLUMNS))
    clocks = "promise, regime, subject, starts, due, original_due, met, missed_at, state"
    with transaction.atomic(), connection.cursor() as cursor:
        templates = list(CaseRow.objects.values_list("pk", flat=True))
        for n in range(count - len(templates)):
            cursor.execute(
                f"INSERT INTO desk_caserow (number, {columns}) SELECT %s, {columns} FROM desk_caserow WHERE id = %s",
                [f"FX-{n:07d}", templates[n % len(templates)]],
            )
            cursor.execute(
                f"INSERT INTO desk_clockrow (case_id, {clocks})"
                f" SELECT %s, {clocks} FROM desk_clockrow WHERE case_id = %s",
                [cursor.lastrowid, templates[n % len(templates)]],
            )


if __name__ == "__main__":
    print(*run(), sep="\n")
