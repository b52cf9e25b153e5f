"""The audit names what does not follow from history, each at its place, and nothing where all does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from forgeward.desk import guards
from forgeward.desk.actions import reclock, sequence
from forgeward.desk.actions.escalation import claim, wake
from forgeward.desk.models import (
    CaseRow,
    CaseViewer,
    CheckpointRow,
    ClockRow,
    Entry,
    Leaf,
    Pending,
    Person,
    PolicyVersion,
    SealedValues,
    TreeNode,
)
from forgeward.desk.programme import vault
from forgeward.desk.readers import audit
from forgeward.ledger import checkpoint
from tests.desk.policy_texts import adopt, changed
from tests.desk.tables import agrees, everything
from tests.desk.web.house import NOW, House
from tests.desk.web.story import fixing, opened, reported, step

LATER = NOW + timedelta(days=1)


def _problems(now: object = NOW) -> list[tuple[str, str]]:
    return [(p.where, p.what) for p in audit.examine(now, lambda _done, _total: None).problems]  # type: ignore[arg-type]


def _history(house: House) -> str:
    """A case with a story, one that is restricted, one that waits for its reporter; all numbered and signed."""
    number = fixing(house)
    secret = opened(house.hannah)
    step(secret, "restrict", house.dele, people=[f"person:{house.hannah.pk}"])
    waiting = reported(house.hannah)
    step(waiting, "pause", house.hannah, reason="A trace was asked for")
    sequence.sign_checkpoint(NOW)
    return number


# --- what agrees -----------------------------------------------------------------------------------------------------


def test_a_home_as_the_product_left_it_has_no_problem(house: House) -> None:
    """Counts are told as it goes, and nothing is written."""
    _history(house)
    seen: list[tuple[int, int]] = []
    before = everything()
    result = audit.examine(NOW, lambda done, total: seen.append((done, total)))
    assert (result.problems, result.cases, result.entries) == ([], 3, Entry.objects.count())
    assert seen[-1] == (result.entries, result.entries)
    assert everything() == before


def test_an_empty_ledger_agrees(db: None) -> None:
    assert _problems() == []


@pytest.mark.parametrize("days", [0, 1, 3, 60, 400])
def test_time_that_passed_without_a_worker_is_no_difference(house: House, days: int) -> None:
    """Clocks that ran out, marks that passed, a pause that lasts: the rows are old, not wrong."""
    _history(house)
    assert agrees(NOW + timedelta(days=days))


def test_a_woken_home_agrees_later_too(house: House) -> None:
    """After the worker looked, a day later and with a policy that changed meanwhile."""
    _history(house)
    for number in claim("test", LATER):
        wake(number, "test", LATER)
    adopt(changed(2, ("    high: 14 days\n", "    high: 9 days\n")), house.ines.actor(), LATER)
    reclock.open_cases(LATER, lambda _done, _total: None)
    assert agrees(LATER)
    assert agrees(LATER + timedelta(days=30))


def test_an_erased_person_is_no_difference(house: House) -> None:
    """Their texts do not open any more; the digests in the ledger stay."""
    number = reported(house.hannah, reporter_name="Gone", reporter_address="gone@example.net")
    vault().keys.destroy(CaseRow.objects.get(number=number).reporter, NOW)
    assert agrees(NOW)


def test_an_adoption_that_was_not_followed_is_named(house: House) -> None:
    """Until re-clocking is done, the rows say what the old policy gave; the worker does it."""
    number = fixing(house)
    adopt(changed(2, ("    high: 14 days\n", "    high: 9 days\n")), house.ines.actor(), LATER)
    assert {where for where, _ in _problems(LATER)} == {f"{number} clock VM-6", number}


# --- what was tampered with ------------------------------------------------------------------------------------------

Harm = Callable[[str], object]


def _raw(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))


def _entry(number: str, seq: int = 2) -> Entry:
    return Entry.objects.get(case__number=number, seq=seq)


def _swap(entry: Entry, old: bytes, new: bytes) -> None:
    body = bytes(entry.body)
    assert old in body
    Entry.objects.filter(pk=entry.pk).update(body=body.replace(old, new))


def _drop_entry(number: str) -> None:
    entry = _entry(number, 3)
    Leaf.objects.filter(entry=entry).delete()
    Pending.objects.filter(entry=entry).delete()
    SealedValues.objects.filter(entry=entry).delete()
    Entry.objects.filter(pk=entry.pk).delete()


def _sign_otherwise(number: str) -> None:
    """A checkpoint for another tree, signed by the home's own key: whoever has the key still cannot rewrite."""
    row = CheckpointRow.objects.get()
    signer = vault().keys.note_signer()
    note = checkpoint.sign(checkpoint.Checkpoint(signer.key.name, row.size, b"\1" * 32), signer)
    CheckpointRow.objects.update(note=note)


def _give_role(number: str) -> None:
    ada = Person.objects.get(email="ada@example.com")
    Group.objects.get(name="security_lead").user_set.add(ada)  # type: ignore[attr-defined]


def _case(number: str, **values: object) -> None:
    CaseRow.objects.filter(number=number).update(**values)


HARMS: dict[str, tuple[Harm, str]] = {
    "a byte of an entry": (lambda n: _swap(_entry(n), b"case:", b"casf:"), "bytes are not those that were hashed"),
    "bytes that do not read": (lambda n: Entry.objects.filter(pk=_entry(n).pk).update(body=b"{"), "do not read"),
    "who did it": (
        lambda n: Entry.objects.filter(pk=_entry(n).pk).update(actor="person:999999"),
        "the row's actor is person:999999",
    ),
    "when it happened": (lambda n: Entry.objects.filter(pk=_entry(n).pk).update(at=NOW), "the row's instant"),
    "what happened": (lambda n: Entry.objects.filter(pk=_entry(n).pk).update(kind="case:noted"), "the row's kind"),
    "an entry that is gone": (_drop_entry, "number 3 is missing"),
    "a leaf that is gone": (lambda n: Leaf.objects.filter(entry=_entry(n)).delete(), "is missing from the tree"),
    "the last leaf": (lambda n: Leaf.objects.order_by("-index")[0].delete(), "has no place in the tree"),
    "a node's hash": (
        lambda n: TreeNode.objects.filter(level=1, index=0).update(digest=b"x" * 32),
        "node (1, 0) differs",
    ),
    "a node too many": (lambda n: TreeNode.objects.create(level=9, index=9, digest=b"x"), "nodes, its leaves give"),
    "a sealed text that is gone": (
        lambda n: SealedValues.objects.filter(entry=_entry(n)).delete(),
        "is gone, although nobody",
    ),
    "sealed texts of another entry": (
        lambda n: SealedValues.objects.filter(entry=_entry(n, 4)).update(
            blob=SealedValues.objects.get(entry=_entry(n, 7)).blob
        ),
        "they were altered",
    ),
    "a checkpoint's root": (lambda n: CheckpointRow.objects.update(root=b"x" * 32), "root is not the tree's"),
    "a checkpoint's note": (lambda n: CheckpointRow.objects.update(note="nothing"), "does not verify"),
    "a checkpoint for another tree": (_sign_otherwise, "root is not the tree's"),
    "a checkpoint for a larger tree": (lambda n: CheckpointRow.objects.update(size=10_000), "covers more entries"),
    "a state": (lambda n: _case(n, state="closed"), "the row's state is 'closed'"),
    "a level": (lambda n: _case(n, level="low"), "the row's level is 'low'"),
    "the whole state": (
        lambda n: _case(n, state_json=CaseRow.objects.exclude(number=n)[0].state_json),
        "stored case is not what its history",
    ),
    "an owner": (lambda n: _case(n, owner=None), "the row's owner_id is None"),
    "a restriction that is lifted": (
        lambda n: CaseRow.objects.update(restricted=False),
        "the row's restricted is False",
    ),
    "one who made themselves a viewer": (
        lambda n: CaseViewer.objects.create(
            case=CaseRow.objects.get(restricted=True), person=Person.objects.order_by("pk")[0]
        ),
        "the row's viewers are",
    ),
    "a wake-up that is gone": (lambda n: _case(n, wake_at=None), "the row's wake-up is None"),
    "a wake-up put off": (lambda n: _case(n, wake_at=NOW + timedelta(days=90)), "the row's wake-up is"),
    "a deadline put off in lists": (
        lambda n: _case(n, next_due=NOW + timedelta(days=90)),
        "the row's next deadline is",
    ),
    "an opening": (lambda n: _case(n, opened_at=NOW), "the row's opened_at is"),
    "a clock's due date": (
        lambda n: ClockRow.objects.filter(case__number=n, promise="VM-6").update(due=NOW + timedelta(days=90)),
        "the row says",
    ),
    "a miss that was mended": (
        lambda n: ClockRow.objects.filter(case__number=n, promise="IR-4").update(missed_at=NOW),
        "the row says",
    ),
    "a clock that is gone": (lambda n: ClockRow.objects.filter(promise="VM-6").delete(), "is missing"),
    "a clock too many": (
        lambda n: ClockRow.objects.create(
            case=CaseRow.objects.get(number=n), promise="IR-14", regime="policy", starts=NOW, state="met"
        ),
        "should not be",
    ),
    "a policy's text": (lambda n: PolicyVersion.objects.update(text="version: 1"), "not the one that was adopted"),
    "a policy's instant": (
        lambda n: PolicyVersion.objects.update(adopted_at=NOW - LATER.resolution),
        "at their instants",
    ),
    "a role that nobody gave": (_give_role, "holds the roles ['auditor', 'security_lead'], was given ['auditor']"),
    "a case without a history": (
        lambda n: CaseRow.objects.create(
            number="FW-222222",
            kind="event",
            state="received",
            opened_at=NOW,
            changed_at=NOW,
            version=1,
            state_json=b"{}",
        ),
        "without a history",
    ),
}


@pytest.mark.parametrize("what", HARMS)
def test_whatever_was_changed_behind_its_back_is_named(house: House, what: str) -> None:
    """One changed value in one table of a home with a history: the audit says which."""
    number = _history(house)
    assert agrees(NOW)
    harm, named = HARMS[what]
    guards.remove()  # as whoever holds the file can
    harm(number)
    found = _problems()
    assert any(named in text for _, text in found), found


def test_a_change_of_one_case_is_told_of_that_case_only(house: House) -> None:
    """What is sound is not named: the problem's place is the place of the harm."""
    number = _history(house)
    CaseRow.objects.filter(number=number).update(level="low")
    assert _problems() == [(number, "the row's level is 'low', its history gives 'high'")]
