"""A policy is proposed by somebody who works here, adopted by whoever may, and each adoption is the next version."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forgeward.desk import programme
from forgeward.desk.actions import policies
from forgeward.desk.models import Entry, PolicyVersion
from forgeward.errors import AnswerIsNo, BadInput, ClockWentBack, ForgewardError, NotAllowed, PolicyInvalid
from forgeward.ledger.entry import decode
from tests.desk.policy_texts import FIRST, adopt, changed
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, SYSTEM, House

SECOND = changed(2, ("acknowledge: 2 business days", "acknowledge: 1 business days"))
LATER = NOW + timedelta(hours=1)


def test_a_proposal_is_stored_and_changes_nothing(house: House) -> None:
    """It stands beside the policy in force, with its digest in the ledger, until somebody adopts it."""
    before = programme.policies()
    row = policies.propose(SECOND, house.hannah.actor(), LATER)
    assert (row.version, row.adopted_at, row.proposed_by_id) == (None, None, house.hannah.pk)
    assert programme.policies() is before
    entry = Entry.objects.get(kind="policy:proposed", actor=f"person:{house.hannah.pk}")
    assert decode(bytes(entry.body)).data == {"version": 2, "digest": row.digest}
    assert agrees(LATER)


@pytest.mark.parametrize("who", ["ines", "dele"])
def test_an_adopted_policy_is_in_force_from_then_on(house: House, who: str) -> None:
    """Its digest enters the ledger; what was in force before stays known for its time."""
    actor = getattr(house, who).actor()
    policy = adopt(SECOND, actor, LATER)
    book = programme.policies()
    assert (book.at(LATER).version, book.at(LATER - timedelta(seconds=1)).version) == (2, 1)
    entry = Entry.objects.filter(kind="policy:adopted").order_by("-id")[0]
    data = {"version": 2, "digest": policy.digest, "effective": "2026-01-01"}
    assert (decode(bytes(entry.body)).data, entry.actor, entry.at) == (data, actor.id, LATER)
    assert agrees(LATER)


def test_a_later_effective_date_is_when_it_begins(house: House) -> None:
    """Adopted today, in force from midnight of its date in the policy's zone."""
    adopt(changed(2, ("effective: 2026-01-01", "effective: 2026-12-24")), house.ines.actor(), LATER)
    book = programme.policies()
    midnight = datetime(2026, 12, 24, tzinfo=UTC)
    assert [book.at(at).version for at in (LATER, midnight - timedelta(seconds=1), midnight)] == [1, 1, 2]
    assert book.latest.version == 2
    assert agrees(LATER)


def test_versions_may_skip_but_never_go_back(house: House) -> None:
    """Version 7 may follow 1; 7 again, with other words, or 3 may not follow 7."""
    adopt(changed(7), house.ines.actor(), LATER)
    for version in (7, 3):
        again = changed(version, ("review: 10 business days", "review: 9 business days"))
        row = policies.propose(again, house.ines.actor(), LATER)
        with untouched(), pytest.raises(BadInput, match="in force is version 7") as refusal:
            policies.adopt(row, house.ines.actor(), LATER)
        assert "version: 8" in refusal.value.next


@pytest.mark.parametrize("who", ["tomasz", "hannah", "ada", "nobody"])
def test_adopting_is_for_lead_and_leadership(house: House, who: str) -> None:
    row = policies.propose(SECOND, house.ines.actor(), LATER)
    with untouched(), pytest.raises(NotAllowed, match="Security Lead or Leadership"):
        policies.adopt(row, getattr(house, who).actor(), LATER)


@pytest.mark.parametrize("who", ["ada", "nobody"])
def test_who_does_not_work_here_proposes_nothing(house: House, who: str) -> None:
    """An auditor looks; somebody without a role does not even that."""
    with untouched(), pytest.raises(NotAllowed):
        policies.propose(SECOND, getattr(house, who).actor(), LATER)


def test_the_policy_in_force_is_not_adopted_again(house: House) -> None:
    """Neither the same proposal nor another with the same bytes."""
    first = policies.propose(SECOND, house.ines.actor(), LATER)
    twin = policies.propose(SECOND, house.hannah.actor(), LATER)
    policies.adopt(first, house.ines.actor(), LATER)
    for row in (first, PolicyVersion.objects.get(pk=first.pk), twin):
        with untouched(), pytest.raises(AnswerIsNo, match="in force already"):
            policies.adopt(row, house.ines.actor(), LATER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", PolicyInvalid),
        ("schema: forgeward/policy/1\n", PolicyInvalid),
        (FIRST.replace("acknowledge: 2 business days", "acknowledge: soon"), PolicyInvalid),
        (FIRST + "\nsurprise: yes\n", PolicyInvalid),
    ],
)
def test_a_document_with_problems_is_not_even_proposed(house: House, text: str, expected: type[ForgewardError]) -> None:
    with untouched(), pytest.raises(expected):
        policies.propose(text, house.ines.actor(), LATER)


def test_a_clock_that_was_set_back_adopts_nothing(house: House) -> None:
    row = policies.propose(SECOND, house.ines.actor(), LATER)
    with untouched(), pytest.raises(ClockWentBack):
        policies.adopt(row, house.ines.actor(), NOW)


def test_a_refused_adoption_leaves_the_proposal_open(house: House) -> None:
    """Somebody who may adopts the same row afterwards."""
    row = policies.propose(SECOND, house.ines.actor(), LATER)
    with pytest.raises(NotAllowed):
        policies.adopt(row, house.tomasz.actor(), LATER)
    assert policies.adopt(PolicyVersion.objects.get(pk=row.pk), SYSTEM, LATER).version == 2
    assert agrees(LATER)
