"""Why an app is not eligible for Runs on Atlassian."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules import token_atlassian
from forgeward.prevent.rules.base import HIGH, Hit, Rule, Spot, manifest_line
from forgeward.prevent.yaml_lines import Map, items, leaf


def check(analysis: Analysis) -> Iterator[Hit]:
    """One finding, at the first reason; each reason is a step."""
    reasons = list(_reasons(analysis))
    if reasons:
        count = f"{len(reasons)} reason{'s' if len(reasons) > 1 else ''}"
        yield Hit(
            manifest_line(analysis, 1),
            f"The app does not run on Atlassian alone ({count}): {reasons[0][1]}.",
            HIGH,
            reasons,
        )


def _reasons(analysis: Analysis) -> Iterator[tuple[Spot, str]]:
    manifest = analysis.manifest
    for egress in manifest.egress:
        if not (egress.category == "analytics" and not egress.in_scope):
            why = (
                "end-user data may leave"
                if egress.category == "analytics"
                else "not declared as analytics without end-user data"
            )
            yield manifest_line(analysis, egress.line), f"egress to {egress.address} ({egress.kind}): {why}"
    configurable = manifest.tree.get("permissions", "external", "configurable")
    if isinstance(configurable, Map) and leaf(configurable.get("enabled")) == "true":
        yield manifest_line(analysis, configurable.line), "administrators may add addresses"
    for remote in items(manifest.tree.get("remotes")):
        name = leaf(remote.get("key")) if isinstance(remote, Map) else ""
        yield manifest_line(analysis, remote.line), f"the remote {name}"
    if manifest.tree.get("connectModules") is not None:
        yield manifest_line(analysis, manifest.tree.lines["connectModules"]), "Connect modules"
    for trigger in manifest.module_items("webtrigger"):
        if leaf(trigger.get("response", "type")) != "static":
            yield (
                manifest_line(analysis, trigger.line),
                f"the web trigger {leaf(trigger.get('key'))} answers dynamically",
            )
    for hit in token_atlassian.check(analysis):
        yield hit.at, "a personal or API token"


RULE = Rule(
    id="platform-runs-on-atlassian",
    category="platform",
    title="Not eligible for Runs on Atlassian",
    severity=Grade.INFO,
    cwe=("CWE-653",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "TC-1", "TC-3", "S-3"),
    requirement="State where data is processed.",
    why=(
        "Customers with rules about residency look for the badge. Each reason here is one that `forge eligibility`"
        " would"
        " give, with the line that causes it."
    ),
    fix="Remove what is not needed; declare analytics with inScopeEUD: false; give web triggers a static response.",
    example="""\
webtrigger:
  - key: hook
    function: hook
    response:
      type: static
      outputs:
        - key: ok
          statusCode: 204
""",
    links=("https://developer.atlassian.com/platform/forge/runs-on-atlassian/",),
    check=check,
)
