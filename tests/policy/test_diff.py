"""Two policies side by side."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.policy import document
from forgeward.policy.clock import Bound, Course
from forgeward.policy.diff import Move, Turn, compare, moves
from forgeward.policy.targets import Target, parse_target
from tests.policy.texts import DEFAULT, changed, policy

OLD = policy()
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_the_same_policy_has_no_changes():
    """Neither has one that differs in comments and header only."""
    assert compare(OLD, OLD).changes == ()
    assert compare(OLD, OLD).text() == "The two policies promise the same."
    other = policy(("version: 1\n", "version: 2 # new\n"), ("effective: 2026-01-01", "effective: 2026-09-01"))
    assert compare(OLD, other).changes == ()


CHANGES = [
    # (old text, new text, about, turn, material, words)
    ("    critical: 7 days", "    critical: 5 days", "VM-5", Turn.TIGHTER, False, "5 days; it was 7 days"),
    ("    critical: 7 days", "    critical: 8 days", "VM-5", Turn.LOOSER, True, "8 days; it was 7 days"),
    ("    critical: 7 days", "    critical: 1 week", "VM-5", Turn.WORDING, False, "1 week; it was 7 days"),
    ("    critical: 7 days", "    critical: 5 business days", "VM-5", Turn.OTHERWISE, True, "5 business days"),
    ("acknowledge: 2 business days", "acknowledge: 24 hours", "IR-4", Turn.TIGHTER, False, "24 hours"),
    ("acknowledge: 2 business days", "acknowledge: 2 days", "IR-4", Turn.OTHERWISE, True, "2 days"),
    ("acknowledge: 2 business days", "acknowledge: 3 days", "IR-4", Turn.LOOSER, True, "3 days"),
    ("escalate: 4 business hours", "escalate: 4 hours", "O-1", Turn.TIGHTER, False, "4 hours"),
    ("low: next maintenance date", "low: 180 days", "VM-8", Turn.LOOSER, True, "180 days"),
    ("low: next maintenance date", "low: 61 days", "VM-8", Turn.OTHERWISE, True, "61 days"),
    ("    incident: 24 hours", "    incident: 48 hours", "MP-5", Turn.LOOSER, True, "48 hours"),
    ("    scopes: 3 months", "    scopes: 4 months", "TC-7", Turn.LOOSER, True, "4 months; it was 3 months"),
    ("    policy_triggered: 30 days", "    policy_triggered: 20 days", "PR-1", Turn.TIGHTER, False, "20 days"),
    ("We collect only what", "We gather only what", "P-3", Turn.WORDING, False, "other words"),
    ("This policy covers every", "This policy covers nearly every", "S-1", Turn.WORDING, True, "other words"),
    ("No third party processes", "Hardly a third party processes", "O-3", Turn.WORDING, True, "other words"),
    (
        "      - check: secrets\n",
        "      - check: secrets\n      - gate: release\n",
        "TC-8",
        Turn.NEW,
        False,
        "gate “release”",
    ),
    (
        "from: reported, to: acknowledged,",
        "from: reported, when: received, to: acknowledged,",
        "IR-4",
        Turn.OTHERWISE,
        True,
        "",
    ),
    ("severity: [unset, critical]}", "severity: [critical]}", "MP-1", Turn.LOOSER, True, "runs for critical"),
    ("severity: [critical], pauses: true", "severity: [critical]", "VM-5", Turn.TIGHTER, False, "can no longer pause"),
    (
        "within: confirm, pauses: true",
        "within: confirm, severity: [high], pauses: true",
        "VM-3",
        Turn.LOOSER,
        True,
        "every severity",
    ),
    (
        "triggers: [material_incident, platform_change]",
        "triggers: [material_incident]",
        "PR-1",
        Turn.LOOSER,
        True,
        "platform_change",
    ),
    ("title: Review logs and metrics", "title: Read logs", "TC-13", Turn.WORDING, False, "Read logs"),
    ("what: Encryption of stored data", "what: Encryption", "TC-5", Turn.WORDING, False, "described otherwise"),
    (
        "  critical: 9.0\n  high: 7.0\n  medium: 4.0\n\n",
        "  critical: 9.5\n  high: 7.0\n  medium: 4.0\n\n",
        "thresholds",
        Turn.LOOSER,
        True,
        "9.5; it began at 9.0",
    ),
    (
        "  critical: 9.0\n  high: 7.0\n  medium: 4.0\n\n",
        "  critical: 9.0\n  high: 6.0\n  medium: 4.0\n\n",
        "thresholds",
        Turn.TIGHTER,
        False,
        "6.0",
    ),
    ("[50, 80, 100]", "[80, 100]", "reminders", Turn.LOOSER, True, "80, 100 %"),
    ("[50, 80, 100]", "[25, 50, 80, 100]", "reminders", Turn.TIGHTER, False, "25, 50"),
    (
        "[security_lead, engineering, leadership]",
        "[security_lead, leadership]",
        "escalation",
        Turn.OTHERWISE,
        False,
        "",
    ),
    (
        "  subprocessors: []",
        "  subprocessors: [Cloud Ltd]",
        "vendor",
        Turn.LOOSER,
        True,
        "sub-processor “Cloud Ltd” is added",
    ),
    ("  apps: []", "  apps: [Field Radar]", "vendor", Turn.NEW, True, "app “Field Radar” is added"),
    (
        "    security: null",
        "    security: a@example.com",
        "vendor",
        Turn.OTHERWISE,
        True,
        "security contact is a@example.com",
    ),
    ('  zone: "Europe/London"', "  zone: UTC", "time", Turn.OTHERWISE, True, "UTC; it was Europe/London"),
    ("friday: 09:00-17:30", "friday: 09:00-12:30", "time", Turn.OTHERWISE, True, "other hours"),
    ("  holidays: []", "  holidays: [GB-ENG]", "time", Turn.LOOSER, True, "GB-ENG"),
    ("  closed: []", "  closed: [2026-12-28]", "time", Turn.WORDING, False, "Closed days"),
    ("first Tuesday every 3 months", "first Tuesday every 6 months", "time", Turn.OTHERWISE, True, "6 months"),
    ("    - An error message shows", "    - A message shows", "severity_examples", Turn.WORDING, False, "examples"),
    ("Forge data residency", "Data residency", "references", Turn.WORDING, False, "pages"),
    ("    title: EU Cyber Resilience Act", "    title: The CRA", "cra", Turn.WORDING, False, "title"),
    ("      - id: MP-5\n", "      - id: MP-9\n", "MP-5", Turn.GONE, True, "no longer counted"),
    ("      - id: MP-5\n", "      - id: MP-9\n", "MP-9", Turn.NEW, False, "counted too"),
    ("  - id: gdpr\n", "  - id: dsgvo\n", "gdpr", Turn.GONE, True, "no longer counted"),
    (
        "A security incident is reported to Atlassian promptly",
        "An incident is reported to Atlassian",
        "MP-5",
        Turn.WORDING,
        False,
        "",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "about", "turn", "material", "words"), CHANGES, ids=[c[1].strip()[:40] for c in CHANGES]
)
def test_a_change_is_said_in_words(old: str, new: str, about: str, turn: Turn, material: bool, words: str):
    """Each change names the promise, the direction, and whether it must be announced."""
    comparison = compare(OLD, document.load(changed((old, new))))
    found = [c for c in comparison.changes if (c.about, c.turn) == (about, turn)]
    assert found, comparison.text()
    assert words in found[0].words
    assert found[0].material is material
    if len(comparison.changes) == 1:
        assert comparison.material is material
    assert found[0].shape()["turn"] == turn.value
    assert comparison.text().count("\n") == len(comparison.changes)


def test_a_mechanism_that_is_gone_is_material():
    """And one more is not."""
    more = policy(("      - check: secrets\n", "      - check: secrets\n      - gate: release\n"))
    assert not compare(OLD, more).material
    back = compare(more, OLD)
    assert back.material
    assert back.changes[0].words == "No longer kept by the gate “release”."


def test_showing_less_is_material():
    """Staff only where it was public, and back."""
    hidden = policy(
        ("    shown: public\n    max_age: 2 days\n  - id: IR-3", "    shown: staff\n    max_age: 2 days\n  - id: IR-3")
    )
    assert compare(OLD, hidden).material
    assert not compare(hidden, OLD).material


def test_evidence_that_may_be_older_is_material():
    """A longer max_age loosens a promise without touching its sentence."""
    older = policy(("    max_age: 2 days\n  - id: IR-3", "    max_age: 9 days\n  - id: IR-3"))
    assert compare(OLD, older).changes[0].turn is Turn.LOOSER
    assert compare(older, OLD).changes[0].turn is Turn.TIGHTER


def test_a_renamed_figure_is_not_another_clock():
    """The clock is recognised by its facts; only the sentence's template changed."""
    text = DEFAULT.replace("targets.customers", "targets.affected").replace("within: customers", "within: affected")
    renamed = document.load(changed(("  customers: 72 hours", "  affected: 71 hours"), text=text))
    assert [(c.about, c.turn) for c in compare(OLD, renamed).changes] == [
        ("IR-11", Turn.WORDING),
        ("IR-11", Turn.TIGHTER),
    ]


def test_a_figure_that_two_obligations_use_is_named_at_both():
    """`cra.warn` stands in two clocks."""
    slower = policy(("    warn: 24 hours", "    warn: 30 hours"))
    assert [c.about for c in compare(OLD, slower).changes] == ["CRA-1", "CRA-2"]


FIGURES = st.builds(Target, st.integers(1, 60), st.sampled_from(list(parse_target("1 day").unit.__class__)))


@given(FIGURES, FIGURES)
def test_looser_one_way_is_never_looser_both_ways(a: Target, b: Target):
    """Whatever two figures are compared: there and back, at most one is looser, and none is silently lost."""
    from forgeward.policy.diff import _length

    there, back = list(_length("X", "", a, b)), list(_length("X", "", b, a))
    assert bool(there) == bool(back) == (a != b)
    turns = {d.turn for d in (*there, *back)}
    assert turns != {Turn.LOOSER}
    assert turns != {Turn.TIGHTER}
    assert all(d.material == (d.turn in {Turn.LOOSER, Turn.OTHERWISE}) for d in (*there, *back))


def course(target: str | None, promise: str = "VM-5", **more: object) -> Course:
    limit = Bound(parse_target(target), OLD.calendar) if target else None
    return Course(promise, "policy", NOW, ((NOW, limit),), **more)


def test_open_clocks_that_move_are_listed():
    """Earlier is tighter, later is looser; what stays is not listed."""
    before = [course("7 days"), course("14 days", "VM-6"), course("24 hours", "IR-5")]
    after = [course("5 days"), course("20 days", "VM-6"), course("24 hours", "IR-5")]
    found = moves(before, after, NOW)
    assert found == (
        Move("VM-5", "policy", "", NOW + timedelta(days=7), NOW + timedelta(days=5)),
        Move("VM-6", "policy", "", NOW + timedelta(days=14), NOW + timedelta(days=20)),
    )
    assert [m.turn for m in found] == [Turn.TIGHTER, Turn.LOOSER]


def test_clocks_that_begin_or_end_with_the_change_are_listed():
    """A new clock has no date before, a dropped one none after."""
    begins, ends = moves([], [course("7 days")], NOW), moves([course("7 days")], [course(None)], NOW)
    assert [m.turn for m in (*begins, *ends)] == [Turn.NEW, Turn.GONE]


def test_what_is_over_does_not_move():
    """Met and missed clocks keep their dates."""
    later = NOW + timedelta(days=30)
    met = [course(t, stopped=NOW + timedelta(days=1)) for t in ("7 days", "5 days")]
    assert moves(met[:1], met[1:], later) == ()
    missed = [course(t) for t in ("7 days", "5 days")]
    assert moves(missed[:1], missed[1:], later) == ()
