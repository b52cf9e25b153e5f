"""Two hundred honest histories, each with its own luck: whatever a vendor may rightly do, the packs of it verify."""

from __future__ import annotations

import random

import pytest

from forgeward.ledger import entry, pack
from tests.ledger.world import Ledger, witness


def history(chance: random.Random) -> Ledger:
    """Cases side by side, keys that change (also twice at once), witnesses who come or not, people who are erased."""
    ledger = Ledger(witnesses=tuple(witness(f"w{n}.example", 100 + n) for n in range(chance.randrange(3))))
    ledger.add("", entry.POLICY_ADOPTED)
    seed = 1
    for _ in range(chance.choice([1, 5, 40, 255, 256, 300])):
        luck = chance.random()
        if luck < 0.03:
            for _ in range(chance.choice([1, 1, 2])):
                seed += 1
                ledger.rotate(seed)
        elif luck < 0.08:
            ledger.add("", "note:made")
        elif luck < 0.12:
            ledger.erase(chance.randrange(len(ledger.entries)))
        else:
            number = chance.randrange(5)
            texts = {"scope": f"seen {chance.random()}"} if chance.random() < 0.5 else {}
            ledger.add(f"FW-{'ABCDE'[number] * 6}", **texts)
    return ledger


def packs(ledger: Ledger, chance: random.Random, older: int) -> list[bytes]:
    """One of each kind that the history allows."""
    kinds = [item.encoded.partition(b'"kind":"')[2].partition(b'"')[0] for item in ledger.entries]
    always = {at for at, kind in enumerate(kinds) if kind in {b"policy:adopted", b"key:rotated"}}
    size = len(ledger.entries)
    made = [ledger.pack()]
    first = chance.randrange(size)
    scope = pack.Scope("since", "2026-03-02T09:00:00Z", first)
    made.append(ledger.pack(sorted({*range(first, size), *always}), scope, cuts=[older]))
    end = chance.randrange(first, size) + 1
    scope = pack.Scope("period", "/2026-03-02T09:00:00Z", first, end)
    made.append(ledger.pack(sorted({*range(first, end), *always}), scope, cuts=[older]))
    for case in ledger.numbers.keys() - {""}:
        indexes = {at for at, item in enumerate(ledger.entries) if case.encode() in item.encoded}
        made.append(ledger.pack(sorted(indexes | always), pack.Scope("case", case), cuts=[older]))
    if ledger.numbers.keys() - {""}:
        cases = {at for at, item in enumerate(ledger.entries) if b'"case":"FW-' in item.encoded}
        made.append(ledger.pack(sorted(cases | always), pack.Scope("app", "field-radar"), cuts=[older]))
    return made


@pytest.mark.parametrize("seed", range(200))
def test_an_honest_history_verifies(seed: int) -> None:
    """By any of the keys that were ever in turn, and for whoever holds any older checkpoint."""
    chance = random.Random(seed)
    ledger = history(chance)
    older = chance.randint(1, len(ledger.entries))
    known = chance.choice([ledger.signer, *(old for _, old in ledger.before)])
    for packed in packs(ledger, chance, older):
        report = ledger.verify(packed, ledger.checkpoint(older), str(known.key))
        assert report.ok, report.problems
        assert len(report.witnesses) == len(ledger.witnesses)
