"""What a policy document may say, and what is said about one that is wrong."""

import hashlib
import re
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgeward.errors import PolicyInvalid
from forgeward.policy import document, names
from forgeward.policy.model import ClockRule
from forgeward.policy.targets import parse_target
from forgeward.respond import commands
from forgeward.vocabulary import Fact, Severity
from tests.policy.texts import DEFAULT, changed, line_of, policy

IR_4 = "      - clock: {from: reported, to: acknowledged, within: acknowledge}\n"


def the_only(text: str) -> tuple[int, str]:
    """Line and words of the one problem that a text has."""
    problems = document.check(text, "p.yaml")
    assert len(problems) == 1, "\n".join(map(str, problems))
    name, line = problems[0].where.split(":")
    assert name == "p.yaml"
    return int(line), problems[0].what


def test_the_default_policy_is_whole():
    """The default document has no problem, all 63 promises in their order, and the SHA-256 of its bytes."""
    assert document.check(DEFAULT) == []
    loaded = document.load(DEFAULT)
    assert len(names.PROMISES) == 63
    assert [p.id for p in loaded.promises] == list(names.PROMISES)
    assert loaded.digest == hashlib.sha256(DEFAULT.encode()).hexdigest()
    assert loaded.vendor.name == "Lattice & Loom"
    assert loaded.effective == date(2026, 1, 1)
    assert loaded.calendar.spec.zone == "Europe/London"


CLOCKS = [  # mission.md, "The clocks, exactly"
    ("IR-4", Fact.REPORTED, Fact.ACKNOWLEDGED, "2 business days", ""),
    ("IR-5", Fact.RECEIVED, Fact.ASSESSED, "24 hours", "unset critical high"),
    ("IR-7", Fact.URGENT, Fact.CONTAINED, "4 hours", "critical high"),
    ("VM-3", Fact.RECEIVED, Fact.CONFIRMED, "5 business days", ""),
    ("VM-5", Fact.CONFIRMED, Fact.SHIPPED, "7 days", "critical"),
    ("VM-6", Fact.CONFIRMED, Fact.SHIPPED, "14 days", "high"),
    ("VM-7", Fact.CONFIRMED, Fact.PLANNED, "30 days", "medium"),
    ("VM-7", Fact.CONFIRMED, Fact.SHIPPED, "60 days", "medium"),
    ("VM-8", Fact.CONFIRMED, Fact.SHIPPED, "next maintenance date", "low"),
    ("IR-11", Fact.DECLARED, Fact.JUDGED, "24 hours", ""),
    ("IR-11", Fact.MATERIAL, Fact.CUSTOMERS_TOLD, "72 hours", ""),
    ("IR-12", Fact.MATERIAL, Fact.ATLASSIAN_TOLD, "24 hours", ""),
    ("IR-13", Fact.CUSTOMERS_TOLD, Fact.UPDATED, "2 business days", ""),
    ("IR-14", Fact.RECOVERED, Fact.REVIEWED, "10 business days", ""),
    ("IR-15", Fact.ACTION_AGREED, Fact.ACTION_VERIFIED, "own", ""),
    ("PR-3", Fact.CHANGE_ADOPTED, Fact.CHANGE_ANNOUNCED, "own", ""),
    ("O-1", Fact.ESCALATED, Fact.ESCALATION_CONFIRMED, "4 business hours", ""),
    ("S-2", Fact.BROKE_GLASS, Fact.GLASS_REVIEWED, "2 business days", ""),
    ("MP-1", Fact.AMS_REPORTED, Fact.SHIPPED, "10 days", "unset critical"),
    ("MP-2", Fact.AMS_REPORTED, Fact.SHIPPED, "4 weeks", "high"),
    ("MP-3", Fact.AMS_REPORTED, Fact.SHIPPED, "12 weeks", "medium"),
    ("MP-4", Fact.AMS_REPORTED, Fact.SHIPPED, "25 weeks", "low"),
    ("MP-5", Fact.DECLARED, Fact.ATLASSIAN_TOLD, "24 hours", ""),
    ("CRA-1", Fact.CRA_EXPLOITED, Fact.CRA_WARNED, "24 hours", ""),
    ("CRA-2", Fact.CRA_SEVERE, Fact.CRA_WARNED, "24 hours", ""),
    ("CRA-3", Fact.CRA_EXPLOITED, Fact.CRA_NOTIFIED, "72 hours", ""),
    ("CRA-4", Fact.CRA_SEVERE, Fact.CRA_NOTIFIED, "72 hours", ""),
    ("CRA-5", Fact.SHIPPED, Fact.CRA_FINAL, "14 days", ""),
    ("CRA-6", Fact.CRA_NOTIFIED, Fact.CRA_FINAL, "1 month", ""),
    ("CRA-7", Fact.CRA_EXPLOITED, Fact.CUSTOMERS_TOLD, "72 hours", ""),
    ("CRA-8", Fact.CRA_SEVERE, Fact.CUSTOMERS_TOLD, "72 hours", ""),
    ("GDPR-33", Fact.GDPR_APPLIES, Fact.GDPR_TOLD, "72 hours", ""),
]


def test_the_default_policy_has_exactly_the_clocks_of_the_mission():
    """Each clock's facts, figure and severities are those of the table; there is no clock beside."""
    found = {
        (at.promise, at.rule.starts, at.rule.stops, str(at.rule.target or "own"), at.rule.severity)
        for at in document.load(DEFAULT).rules()
    }
    assert found == {(*rest, frozenset(levels.split())) for *rest, levels in CLOCKS}


def test_only_clocks_that_wait_for_the_reporter_pause():
    """Answering, containing and telling never pause, nor does any regime's clock."""
    pausing = {(at.promise, at.regime) for at in document.load(DEFAULT).rules() if at.rule.pauses}
    assert pausing == {(id, "policy") for id in ("IR-5", "VM-3", "VM-5", "VM-6", "VM-7", "VM-8")}


def test_updates_repeat_until_the_final_notice():
    """IR-13 counts from each update to the next."""
    rule = document.load(DEFAULT).promise("IR-13").clocks[0]
    assert (rule.repeats, rule.until) == (Fact.UPDATED, Fact.FINAL_NOTICE)


def test_final_reports_under_the_cra_wait_for_a_second_fact():
    """A fix or a notification starts the final report's clock only where the law was found to apply."""
    when = {o.id: o.clock.when for o in document.load(DEFAULT).regime("cra").obligations}
    assert when["CRA-5"] is Fact.CRA_EXPLOITED
    assert when["CRA-6"] is Fact.CRA_SEVERE
    assert when["CRA-1"] is None


def test_the_policy_is_reviewed_each_year_and_after_a_trigger():
    """PR-1: 1 year, or 30 days after a material incident or a platform change."""
    duty = document.load(DEFAULT).promise("PR-1").kept_by[0]
    assert (duty.every, duty.triggered_within) == (parse_target("1 year"), parse_target("30 days"))
    assert duty.triggers == ("material_incident", "platform_change")


def test_every_step_of_a_case_can_be_a_gate():
    """No command is unknown to the policy, so that a gate can name any of them."""
    tags = {cls.__struct_config__.tag for cls in vars(commands).values() if hasattr(cls, "__struct_config__")}
    assert {tag for tag in tags if isinstance(tag, str) and tag.islower()} <= names.STEPS.keys()


def test_thresholds_give_the_level_of_a_score():
    """A level begins at its threshold exactly; floats and decimals agree."""
    thresholds = document.load(DEFAULT).thresholds
    levels = [thresholds.level(score) for score in (10.0, 9.0, 8.9, 7.0, 6.9, 4.0, 3.9, 0.0)]
    words = "critical critical high high medium medium low low"
    assert levels == [Severity(word) for word in words.split()]


def test_a_clock_knows_for_which_severity_it_runs():
    """Without a list it runs for all; `unset` means that none is confirmed yet."""
    loaded = document.load(DEFAULT)
    assess, update = loaded.promise("IR-5").clocks[0], loaded.promise("IR-13").clocks[0]
    assert [assess.runs_for(s) for s in (None, Severity.HIGH, Severity.LOW)] == [True, True, False]
    assert update.runs_for(None)
    assert update.runs_for(Severity.LOW)


def test_load_raises_what_check_finds():
    """`load` refuses with every problem, each with file and line."""
    text = changed(("  acknowledge: 2 business days", "  acknowledge: 0 days"), ("version: 1", "version: one"))
    with pytest.raises(PolicyInvalid) as raised:
        document.load(text, "mine.yaml")
    assert list(raised.value.problems) == document.check(text, "mine.yaml")
    assert str(raised.value).splitlines()[0] == "mine.yaml:7: “one” is not a whole number of at least 1."


WRONG = [
    # (what stands in the default, what stands instead, where the problem is, words that it has)
    ("targets:\n", "targtes:\n", "targtes:", "Did you mean “targets”?"),
    ("  contacts:\n", "  contcats:\n", "contcats:", "Did you mean “contacts”?"),
    ("version: 1\n", "version: 0\n", "version: 0", "whole number of at least 1"),
    ("effective: 2026-01-01", "effective: 2026-02-30", "effective", "is not a date"),
    ("effective: 2026-01-01", "effective: soon", "effective", "Write it like 2026-05-05"),
    ('  zone: "Europe/London"', "  zone: Europe/Lundon", "  zone:", "Europe/Lundon"),
    ("  holidays: []", "  holidays: [Atlantis]", "  holidays:", "Atlantis"),
    ("monday: 09:00-17:30", "monday: 17:30-09:00", "monday:", "must follow each other"),
    ("monday: 09:00-17:30", "mondy: 09:00-17:30", "mondy:", "Did you mean “monday”?"),
    ("  closed: []", "  closed: [24 December]", "  closed:", "is not a date"),
    ("  half_days: {}", '  half_days: {2026-12-31: "25:00"}', "  half_days:", "25:00"),
    ("first Tuesday every 3 months", "now and then", "  maintenance:", "now and then"),
    ("  customers: 72 hours", "  customers: -72 hours", "  customers:", "leaves no time"),
    ("  customers: 72 hours", "  customers: 0 hours", "  customers:", "leaves no time"),
    ("  customers: 72 hours", "  customers: quickly", "  customers:", "is not a length of time"),
    ("    high: 14 days", "    high: 61 days", "    high: 61 days", "high would be slower than medium"),
    ("    critical: 7 days", "    critical: 15 days", "    critical: 15 days", "critical would be slower than high"),
    ("    high: 4 weeks", "    high: 13 weeks", "    high: 13 weeks", "high would be slower than medium"),
    ("    medium: 30 days", "    medium: 61 days", "    medium: 61 days", "the plan would be later"),
    ("  judge: 24 hours", "  judge: 24 hours\n  spare: 3 days", "  spare:", "is used by no promise"),
    ("  high: 7.0\n  medium: 4.0\n\n", "  high: 9.1\n  medium: 4.0\n\n", "thresholds:", "Thresholds must fall"),
    ("  high: 7.0\n  medium: 4.0\n\n", "  high: 7.0\n  medium: 11\n\n", "  medium: 11", "is not a CVSS score"),
    ("[50, 80, 100]", "[80, 50, 100]", "reminders:", "ascending"),
    ("[50, 80, 100]", "[50, 80, 150]", "reminders:", "up to 100"),
    ("[security_lead, engineering, leadership]", "[security_lead, boss]", "escalation:", "“boss” is not a role"),
    ("[security_lead, engineering, leadership]", "[]", "escalation:", "at least one role"),
    ("  - id: VM-11\n", "  - id: VM-12\n", None, "There is no promise “VM-12”. Did you mean “VM-"),
    ("  - id: VM-11\n", "  - id: VM-10\n", None, "VM-10 stands twice"),
    ("from: reported,", "from: reportd,", "from: reportd", "Did you mean “reported”?"),
    ("severity: [critical, high]}", "severity: [critical, hihg]}", "hihg", "Did you mean “high”?"),
    ("within: acknowledge}", "within: acknowledg}", "within: acknowledg}", "Did you mean “acknowledge”?"),
    ("gate: contain", "gate: contian", "gate: contian", "Did you mean “contain”?"),
    ("check: intake_canary", "check: intake_canari", "check: intake_canari", "Did you mean “intake_canary”?"),
    ("record: egress", "record: egres", "record: egres", "Did you mean “egress”?"),
    (IR_4, "      - record: sources\n", "- id: IR-4", "IR-4 must be kept by a clock"),
    (IR_4, "", None, "Nothing keeps IR-4"),
    (IR_4, IR_4 * 2, "- id: IR-4", "twice"),
    ("to: acknowledged,", "to: assessed,", "- id: IR-4", "a clock from reported to acknowledged"),
    (
        "to: acknowledged, within: acknowledge}",
        "to: acknowledged, within: own}",
        "to: acknowledged",
        "no date of its own",
    ),
    (
        "to: action_verified, within: own",
        "to: action_verified, within: judge",
        "within: judge}\n      - gate: verify",
        "own",
    ),
    ("to: acknowledged, within", "to: acknowledged, pauses: true, within", "to: acknowledged", "cannot pause"),
    ("to: gdpr_told, within", "to: gdpr_told, pauses: true, within", "to: gdpr_told", "“gdpr” never pauses"),
    ("repeats: updated, until: final_notice", "repeats: updated", "repeats: updated", "go together"),
    ("repeats: updated,", "repeats: judged,", "repeats: judged", "starts again at what stops it"),
    ("from: reported, to: acknowledged", "from: acknowledged, to: acknowledged", "from: acknowledged", "same fact"),
    ("severity: [high], pauses", "severity: [high, low], pauses", "severity: [high, low]", "runs for high"),
    ("outside within {{ targets.acknowledge }}.", "outside within 2 business days.", None, "written by hand"),
    ("{{ targets.acknowledge }}.", "{{ targets.acknowledge }} or 3 tries.", None, "“3” is written by hand"),
    ("We collect only what", "Within two weeks we collect only what", None, "“two weeks” is written by hand"),
    ("{{ targets.acknowledge }}.", "{{ targets.acknowlege }}.", None, "Did you mean “targets.acknowledge”?"),
    ("{{ targets.acknowledge }}.", "{{ targets.acknowledge }.", None, "Double braces that hold no name"),
    ("title: Reports are acknowledged", "title: Answered in 2 days", None, "figures belong into the sentence"),
    (
        "We collect only what",
        "Within {{ targets.judge }} we collect only what",
        None,
        "none of its mechanisms counts it",
    ),
    ("title: Train engineers in secure", "titel: Train engineers in secure", "titel:", "Did you mean “title”?"),
    ("owner: engineering", "owner: engineer", "owner: engineer", "Did you mean “engineering”?"),
    (
        "    max_age: 13 months\n  - id: O-3",
        "    max_age: 11 months\n  - id: O-3",
        None,
        "evidence counts for 11 months only",
    ),
    ("    max_age: 13 months\n  - id: O-3", "    max_age: 9 business days\n  - id: O-3", None, "is no age"),
    ("triggers: [material_incident,", "triggers: [moon,", "triggers:", "“moon” is not a trigger"),
    ("  - id: gdpr\n", "  - id: policy\n", "  - id: policy", "cannot be a regime's id"),
    ("      - id: CRA-8\n", "      - id: CRA-7\n", None, "cannot be an obligation's id"),
    ("  critical:\n    - Somebody", "  critical: []\n  hihg:\n    - Somebody", "  hihg:", "Did you mean “high”?"),
    ('url: "https://www.atlassian.com/trust"', "url: ftp://example.com", "url: ftp", "is not an https address"),
    ("    security: null", "    security: somewhere", "    security:", "is not a mail address"),
    (
        "    shown: public\n    max_age: 2 days\n  - id: IR-3",
        "    shown: nobody\n    max_age: 2 days\n  - id: IR-3",
        None,
        "“nobody”",
    ),
]


@pytest.mark.parametrize(("old", "new", "where", "words"), WRONG, ids=[row[1].strip()[:40] for row in WRONG])
def test_check_names_line_and_fault(old: str, new: str, where: str | None, words: str):
    """Each fault is reported once or more, on its line, in words that say what is wrong."""
    text = changed((old, new))
    problems = [p for p in document.check(text, "p.yaml") if words in p.what]
    assert problems, "\n".join(map(str, document.check(text))) or "no problem"
    if where is not None:
        assert f"p.yaml:{line_of(text, where)}" in {p.where for p in problems}
    assert all(re.fullmatch(r"p\.yaml:\d+", p.where) for p in problems)


def test_a_missing_promise_is_named():
    """Without its entry a promise is reported by id, where the promises begin."""
    a, b = DEFAULT.index("  - id: TC-5\n"), DEFAULT.index("  - id: TC-6\n")
    text = DEFAULT[:a] + DEFAULT[b:]
    assert the_only(text) == (line_of(text, "promises:"), "The promise TC-5 is missing.")


def test_one_fault_gives_one_problem():
    """A figure that cannot be read is not reported again by every promise that uses it."""
    text = changed(("  customers: 72 hours", "  customers: soon"))
    line, words = the_only(text)
    assert line == line_of(text, "  customers:")
    assert words.startswith("“soon” is not a length of time.")


def test_a_figure_that_only_a_sentence_uses_would_be_prose():
    """What a sentence promises in figures, a mechanism of the same promise must count."""
    text = changed(
        ("  judge: 24 hours", "  judge: 24 hours\n  think: 3 days"),
        ("We collect only what", "Within {{ targets.think }} we collect only what"),
    )
    assert the_only(text)[1] == "P-3: the sentence says “think”, but none of its mechanisms counts it."


def test_a_figure_that_only_a_clock_uses_would_be_hidden():
    """What a mechanism counts, the sentence must say."""
    text = changed(("from outside within {{ targets.acknowledge }}.", "from outside soon."))
    line, words = the_only(text)
    assert words == "IR-4: its mechanism counts “acknowledge”, but the sentence does not say it."
    assert line == line_of(text, IR_4)


@pytest.mark.parametrize(
    "sentence",
    [
        "Under Article 14 of Regulation (EU) 2024/2847 a person acknowledges each report",
        "As VM-5 says, and with TLS 1.2, a person acknowledges each report",
        "Rated by CVSS 3.1, each report",
    ],
)
def test_numbers_that_are_names_may_stand_in_a_sentence(sentence: str):
    """A law, a standard or a promise's id is no figure."""
    assert document.check(changed(("A person acknowledges each report", sentence))) == []


HOSTILE = [
    ("", "begins with"),
    ("- a\n- b\n", "begins with"),
    ("just words", "begins with"),
    ("a: &x 1\nb: *x\n", "Anchors"),
    ("a: *x\n", "aliases"),
    ("a: !!python/object/apply:os.system [id]\n", "Tags are not read"),
    ("a: !!str b\n", "Tags are not read"),
    ("a: 1\na: 2\n", "stands twice; first on line 1"),
    ("<<: {a: 1}\n", "“<<” is not known"),
    ("? [a, b]\n: c\n", "A key must be a word"),
    ("a: 1\n---\nb: 2\n", "One file holds one policy"),
    ("a: [" * 40, "Nested more than"),
    ("[" * 100_000, "Nested more than"),
    ("{a: " * 60_000, "Nested more than"),
    ("a: " + "x" * 300_000, "larger than"),
    ("a: \x00", "U+0000 has no place"),
    ("a: \ud800", "U+D800 has no place"),
    ("a: x\u202ey", "U+202E has no place"),
    ('a: "x\\u202ey"', "U+202E has no place"),
    ('a: "\\x1b[2J"', "U+001B has no place"),
    ("a: [1, 2\nb: 3\n", "This is not YAML"),
    ("a: 'x\n", "This is not YAML"),
    ("\ta: 1", "This is not YAML"),
    ("%YAML 9.9\n---\na: 1\n", "This is not YAML"),
]


@pytest.mark.parametrize(("text", "words"), HOSTILE, ids=[repr(text[:20]) for text, _ in HOSTILE])
def test_a_hostile_text_gets_a_sentence(text: str, words: str):
    """Nothing is built from tags, nothing expands, nothing raises but `PolicyInvalid`."""
    started = time.process_time()
    problems = document.check(text)
    assert time.process_time() - started < 1
    assert any(words in p.what for p in problems), problems
    with pytest.raises(PolicyInvalid):
        document.load(text)


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    """Editors add them; the digest is that of the bytes as they are."""
    windows = "\ufeff" + DEFAULT.replace("\n", "\r\n")
    loaded = document.load(windows)
    assert loaded != document.load(DEFAULT)
    assert loaded.promises == document.load(DEFAULT).promises


def test_half_days_and_closed_days_reach_the_calendar():
    """What the time section says is the calendar's spec."""
    spec = policy(
        ("  closed: []", "  closed: [2026-12-28, 2026-12-24]"),
        ("  half_days: {}", '  half_days: {2026-12-31: "12:30"}'),
        ("  holidays: []", "  holidays: [GB-ENG]"),
        ("  maintenance_dates: []", "  maintenance_dates: [2026-06-02]"),
    ).time
    assert spec.closed == (date(2026, 12, 24), date(2026, 12, 28))
    assert spec.half_days == ((date(2026, 12, 31), 750),)
    assert spec.holidays == ("GB-ENG",)
    assert spec.maintenance_dates == (date(2026, 6, 2),)
    assert str(spec.maintenance) == "first Tuesday every 3 months"


def test_policies_are_equal_when_their_bytes_are():
    """A comment makes another document: the digest is what an adoption records."""
    assert document.load(DEFAULT) == document.load(DEFAULT)
    assert hash(document.load(DEFAULT)) == hash(document.load(DEFAULT))
    assert document.load(DEFAULT) != document.load(DEFAULT + "# seen\n")


def test_names_of_mechanisms_are_the_registered_ones():
    """Every check, record and gate of the default is one that later parts implement by that name."""
    keys = {m.key for p in document.load(DEFAULT).promises for m in p.kept_by if not isinstance(m, ClockRule)}
    assert {f"check:{name}" for name in names.CHECKS} <= keys
    assert {f"record:{name}" for name in names.RECORDS} <= keys


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_check_survives_any_damage(data: st.DataObject):
    """However a document is cut, doubled or overwritten, `check` answers with problems that have a line."""
    a = data.draw(st.integers(0, len(DEFAULT)))
    b = data.draw(st.integers(a, min(len(DEFAULT), a + 400)))
    put = data.draw(
        st.one_of(st.text(max_size=20), st.sampled_from(["\n", ": ", "- ", "{", "[", "'", "{{", "null", "&a "]))
    )
    text = DEFAULT[:a] + put + DEFAULT[b:]
    for problem in document.check(text, "p"):
        line = int(problem.where.removeprefix("p:"))
        assert 1 <= line <= text.count("\n") + text.count("\r") + 1
        assert problem.what


@given(st.text(max_size=200))
def test_check_survives_any_text(text: str):
    """No text makes `check` raise."""
    assert document.check(text)


def test_loading_is_quick():
    """A default document is read within 60 ms (best of five, for a busy machine)."""
    best = min(_seconds() for _ in range(5))
    assert best < 0.06


def _seconds() -> float:
    started = time.process_time()
    document.load(DEFAULT)
    return time.process_time() - started


def test_a_missing_section_is_said_once():
    """Without its targets the document is not blamed for every figure."""
    text = changed(("targets:\n", "targtes:\n"))
    words = {p.what for p in document.check(text)}
    assert "the policy has no “targets”." in words
    assert not any("targets." in w for w in words)
