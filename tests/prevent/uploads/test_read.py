"""Uploads are read with bounds, and nothing of them is believed but their form."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput
from forgeward.prevent.findings import Grade
from forgeward.prevent.report import sarif
from forgeward.prevent.rules import all_rules
from forgeward.prevent.uploads.observation import block, one_line
from forgeward.prevent.uploads.read import read
from tests.prevent import apps

APP = """\
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('a', ({ payload }) => api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`));
// forgeward-ignore injection-code: an own parser checks it
resolver.define('b', ({ payload }) => eval(payload.text));
export const handler = resolver.getDefinitions();
"""


def log(*results: dict[str, Any], tool: str = "Semgrep", **more: Any) -> bytes:
    run = {
        "tool": {
            "driver": {"name": tool, "rules": [{"id": "r", "properties": {"security-severity": "9.1", "tags": [1]}}]}
        },
        "invocations": [{"executionSuccessful": True}],
        "results": list(results),
    }
    return json.dumps({"version": "2.1.0", "runs": [run | more]}).encode()


def result(rule: str = "r", line: int = 3, **more: Any) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": "src/a%20b.js"}, "region": {"startLine": line}}}
    return {"ruleId": rule, "message": {"text": "bad"}, "locations": [place]} | more


def test_both_forms_of_one_report_say_the_same() -> None:
    """Our SARIF gives the fingerprints, rules, places and suppressions that our JSON gives."""
    report = apps.report(apps.files(APP))
    one = read(msgspec.json.encode(report))
    two = read(msgspec.json.encode(sarif.render(report, all_rules())))
    assert one.observations
    assert any(each.suppressed for each in one.observations)
    facts = [[(o.fingerprint, o.rule, o.path, o.line, o.suppressed) for o in u.observations] for u in (one, two)]
    assert facts[0] == facts[1]
    assert (one.tool, one.complete, two.tool, two.complete) == ("Forgeward", True, "Forgeward", True)


def test_what_is_partial_is_not_complete() -> None:
    """A report of a change, in either form, says so."""
    report = msgspec.structs.replace(apps.report(apps.files(APP)), partial="only what came since main")
    for raw in (msgspec.json.encode(report), msgspec.json.encode(sarif.render(report, all_rules()))):
        upload = read(raw)
        assert (upload.complete, upload.partial) == (False, "only what came since main")


def test_a_scanner_that_does_not_say_it_came_to_its_end_did_not() -> None:
    """No invocation, a failed one, no list of results, a notification of what was missed: not complete."""
    note = {"level": "error", "message": {"text": "cannot parse"}}
    assert read(log(result())).complete
    for more in (
        {"invocations": []},
        {"invocations": [{"executionSuccessful": False}]},
        {"results": None},
        {"invocations": [{"executionSuccessful": True, "toolExecutionNotifications": [note]}]},
    ):
        assert not read(log(result(), **more)).complete, more


def test_levels_and_places_of_others() -> None:
    """security-severity first, then the level; a place is decoded; passes and absent results are none."""
    upload = read(
        log(
            result(),
            result("other", 4, level="error"),
            result("other", 5, level="note"),
            result("other", 6),
            result("r", 7, kind="pass"),
            result("r", 8, baselineState="absent"),
        )
    )
    assert [o.level for o in upload.observations] == [Grade.CRITICAL, Grade.HIGH, Grade.LOW, Grade.MEDIUM]
    assert upload.observations[0].places == ("src/a b.js:3",)


def test_fingerprints_of_others_are_digests() -> None:
    """Whatever they hold; the same one twice is one finding, and another scanner's same one is another."""
    given_ = {"primaryLocationLineHash": "ab:1"}
    one = read(log(result(partialFingerprints=given_), result(line=9, partialFingerprints=given_))).observations
    two = read(log(result(partialFingerprints=given_), tool="CodeQL")).observations
    assert len(one) == 1
    assert one[0].fingerprint != two[0].fingerprint
    (odd,) = read(log(result(fingerprints={"x": "'; DROP TABLE"}))).observations
    assert len(odd.fingerprint) == 32
    with pytest.raises(BadInput, match="no fingerprint"):
        read(log(result(partialFingerprints={"forgeward/v1": "x"}), tool="Forgeward"))


@pytest.mark.parametrize("name", ["", "\u202e"])
def test_a_scanner_has_a_name(name: str) -> None:
    """Nobody's results are not taken."""
    with pytest.raises(BadInput, match="one scanner"):
        read(log(result(), tool=name))


@given(st.text(), st.integers(2, 50))
def test_a_line_is_a_line(text: str, limit: int) -> None:
    """One line, within its length, printable; cleaning it again changes nothing."""
    line = one_line(text, limit)
    assert len(line) <= limit
    assert all(c.isprintable() for c in line)
    assert one_line(line, limit) == line
    assert all(len(each) <= limit for each in block(text, limit).splitlines())


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    """Nothing else comes out than an upload with a scanner's name, or a sentence and what to do."""
    odd = {"ruleId": "a", "properties": value, "fingerprints": {"a": "b"}, "locations": value}
    documents: list[Any] = [
        value,
        {"schema": "forgeward/scan/1", "findings": value},
        {"version": "2.1.0", "runs": value},
        {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [odd], "properties": value}]},
    ]
    for document in documents:
        try:
            told = read(json.dumps(document).encode()).tool
        except BadInput as problem:
            told = problem.next
        assert told
