"""Laws of the decision: one root one case, nothing opens twice, nothing vanishes by an incomplete scan."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forgeward.prevent.findings import Grade
from forgeward.prevent.uploads.observation import Observation, Upload
from forgeward.prevent.uploads.plan import Asked, Known, Plan, State, plan, roots

places = st.sampled_from(["a:1", "a:2", "b:1", "c:9"])
observations = st.builds(
    Observation,
    fingerprint=st.text("0123456789abcdef", min_size=32, max_size=32),
    rule=st.sampled_from(["one", "two"]),
    level=st.sampled_from(list(Grade)),
    title=st.just("t"),
    message=st.just("m"),
    places=st.lists(places, max_size=2).map(tuple),
    suppressed=st.sampled_from([None, None, "public"]),
)
uploads = st.builds(
    Upload,
    tool=st.just("T"),
    complete=st.booleans(),
    observations=st.lists(observations, unique_by=lambda o: o.fingerprint, max_size=8).map(tuple),
)
asked = st.builds(
    Asked,
    branch=st.sampled_from(["main", "x"]),
    deployed=st.booleans(),
    opens_from=st.sampled_from([None, Grade.HIGH, Grade.LOW]),
    counts=st.booleans(),
)


def remembered(upload: Upload, decided: Plan, question: Asked) -> dict[str, list[Known]]:
    """What the desk knows after a decision: each root that opened has a case of its own number."""
    number = {one.fingerprint: f"FW-{at}" for at, root in enumerate(decided.opens) for one in root}
    rules = {one.fingerprint: one.rule for one in upload.observations}
    return {
        fingerprint: [
            Known(
                branch=question.branch,
                state=state,
                rule=rules[fingerprint],
                case=number.get(fingerprint, ""),
                counts=question.counts,
            )
        ]
        for fingerprint, state in decided.states.items()
    }


@given(st.lists(observations, unique_by=lambda o: o.fingerprint))
def test_roots_part_the_findings(listed: list[Observation]) -> None:
    """Each finding is in one root; two of one rule that share a place are in the same; two rules never are."""
    parts = roots(listed)
    assert sorted(o.fingerprint for part in parts for o in part) == sorted(o.fingerprint for o in listed)
    where = {o.fingerprint: at for at, part in enumerate(parts) for o in part}
    for a in listed:
        for b in listed:
            if a.rule == b.rule and set(a.places) & set(b.places):
                assert where[a.fingerprint] == where[b.fingerprint]
            if a.rule != b.rule:
                assert where[a.fingerprint] != where[b.fingerprint]


@given(uploads, asked)
def test_everything_told_has_a_state(upload: Upload, question: Asked) -> None:
    """Nothing is swallowed, and suppressed ones never open a case."""
    decided = plan(upload, {}, question)
    assert decided.states.keys() == {o.fingerprint for o in upload.observations}
    assert not any(o.suppressed for root in decided.opens for o in root)
    if question.opens_from is None or not (question.counts or question.deployed):
        assert decided.opens == ()


@given(uploads, asked)
def test_the_second_time_nothing_happens(upload: Upload, question: Asked) -> None:
    """The same upload over what the first one left: no case, no word, the same states."""
    first = plan(upload, {}, question)
    second = plan(upload, remembered(upload, first, question), question)
    assert (second.opens, second.joins, second.back, second.over) == ((), {}, {}, ())
    assert second.states == first.states


@given(uploads, asked, st.booleans())
def test_only_a_complete_scan_lets_anything_go(upload: Upload, question: Asked, complete: bool) -> None:
    """An empty upload changes states only where it is complete, and proposes to close only where production runs it."""
    known = remembered(upload, plan(upload, {}, question), question)
    decided = plan(Upload(tool="T", complete=complete, observations=()), known, question)
    if not complete:
        assert (decided.states, decided.over) == ({}, ())
    elif not question.deployed:
        assert set(decided.states.values()) <= {State.GONE}
        assert decided.over == ()
    else:
        assert set(decided.over) == {k.case for each in known.values() for k in each if k.case}
