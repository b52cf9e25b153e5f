"""What each step asks for: tables of (history, step, given fields → missing names)."""

import msgspec
import pytest

from forgeward.errors import StepRefused
from forgeward.respond.decision import Context, decide
from forgeward.respond.parse import STEPS, parse
from forgeward.vocabulary import Actor, Fact
from tests.respond import kit
from tests.respond.kit import (
    ENGINEER,
    FINAL,
    FIVE_PARTS,
    FOUR_FIELDS,
    LEAD,
    LEADERSHIP,
    SHIPPED,
    SUPPORT,
    VECTORS,
    Story,
)

HISTORIES = {
    "received": kit.received,
    "observed": kit.observed,
    "acknowledged": kit.acknowledged,
    "assessed": kit.assessed,
    "confirmed": kit.confirmed,
    "fixed": kit.fixed,
    "shipped": kit.shipped,
    "declared": kit.declared,
    "material": kit.material,
    "recovered": kit.recovered,
}

TABLE = [
    # history, step, given → missing
    ("received", "acknowledge", {}, ["text"]),
    ("received", "acknowledge", {"text": "Thank you."}, []),
    ("observed", "acknowledge", {"text": "Thank you."}, ["reporter"]),
    ("observed", "reply", {}, ["text", "reporter"]),
    ("observed", "pause", {"reason": "asked"}, ["reporter"]),
    ("received", "pause", {}, ["reason"]),
    ("received", "note", {}, ["text"]),
    ("received", "assess", {}, ["scope", "impact", "affected", "exploitability", "severity"]),
    ("received", "assess", {"impact": "x", "affected": "y"}, ["scope", "exploitability", "severity"]),
    ("received", "assess", FOUR_FIELDS, ["severity"]),
    ("received", "assess", {**FOUR_FIELDS, "vector": VECTORS["low"]}, []),
    ("received", "assess", {**FOUR_FIELDS, "severity": "high"}, ["reason"]),
    ("received", "assess", {**FOUR_FIELDS, "severity": "high", "reason": "no vector fits"}, []),
    ("received", "assess", {**FOUR_FIELDS, "severity": "high", "vector": VECTORS["high"]}, []),
    ("received", "assess", {**FOUR_FIELDS, "severity": "low", "vector": VECTORS["high"]}, ["reason"]),
    ("received", "assess", {**FOUR_FIELDS, "vector": VECTORS["high"], "context": ["MAV:L"]}, ["context"]),
    ("received", "assess", {**FOUR_FIELDS, "severity": "low", "reason": "r", "context": ["MAV:L=w"]}, ["vector"]),
    ("assessed", "assess", {}, ["severity"]),
    ("assessed", "assess", {"vector": VECTORS["low"]}, []),
    ("received", "convert", {}, ["to", "reason"]),
    ("received", "confirm", {}, ["environment", "reproduction", "versions", "assess"]),
    ("assessed", "confirm", {}, ["environment", "reproduction", "versions"]),
    ("assessed", "confirm", {"environment": "dev"}, ["reproduction", "versions"]),
    ("received", "plan", {}, ["release", "date", "confirm"]),
    ("confirmed", "plan", {"release": "4.2.1"}, ["date"]),
    ("received", "contain", {}, ["how", "detail"]),
    ("received", "contain", {"how": "rotate"}, ["detail"]),
    ("received", "contain", {"nothing": "no way in"}, []),
    ("received", "eradicate", {}, ["cause", "patch", "artefacts", "hardening", "convert", "assess"]),
    ("declared", "eradicate", {}, ["cause", "patch", "artefacts", "hardening"]),
    (
        "assessed",
        "fix",
        {},
        ["cause", "patch", "artefacts", "hardening", "regression_test", "weakness", "confirm"],
    ),
    ("confirmed", "fix", {**kit.REMOVED, "weakness": "CWE-862"}, ["regression_test"]),
    ("confirmed", "fix", {**kit.FIXED, "author": "person:77"}, ["author"]),
    ("confirmed", "ship", SHIPPED, ["fix"]),
    (
        "fixed",
        "ship",
        {},
        ["version", "staging", "rollout", "notes", "checklist", "permissions", "reviewer"],
    ),
    ("fixed", "ship", SHIPPED, []),
    ("fixed", "ship", {**SHIPPED, "reviewer": "person:2"}, ["reviewer"]),  # the fix's author
    ("fixed", "ship", {**SHIPPED, "reviewer": "person:5"}, ["reviewer"]),  # an auditor
    ("fixed", "ship", {**SHIPPED, "reviewer": "person:88"}, ["reviewer"]),
    (
        "fixed",
        "ship",
        {**SHIPPED, "permissions": "changed"},
        ["threat_model", "consent_offered", "consent_told"],
    ),
    (
        "fixed",
        "ship",
        {**SHIPPED, "permissions": "changed", "threat_model": "TM-4", "consent_offered": "2026-11-02T10:00:00Z"},
        ["consent_told"],
    ),
    ("confirmed", "recover", {}, ["staging", "version", "watch", "convert", "eradicate"]),
    ("declared", "recover", {}, ["staging", "version", "watch", "eradicate"]),
    ("received", "material", {}, ["decision", "reason", "convert"]),
    ("declared", "material", {"decision": "yes"}, ["reason"]),
    ("received", "regime", {}, ["which", "applies", "reason"]),
    ("received", "extend", {}, ["until", "control", "reason", "told", "confirm"]),
    ("received", "notify", {}, ["audience", "stage", "happened"]),
    (
        "received",
        "notify",
        {"audience": "customers", "stage": "first"},
        ["happened", "recipients", "scope", "versions", "customer_action", "fix_time"],
    ),
    (
        "received",
        "notify",
        {"audience": "customers", "stage": "first", "recipients": ["a@b.example"], **FIVE_PARTS},
        [],
    ),
    (
        "received",
        "notify",
        {"audience": "customers", "stage": "final", "recipients": ["a@b.example"], **FIVE_PARTS},
        ["root_cause", "corrective_actions", "stage"],
    ),
    (
        "received",
        "notify",
        {"audience": "customers", "stage": "update", "recipients": ["a@b.example"], "happened": "x"},
        ["stage"],
    ),
    ("received", "notify", {"audience": "atlassian", "stage": "first", "happened": "x"}, ["recipients"]),
    ("received", "notify", {"audience": "reporter", "stage": "first", "happened": "x"}, []),
    ("observed", "notify", {"audience": "reporter", "stage": "first", "happened": "x"}, ["reporter"]),
    ("received", "told", {}, ["who", "reference"]),
    ("received", "told", {"who": "atlassian", "reference": "ECO-1"}, []),
    ("received", "told", {"who": "cra_warning", "reference": "1"}, ["regime"]),
    ("received", "told", {"who": "gdpr", "reference": "1"}, ["regime"]),
    ("received", "told", {"who": "customers", "reference": "by phone"}, ["notify"]),
    ("confirmed", "credit", {"consent": "yes", "name": "Ada"}, ["ship"]),
    ("assessed", "credit", {}, ["consent", "confirm", "ship"]),
    ("shipped", "credit", {"consent": "yes"}, ["name"]),
    ("shipped", "credit", {"consent": "anonymous"}, []),
    ("received", "reject", {}, ["as", "reason", "acknowledge"]),
    ("received", "reject", {"as": "spam", "reason": "an advertisement"}, []),
    ("acknowledged", "reject", {"as": "false_positive", "reason": "works as meant"}, []),
    ("declared", "reject", {"as": "false_positive", "reason": "none"}, ["convert"]),
    ("received", "merge", {}, ["into", "acknowledge"]),
    ("received", "review", {}, ["timeline", "root_cause", "lessons", "sign", "ship", "actions"]),
    ("recovered", "review", {**kit.REVIEW, "sign": False}, ["sign"]),
    ("recovered", "review", {**kit.REVIEW, "actions": ""}, ["actions"]),
    ("declared", "review", kit.REVIEW, ["recover"]),
    ("received", "act", {}, ["title", "owner", "due"]),
    ("received", "act", {"title": "x", "owner": "person:88", "due": "2026-12-01"}, ["owner"]),
    ("received", "verify", {}, ["action", "test", "monitoring"]),
    ("received", "approve", {}, ["step"]),
    ("received", "handover", {}, ["owner"]),
    ("received", "handover", {"owner": "person:88"}, ["owner"]),
    ("received", "restrict", {}, ["people"]),
    ("received", "restrict", {"people": ["person:88"]}, ["people"]),
    ("received", "close", {}, ["resolution", "summary", "assess", "acknowledge"]),
    (
        "confirmed",
        "close",
        {"resolution": "fixed", "summary": "s"},
        ["contain", "fix", "ship", "credit"],
    ),
    ("shipped", "close", {"resolution": "fixed", "summary": "s"}, ["credit"]),
    ("shipped", "close", {"resolution": "no_issue", "summary": "s"}, ["resolution", "credit"]),
    (
        "material",
        "close",
        {"resolution": "resolved", "summary": "s"},
        ["contain", "eradicate", "recover", "review", "notify", "told"],
    ),
    (
        "declared",
        "close",
        {},
        ["resolution", "summary", "contain", "material", "eradicate", "recover", "review", "told"],
    ),
]


@pytest.mark.parametrize(("history", "step", "given", "missing"), TABLE)
def test_a_refused_step_lists_exactly_what_is_missing(history, step, given, missing):
    """IR-1…15, VM-3…11: the names are those of fields and steps, in the order in which they are asked for."""
    assert HISTORIES[history]().missing(step, **given) == missing


@pytest.mark.parametrize("step", STEPS)
def test_every_lack_can_be_supplied(step):
    """A missing name is a field of the command, a step that comes first, or a person or thing that has a name."""
    fields = set(STEPS[step].__struct_encode_fields__)
    known = fields | set(STEPS) | {"second_person", "reporter"}
    for make in HISTORIES.values():
        assert set(make().missing(step)) <= known


def test_each_lack_says_which_promise_asks_for_it_and_how_to_supply_it():
    """A lack carries the promise's id and a sentence for a person."""
    with pytest.raises(StepRefused) as refusal:
        kit.received().do("assess", ENGINEER)
    assert [(lack.name, lack.promise) for lack in refusal.value.missing][:1] == [("scope", "IR-5")]
    assert all(lack.sentence.endswith(".") for lack in refusal.value.missing)
    assert "scope" in str(refusal.value)


def test_a_case_is_never_reproduced_on_a_customers_site():
    """VM-3: an environment that names a customer's site is refused."""
    story = kit.assessed()
    context = Context(
        Actor(ENGINEER.id, ENGINEER.roles),
        story.team,
        story.policies,
        story.now,
        customer_sites=frozenset({"acme.atlassian.net"}),
    )
    with pytest.raises(StepRefused) as refusal:
        decide(story.case, parse("confirm", {**kit.REPRODUCED, "environment": "https://ACME.atlassian.net"}), context)
    assert [lack.name for lack in refusal.value.missing] == ["environment"]


class TestClosing:
    """Nothing closes with open actions, unsent notices, unreviewed glass or a missing review."""

    def test_a_reporter_whom_nothing_reaches_keeps_no_case_open(self):
        """IR-4: a dead address or an erased person is a reason on record, which a second person agrees to."""
        said = {"resolution": "no_issue", "summary": "s"}
        story = kit.assessed("low", kit.received())
        assert story.missing("close", **said) == ["acknowledge"]
        assert story.missing("close", **said, unreachable="  ") == ["acknowledge"]
        assert story.missing("close", **said, unreachable="Every mail came back.") == []
        assert "acknowledge" in story.missing("reject", **{"as": "out_of_scope", "reason": "Not ours."})
        assert "acknowledge" not in story.missing(
            "reject", **{"as": "out_of_scope", "reason": "Not ours.", "unreachable": "Every mail came back."}
        )

    def test_open_action(self):
        story = kit.shipped()
        story.do("credit", SUPPORT, consent="no")
        story.do("act", title="Lint", owner=ENGINEER.id, due="2026-12-01")
        assert story.missing("close", resolution="fixed", summary="s") == ["verify"]

    def test_unreviewed_glass(self):
        story = kit.confirmed()
        story.do("contain", ENGINEER, nothing="no way in", break_glass="nobody answers, it is 3 o'clock")
        story.do("fix", ENGINEER, **kit.FIXED)
        story.do("ship", ENGINEER, **SHIPPED)
        story.do("credit", SUPPORT, consent="no")
        assert story.missing("close", resolution="fixed", summary="s") == ["review_glass"]
        story.do("review_glass", finding="justified")
        assert story.missing("close", resolution="fixed", summary="s") == []

    def test_notice_that_a_customer_has_not_got(self):
        story = kit.shipped()
        story.do("credit", SUPPORT, consent="no")
        recipients = ["a@x.example", "b@x.example"]
        story.do("notify", SUPPORT, audience="customers", stage="first", recipients=recipients, **FIVE_PARTS)
        assert story.missing("close", resolution="fixed", summary="s") == ["notify"]
        story.accept(0)
        assert story.missing("close", resolution="fixed", summary="s") == ["notify"]
        story.accept(1)
        assert story.missing("close", resolution="fixed", summary="s") == []

    def test_regime_that_leadership_decided_to_apply(self):
        story = kit.shipped()
        story.do("credit", SUPPORT, consent="no")
        story.do("regime", LEADERSHIP, which="cra_exploited", applies="yes", reason="seen in logs")
        assert story.missing("close", resolution="fixed", summary="s") == ["notify", "told"]
        for who in ("cra_warning", "cra_notification", "cra_final"):
            story.do("told", SUPPORT, who=who, reference="1")
        assert story.missing("close", resolution="fixed", summary="s") == ["notify"]  # users are told too (Art. 14(8))

    def test_withdrawn_regime_owes_nothing(self):
        story = kit.shipped()
        story.do("credit", SUPPORT, consent="no")
        story.do("regime", LEADERSHIP, which="gdpr", applies="yes", reason="names were read")
        assert story.missing("close", resolution="fixed", summary="s") == ["told"]
        story.do("regime", LEADERSHIP, which="gdpr", applies="no", reason="they were test data")
        assert story.missing("close", resolution="fixed", summary="s") == []

    def test_rejecting_does_not_escape_an_authority(self):
        story = kit.acknowledged()
        story.do("regime", LEADERSHIP, which="gdpr", applies="yes", reason="names were read")
        assert story.missing("reject", **{"as": "false_positive", "reason": "r"}) == ["told"]

    def test_final_notice_of_a_material_incident(self):
        story = kit.recovered()
        story.do("told", SUPPORT, who="atlassian", reference="ECO-1")
        story.do("review", ENGINEER, **kit.REVIEW)
        assert story.missing("close", resolution="resolved", summary="s") == ["notify"]
        story.do("notify", SUPPORT, audience="customers", stage="first", recipients=["a@x.example"], **FIVE_PARTS)
        story.accept()
        assert story.missing("close", resolution="resolved", summary="s") == ["notify"]
        story.do("notify", SUPPORT, audience="customers", stage="final", recipients=["a@x.example"], **FINAL)
        story.accept()
        assert story.missing("close", resolution="resolved", summary="s") == []


def test_lack_names_of_structs_are_outside_names():
    """``reject`` lacks ``as``, though Python keeps it under another name."""
    assert msgspec.structs.fields(STEPS["reject"])[1].encode_name == "as"
    assert "as" in kit.acknowledged().missing("reject")


def test_a_conversion_away_from_a_material_incident_waits_for_leadership():
    """IR-11: nobody talks a material incident down by converting it."""
    story = kit.material()
    assert story.missing("convert", to="vulnerability", reason="r") == ["material"]
    story.do("material", LEADERSHIP, decision="no", reason="only our own test data")
    assert story.missing("convert", to="vulnerability", reason="r") == []
    assert not story.case.has(Fact.MATERIAL)


def test_another_persons_second_look_is_asked_for_by_name():
    """IR-15: the owner of an action does not verify it."""
    story = kit.received()
    story.do("act", title="Lint", owner=LEAD.id, due="2026-12-01")
    evidence = {"action": "A1", "test": "t", "monitoring": "m"}
    assert story.missing("verify", LEAD, **evidence) == ["second_person"]
    assert story.missing("verify", ENGINEER, **evidence) == []


def test_story_fixture_is_what_it_says():
    """The histories above stand where their names say."""
    states = {name: make().case.state for name, make in HISTORIES.items()}
    assert states == {
        "received": "received",
        "observed": "received",
        "acknowledged": "received",
        "assessed": "assessed",
        "confirmed": "confirmed",
        "fixed": "fixed",
        "shipped": "shipped",
        "declared": "declared",
        "material": "declared",
        "recovered": "recovered",
    }
    assert isinstance(kit.received(), Story)
